/** @file `vca simulate brain` from the command line to files that are read back. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "../../src/core/npy.ts";
import { vca } from "./run.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-simulate-"));
});
afterAll(() => rm(folder, { recursive: true }));

const truth = async (name: string) => JSON.parse(await readFile(join(folder, name, "truth.json"), "utf8"));
const simulate = (name: string, ...words: string[]) =>
  vca("simulate", "brain", "--out", join(folder, name), "--participants", "1", "--runs", "2", ...words);

describe("vca simulate brain", () => {
  it("plants the ratings of pictures that exist, and prints one JSON value", async () => {
    const { code, out, err } = await simulate(
      "valence",
      "--pictures",
      "8",
      "--snr",
      "0.5",
      "--seed",
      "3",
      "--json",
      "--quiet",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toEqual({
      out: join(folder, "valence"),
      participants: 1,
      pictures: 8,
      runs: 2,
      snr: 0.5,
      geometry: "valence",
      seed: 3,
      voxels: 426,
      seconds: expect.any(Number),
    });
    const { ids, rdm } = await truth("valence");
    expect([ids.length, rdm.length]).toEqual([8, 28]);
    // one dimension: of any three pictures, the largest distance is the sum of the others
    const [ab, ac, bc] = [rdm[0], rdm[1], rdm[7]].map(Math.sqrt).sort((a, b) => a - b);
    expect(ab! + ac!).toBeCloseTo(bc!, 10);
  });

  it("plants the geometry of a file", async () => {
    const rdm = Float64Array.of(1, 4, 9, 1, 4, 1); // points 0, 1, 2, 3 of a line
    const square = Float64Array.of(0, 1, 4, 9, 1, 0, 1, 4, 4, 1, 0, 1, 9, 4, 1, 0);
    await writeFile(join(folder, "vector.npy"), encodeNpy({ shape: [6], data: rdm }));
    await writeFile(join(folder, "square.npy"), encodeNpy({ shape: [4, 4], data: square }));
    await writeFile(
      join(folder, "features.npy"),
      encodeNpy({ shape: [4, 1], data: Float64Array.of(0, 1, 2, 3) }),
    );
    await writeFile(join(folder, "features.csv"), "id,x\na,0\nb,1\nc,2\nd,3\n");
    await writeFile(join(folder, "rdm.csv"), "id,a,b,c,d\na,0,1,4,9\nb,1,0,1,4\nc,4,1,0,1\nd,9,4,1,0\n");
    for (const file of ["vector.npy", "square.npy", "features.npy", "features.csv", "rdm.csv"]) {
      expect((await simulate(`of-${file}`, "--geometry", join(folder, file), "--quiet")).code).toBe(0);
      const { ids, rdm: planted } = await truth(`of-${file}`);
      const names = ["001", "002", "003", "004"].map((number) => `picture-${number}`);
      expect(ids).toEqual(file.endsWith(".npy") ? names : ["a", "b", "c", "d"]);
      for (const [m, value] of rdm.entries()) expect(planted[m] / planted[0]).toBeCloseTo(value, 9);
    }
  });

  it("refuses an array that is neither one RDM nor features", async () => {
    const file = join(folder, "several.npy");
    await writeFile(file, encodeNpy({ shape: [2, 4, 4], data: new Float64Array(32) }));
    expect(await simulate("several", "--geometry", file, "--quiet")).toEqual({
      code: 3,
      out: "",
      err: `${file}: one RDM ([S, S] or in vector form) or features [S, K] were expected, got shape [2, 4, 4]. Save one RDM of it, such as the mean.\n`,
    });
  });

  it("plants nothing when asked to", async () => {
    const { code, out } = await simulate("none", "--geometry", "none", "--pictures", "5", "--quiet");
    expect(code).toBe(0);
    expect(out).toMatch(/none: 1 participants, 5 pictures in 2 runs, 426 voxels in the mask, \d+ s\.\n$/);
    expect((await truth("none")).rdm).toEqual(Array(10).fill(0));
  });

  it.each([
    [
      ["--pictures", "900"],
      2,
      "simulate brain: at most 81, as emoji has, pictures were expected, got 900. Pass a larger set with --stimuli.",
    ],
    [
      ["--autocorrelation", "1"],
      2,
      "simulate: a number from 0 to below 1 was expected as autocorrelation, got 1. Correct it.",
    ],
    [
      ["--smoothness", "wide"],
      2,
      "simulate: a number of at least 0 was expected as smoothness in mm, got NaN. Correct it.",
    ],
  ])("refuses %j", async (words, code, message) => {
    expect(await simulate("refused", ...words, "--quiet")).toEqual({ code, out: "", err: `${message}\n` });
  });

  it("refuses another number of pictures than the file has, and works without --out only to say so", async () => {
    const file = join(folder, "features.csv");
    expect(await simulate("other", "--geometry", file, "--pictures", "3")).toEqual({
      code: 2,
      out: "",
      err: `simulate brain: 4, as ${file} has, pictures were expected, got 3. Leave --pictures out.\n`,
    });
    expect(await vca("simulate", "brain")).toEqual({
      code: 2,
      out: "",
      err: "simulate brain: --out <folder> was expected, got none. See `vca simulate brain --help`.\n",
    });
  });
});

describe("vca simulate brain --power", () => {
  const power = (...words: string[]) =>
    vca(
      "simulate",
      "brain",
      "--power",
      "--runs",
      "2",
      "--studies",
      "4",
      "--draws",
      "20",
      "--quiet",
      ...words,
    );

  it("prints the share of significant studies of each size", async () => {
    const sizes = ["--participants", "2,6", "--pictures", "6,12"];
    const { code, out, err } = await power(...sizes, "--snr", "2", "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const cells = JSON.parse(out) as { participants: number; pictures: number; power: number }[];
    expect(cells.map(({ pictures, participants }) => [pictures, participants])).toEqual([
      [6, 2],
      [6, 6],
      [12, 2],
      [12, 6],
    ]);
    expect(cells[3]!.power).toBe(1); // a strong signal in a larger study
    expect((await power("--participants", "2", "--pictures", "6")).out).toMatch(
      /^participants {2}pictures {2}power {2}95 % interval\n {11}2 {9}6 {3}\d\.\d\d {3}\[\d\.\d\d, \d\.\d\d\]\n$/,
    );
  }, 120_000);

  it("needs a geometry, and several sizes need it", async () => {
    expect(await power("--geometry", "none")).toEqual({
      code: 2,
      out: "",
      err: "simulate brain: a geometry was expected with --power, got none. Plant valence, or a file.\n",
    });
    expect(await vca("simulate", "brain", "--out", join(folder, "x"), "--participants", "5,10")).toEqual({
      code: 2,
      out: "",
      err: "simulate brain: one number was expected as --participants, got 5,10. Add --power to try several.\n",
    });
  });
});
