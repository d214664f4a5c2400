/**
 * @file `vca rsa RUN`: the geometry of every nucleus and kept epoch against participants' brains, in the mask, its hemispheres and control
 * masks, beside encoder, ratings and other controls. The last epoch is what the run trained for; no epoch is chosen by its score.
 */
import { Random } from "../core/random.ts";
import { testMean } from "../core/sample-tests.ts";
import { VcaError } from "../errors.ts";
import type { Resample } from "../rsa/bootstrap.ts";
import { type Comparison, compare, comparisonName } from "../rsa/comparisons.ts";
import { type Evaluation, evaluate, type ModelResult, scoreDifference } from "../rsa/evaluate.ts";
import type { Correction } from "../rsa/pairwise.ts";
import { type PartialResult, partialRsa } from "../rsa/partial.ts";
import { permuteLabels } from "../rsa/permutation.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { controlsOf } from "./align-controls.ts";
import { type Candidate, modelsOf } from "./align-models.ts";
import {
  type AlignResult,
  type RegionResult,
  rowsOf,
  type SeedScores,
  writeAlignment,
} from "./align-tables.ts";
import { type BrainData, type BrainFiles, readBrain } from "./brain-data.ts";
import type { BrainMeasure, BrainPrecision } from "./brain-measures.ts";
import { type BrainRunOptions, openBrainRun, warnOfFewSeeds } from "./brain-networks.ts";
import { amplitudeRdms, type BrainRdmOptions, brainRdms, checkVoxels, chosenMeasure } from "./brain-rdms.ts";
import { type BrainTest, testCells, withQ } from "./brain-tables.ts";
import { warnOfFew } from "./rsa.ts";
import { type DrawnRegion, writeRsaFigures } from "./rsa-figures.ts";
import { tablesFolder } from "./run-folder.ts";
import { commonGrid, searchlightRun } from "./searchlight.ts";

/** Options of `alignRun`. */
export interface AlignOptions extends BrainRunOptions, BrainFiles {
  /** Dissimilarity of measured patterns, default `auto`. */
  readonly measure?: BrainMeasure | undefined;
  /** Noise precision of crossnobis, default `pooled`. */
  readonly precision?: BrainPrecision | undefined;
  /** Dissimilarity of a nucleus's patterns, default `correlation`; the paper's text says `spearman`. */
  readonly rdm?: "correlation" | "spearman" | undefined;
  readonly comparison: Comparison;
  readonly resample: Resample;
  readonly draws: number;
  readonly correction: Correction;
  /** Radius of spheres in mm, inclusive: maps of the last epoch and baselines. */
  readonly searchlight?: number | undefined;
  readonly seed: number;
}

/** Brains, and everything that they are compared with. */
interface AlignStudy {
  readonly brain: BrainData;
  readonly rdms: BrainRdmOptions;
  /** Of each region, one RDM for each participant. */
  readonly data: readonly Rdms[];
  /** The last epoch. */
  readonly last: number;
  /** Every nucleus at every kept epoch. */
  readonly nuclei: readonly Candidate[];
  readonly baselines: readonly Candidate[];
  readonly controls: readonly Candidate[];
}

/**
 * Compares a run with brains and writes `alignment.csv`, `alignment-tests.csv`, `alignment-pairs.csv`, `alignment-participants.csv`,
 * `alignment-seeds.csv`, `regions.csv`, `rsa.json` and `rdms/`; with a searchlight `searchlight.csv` and `maps/`.
 * @throws DataError, ConfigError as `readBrain`, `openBrainRun` and `evaluate`; ConfigError for a precision without crossnobis
 */
export async function alignRun(path: string, options: AlignOptions): Promise<AlignResult> {
  const started = performance.now();
  const study = await openStudy(path, options);
  const regions: RegionResult[] = [];
  for (const r of study.brain.regions.keys()) regions.push(await judgeRegion(r, study, options));
  warnOfFew(study.brain.participants.length, options.resample, options.reporter);
  const tests = [
    ...regions.flatMap((region) => trainingTests(region, study)),
    ...regionTests(regions, headlineOf(study)),
  ];
  const out = tablesFolder(path, { out: options.out });
  const { searchlight: radius, ...rest } = options;
  const { brain, rdms, baselines } = study;
  const searched =
    radius === undefined
      ? []
      : await searchlightRun(brain, [...headlineOf(study), ...baselines], { ...rest, radius, rdms, out });
  const result: AlignResult = {
    comparison: comparisonName(options.comparison),
    measure: study.rdms.measure,
    ...(study.rdms.measure === "crossnobis" && { precision: study.rdms.precision }),
    resample: options.resample,
    ceiling: regions[0]!.main.ceiling,
    rows: withQ(regions.flatMap(rowsOf), ({ nucleus, epoch }) =>
      nucleus === undefined ? "baselines" : `epoch ${epoch}`,
    ),
    tests: withQ(tests, ({ comparison }) => String(comparison)),
    pairs: regions.flatMap(({ region, main }) =>
      main.pairs.map((pair) => ({ region: region.name, ...pair })),
    ),
    ...(searched.length > 0 && { searchlight: searched }),
    draws: options.resample === "none" ? options.draws : regions[0]!.main.draws,
    out,
    seconds: (performance.now() - started) / 1000,
  };
  await writeAlignment(result, regions, brain);
  await writeRsaFigures(
    out,
    regions.map((region) => drawnOf(region, study, result)),
    {
      comparison: options.comparison,
      title: "Does the circuit share the region's geometry?",
      about: `${brain.participants.length} participants, ${brain.ids.length} pictures`,
    },
  );
  return result;
}

