/**
 * @file `vca rsa RUN`: the geometry of every nucleus and kept epoch against participants' brains, in the mask, its hemispheres and control
 * masks, beside encoder, ratings and other controls. The last epoch is what the run trained for; no epoch is chosen by its score.
 */

import { writeFileAtomic } from "#files";
import { encodeNpy } from "../core/npy.ts";
import { Random } from "../core/random.ts";
import { testMean } from "../core/sample-tests.ts";
import type { Resample } from "../rsa/bootstrap.ts";
import { type Comparison, compare, comparisonName } from "../rsa/comparisons.ts";
import { type Evaluation, evaluate, type ModelResult } from "../rsa/evaluate.ts";
import type { Correction } from "../rsa/pairwise.ts";
import { type PartialResult, partialRsa } from "../rsa/partial.ts";
import { permuteLabels } from "../rsa/permutation.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { controlsOf } from "./align-controls.ts";
import { type Candidate, modelsOf } from "./align-models.ts";
import {
  amplitudeRdms,
  type BrainData,
  type BrainFiles,
  brainRdms,
  chosenMeasure,
  readBrain,
} from "./brain-data.ts";
import type { BrainMeasure } from "./brain-measures.ts";
import { type BrainRunOptions, openBrainRun } from "./brain-networks.ts";
import { BRAIN_TEST_HEADER, type BrainTest, testCells, withQ, writeRegions } from "./brain-tables.ts";
import { type Cell, tablesFolder, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";

/** Options of `alignRun`. */
export interface AlignOptions extends BrainRunOptions, BrainFiles {
  /** Dissimilarity of measured patterns, default `auto`. */
  readonly measure?: BrainMeasure | undefined;
  /** Dissimilarity of a nucleus's patterns, default `correlation`; the paper's text says `spearman`. */
  readonly rdm?: "correlation" | "spearman" | undefined;
  readonly comparison: Comparison;
  readonly resample: Resample;
  readonly draws: number;
  readonly correction: Correction;
  readonly seed: number;
}

const HEADER = [
  "region",
  "kind",
  "model",
  "nucleus",
  "epoch",
  "score",
  "se",
  "lower",
  "upper",
  "p",
  "q",
  "p_ceiling",
  "above_ceiling",
  "ceiling_lower",
  "ceiling_upper",
  "partial",
  "partial_lower",
  "partial_upper",
  "partial_p",
  "unique_variance",
  "beyond_all",
  "beyond_all_lower",
  "beyond_all_upper",
  "beyond_all_p",
  "unique_variance_all",
] as const;
/** A row of `alignment.csv`. */
export type AlignmentCells = Readonly<Record<(typeof HEADER)[number], Cell>>;
/** What `vca rsa RUN --json` prints. */
export interface AlignResult {
  readonly comparison: string;
  readonly measure: string;
  readonly resample: Resample;
  /** Of the mask. */
  readonly ceiling: Evaluation["ceiling"];
  readonly rows: readonly AlignmentCells[];
  readonly tests: readonly BrainTest[];
  readonly pairs: readonly ({ readonly region: string } & Evaluation["pairs"][number])[];
  readonly draws: number;
  readonly out: string;
  readonly seconds: number;
}

/**
 * Compares a run with brains and writes `alignment.csv`, `alignment-tests.csv`, `alignment-pairs.csv`, `alignment-participants.csv`,
 * `alignment-seeds.csv`, `regions.csv`, `rsa.json` and `rdms/`.
 * @throws DataError, ConfigError as `readBrain`, `openBrainRun` and `evaluate`
 */
export async function alignRun(path: string, options: AlignOptions): Promise<AlignResult> {
  const started = performance.now();
  const { reporter, comparison, resample } = options;
  const brain = await readBrain(options, options);
  const measure = chosenMeasure(brain, options.measure ?? "auto");
  if (measure !== "crossnobis")
    reporter.warn(
      "Patterns of one run are compared with one another, so that noise near in time looks like geometry; same-run and trial-lag RDMs are taken out where pictures have one run. Scan each picture in two runs.",
    );
  const opened = await openBrainRun(path, brain.ids, options);
  const last = opened.run.epochs.at(-1)!;
  const { candidates, baselines } = await modelsOf(opened, brain, options);
  const controls = await controlsOf(opened, brain.ids, options);
  const headline = candidates.filter(({ epoch }) => epoch === last);
  reporter.note(
    `${brain.participants.length} participants, ${brain.ids.length} pictures, ${brain.regions.length} regions, ${measure}; ${candidates.length} models and ${[...baselines, ...controls].map(({ model }) => model.name).join(", ")}.`,
  );
  const random = Random.seeded(options.seed).at("rsa");
  const rows: Omit<AlignmentCells, "q">[] = [];
  const pairs: AlignResult["pairs"][number][] = [];
  const persons: Cell[][] = [];
  const bySeed: Cell[][] = [];
  const differences: Omit<BrainTest, "q">[] = [];
  const scores = new Map<string, ReadonlyMap<string, ModelResult>>();
  const data = brain.regions.map((region) => brainRdms(brain, region, measure));
  let [ceiling, draws]: [Evaluation["ceiling"], number] = [{ lower: null, upper: null }, 0];
  for (const [r, region] of brain.regions.entries()) {
    const common = {
      ...options,
      data: data[r]!,
      resample,
      onProgress: (done: number, total: number) => reporter.progress(region.name, done, total),
    };
    const first = [...headline, ...baselines];
    const others = [...candidates.filter(({ epoch }) => epoch !== last), ...controls];
    const judged = async (group: readonly Candidate[]) => {
      const models = group.map(({ model }) => model);
      const found = await evaluate({ ...common, models, random });
      const permuted =
        resample === "none"
          ? await permuteLabels({ ...common, models, random: random.at("labels") })
          : undefined;
      return { ...found, models: found.models.map((one, k) => ({ ...one, p: permuted?.[k]?.p ?? one.p })) };
    };
    const main = await judged(first);
    const curve = others.length > 0 ? (await judged(others)).models : [];
    const beyondOf = async (
      judgedOnes: readonly Candidate[],
      nuisances: readonly Candidate[],
      own?: readonly Rdms[],
    ) => {
      const { models } = await partialRsa({
        ...common,
        models: judgedOnes.map(({ model }) => model),
        nuisances: nuisances.map(({ model }) => model),
        own,
        kind: comparison === "pearson" || comparison === "cosine" ? "linear" : "rank",
        random,
      });
      return models;
    };
    const beyond = new Map((await beyondOf(headline, baselines)).map((one) => [one.name, one]));
    const amplitude = amplitudeRdms(brain, region);
    const beyondAll = new Map<string, PartialResult>();
    for (const one of headline) {
      const before = candidates.filter(
        ({ nucleus, epoch }) => nucleus === one.nucleus && epoch === 0 && last > 0,
      );
      const [found] = await beyondOf([one], [...baselines, ...controls, ...before], [amplitude]);
      beyondAll.set(one.model.name, found!);
    }
    const results = new Map([...main.models, ...curve].map((result) => [result.name, result]));
    scores.set(region.name, results);
    for (const candidate of [...first, ...others]) {
      const { name } = candidate.model;
      rows.push(
        rowOf(region, candidate, {
          result: results.get(name)!,
          ceiling: main.ceiling,
          partial: beyond.get(name),
          all: beyondAll.get(name),
        }),
      );
      brain.participants.forEach((participant, p) => {
        persons.push([region.name, name, participant, results.get(name)!.perParticipant[p]!]);
      });
    }
    pairs.push(...main.pairs.map((pair) => ({ region: region.name, ...pair })));
    if (r === 0) [ceiling, draws] = [main.ceiling, main.draws];
    differences.push(...trainingTests(region.name, candidates, { data: data[r]!, comparison, last, bySeed }));
  }
  differences.push(...regionTests(brain, headline, scores));
  const tests = withQ(differences, ({ comparison: each }) => String(each));
  const shown = withQ(rows, ({ nucleus, epoch }) => (nucleus === undefined ? "baselines" : `epoch ${epoch}`));
  const out = tablesFolder(path, { out: options.out });
  const result: AlignResult = {
    comparison: comparisonName(comparison),
    measure,
    resample,
    ceiling,
    rows: shown,
    tests,
    pairs,
    draws: resample === "none" ? options.draws : draws,
    out,
    seconds: (performance.now() - started) / 1000,
  };
  const { rows: _, tests: __, pairs: ___, seconds: ____, out: _____, ...summary } = result;
  await writeFileAtomic(`${out}/rsa.json`, `${JSON.stringify(summary, undefined, 2)}\n`);
  await writeTable(`${out}/alignment.csv`, HEADER, cellsOf(HEADER, shown));
  await writeTable(`${out}/alignment-tests.csv`, BRAIN_TEST_HEADER, cellsOf(BRAIN_TEST_HEADER, tests));
  await writeTable(`${out}/alignment-participants.csv`, ["region", "model", "participant", "score"], persons);
  await writeTable(`${out}/alignment-seeds.csv`, ["region", "nucleus", "epoch", "seed", "score"], bySeed);
  await writeTable(
    `${out}/alignment-pairs.csv`,
    ["region", "a", "b", "difference", "p", "p_corrected"],
    pairs.map(({ region, a, b, difference, p, pCorrected }) => [
      region,
      a,
      b,
      difference,
      p ?? undefined,
      pCorrected ?? undefined,
    ]),
  );
  await writeRegions(out, brain);
  await writeRdms(out, brain, { data, candidates: [...candidates, ...baselines, ...controls] });
  return result;
}

function rowOf(
  { name: region, kind }: BrainData["regions"][number],
  { model, nucleus, epoch }: Candidate,
  {
    result,
    ceiling,
    partial,
    all,
  }: {
    result: ModelResult;
    ceiling: Evaluation["ceiling"];
    partial: PartialResult | undefined;
    all: PartialResult | undefined;
  },
): Omit<AlignmentCells, "q"> {
  const { score, se, ci, p, pCeiling, aboveCeiling } = result;
  const cell = (value: number | null | undefined) => value ?? undefined;
  return {
    region,
    kind,
    model: model.name,
    nucleus,
    epoch,
    score,
    se: cell(se),
    lower: cell(ci?.[0]),
    upper: cell(ci?.[1]),
    p: cell(p),
    p_ceiling: cell(pCeiling),
    above_ceiling: aboveCeiling ? 1 : 0,
    ceiling_lower: cell(ceiling.lower),
    ceiling_upper: cell(ceiling.upper),
    partial: cell(partial?.score),
    partial_lower: cell(partial?.ci?.[0]),
    partial_upper: cell(partial?.ci?.[1]),
    partial_p: cell(partial?.p),
    unique_variance: cell(partial?.uniqueVariance),
    beyond_all: cell(all?.score),
    beyond_all_lower: cell(all?.ci?.[0]),
    beyond_all_upper: cell(all?.ci?.[1]),
    beyond_all_p: cell(all?.p),
    unique_variance_all: cell(all?.uniqueVariance),
  };
}

/** Scores of each seed, and of each nucleus trained less untrained over seeds. */
function trainingTests(
  region: string,
  candidates: readonly Candidate[],
  { data, comparison, last, bySeed }: { data: Rdms; comparison: Comparison; last: number; bySeed: Cell[][] },
): Omit<BrainTest, "q">[] {
  const scored = candidates.map(({ nucleus, epoch, seeds }) => {
    const { shape, data: each } = compare(data, seeds!, comparison);
    const [P, R] = shape as [number, number];
    const means = Array.from({ length: R }, (_, k) => {
      let sum = 0;
      for (let p = 0; p < P; p++) sum += each[p * R + k]! / P;
      return sum;
    });
    means.forEach((score, k) => {
      bySeed.push([region, nucleus, epoch, seeds!.labels.seed![k]!, score]);
    });
    return { nucleus, epoch, means };
  });
  return scored.flatMap(({ nucleus, epoch, means }) => {
    const before = scored.find((other) => other.nucleus === nucleus && other.epoch === 0);
    if (epoch !== last || last === 0 || !before) return [];
    const test = testMean(means.map((score, k) => score - before.means[k]!));
    return [testCells("trained - untrained, over seeds", region, nucleus, test)];
  });
}

/** The mask against control masks, and left against right, over participants. */
function regionTests(
  { regions }: BrainData,
  headline: readonly Candidate[],
  scores: ReadonlyMap<string, ReadonlyMap<string, ModelResult>>,
): Omit<BrainTest, "q">[] {
  const [mask] = regions;
  const named = (kind: string) => regions.filter((region) => region.kind === kind);
  const contrasts = [
    ...named("control").map((control) => ({ comparison: "mask - control", a: mask!, b: control })),
    ...named("left").map((left) => ({ comparison: "left - right", a: left, b: named("right")[0]! })),
  ];
  return contrasts.flatMap(({ comparison, a, b }) =>
    headline.map(({ model: { name }, nucleus }) => {
      const [x, y] = [a, b].map((region) => scores.get(region.name)!.get(name)!.perParticipant);
      const test = testMean(x!.map((score, p) => score - y![p]!));
      return testCells(`${comparison}, over participants`, `${a.name} - ${b.name}`, nucleus, test);
    }),
  );
}

async function writeRdms(
  out: string,
  { ids, participants, regions }: BrainData,
  { data, candidates }: { data: readonly Rdms[]; candidates: readonly Candidate[] },
): Promise<void> {
  const save = (name: string, { vectors }: Rdms) =>
    writeFileAtomic(`${out}/rdms/${name.replace(/[^\w.-]+/g, "-")}.npy`, encodeNpy(vectors));
  for (const [r, { name }] of regions.entries()) await save(`brain-${name}`, data[r]!);
  for (const { model, seeds } of candidates) await save(`model-${model.name}`, seeds ?? model.rdms);
  await writeTable(
    `${out}/rdms/stimuli.csv`,
    ["id"],
    ids.map((id) => [id]),
  );
  await writeTable(
    `${out}/rdms/participants.csv`,
    ["participant"],
    participants.map((name) => [name]),
  );
}
