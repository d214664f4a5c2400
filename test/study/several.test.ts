/** @file Several picture sets together: r within each set, and the guard against testing on what was trained on. */
import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseCsv } from "../../src/core/csv.ts";
import { pearson } from "../../src/core/statistics.ts";
import { type FitResult, fitStudy } from "../../src/study/fit.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { testRun } from "../../src/study/test.ts";
import { openUnseen } from "../../src/study/unseen.ts";
import { drawPictures, type TinyStudy, tinyStudy } from "./support.ts";

const cache = process.env.VCA_CACHE;
const work = { reporter: SILENT, threads: 1 };
let study: TinyStudy;
let run = "";
let result: FitResult;

/** A drawn set in GAPED's format, 0 to 100, and in that of the published code, 1 to 9. */
async function drawn(name: string, count: number): Promise<{ gaped: string; vca: string }> {
  const folder = join(study.folder, name);
  const { rows } = parseCsv(await readFile(await drawPictures(folder, name, count)), name);
  const values = rows.map(({ cells }) => ({
    stem: cells[1]!.replace(".png", ""),
    v: Number(cells[2]),
    a: Number(cells[3]),
  }));
  const percent = (x: number) => ((x - 1) * 100) / 8;
  const lines = values.map(({ stem, v, a }) => `${stem}.bmp\t${percent(v)}  ${percent(a)}`);
  await writeFile(join(folder, "A.txt"), ["Id Valence Arousal", ...lines].join("\n"));
  await writeFile(
    join(folder, "ours.csv"),
    values.map(({ stem, v, a }) => `${stem},.png,${a},${v}`).join("\n"),
  );
  return { gaped: `gaped:${folder}`, vca: `vca-csv:${join(folder, "ours.csv")}` };
}

let specs: { trained: string; gaped: string };

beforeAll(async () => {
  study = await tinyStudy();
  process.env.VCA_CACHE = join(study.folder, "cache");
  const [first, second] = [await drawn("one", 24), await drawn("two", 30)];
  specs = { trained: `${first.vca}@1-9 + ${second.gaped}`, gaped: second.gaped };
  run = join(study.folder, "both");
  result = await fitStudy(
    { ...study.config, scale: undefined, stimuli: specs.trained },
    { ...work, out: run },
  );
});

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(study.folder, { recursive: true });
});

const tableOf = async (name: string) => {
  const { header, rows } = parseCsv(await readFile(join(run, name)), name);
  return rows.map(({ cells }) => Object.fromEntries(header.map((column, i) => [column, cells[i]!])));
};

it("measures r within each set, and their mean weighted by pictures", async () => {
  const rated = new Map((await tableOf("stimuli.csv")).map((row) => [row.id!, row]));
  const ridge = (await tableOf("predictions.csv")).filter(({ model }) => model === "ridge");
  expect(result.stimuli).toEqual({ set: "vca-csv + gaped", n: 54 });
  expect(result.sets!.map(({ set, n }) => [set, n])).toEqual([
    ["vca-csv", 24],
    ["gaped", 30],
  ]);
  for (const scale of ["valence", "arousal"] as const) {
    const own = result.sets!.map(({ set }) => {
      const rows = ridge.filter(({ id }) => rated.get(id!)!.picture_set === set);
      return pearson(
        rows.map(({ id }) => Number(rated.get(id!)![scale])),
        rows.map((row) => Number(row[scale])),
      );
    });
    expect(result.sets!.map((set) => set.ridge[scale])).toEqual(own.map((r) => expect.closeTo(r, 10)));
    const mean = Math.tanh((24 * Math.atanh(own[0]!) + 30 * Math.atanh(own[1]!)) / 54);
    expect(result.ridge[scale].r).toBeCloseTo(mean, 10);
    const [lower, upper] = result.ridge[scale].ci;
    expect(lower).toBeLessThan(mean);
    expect(upper).toBeGreaterThan(mean);
  }
  const measures = (await tableOf("metrics.csv")).map(({ measure }) => measure);
  expect(measures.filter((name) => name === "r within gaped")).toHaveLength(4);
});

it("keeps the ratings of all sets on the first set's scale", async () => {
  const ratings = (await tableOf("stimuli.csv")).map(({ valence }) => Number(valence));
  expect(Math.max(...ratings)).toBeLessThan(9);
  expect(Math.min(...ratings)).toBeGreaterThan(1);
});