/** The last epoch and baselines, as figures show them. */
function drawnOf(
  { region, data, models, main: { pairs, ceiling } }: RegionResult,
  study: AlignStudy,
  { rows }: Pick<AlignResult, "rows">,
): DrawnRegion {
  const shown = models.slice(0, headlineOf(study).length + study.baselines.length); // they come first
  return {
    name: region.name,
    data,
    models: shown.map(({ candidate: { model, nucleus } }) => ({ ...model, baseline: nucleus === undefined })),
    found: { models: shown.map(({ result }) => result), pairs, ceiling },
    q: shown.map(({ candidate: { model } }) => {
      const q = rows.find((row) => row.region === region.name && row.model === model.name)?.q;
      return typeof q === "number" ? q : undefined;
    }),
  };
}

/** Reads brains and run, makes the models' RDMs, and says what there is. */
async function openStudy(path: string, options: AlignOptions): Promise<AlignStudy> {
  const { reporter, precision = "pooled" } = options;
  const brain = await readBrain(options, options);
  if (options.searchlight !== undefined) brain.regions.forEach(commonGrid);
  const measure = chosenMeasure(brain, options.measure ?? "auto");
  checkVoxels(brain, measure, reporter);
  if (precision !== "pooled" && measure !== "crossnobis")
    throw new VcaError(
      "ConfigError",
      `rsa: the measure crossnobis was expected for --precision ${precision}, got ${measure}. Leave out --precision.`,
    );
  if (measure !== "crossnobis")
    reporter.warn(
      "Patterns of one run are compared with one another, so that noise near in time looks like geometry; same-run and trial-lag RDMs are taken out where pictures have one run. Scan each picture in two runs.",
    );
  const opened = await openBrainRun(path, brain.ids, options);
  warnOfFewSeeds(opened.run, reporter);
  const { candidates, baselines } = await modelsOf(opened, brain, options);
  const controls = await controlsOf(opened, brain.ids, options);
  reporter.note(
    `${brain.participants.length} participants, ${brain.ids.length} pictures, ${brain.regions.length} regions, ${measure}; ${candidates.length} models and ${[...baselines, ...controls].map(({ model }) => model.name).join(", ")}.`,
  );
  const rdms = { measure, precision };
  return {
    brain,
    rdms,
    data: brain.regions.map((region) => brainRdms(brain, region, rdms)),
    last: opened.run.epochs.at(-1)!,
    nuclei: candidates,
    baselines,
    controls,
  };
}

const headlineOf = ({ nuclei, last }: AlignStudy) => nuclei.filter(({ epoch }) => epoch === last);

/** All models in one region: the last epoch and baselines against one another, the rest beside them, and what the last epoch adds. */
async function judgeRegion(r: number, study: AlignStudy, options: AlignOptions): Promise<RegionResult> {
  const { brain, last, nuclei, baselines, controls } = study;
  const [region, data] = [brain.regions[r]!, study.data[r]!];
  const judge = judgeOf(region.name, data, options);
  const headline = headlineOf(study);
  const first = [...headline, ...baselines];
  const others = [...nuclei.filter(({ epoch }) => epoch !== last), ...controls];
  const main = await judge.scores(first);
  const rest = others.length > 0 ? await judge.scores(others) : undefined;
  const beyond = await judge.beyond(headline, baselines);
  const amplitude = amplitudeRdms(brain, region);
  const beyondAll: PartialResult[] = [];
  for (const one of headline) {
    const untrained = nuclei.filter(
      ({ nucleus, epoch }) => nucleus === one.nucleus && epoch === 0 && last > 0,
    );
    beyondAll.push(...(await judge.beyond([one], [...baselines, ...controls, ...untrained], [amplitude])));
  }
  const results = [...main.models, ...(rest?.models ?? [])];
  return {
    region,
    data,
    main,
    rest,
    models: [...first, ...others].map((candidate, k) => ({
      candidate,
      result: results[k]!,
      partial: beyond[k],
      all: beyondAll[k],
    })),
    seeds: nuclei.map((candidate) => seedScores(candidate, data, options.comparison)),
  };
}

