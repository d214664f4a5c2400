/** @file Units, geometry and lesions of a tiny run: their tables, their controls, and what they refuse. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/core/csv.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { analyseGeometry } from "../../src/study/geometry.ts";
import { analyseLesions } from "../../src/study/lesions.ts";
import { analyseNeurons } from "../../src/study/neurons.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { UNIT_HEADER } from "../../src/study/unit-rows.ts";
import { openUnseen } from "../../src/study/unseen.ts";
import { drawPictures, type TinyStudy, tinyStudy } from "./support.ts";

const cache = process.env.VCA_CACHE;
const work = { reporter: SILENT, threads: 1 };
let study: TinyStudy;
let run = "";
let control = "";

/** Adds a column of feelings to a table of pictures. */
async function withFeelings(file: string): Promise<void> {
  const [header, ...rows] = (await readFile(file, "utf8")).trimEnd().split("\n");
  const feelings = ["pleasant", "neutral", "unpleasant"];
  const labelled = rows.map((row, i) => `${row},${feelings[i % 3]}`);
  await writeFile(file, `${[`${header},feeling`, ...labelled].join("\n")}\n`);
}

beforeAll(async () => {
  study = await tinyStudy();
  await withFeelings(join(study.folder, "pictures", "trained.csv"));
  process.env.VCA_CACHE = join(study.folder, "cache");
  [run, control] = [join(study.folder, "run"), join(study.folder, "control")];
  const halves = { ...study.config, folds: 2, epochs: 2 };
  await fitStudy(halves, { ...work, out: run });
  await fitStudy({ ...halves, shuffleRatings: true, epochs: 1 }, { ...work, out: control });
}, 120_000);

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(study.folder, { recursive: true });
});

const tableOf = async (name: string) => {
  const { header, rows } = parseCsv(await readFile(join(run, name)), name);
  return rows.map(({ cells }) => Object.fromEntries(header.map((column, i) => [column, cells[i]!])));
};

describe("networks beside pictures that they did not train on", () => {
  it("hold what their fold held out, joined by id", async () => {
    const { networks, pictures, epochs, nuclei } = await openUnseen(run, work);
    expect(networks.map(({ name }) => name)).toEqual([
      "fold0-seed0",
      "fold0-seed1",
      "fold1-seed0",
      "fold1-seed1",
    ]);
    expect([epochs, nuclei]).toEqual([
      [0, 1, 2],
      ["LA", "ITC", "CeA"],
    ]);
    const [first, , other] = networks;
    expect([...first!.pictures.ids, ...other!.pictures.ids].sort()).toEqual([...pictures.ids].sort());
    expect((await first!.activations("CeA", 2)).shape).toEqual([first!.places.length, 4]);
  });

  it("see an independent set through the final networks", async () => {
    const stimuli = `table:${await drawPictures(join(study.folder, "others"), "other", 12)}`;
    const { networks, foldNetworks } = await openUnseen(run, { ...work, stimuli, scale: "1-9" });
    expect(networks.map(({ name }) => name)).toEqual(["final-seed0", "final-seed1"]);
    expect(foldNetworks).toHaveLength(4);
    expect((await networks[0]!.activations("LA", 1)).shape).toEqual([12, 6]);
    expect((await networks[0]!.activations("readout", 0)).shape).toEqual([12, 2]);
  });

  it("may not have trained on them", async () => {
    const { stimuli } = study.config;
    await expect(openUnseen(run, { ...work, stimuli, scale: "1-9" })).rejects.toThrow(
      new RegExp(
        `^${stimuli}: pictures that were not trained on were expected, got .*\\. Leave them out of the set, or leave out --stimuli for the pictures that each fold held out\\.$`,
      ),
    );
  });
});

describe("vca neurons", () => {
  it("writes what it returns, and says which bins cannot be tested", async () => {
    const warned: string[] = [];
    const reporter = { ...SILENT, warn: (text: string) => warned.push(text) };
    const labels = { emotion: "feeling", category: "theme" };
    const { bins, rows, tests, units } = await analyseNeurons(run, { ...work, ...labels, reporter, control });
    expect(bins).toHaveLength(18);
    expect(bins.every(({ testable }) => !testable)).toBe(true); // 12 pictures in a half leave no bin of 10 and 10 others
    expect(warned).toContain("No bin is testable, so the nine-bin rule is left out.");
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(["run", "control"]));
    const measures = new Set(rows.map(({ measure }) => measure));
    for (const measure of ["index", "correlated", "correlated-partial", "anova"])
      expect(measures).toContain(measure);
    expect(new Set(tests.map(({ comparison }) => comparison))).toEqual(
      new Set(["trained - untrained", "trained - control", "rises over epochs"]),
    );
    const table = await tableOf("neurons.csv");
    expect(table).toHaveLength(rows.length);
    expect(Number(table[0]!.value)).toBe(rows[0]!.value);
    expect(await tableOf("neurons-tests.csv")).toHaveLength(tests.length);
    const written = await tableOf("units.csv");
    expect(Object.keys(written[0]!)).toEqual([...UNIT_HEADER]);
    expect(written).toHaveLength(units.length);
    expect(units).toHaveLength(4 * 2 * (6 + 3 + 4)); // networks, first and last epoch, units
  });

  it("says how to make a run with enough pictures", async () => {
    const third = join(study.folder, "thirds");
    await fitStudy({ ...study.config, epochs: 0 }, { ...work, out: third });
    const warned: string[] = [];
    await analyseNeurons(third, { ...work, reporter: { ...SILENT, warn: (text) => warned.push(text) } });
    const { stimuli, encoder, circuit } = study.config;
    expect(warned[0]).toBe(
      `3 folds leave 8 new pictures to a network: 0.0 of 9 bins hold the 10 that a test needs. Make a run with two halves: vca fit ${stimuli} --scale 1-9 --encoder ${encoder} --circuit ${circuit} --folds 2 --seeds 2 --out ${third}-halves`,
    );
  });

  it("compares preferences over two picture sets", async () => {
    const table = await drawPictures(join(study.folder, "second"), "second", 12);
    await withFeelings(table);
    const options = { stimuli: `table:${table}`, scale: "1-9", emotion: "feeling" };
    const { rows, out } = await analyseNeurons(run, { ...work, ...options });
    expect(out).toBe(`${run}/tests/second/neurons.csv`);
    expect(rows.some(({ measure, of }) => measure === "agreement-share" && of === "two sets")).toBe(true);
  });

  it("names the columns there are", async () => {
    await expect(analyseNeurons(run, { ...work, emotion: "mood" })).rejects.toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: 'neurons: unknown column "mood". Did you mean "theme"? Choices: theme, feeling.',
      }),
    );
  });
});

