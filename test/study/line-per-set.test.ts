/** @file A fit of two sets whose raters differ, with a line per set and without. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseCsv, writeCsv } from "../../src/core/csv.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { type FitConfig, fitConfig } from "../../src/study/fit-config.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { drawPictures, type TinyStudy, tinyStudy } from "./support.ts";

const cache = process.env.VCA_CACHE;
let study: TinyStudy;
let config: FitConfig;

beforeAll(async () => {
  study = await tinyStudy();
  process.env.VCA_CACHE = join(study.folder, "cache");
  const table = await drawPictures(join(study.folder, "second"), "second", 24);
  const { header, rows } = parseCsv(await readFile(table), table);
  const timid = (cell: string) => 5 + (Number(cell) - 5) / 4; // other raters: nearer to the middle, and higher
  await writeFile(
    table,
    writeCsv(
      header,
      rows.map(({ cells }) => [cells[0]!, cells[1]!, 2 + timid(cells[2]!), timid(cells[3]!), cells[4]!]),
    ),
  );
  config = { ...study.config, stimuli: `${study.config.stimuli} + table:${table}` };
});

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(study.folder, { recursive: true });
});

/** Fits, and gives what the fit said with its root mean squared errors of valence. */
async function fitted(name: string, changes: Partial<FitConfig>) {
  const notes: string[] = [];
  const reporter = { ...SILENT, note: (text: string) => notes.push(text) };
  const out = join(study.folder, name);
  const { metrics, ridge } = await fitStudy({ ...config, ...changes }, { reporter, threads: 1, out });
  return { notes, circuit: metrics.valence.rmse, ridge: ridge.valence.rmse };
}

it("brings held-out answers of circuit and ridge nearer to each set's ratings", async () => {
  const plain = await fitted("plain", {});
  const lined = await fitted("lined", { linePerSet: true });
  expect(lined.circuit).toBeLessThan(plain.circuit);
  expect(lined.ridge).toBeLessThan(plain.ridge);
  const said = "Each set has an intercept and slope of its own; new pictures get those of table.";
  expect(lined.notes).toContain(said);
  expect(plain.notes).not.toContain(said);
});

it("is asked of several sets only", async () => {
  await expect(
    fitStudy({ ...study.config, linePerSet: true }, { reporter: SILENT, out: join(study.folder, "one") }),
  ).rejects.toThrow(
    "fit: several sets were expected with --line-per-set, got table. Name them together, or leave it out.",
  );
});

it("leaves no trace in fit.yaml where it is not asked for", () => {
  expect(fitConfig({ stimuli: "emoji" })).not.toHaveProperty("linePerSet");
});