/** How models are judged in a region: by their scores, and by what they explain beyond others. */
function judgeOf(region: string, data: Rdms, options: AlignOptions) {
  const { reporter, comparison, resample } = options;
  const random = Random.seeded(options.seed).at("rsa");
  const common = {
    ...options,
    data,
    where: "--brain",
    onProgress: (done: number, total: number) => reporter.progress(region, done, total),
  };
  const modelsIn = (group: readonly Candidate[]) => group.map(({ model }) => model);
  return {
    /** p of permuted labels where nothing is resampled. */
    async scores(group: readonly Candidate[]) {
      const models = modelsIn(group);
      const found = await evaluate({ ...common, models, random });
      if (resample !== "none") return found;
      const permuted = await permuteLabels({ ...common, models, random: random.at("labels") });
      return { ...found, models: found.models.map((one, k): ModelResult => ({ ...one, p: permuted[k]!.p })) };
    },
    async beyond(group: readonly Candidate[], nuisances: readonly Candidate[], own?: readonly Rdms[]) {
      const { models } = await partialRsa({
        ...common,
        models: modelsIn(group),
        nuisances: modelsIn(nuisances),
        own,
        kind: comparison === "pearson" || comparison === "cosine" ? "linear" : "rank",
        random,
      });
      return models;
    },
  };
}

/** The mean score over participants of each seed's network. */
function seedScores({ nucleus, epoch, seeds }: Candidate, data: Rdms, comparison: Comparison): SeedScores {
  const { shape, data: each } = compare(data, seeds!, comparison);
  const [P, R] = shape as [number, number];
  const scores = Array.from({ length: R }, (_, k) => {
    let mean = 0;
    for (let p = 0; p < P; p++) mean += each[p * R + k]! / P;
    return mean;
  });
  return { nucleus, epoch, seeds: seeds!.labels.seed!, scores };
}

/** Each nucleus trained less untrained. */
function trainingTests(
  { region, main, rest, seeds }: RegionResult,
  { last }: AlignStudy,
): Omit<BrainTest, "q">[] {
  return seeds.flatMap(({ nucleus, epoch, scores }) => {
    const before = seeds.find((other) => other.nucleus === nucleus && other.epoch === 0);
    if (epoch !== last || last === 0 || !before) return [];
    const overSeeds = testMean(scores.map((score, k) => score - before.scores[k]!));
    return [
      testCells("trained - untrained, over seeds", region.name, nucleus, overSeeds),
      ...differenceTests("trained - untrained", region.name, nucleus!, [main, rest!, `${nucleus} epoch 0`]),
    ];
  });
}

/** The mask against control masks, and left against right. */
function regionTests(
  regions: readonly RegionResult[],
  headline: readonly Candidate[],
): Omit<BrainTest, "q">[] {
  const [mask] = regions;
  const named = (kind: string) => regions.filter(({ region }) => region.kind === kind);
  const contrasts = [
    ...named("control").map((control) => ({ comparison: "mask - control", a: mask!, b: control })),
    ...named("left").map((left) => ({ comparison: "left - right", a: left, b: named("right")[0]! })),
  ];
  return contrasts.flatMap(({ comparison, a, b }) =>
    headline.flatMap(({ nucleus }) =>
      differenceTests(comparison, `${a.region.name} - ${b.region.name}`, nucleus!, [
        a.main,
        b.main,
        nucleus!,
      ]),
    ),
  );
}

/** A difference over participants, for these pictures, and over what is resampled, where that is both. */
function differenceTests(
  comparison: string,
  region: string,
  nucleus: string,
  [a, b, other]: readonly [Evaluation, Evaluation, string],
): Omit<BrainTest, "q">[] {
  const scoresOf = ({ models }: Evaluation, model: string) =>
    models.find(({ name }) => name === model)!.perParticipant;
  const [x, y] = [scoresOf(a, nucleus), scoresOf(b, other)];
  const overPeople = testMean(x.map((score, p) => score - y[p]!));
  const rows = [testCells(`${comparison}, over participants`, region, nucleus, overPeople)];
  if (a.resample === "both") {
    const { estimate, ci, p, df } = scoreDifference(a, b, nucleus, other);
    const [lower, upper] = ci ?? [undefined, undefined];
    const test = { ...overPeople, estimate, lower, upper, p: p ?? undefined, n: df! + 1 };
    rows.push(testCells(`${comparison}, over participants and pictures`, region, nucleus, test));
  }
  return rows;
}