describe("vca geometry", () => {
  it("compares every nucleus with the ratings, and the readout with the control's", async () => {
    const { rows, tests, maps, hierarchy } = await analyseGeometry(run, { ...work, control });
    expect(hierarchy).toEqual([["LA"], ["CeA"]]);
    const of = (measure: string) =>
      new Set(rows.filter((row) => row.measure === measure).map((row) => row.of));
    expect(of("spearman")).toEqual(
      new Set(["circumplex", "valence", "arousal", "intensity", "low-level", "encoder"]),
    );
    expect(of("rho-a")).toEqual(of("spearman"));
    expect(of("decoding-r")).toEqual(new Set(["valence", "arousal"]));
    expect(rows.find(({ measure, of: what }) => measure === "v-rated" && what === "is a V")?.value).toBe(0); // a line
    for (const { measure, value } of rows.filter((row) => row.measure === "range-compression"))
      expect([measure, Number.isFinite(value)]).toEqual(["range-compression", true]);
    expect(tests.filter(({ nucleus }) => nucleus === "CeA - CeA")).toHaveLength(1);
    expect(maps.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    expect(await tableOf("geometry.csv")).toHaveLength(rows.length);
    expect(await tableOf("geometry-maps.csv")).toHaveLength(maps.length);
  });

  it("refuses a control on other pictures", async () => {
    const other = await tinyStudy();
    const path = join(other.folder, "run");
    const table = await readFile(join(other.folder, "pictures", "trained.csv"), "utf8");
    await writeFile(join(other.folder, "pictures", "trained.csv"), table.replaceAll("trained ", "strange "));
    await fitStudy({ ...other.config, folds: 2, epochs: 0 }, { ...work, out: path });
    await expect(analyseGeometry(run, { ...work, control: path })).rejects.toThrow(
      new RegExp(
        `^control: pictures of ${run} were expected, got strange \\d+\\. Fit the control on the same set\\.$`,
      ),
    );
    await rm(other.folder, { recursive: true });
  });
});

describe("vca lesion", () => {
  it("writes what it returns; a silent readout answers alike to all", async () => {
    const { rows } = await analyseLesions(run, { ...work, draws: 3, amplify: [1] });
    expect(await tableOf("lesions.csv")).toHaveLength(rows.length);
    const all = rows.filter(({ seed, measure }) => seed === "all" && measure === "r-valence");
    const silent = all.find(
      ({ target, name, treatment }) => target === "nucleus" && name === "CeA" && treatment === "zero",
    )!;
    expect(silent.before + silent.effect).toBeCloseTo(0, 12);
    expect(all.filter(({ target }) => target === "projection").map(({ name }) => name)).toEqual([
      "visual->LA",
      "LA->ITC",
      "LA->CeA",
      "ITC->CeA",
    ]);
    expect(new Set(rows.map(({ seed }) => seed))).toEqual(new Set([0, 1, "all"]));
  });

  it("is the same twice", async () => {
    const [first, second] = [
      await analyseLesions(run, { ...work, draws: 2 }),
      await analyseLesions(run, { ...work, draws: 2 }),
    ];
    expect(second).toEqual(first);
  });

  it("needs the pictures", async () => {
    await rm(join(study.folder, "pictures"), { recursive: true });
    const warned: string[] = [];
    const reporter = { ...SILENT, warn: (text: string) => warned.push(text) };
    await expect(analyseLesions(run, { ...work, reporter })).rejects.toThrow(
      expect.objectContaining({
        tag: "DataError",
        message: `${run}: the pictures of the run were expected, got none. Put ${study.config.stimuli} back, or pass --stimuli.`,
      }),
    );
    expect(warned[0]).toMatch(/What needs pictures is left out\.$/);
  });
});
