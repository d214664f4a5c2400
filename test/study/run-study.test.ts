/** @file A whole study of tiny circuits: every step once, its tables, what a second run and a failure leave. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseCsv } from "../../src/core/csv.ts";
import { Random } from "../../src/core/random.ts";
import { compareRuns } from "../../src/study/compare-runs.ts";
import type { Executor } from "../../src/study/executor.ts";
import { planStudy } from "../../src/study/plan.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { RunFolder } from "../../src/study/run-folder.ts";
import { runStep } from "../../src/study/run-step.ts";
import { runStudy } from "../../src/study/run-study.ts";
import { parseStudy } from "../../src/study/study-file.ts";
import { drawPictures, filesOf, type TinyStudy, tinyStudy } from "./support.ts";

const cache = process.env.VCA_CACHE;
let tiny: TinyStudy;
let out = "";
let started: string[] = [];

/** Carries out steps in this process; the one that is named fails. */
const executor = (broken?: string): Executor => ({
  places: 2,
  run: async ({ hash, kind, name }) => {
    started.push(kind);
    if (name === broken) throw new Error("the disk is full");
    await runStep(out, hash, { reporter: SILENT, threads: 1 });
  },
});

const text = (changes: object = {}) => {
  const { stimuli, scale, encoder, taps, grid, circuit } = tiny.config;
  return stringify({
    stimuli,
    scale,
    encoders: [encoder],
    circuits: [circuit, circuit.replace("tiny.yaml", "other.yaml")],
    group: "theme",
    folds: 3,
    seeds: 2,
    fit: { taps, grid, epochs: 2 },
    lesions: { draws: 3, amplify: [1] },
    ...changes,
  });
};
const run = (changes?: object, broken?: string) => {
  started = [];
  return runStudy(text(changes), { where: "study.yaml", out, executor: executor(broken), reporter: SILENT });
};

beforeAll(async () => {
  tiny = await tinyStudy();
  out = join(tiny.folder, "study");
  process.env.VCA_CACHE = join(tiny.folder, "cache");
  const circuit = await readFile(tiny.config.circuit, "utf8");
  await writeFile(join(tiny.folder, "other.yaml"), circuit.replace("input: 4", "input: 3"));
});

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(tiny.folder, { recursive: true });
});

const tableOf = async (name: string) => {
  const { header, rows } = parseCsv(await readFile(join(out, name)), name);
  return rows.map(({ cells }) => Object.fromEntries(header.map((column, i) => [column, cells[i]!])));
};

describe("a study", () => {
  it("goes on after a failure with everything that does not need the failed step", async () => {
    const result = await run({}, "fit other on tiny-encoder, two halves");
    expect(result.failed).toEqual([
      { step: "fit other on tiny-encoder, two halves", failure: "the disk is full" },
      ...["units", "geometry", "lesions", "attention"].map((kind) => ({
        step: `${kind} of other on tiny-encoder`,
        failure: "not begun, because fit other on tiny-encoder, two halves failed",
      })),
    ]);
    expect(result.computed).toBe(8);
  }, 120_000);

  it("then computes only what is missing, and nothing twice", async () => {
    expect(await run()).toMatchObject({ steps: 13, computed: 5, failed: [] });
    expect(started.toSorted()).toEqual(["attention", "fit", "geometry", "lesions", "units"]);
    const before = await filesOf(join(out, "steps"));
    expect(await run()).toMatchObject({ computed: 0, failed: [] });
    expect(await filesOf(join(out, "steps"))).toEqual(before);
  }, 120_000);

  it("has a table of each kind, with the circuit that a row belongs to", async () => {
    for (const name of ["metrics.csv", "neurons.csv", "geometry.csv", "lesions.csv", "attention.csv"]) {
      const rows = await tableOf(name);
      expect(new Set(rows.map(({ circuit }) => circuit))).toEqual(new Set(["tiny", "other"]));
    }
    const [first] = await tableOf("comparisons.csv");
    expect(Number(first!.parametersA)).toBeGreaterThan(Number(first!.parametersB)); // CeA of 4 and of 3 units
    expect(first).toMatchObject({ design: "random", scale: "valence", a: "tiny on tiny-encoder" });
    expect((await filesOf(out)).has("report.html")).toBe(true);
  });

  it("can be given where a run is expected", async () => {
    const { folder } = await RunFolder.open(out);
    expect(folder.path).toMatch(/steps\/fit-[0-9a-f]{16}$/);
  });

  it("takes scales from the descriptions of its sets, and tells two scales apart", async () => {
    const file = tiny.config.stimuli;
    const other = `table:${await drawPictures(join(tiny.folder, "other"), "other", 6)}`;
    const hashes = async (stimuli: string, test: string) => {
      const study = parseStudy(text({ stimuli, scale: undefined, test: [test], analyses: [] }), "study.yaml");
      return (await planStudy(study, SILENT)).map(({ kind, hash }) => `${kind} ${hash}`);
    };
    const [nine, ten, tested] = [
      await hashes(`${file}@1-9`, `${other}@1-9`),
      await hashes(`${file}@1-10`, `${other}@1-9`),
      await hashes(`${file}@1-9`, `${other}@1-10`),
    ];
    expect(nine.filter((step) => ten.includes(step))).toEqual([]);
    expect(nine.filter((step) => !tested.includes(step)).map((step) => step.split(" ")[0])).toEqual([
      "test",
      "test",
    ]);
  });

  it("computes anew what an edit changes, and no more", async () => {
    const result = await run({ lesions: { draws: 4, amplify: [1] } });
    expect([result.computed, started]).toEqual([2, ["lesions", "lesions"]]);
  }, 120_000);
});

describe("runs compared", () => {
  it("differ by what was planted, and not from their own copy", async () => {
    const path = (await RunFolder.open(out)).folder.path;
    const [copy, worse] = [join(tiny.folder, "copy"), join(tiny.folder, "worse")];
    await cp(path, copy, { recursive: true });
    await cp(path, worse, { recursive: true });
    const file = join(worse, "predictions.csv");
    const [header, ...rows] = (await readFile(file, "utf8")).trimEnd().split("\n");
    const noisy = rows.map((row, i) => row.replace(/[^,]*,[^,]*$/, `${(i * 7) % 5},${(i * 3) % 4}`));
    await writeFile(file, `${[header, ...noisy].join("\n")}\n`);
    const named = { encoder: "e", design: "random", parameters: 10 };
    const pairs = await compareRuns(
      [
        { ...named, circuit: "a", path },
        { ...named, circuit: "b", path: copy },
        { ...named, circuit: "c", path: worse },
      ],
      { group: undefined, random: Random.seeded(0), draws: 400 },
    );
    expect(pairs.map(({ scale, a, b }) => `${scale} ${a[0]}${b[0]}`)).toEqual([
      "valence ab",
      "valence ac",
      "valence bc",
      "arousal ab",
      "arousal ac",
      "arousal bc",
    ]);
    expect(pairs[0]).toMatchObject({ difference: 0, lower: 0, upper: 0, p: 1, pCorrected: 1 });
    for (const { rA, rB, difference, p, pCorrected } of pairs) {
      expect(difference).toBeCloseTo(rA - rB, 12);
      expect(pCorrected).toBeCloseTo(Math.min(1, 3 * p), 12);
    }
    expect(pairs[1]!.difference).toBeCloseTo(pairs[2]!.difference, 12);
  });
});
