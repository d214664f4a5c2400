/**
 * @file `vca neurons`: which units of a run's networks are selective, on pictures that these did not train on, beside
 * the untrained networks, shuffled pictures and a control run.
 */

import { type NdArray, takeRows } from "../core/array.ts";
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { Random } from "../core/random.ts";
import { mean } from "../core/statistics.ts";
import { twoWayAnova } from "../neurons/anova.ts";
import type { Sorted } from "../neurons/bins.ts";
import { type Agreement, categoryTuning, preferenceAgreement } from "../neurons/categories.ts";
import { FEWEST_PICTURES, RULES, selectiveCounts, selectivity } from "../neurons/selectivity.ts";
import { columnOfScale } from "../training/metrics.ts";
import { lowLevelColumns } from "./low-level.ts";
import { shuffledRatings } from "./prepare.ts";
import { tablesFolder, writeTable } from "./run-folder.ts";
import { type Scene, type SceneOptions, sceneOf } from "./scene.ts";
import {
  cellsOf,
  type Place,
  SEED_HEADER,
  type SeedRow,
  SeedTable,
  TEST_HEADER,
  type TestRow,
  testsOverSeeds,
} from "./seed-table.ts";
import { type Correlated, correlatedWith, UNIT_HEADER, type UnitRow, unitRows } from "./unit-rows.ts";
import {
  judgedBy,
  openUnseen,
  type Pictures,
  type UnseenNetwork,
  type UnseenOptions,
  type UnseenRun,
} from "./unseen.ts";

/** Options of `analyseNeurons`. */
export interface NeuronOptions extends UnseenOptions, SceneOptions {
  /** Another run, such as one on shuffled ratings, judged on the same pictures' ratings. */
  readonly control?: string | undefined;
}

/** Pictures of one bin that one fold's networks did not train on. */
export interface BinCount {
  readonly fold: number;
  readonly bin: string;
  readonly pictures: number;
  readonly testable: boolean;
}

/** What `vca neurons --json` prints: the rows of its tables. */
export interface NeuronsResult {
  readonly bins: readonly BinCount[];
  readonly rows: readonly SeedRow[];
  readonly tests: readonly TestRow[];
  readonly units: readonly UnitRow[];
  readonly out: string;
}

const SHUFFLINGS = 10;
const ALPHA = 0.05;
/**
 * Analyses the units of a run and writes `neurons.csv`, `neurons-tests.csv` and `units.csv`.
 * @throws DataError, ConfigError as `openUnseen`.
 */
export async function analyseNeurons(path: string, options: NeuronOptions): Promise<NeuronsResult> {
  const { reporter, stimuli, seed = 0 } = options;
  const run = await openUnseen(path, options);
  const control = options.control === undefined ? undefined : await openUnseen(options.control, options);
  const lowLevel = (await lowLevelColumns(run, options)) ?? [];
  const scene = (network: UnseenNetwork) => sceneOf(network, lowLevel, options);
  const bins = countBins(run, scene, options);
  if (options.emotion === undefined)
    reporter.note(
      "Pleasant, neutral, unpleasant by thresholds of valence: an approximation; pass --emotion where the set has labels.",
    );
  const table = new SeedTable();
  const units: UnitRow[] = [];
  const sources = [["run", run] as const, ...(control ? [["control", control] as const] : [])];
  const total = sources.reduce((sum, [, each]) => sum + each.networks.length * each.epochs.length, 0);
  let done = 0;
  for (const [source, { networks, epochs, nuclei }] of sources) {
    for (const network of networks) {
      const own = scene(source === "run" ? network : judgedBy(run, network));
      for (const epoch of epochs) {
        options.signal?.throwIfAborted();
        for (const nucleus of nuclei) {
          const activations = await network.activations(nucleus, epoch);
          const at = { seed: network.seed, epoch, nucleus };
          const correlated = correlatedWith(activations, own);
          summarise(table, { source, ...at }, activations, own, correlated);
          if (source !== "run") continue;
          addShuffled(table, { source: "shuffled", ...at }, activations, own, Random.seeded(seed));
          if (epoch === 0 || epoch === epochs.at(-1))
            units.push(...unitRows(network, at, activations, own, correlated));
        }
        reporter.progress("units", ++done, total);
      }
    }
  }
  if (stimuli !== undefined) await agreeOverSets(table, run, options);
  const rows = table.rows();
  const tests = testsOverSeeds(rows, run.epochs);
  const folder = tablesFolder(path, options);
  await writeTable(`${folder}/neurons.csv`, SEED_HEADER, cellsOf(SEED_HEADER, rows));
  await writeTable(`${folder}/neurons-tests.csv`, TEST_HEADER, cellsOf(TEST_HEADER, tests));
  await writeTable(`${folder}/units.csv`, UNIT_HEADER, cellsOf(UNIT_HEADER, units));
  return { bins, rows, tests, units, out: `${folder}/neurons.csv` };
}

