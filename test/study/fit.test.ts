/** @file A whole fit on a tiny encoder: its folder, going on after a kill, predicting, testing, exporting. */
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession } from "#engine";
import { lockFolder, readBytes } from "#files";
import { parseCsv } from "../../src/core/csv.ts";
import { Random } from "../../src/core/random.ts";
import { decodeOnnx, encodeOnnx } from "../../src/graph/onnx.ts";
import { exportRun } from "../../src/study/export.ts";
import { type FitResult, fitStudy } from "../../src/study/fit.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { predictPictures } from "../../src/study/predict.ts";
import { shuffledRatings } from "../../src/study/prepare.ts";
import { keptEpochs } from "../../src/study/replicas.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { testRun } from "../../src/study/test.ts";
import { tinyConvolutional, tinySettings } from "../support/tiny-encoders.ts";
import { drawPictures, filesOf, gainsOf, type TinyStudy, tinyStudy } from "./support.ts";

const cache = process.env.VCA_CACHE;
const work = { reporter: SILENT, threads: 1 };
let study: TinyStudy;
let run = "";
let result: FitResult;

beforeAll(async () => {
  study = await tinyStudy();
  process.env.VCA_CACHE = join(study.folder, "cache");
  run = join(study.folder, "run");
  result = await fitStudy(study.config, { ...work, out: run });
});

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(study.folder, { recursive: true });
});

/** A table of the run as objects. */
const rowsOf = (bytes: Uint8Array) => {
  const { header, rows } = parseCsv(bytes, "test");
  return rows.map(({ cells }) => Object.fromEntries(header.map((name, i) => [name, cells[i]!])));
};

describe("a run's folder", () => {
  it("holds what docs/formats.md says", async () => {
    const names = [...(await filesOf(run)).keys()];
    const replicas = [0, 1, 2].flatMap((fold) => [0, 1].map((seed) => `fold${fold}-seed${seed}`));
    const epochs = [0, 1, 2, 3];
    const expected = [
      ...["fit.yaml", "inputs.json", "manifest.json", "metrics.csv", "predictions.csv", "stimuli.csv"],
      "models/ridge.safetensors",
      "models/tiny-encoder/tiny/final.onnx",
      ...[...replicas, "final-seed0", "final-seed1"].flatMap((replica) =>
        epochs.map((epoch) => `models/tiny-encoder/tiny/${replica}/epoch-${epoch}.safetensors`),
      ),
      ...replicas.flatMap((replica) =>
        ["LA", "ITC", "CeA", "readout"].flatMap((nucleus) =>
          epochs.map((epoch) => `activations/${replica}/${nucleus}/epoch-${epoch}.npy`),
        ),
      ),
    ];
    expect(names.sort()).toEqual(expected.sort());
  });

  it("has each picture once per seed, in the fold that held it out", async () => {
    const files = await filesOf(run);
    const stimuli = rowsOf(files.get("stimuli.csv")!);
    const predictions = rowsOf(files.get("predictions.csv")!);
    expect(stimuli).toHaveLength(24);
    expect(new Set(stimuli.map(({ fold }) => fold))).toEqual(new Set(["0", "1", "2"]));
    for (const [model, seed] of [
      ["circuit", "0"],
      ["circuit", "1"],
      ["ridge", ""],
    ]) {
      const own = predictions.filter((row) => row.model === model && row.seed === seed);
      expect(own.map(({ id, fold }) => [id, fold])).toEqual(stimuli.map(({ id, fold }) => [id, fold]));
    }
  });

  it("is not computed again", async () => {
    const files = [...(await filesOf(run)).keys()].filter((name) => /safetensors|npy/.test(name));
    const times = () => Promise.all(files.map(async (name) => (await stat(join(run, name))).mtimeMs));
    const before = await times();
    const again = await fitStudy(study.config, { ...work, out: run });
    expect(await times()).toEqual(before);
    expect({ ...again, seconds: 0 }).toEqual({ ...result, seconds: 0 });
  });

  it("takes no other fit", async () => {
    await expect(fitStudy({ ...study.config, grid: 1 }, { ...work, out: run })).rejects.toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: `${run}: an empty folder or this fit's own was expected, got a run with grid 2 where this has 1. Choose another --out.`,
      }),
    );
  });
});