it("tests another set on that set's own scale", async () => {
  const { gaped } = await drawn("three", 20);
  const tested = await testRun(run, gaped, work);
  expect(tested.stimuli).toEqual({ set: "gaped", n: 20 });
  expect(tested.sets).toBeUndefined();
  const predicted = (await tableOf("tests/three/predictions.csv")).map(({ valence }) => Number(valence));
  expect(Math.max(...predicted)).toBeGreaterThan(9); // of 100
});

it("tests a table on the scale that its description states, in a folder of the table's name", async () => {
  const { vca } = await drawn("six", 20);
  const predicted = async (scale: string) => {
    await testRun(run, `${vca}@${scale}`, work);
    return (await tableOf("tests/ours/predictions.csv")).map(({ valence }) => Number(valence));
  };
  const [narrow, wide] = [await predicted("1-9"), await predicted("0..16")];
  expect(wide).toEqual(narrow.map((value) => expect.closeTo(2 * (value - 1), 4)));
});

it("refuses the same id of the same set, the same bytes under another id, and names the pairs", async () => {
  const folder = join(study.folder, "four");
  await drawn("four", 20);
  const lines = (await readFile(join(folder, "A.txt"), "utf8")).replace("four-3.bmp", "two-5.bmp");
  await writeFile(join(folder, "A.txt"), lines);
  await copyFile(join(folder, "four-3.png"), join(folder, "two-5.png"));
  await copyFile(join(study.folder, "one", "one-2.png"), join(folder, "four-4.png"));
  await expect(testRun(run, `gaped:${folder}`, work)).rejects.toThrow(
    "test: pictures that were not trained on were expected, got two-5 (gaped:two-5), four-4 (vca-csv:one-2). Leave them out of the set, or pass --force to count them.",
  );
});

it("names five pairs and keeps all in a table, until none is left", async () => {
  const folder = join(study.folder, "seven");
  const { gaped } = await drawn("seven", 20);
  for (let i = 0; i < 7; i++)
    await copyFile(join(study.folder, "one", `one-${i}.png`), join(folder, `seven-${i}.png`));
  const table = join(run, "tests", "seven", "trained-on.csv");
  const five = [0, 1, 2, 3, 4].map((i) => `seven-${i} (vca-csv:one-${i})`).join(", ");
  const refused = (got: string) =>
    `test: pictures that were not trained on were expected, got ${got}. Leave them out of the set, or pass --force to count them.`;
  await expect(testRun(run, gaped, work)).rejects.toThrow(refused(`${five} and 2 more, all in ${table}`));
  expect((await tableOf("tests/seven/trained-on.csv")).map((row) => Object.values(row))).toEqual(
    [0, 1, 2, 3, 4, 5, 6].map((i) => [`seven-${i}`, `vca-csv:one-${i}`, "equal"]),
  );
  await rm(table);
  await expect(openUnseen(run, { ...work, stimuli: gaped })).rejects.toThrow(`and 2 more, all in ${table}.`);
  const lines = (await readFile(join(folder, "A.txt"), "utf8")).split("\n");
  await writeFile(join(folder, "A.txt"), lines.filter((line) => !/^seven-[01]\./.test(line)).join("\n"));
  await expect(testRun(run, gaped, work)).rejects.toThrow(
    /got seven-2 .*, seven-6 \(vca-csv:one-6\)\. Leave/,
  );
  await expect(readFile(table)).rejects.toThrow("ENOENT");
});

it("refuses a near-identical picture: one that was trained on, smaller and compressed", async () => {
  const { folder, gaped } = { folder: join(study.folder, "five"), ...(await drawn("five", 20)) };
  const again = sharp(join(study.folder, "one", "one-2.png"));
  const { width } = await again.metadata();
  await again
    .resize(Math.round(0.8 * width))
    .jpeg({ quality: 70 })
    .toFile(join(folder, "again.jpg"));
  await rename(join(folder, "again.jpg"), join(folder, "five-6.png"));
  await expect(testRun(run, gaped, work)).rejects.toThrow(
    /^test: pictures that were not trained on were expected, got five-6 \(vca-csv:one-2\)/,
  );
});
