/** @file What commands print: one JSON value with --json, tables without, notes apart from results. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createReporter } from "../../src/cli/reporter.ts";
import { bytesText, comparisonTable, correlationText, secondsText, table } from "../../src/cli/table.ts";
import { vca } from "./run.ts";

const MINE = `name: mine
description: a small one
nuclei:
  - { id: LA, input: 8, summary: { heads: 2, channels: 4, keys: 3 }, rectify: true }
  - { id: ITC, input: 4, rectify: true }
  - { id: CeA, input: 4, rectify: true, summary: none }
projections:
  - { from: visual, to: LA, source: Stefanacci & Amaral 2002 }
  - { from: LA, to: ITC, source: "Royer, Martina & Pare 1999" }
  - { from: LA, to: CeA, density: 0.25, source: Pitkanen & Amaral 1998 }
  - { from: ITC, to: CeA, sign: "-", source: "Royer, Martina & Pare 1999" }
readout: CeA
`;

let folder = "";
const before = process.env.VCA_CACHE;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-cli-"));
  process.env.VCA_CACHE = folder;
});
afterAll(async () => {
  process.env.VCA_CACHE = before ?? "";
  await rm(folder, { recursive: true });
});

describe("--json", () => {
  it.each([
    [["circuits"]],
    [["circuits", "show", "liu2025"]],
    [["encoders"]],
    [["encoders", "show", "efficientnet-lite0"]],
    [["data"]],
    [["data", "check", "emoji"]],
    [["doctor"]],
    [["cache"]],
    [["cache", "prune", "--all"]],
  ])("is one value and nothing else: %j", async (argv) => {
    const { code, out } = await vca(...argv, "--json");
    expect(code).toBe(0);
    expect(out.endsWith("\n") && out.indexOf("\n") === out.length - 1).toBe(true);
    expect(typeof JSON.parse(out)).toBe("object");
  });
});

describe("circuits show", () => {
  it("prints nuclei, projections with sign and source, and parameters", async () => {
    const file = join(folder, "mine.yaml");
    await writeFile(file, MINE);
    const { code, out, err } = await vca("circuits", "show", file, "--width", "16");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatchInlineSnapshot(`
      "mine: a small one
      Visual stream: all tokens, 16 channels. Readout: CeA. One pass, 736 parameters.

      nucleus  input  blocks  heads  summary heads  output  rectified  parameters
      LA           8       0      -              2  none    yes               634
      ITC          4       0      -              -  none    yes                36
      CeA          4       0      -              -  none    yes                56

      projection    sign  connections  source
      visual -> LA     +  all          Stefanacci & Amaral 2002
      LA -> ITC        +  all          Royer, Martina & Pare 1999
      LA -> CeA        +  25 %         Pitkanen & Amaral 1998
      ITC -> CeA       -  all          Royer, Martina & Pare 1999
      "
    `);
  });

  it("prints the graph", async () => {
    const { out } = await vca("circuits", "show", "anatomical-linear", "--width", "8", "--graph");
    expect(out).toMatch(/^tokens {2}\[1B,50,8\] = input\n/);
    expect(out).toMatch(/\noutput predictions = \S+\n$/);
  });
});

describe("data check", () => {
  it("says what a set holds", async () => {
    const { out } = await vca("data", "check", "emoji");
    expect(out).toMatchInlineSnapshot(`
      "emoji: 81 pictures, all readable; ratings on 1 to 7.

               lowest  mean  highest
      valence    1.36  3.92     6.78
      arousal    2.17  4.72     6.26

      Columns and their labels: group (54), name (81), codepoint (81), n (20).
      Cite: Rodrigues, Prada, Gaspar, Garrido & Lopes (2018). Lisbon Emoji and Emoticon Database (LEED). Behavior Research Methods 50, 392-405. doi 10.3758/s13428-017-0878-6
      "
    `);
  });
});

describe("table", () => {
  it("aligns words to the left and numbers to the right", () => {
    const text = table(
      ["name", "r", "95 %"],
      [
        ["a", ".5", "[.1, .9]"],
        ["long", "-.25", "[-.1, .9]"],
      ],
    );
    expect(text).toBe("name     r       95 %\na       .5   [.1, .9]\nlong  -.25  [-.1, .9]");
  });

  it("writes numbers as they are read", () => {
    expect([0.7124, -0.05, 1, null, Number.NaN].map(correlationText)).toEqual([
      ".712",
      "-.050",
      "1.000",
      "-",
      "-",
    ]);
    expect([0, 999, 3_850_387, 2e12].map(bytesText)).toEqual(["0 bytes", "999 bytes", "3.9 MB", "2.0 TB"]);
    expect([4.4, 59.7, 200].map(secondsText)).toEqual(["4 s", "1 min 0 s", "3 min 20 s"]);
  });

  it("sets model, ridge and difference beside each other", () => {
    const scale = (r: number) => ({
      r,
      ci: [r - 0.1, r + 0.1] as const,
      rWithinFolds: null,
      rSeedMean: r,
      rmse: 1,
      r2: r * r,
    });
    const text = comparisonTable({
      metrics: { valence: scale(0.7), arousal: scale(0.6) },
      ridge: { valence: scale(0.65), arousal: scale(0.62) },
      difference: { valence: { r: 0.05, ci: [-0.01, 0.11] }, arousal: { r: -0.02, ci: [-0.05, 0.01] } },
    });
    expect(text).toMatchInlineSnapshot(`
      "            r valence  95 % interval  r arousal  95 % interval
      model            .700   [.600, .800]       .600   [.500, .700]
      ridge            .650   [.550, .750]       .620   [.520, .720]
      difference      +.050  [-.010, .110]      -.020  [-.050, .010]"
    `);
  });
});

describe("reporter", () => {
  const written = async (quiet: boolean, terminal?: PassThrough) => {
    let err = "";
    let drawn = "";
    terminal?.on("data", (chunk) => {
      drawn += chunk;
    });
    const io = {
      out: () => {},
      err: (text: string) => {
        err += text;
      },
      terminal: terminal as unknown as NodeJS.WriteStream,
    };
    const reporter = await createReporter(io, { quiet });
    reporter.note("81 pictures");
    for (let done = 1; done <= 3; done++) reporter.progress("features", done, 4, "of a step");
    reporter.warn("one token");
    reporter.end();
    return { err, drawn };
  };
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true, columns: 80, cursorTo: () => {} });

  it("notes, warns and draws on a terminal", async () => {
    const { err, drawn } = await written(false, terminal());
    expect(err).toBe("81 pictures\nWarning: one token\n");
    expect(drawn).toMatch(/features .* 3\/4\s+of a step/);
  });

  it("estimates the time that is left once there is a rate", async () => {
    vi.useFakeTimers();
    const stream = terminal();
    let drawn = "";
    stream.on("data", (chunk) => {
      drawn += chunk;
    });
    const io = { out: () => {}, err: () => {}, terminal: stream as unknown as NodeJS.WriteStream };
    const reporter = await createReporter(io, { quiet: false });
    for (let done = 0; done < 5; done++) {
      reporter.progress("draws", done, 8);
      vi.advanceTimersByTime(1000);
    }
    reporter.end();
    vi.useRealTimers();
    expect(drawn).not.toMatch(/0\/8 +\S+ left/);
    expect(drawn).toContain("1/8  \u001b");
    expect(drawn).toMatch(/4\/8 +4s left/);
  });

  it("draws nothing in a pipe", async () => {
    expect(await written(false)).toEqual({ err: "81 pictures\nWarning: one token\n", drawn: "" });
  });

  it("only warns when quiet", async () => {
    expect(await written(true, terminal())).toEqual({ err: "Warning: one token\n", drawn: "" });
  });
});