describe("a fit that cannot go on", () => {
  it("leaves a folder with other files alone", async () => {
    const out = join(study.folder, "other");
    await mkdir(out);
    await writeFile(join(out, "notes.txt"), "mine");
    await expect(fitStudy(study.config, { ...work, out })).rejects.toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: `${out}: an empty folder or this fit's own was expected, got one with notes.txt. Choose another --out.`,
      }),
    );
    expect(await readdir(out)).toEqual(["notes.txt"]);
  });

  it("stays out of a folder in which another works", async () => {
    const out = join(study.folder, "busy");
    const release = await lockFolder(out);
    await expect(fitStudy(study.config, { ...work, out })).rejects.toThrow(
      /^.*busy: a folder in which no other process works was expected, got process \d+ on .* there\. Wait until it ends, or delete .*busy.\.vca\.lock if it has\.$/,
    );
    await release();
    expect(await readdir(study.folder)).not.toContain("busy");
  });

  it("stops when the ratings have changed since it began", async () => {
    const table = await drawPictures(join(study.folder, "changing"), "changing", 12);
    const config = fitConfig({ ...study.config, stimuli: `table:${table}` });
    const out = join(study.folder, "changed");
    await fitStudy(config, { ...work, out });
    const text = await readFile(table, "utf8");
    await writeFile(table, text.replace(/,([\d.]+),([\d.]+),theme 0/, ",$2,$1,theme 0"));
    await expect(fitStudy(config, { ...work, out })).rejects.toThrow(
      expect.objectContaining({
        tag: "DataError",
        message: `${out}/stimuli.csv: the pictures, ratings and folds with which the run began were expected, got others. Put them back, or choose another --out.`,
      }),
    );
  });
});

