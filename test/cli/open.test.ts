/** @file neurons, geometry and lesion from the words typed to what is printed, on a few embedded emoji. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vca } from "./run.ts";

let folder = "";
let run = "";
const before = process.env.VCA_CACHE;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-open-"));
  process.env.VCA_CACHE = join(folder, "cache");
  run = join(folder, "run");
  const options = [
    "--circuit",
    "anatomical-linear",
    "--grid",
    "1",
    "--epochs",
    "2",
    "--folds",
    "2",
    "--seeds",
    "2",
  ];
  const fit = await vca("fit", "emoji", ...options, "--out", run, "--quiet");
  expect(fit.code, fit.err).toBe(0);
}, 300_000);
afterAll(async () => {
  process.env.VCA_CACHE = before ?? "";
  await rm(folder, { recursive: true });
});

describe("an opened run", () => {
  it("shows its units", async () => {
    const { code, out, err } = await vca("neurons", run);
    expect(code, err).toBe(0);
    expect(out).toContain("Pictures per bin (negative, middle, positive valence; low, middle, high arousal)");
    expect(out).toMatch(/^run +0( +-?\.\d{3}){4}$/m);
    expect(out.trimEnd().endsWith(`${run}/neurons.csv`)).toBe(true);
    const json = await vca("neurons", run, "--json", "--quiet");
    expect(Object.keys(JSON.parse(json.out))).toEqual(["bins", "rows", "tests", "units", "out"]);
  }, 120_000);

  it("shows its geometry, and warns of depth", async () => {
    const { code, out, err } = await vca("geometry", run);
    expect(code, err).toBe(0);
    expect(out).toContain(
      "before claiming anything of CeA, hold the run against a serial-* or vca-shuffled one",
    );
    const held = await vca("geometry", run, "--control", run);
    expect(held.out).toContain("CeA does not exceed the control at equal depth and number of units");
  }, 240_000);

  it("shows its lesions", async () => {
    const { code, out, err } = await vca("lesion", run, "--draws", "2", "--amplify", "1");
    expect(code, err).toBe(0);
    expect(out).toMatch(/^visual->LA +zero/m);
    const refused = await vca("lesion", run, "--amplify", "1,x");
    expect(refused).toEqual({
      code: 2,
      out: "",
      err: '--amplify: numbers of at least -1 were expected, got "1,x". Write them as --amplify 1,3,5.\n',
    });
  }, 120_000);
});