/** Counts of pictures per bin and fold; says which bins cannot be tested, and what would let them. */
function countBins(
  { networks, config, path }: UnseenRun,
  scene: (network: UnseenNetwork) => Scene,
  { reporter, stimuli }: NeuronOptions,
): BinCount[] {
  const first = networks.filter(({ seed }) => seed === networks[0]!.seed);
  const counts = first.flatMap((network) => {
    const { names, counts: pictures } = scene(network).bins;
    return names.map((bin, c) => {
      const others = network.places.length - pictures[c]!;
      const testable = pictures[c]! >= FEWEST_PICTURES && others >= FEWEST_PICTURES;
      return { fold: network.fold, bin, pictures: pictures[c]!, testable };
    });
  });
  const ever = counts.filter(({ testable }) => testable).length / first.length;
  const { stimuli: set, scale, encoder, circuit, group, seeds } = config;
  const optional = (name: string, value: string | undefined) =>
    value === undefined ? "" : ` ${name} ${value}`;
  if (stimuli === undefined && first.length > 2)
    reporter.warn(
      `${first.length} folds leave ${first[0]!.places.length} new pictures to a network: ${ever.toFixed(1)} of 9 bins hold the ${FEWEST_PICTURES} that a test needs. Make a run with two halves: vca fit ${set}${optional("--scale", scale)} --encoder ${encoder} --circuit ${circuit} --folds 2${optional("--group", group)} --seeds ${seeds} --out ${path}-halves`,
    );
  if (ever === 0) reporter.warn("No bin is testable, so the nine-bin rule is left out.");
  return counts;
}

type At = Omit<Place, "measure" | "of">;

/** Shares of selective units, agreement of halves, rank correlations and analyses of variance of one nucleus. */
function summarise(
  table: SeedTable,
  at: At,
  activations: NdArray,
  scene: Scene,
  correlated: Correlated,
): void {
  const put = (measure: string, of: string, value: number | undefined) =>
    table.add({ ...at, measure, of }, value);
  addFractions(table, at, activations, scene.bins);
  const tuning = categoryTuning(activations, scene.emotions);
  if (tuning) put("index", "mean", mean(tuning.index));
  const halves = scene.halves?.map((half) =>
    categoryTuning(takeRows(activations, half), sortedAt(scene.emotions, half)),
  );
  if (halves?.[0] && halves[1])
    addAgreement(put, "split-half", preferenceAgreement(halves[0], halves[1], { drop: scene.drop }));
  const share = (p: Float64Array) => mean(benjaminiHochberg(p).map((q) => (q < ALPHA ? 1 : 0)));
  for (const scale of ["valence", "arousal"] as const)
    for (const [suffix, { p, r }] of [
      ["", correlated.alone[scale]],
      ["-partial", correlated.partial[scale]],
    ] as const) {
      put(`correlated${suffix}`, scale, share(p));
      put(`absolute-r${suffix}`, scale, mean(r.map(Math.abs)));
    }
  if (!scene.content) return;
  const anova = twoWayAnova(activations, { first: [...scene.emotions.of], second: scene.content });
  put("anova", "emotion", share(anova.first.p));
  put("anova", "content", share(anova.second.p));
  put("anova", "emotion x content", share(anova.interaction.p));
}

/** The kinds of the pictures at some places. */
function sortedAt({ of, names }: Sorted, at: readonly number[]): Sorted {
  const own = Int32Array.from(at, (s) => of[s]!);
  return {
    of: own,
    names,
    counts: names.map((_, c) => own.reduce((n, kind) => n + (kind === c ? 1 : 0), 0)),
  };
}

function addAgreement(
  put: (measure: string, of: string, value: number | undefined) => void,
  of: string,
  found: Agreement | undefined,
): void {
  for (const name of ["share", "chance", "kappa"] as const) put(`agreement-${name}`, of, found?.[name]);
}

function addFractions(table: SeedTable, at: At, activations: NdArray, bins: Sorted): void {
  const found = selectivity(activations, bins);
  if (!found.testable.some(Boolean)) return;
  for (const rule of RULES) {
    const { any, perBin } = selectiveCounts(found, rule);
    table.add({ ...at, measure: `selective-${rule}`, of: "any" }, any);
    perBin.forEach((count, c) => {
      if (found.testable[c])
        table.add({ ...at, measure: `selective-${rule}`, of: bins.names[c]! }, count / found.units);
    });
  }
}

/** The same after the pictures' ratings changed places, whole groups together: what chance finds in these answers. */
function addShuffled(
  table: SeedTable,
  at: At,
  activations: NdArray,
  { pictures, bins }: Scene,
  random: Random,
): void {
  for (let draw = 0; draw < SHUFFLINGS; draw++) {
    const from = shuffledPlaces(pictures, random.at("shuffling", draw));
    addFractions(table, at, activations, { ...bins, of: Int32Array.from(from, (s) => bins.of[s]!) });
  }
}

/** Where each picture's rating comes from. */
function shuffledPlaces({ ids, groups }: Pictures, random: Random): Float64Array {
  const places = Float64Array.from(ids.flatMap((_, s) => [s, s]));
  return columnOfScale(shuffledRatings({ shape: [ids.length, 2], data: places }, groups, random), 0);
}

/** Preferences of each fold's networks over two sets: the pictures that it held out, and the independent ones. */
async function agreeOverSets(
  table: SeedTable,
  { path, foldNetworks, epochs, nuclei }: UnseenRun,
  options: NeuronOptions,
) {
  const { stimuli: _, ...own } = options;
  const heldOut = await openUnseen(path, own);
  for (const [i, network] of heldOut.networks.entries()) {
    const other = foldNetworks[i]!;
    const [here, there] = [sceneOf(network, [], options), sceneOf(other, [], options)];
    for (const epoch of [0, epochs.at(-1)!]) {
      for (const nucleus of nuclei) {
        const first = categoryTuning(await network.activations(nucleus, epoch), here.emotions);
        const second = categoryTuning(await other.activations(nucleus, epoch), there.emotions);
        if (!first || !second) continue;
        const at = { source: "run", seed: network.seed, epoch, nucleus };
        const put = (measure: string, of: string, value: number | undefined) =>
          table.add({ ...at, measure, of }, value);
        addAgreement(put, "two sets", preferenceAgreement(first, second, { drop: here.drop }));
      }
    }
  }
}