/** Starts the fit in a process and kills it at its `step`-th line. Whether it was killed before it finished. */
async function killedAt(step: number, out: string): Promise<boolean> {
  const config = join(study.folder, "config.json");
  await writeFile(config, JSON.stringify(study.config));
  const script = fileURLToPath(new URL("fit-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script, config, out], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let killed = false;
  child.stdout.on("data", (data) => {
    text += data;
    const steps = text.split("\n").filter((line) => line.startsWith("training")).length;
    if (steps < step || killed || text.includes("finished")) return;
    killed = true;
    child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  return killed;
}

it("a fit killed three times and run again is the fit that was never killed, byte for byte", async () => {
  const out = join(study.folder, "killed");
  const random = Random.seeded(Date.now());
  let killed = 0;
  for (let i = 0; i < 3; i++) if (await killedAt(1 + random.integer(14), out)) killed++;
  expect(killed).toBeGreaterThan(0);
  await fitStudy(study.config, { ...work, out });
  const [expected, got] = [await filesOf(run), await filesOf(out)];
  expect([...got.keys()]).toEqual([...expected.keys()]);
  const manifest = (bytes: Buffer) => ({ ...JSON.parse(bytes.toString()), finished: "", seconds: 0 });
  for (const [name, bytes] of expected) {
    if (name === "manifest.json") expect(manifest(got.get(name)!)).toEqual(manifest(bytes));
    else expect(got.get(name)!.equals(bytes), name).toBe(true);
  }
});

describe("the final model", () => {
  /** Valence and arousal of the trained pictures, as `predict` gives them. */
  const predicted = async (model: string) =>
    (await predictPictures(model, study.pictures, work)).flatMap(({ valence, arousal }) => [
      valence,
      arousal,
    ]);

  it("predicts the same from the run's folder, its file and an export, with gains at rest too", async () => {
    const plain = await exportRun(run, {});
    const gained = await exportRun(run, { out: join(study.folder, "gains.onnx"), gains: true });
    expect(plain.out).toBe(`${run}/model.onnx`);
    const own = await predicted(run);
    expect(await predicted(plain.out)).toEqual(own);
    (await predicted(gained.out)).forEach((value, i) => {
      expect(value).toBeCloseTo(own[i]!, 5);
    });
    await rm(plain.out);
  });

  it("from pixels answers what the circuit answers from the cached tokens", async () => {
    const table = join(study.folder, "pictures", "trained.csv");
    await testRun(run, `table:${table}`, { ...work, scale: "1-9", force: true });
    const rows = rowsOf((await filesOf(run)).get("tests/trained/predictions.csv")!);
    await rm(join(run, "tests"), { recursive: true });
    const own = await predicted(run);
    const cached = rows.filter(({ model }) => model === "circuit");
    expect(cached).toHaveLength(24);
    cached.forEach(({ valence, arousal }, s) => {
      expect(Number(valence)).toBeCloseTo(own[2 * s]!, 4);
      expect(Number(arousal)).toBeCloseTo(own[2 * s + 1]!, 4);
    });
  });

  it("of an encoder that takes a fixed number of pictures predicts any number", async () => {
    const encoder = join(study.folder, "fixed");
    await mkdir(encoder);
    await writeFile(join(encoder, "model.onnx"), encodeOnnx(tinyConvolutional(5)));
    await writeFile(join(encoder, "preprocessor_config.json"), tinySettings);
    const out = join(study.folder, "fixed-run");
    const config = { ...study.config, encoder, taps: "stage-2", epochs: 1, seeds: 1 };
    await fitStudy(config, { ...work, out });
    const seven = await predictPictures(out, study.pictures.slice(0, 7), work);
    const one = await predictPictures(out, study.pictures.slice(6, 7), work);
    expect(seven).toHaveLength(7);
    expect(one[0]!.valence).toBeCloseTo(seven[6]!.valence, 5);
  });

  it("takes gains as inputs, silences valence without CeA, and describes itself", async () => {
    const { out } = await exportRun(run, { out: join(study.folder, "gains.onnx"), gains: true });
    const bytes = await readBytes(out);
    const model = decodeOnnx(bytes, out);
    const about = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(about["vca.trained-on"]!)).toMatchObject({ set: "table", n: 24 });
    expect(JSON.parse(about["vca.circuit"]!).name).toBe("tiny");
    const session = await openSession(bytes, { threads: 1 });
    expect([...session.outputs].sort()).toEqual(
      ["activation/CeA", "activation/ITC", "activation/LA", "arousal", "valence"].sort(),
    );
    const random = Random.seeded(1);
    const pixels = {
      shape: [2, 3, 8, 8],
      data: Float32Array.from({ length: 2 * 3 * 64 }, () => random.uniform()),
    };
    const feeds = { pixels, ...gainsOf(bytes, "gain/CeA") };
    expect(Object.keys(feeds)).toHaveLength(1 + 3 + 4);
    const { valence } = await session.run(feeds);
    await session.close();
    expect(valence!.data[0]).toBe(valence!.data[1]);
  });
});

describe("a test", () => {
  it("refuses pictures that were trained on, by name", async () => {
    const table = join(study.folder, "pictures", "trained.csv");
    await expect(testRun(run, `table:${table}`, { ...work, scale: "1-9" })).rejects.toThrow(
      expect.objectContaining({
        tag: "DataError",
        message: expect.stringMatching(
          /^test: pictures that were not trained on were expected, got trained 0 \(trained 0\), .* and \d+ more, all in .*\/tests\/trained\/trained-on\.csv\. Leave them out of the set, or pass --force to count them\.$/,
        ),
      }),
    );
  });

  it("runs on new ones, and writes beside the run", async () => {
    const table = await drawPictures(join(study.folder, "pictures"), "new", 12);
    const tested = await testRun(run, `table:${table}`, { ...work, scale: "1-9" });
    expect(tested.stimuli).toEqual({ set: "table", n: 12 });
    expect(Math.abs(tested.metrics.valence.r)).toBeLessThanOrEqual(1);
    expect((await readdir(tested.out)).sort()).toEqual(["metrics.csv", "predictions.csv"]);
    await rm(join(run, "tests"), { recursive: true });
  });

  it("of what is no finished run says so", async () => {
    const folder = join(study.folder, "pictures");
    await expect(testRun(folder, "emoji", work)).rejects.toThrow(
      `${folder}: a finished run's folder was expected, got none. Make or finish one with \`vca fit --out ${folder}\`.`,
    );
  });
});

describe("shuffled ratings", () => {
  const ratings = { shape: [6, 2], data: Float64Array.from({ length: 12 }, (_, i) => i) };
  const pairs = ({ data }: { data: Float64Array }) =>
    Array.from({ length: 6 }, (_, s) => [data[2 * s], data[2 * s + 1]]);

  it("give each picture the pair of another, none twice", () => {
    const shuffled = pairs(shuffledRatings(ratings, undefined, Random.seeded(1)));
    expect(shuffled).not.toEqual(pairs(ratings));
    expect([...shuffled].sort((a, b) => a[0]! - b[0]!)).toEqual(pairs(ratings));
  });

  it("move whole groups", () => {
    const groups = ["a", "b", "a", "b", "c", "c"];
    for (let seed = 0; seed < 5; seed++) {
      const shuffled = pairs(shuffledRatings(ratings, groups, Random.seeded(seed)));
      const of = ["a", "b", "c"].map((group) =>
        shuffled.filter((_, s) => groups[s] === group).map(([valence]) => groups[valence! / 2]),
      );
      for (const from of of) expect(new Set(from).size).toBe(1);
    }
  });
});

it("epochs are kept at powers of two, and the last", () => {
  expect([0, 1, 2, 3, 4, 20].map(keptEpochs)).toEqual([
    [0],
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 4],
    [0, 1, 2, 4, 8, 16, 20],
  ]);
});

it("a fit's options are checked by name", () => {
  expect(() => fitConfig({ stimuli: "emoji", fold: 3 })).toThrow(
    'fit: options: Unrecognized key: "fold". See `vca fit --help`.',
  );
  expect(() => fitConfig({ stimuli: "emoji", folds: 1 })).toThrow(
    "fit: folds: Too small: expected number to be >=2. See `vca fit --help`.",
  );
});
