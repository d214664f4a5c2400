/** @file What the command line says when something is wrong, in full, and with which exit code. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CIRCUIT_NAMES } from "../../src/circuits/presets.ts";
import { run } from "../../src/cli/program.ts";
import { vca } from "./run.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

const FIT_OPTIONS =
  "--json, --quiet, --seed, --threads, --out, --scale, --encoder, --taps, --tap-choice, --grid, --circuit, --recipe, --epochs, --batch, --views, --lr, --patience, --folds, --split, --group, --seeds, --line-per-set, --shuffle-ratings, --help";

describe("usage", () => {
  it.each([
    [
      ["fti"],
      'vca: unknown command "fti". Did you mean "fit"? Choices: demo, run, step, fit, test, predict, rsa, encode, export, neurons, geometry, lesion, report, lab, import, features, cache, encoders, circuits, data, simulate, doctor.',
    ],
    [["--verison"], 'vca: unknown option "--verison". Did you mean "--version"? Choices: --version, --help.'],
    [
      ["fit", "emoji", "--fold", "3"],
      `fit: unknown option "--fold". Did you mean "--folds"? Choices: ${FIT_OPTIONS}.`,
    ],
    [["fit"], "fit: STIMULI was expected, got none. See `vca fit --help`."],
    [["fit", "emoji"], "fit: --out <folder> was expected, got none. See `vca fit --help`."],
    [
      ["fit", "emoji", "--out"],
      "fit: a value as in --out <folder> was expected, got none. See `vca fit --help`.",
    ],
    [["doctor", "oasis"], 'doctor: nothing more was expected, got "oasis". See `vca doctor --help`.'],
    [
      ["fit", "emoji", "--out", "x", "--folds", "1"],
      '--folds: a whole number of at least 2 was expected, got "1". Write it as --folds 10.',
    ],
    [
      ["fit", "emoji", "--out", "x", "--seeds", "many"],
      '--seeds: a whole number of at least 1 was expected, got "many". Write it as --seeds 5.',
    ],
    [
      ["fit", "emoji", "--out", "x", "--lr", "-1"],
      '--lr: a number above 0 was expected, got "-1". Write it as --lr 0.001.',
    ],
    [
      ["fit", "emoji", "--out", "x", "--split", "rndom"],
      'fit: unknown split "rndom". Did you mean "random"? Choices: random, stratified, grouped, leave-one-group-out, halves.',
    ],
    [
      ["fit", "emoji", "--out", "x", "--tap-choice", "al"],
      'fit: unknown tap choice "al". Did you mean "all"? Choices: all, inner.',
    ],
    [
      ["import", "w.pth", "--outputs", "valence"],
      'import: unknown order "valence". Did you mean "arousal,valence"? Choices: arousal,valence, valence,arousal.',
    ],
    [
      ["circuits", "shw", "vca"],
      'circuits: unknown command "shw". Did you mean "show"? Choices: list, show.',
    ],
    [["circuits", "show"], "circuits show: CIRCUIT was expected, got none. See `vca circuits show --help`."],
    [
      ["encoders", "show", "efficientnet"],
      'encoder: unknown encoder "efficientnet". Did you mean "efficientnet-lite0"? Choices: efficientnet-lite0, clip-vit-base-patch32, clip-vit-base-patch16, clip-vit-large-patch14, dinov2-small, dinov2-base, deit-tiny-distilled-patch16-224, vit-base-patch16-224, siglip-base-patch16-224, resnet-50, convnext-tiny-224.',
    ],
    [
      ["data", "check", "oasiss:x"],
      'stimuli: unknown picture set "oasiss". Did you mean "oasis"? Choices: oasis, iaps, naps, gaped, emomadrid, bass, bass-ch, emoji, vca-csv, table.',
    ],
    [
      ["data", "check", "iaps:x", "--scale", "1-7"],
      "stimuli: no scale was expected for iaps, which is rated on 1 to 9, got 1 to 7. Leave it out.",
    ],
    [
      ["cache", "prune"],
      "cache prune: keys, --older or --all was expected, got none. See `vca cache prune --help`.",
    ],
  ])("%j", async (argv, message) => {
    expect(await vca(...argv)).toEqual({ code: 2, out: "", err: `${message}\n` });
  });

  it("names the nearest circuit", async () => {
    const { code, err } = await vca("circuits", "show", "liu205");
    expect(code).toBe(2);
    expect(err).toBe(
      `circuits: unknown circuit "liu205". Did you mean "liu2025"? Choices: ${CIRCUIT_NAMES.join(", ")}.\n`,
    );
  });
});

describe("exit codes", () => {
  it("3 for weights that are not there, before an encoder is pulled for them", async () => {
    expect(await vca("import", "none.pth", "--circuit", "liu2025")).toEqual({
      code: 3,
      out: "",
      err: "none.pth: a readable file was expected, got no such file. Check the path.\n",
    });
  });

  it("3 for data", async () => {
    expect(await vca("data", "check", `oasis:${folder}/none`)).toEqual({
      code: 3,
      out: "",
      err: `${folder}/none: a folder was expected, got none. Check the path.\n`,
    });
    await writeFile(join(folder, "broken.csv"), "id,file,valence,arousal\na,a.png,9.5,3\n");
    expect(await vca("data", "check", `table:${folder}/broken.csv`, "--scale", "1-9")).toEqual({
      code: 3,
      out: "",
      err: 'table: broken.csv row 2 (a): valence must be a number from 1 to 9, got "9.5". Correct the cell, or remove the row.\n',
    });
  });

  it("5 for storage, with the other checks of doctor done", async () => {
    const before = process.env.VCA_CACHE;
    process.env.VCA_CACHE = "/dev/null/cache";
    const { code, out, err } = await vca("doctor", "--json");
    process.env.VCA_CACHE = before ?? "";
    expect(code).toBe(5);
    expect(err).toBe("doctor: cache should work, got a failure. Mend what the table says.\n");
    const checks = JSON.parse(out) as { name: string; ok: boolean; found: string }[];
    expect(checks.filter(({ name, ok }) => !ok && name !== "machine")).toEqual([
      {
        name: "cache",
        ok: false,
        found: expect.stringMatching(
          /^cache: \/dev\/null\/cache must be writable, got .*\. Point VCA_CACHE to another folder\.$/,
        ),
      },
    ]);
  });

  it("130 when interrupted", async () => {
    let err = "";
    const controller = new AbortController();
    controller.abort();
    const code = await run(["data", "check", "emoji"], {
      out: () => {},
      err: (text) => {
        err += text;
      },
      signal: controller.signal,
    });
    expect({ code, err }).toEqual({
      code: 130,
      err: "Interrupted. Run the same command again to go on.\n",
    });
  });

  it("1 for a bug of ours", async () => {
    let err = "";
    const code = await run(["data"], {
      out: () => {
        throw new TypeError("no such thing");
      },
      err: (text) => {
        err += text;
      },
    });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^TypeError: no such thing\n {4}at [\s\S]*\nThis is a bug of ours\. Report it with the command and the lines above\.\n$/,
    );
  });
});
