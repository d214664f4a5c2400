/**
 * @file `vca geometry`: how a run's nuclei arrange pictures that their networks did not train on, over epochs and over
 * the hierarchy, held against a control circuit at equal depth and number of units.
 */
import { type NdArray, takeRows } from "../core/array.ts";
import { independentPart } from "../core/projection.ts";
import { Random } from "../core/random.ts";
import {
  type Activations,
  compareRanked,
  heldConstant,
  nucleusRdm,
  patterned,
  rankedRdm,
} from "../geometry/alignment.ts";
import { behaviouralRdms, columnsRdm, pairs } from "../geometry/behaviour.ts";
import { decodability } from "../geometry/decoding.ts";
import { participationRatio, subsampled } from "../geometry/dimensionality.ts";
import { hierarchy } from "../geometry/hierarchy.ts";
import { smacof } from "../geometry/mds.ts";
import { pairIndex } from "../rsa/rdm.ts";
import { agreement, columnOfScale, disparity } from "../training/metrics.ts";
import { summaryFeatures } from "../training/summary-features.ts";
import { twoLines } from "../training/two-lines.ts";
import { lowLevelColumns } from "./low-level.ts";
import { type Cell, tablesFolder, writeTable } from "./run-folder.ts";
import {
  bySeed,
  cellsOf,
  compareSeeds,
  type Place,
  SEED_HEADER,
  type SeedRow,
  SeedTable,
  TEST_HEADER,
  type TestRow,
  testsOverSeeds,
  trendRow,
  withQ,
} from "./seed-table.ts";
import {
  judgedBy,
  openUnseen,
  type Pictures,
  picturesAt,
  type UnseenNetwork,
  type UnseenOptions,
  type UnseenRun,
} from "./unseen.ts";

/** Options of `analyseGeometry`. */
export interface GeometryOptions extends UnseenOptions {
  /** The correlation between patterns, default `correlation` (Pearson's). */
  readonly rdm?: "correlation" | "spearman" | undefined;
  /** A run of a circuit without anatomy, or on shuffled ratings, on the same pictures. */
  readonly control?: string | undefined;
  readonly seed?: number | undefined;
}

/** A picture's place on a nucleus's map. */
export interface MapRow {
  readonly network: string;
  readonly epoch: number;
  readonly nucleus: string;
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

/** What `vca geometry --json` prints: the rows of its tables. */
export interface GeometryResult {
  readonly rows: readonly SeedRow[];
  readonly tests: readonly TestRow[];
  /** Nuclei by depth, the readout last. */
  readonly hierarchy: readonly (readonly string[])[];
  readonly maps: readonly MapRow[];
  readonly out: string;
}

/** Pictures of a subsample: fewer than any half of OASIS holds. */
const EQUAL_PICTURES = 200;
const MAP_HEADER = ["network", "epoch", "nucleus", "id", "x", "y"] as const;
/** The measure by which the hierarchy is judged: alignment with the plane of ratings, on equally many units. */
const BY_DEPTH = { measure: "spearman-equal", of: "circumplex" } as const;

/** RDMs of the pictures that one network sees, ranked, and what is left of them where controls are held constant. */
interface Known {
  readonly targets: ReadonlyMap<string, Float64Array>;
  /** Targets with the same controls share their basis: a control does not hold itself constant. */
  readonly partials: readonly {
    readonly basis: readonly Float64Array[];
    /** By target; without those of which nothing is left. */
    readonly left: ReadonlyMap<string, Float64Array>;
  }[];
}

/**
 * Analyses the geometry of a run and writes `geometry.csv`, `geometry-tests.csv` and `geometry-maps.csv`.
 * @throws DataError, ConfigError as `openUnseen`.
 */
export async function analyseGeometry(path: string, options: GeometryOptions): Promise<GeometryResult> {
  const { reporter } = options;
  const run = await openUnseen(path, options);
  const control = options.control === undefined ? undefined : await openUnseen(options.control, options);
  const lowLevel = await lowLevelColumns(run, options);
  const random = Random.seeded(options.seed ?? 0).at("geometry");
  const sources = [["run", run] as const, ...(control ? [["control", control] as const] : [])];
  const units = Math.min(...(await Promise.all(sources.map(([, each]) => fewestUnits(each)))));
  const table = new SeedTable();
  const maps: MapRow[] = [];
  const epochsOf = (source: string, { epochs }: UnseenRun) =>
    source === "run" ? epochs : [...new Set([0, epochs.at(-1)!])]; // nothing is asked of a control in between
  const total = sources.reduce(
    (sum, [source, each]) => sum + each.networks.length * epochsOf(source, each).length,
    0,
  );
  let done = 0;
  for (const [source, opened] of sources) {
    const byFold = new Map<number, Known>();
    for (const network of opened.networks) {
      const judged = source === "run" ? network : judgedBy(run, network);
      const known = byFold.get(network.fold) ?? (await knownOf(run, judged, lowLevel));
      byFold.set(network.fold, known);
      for (const epoch of epochsOf(source, opened)) {
        options.signal?.throwIfAborted();
        for (const nucleus of opened.nuclei) {
          const at = { source, seed: network.seed, epoch, nucleus };
          const activations = await network.activations(nucleus, epoch);
          const own = random.at(network.fold + 1, nucleus); // the same subsamples at every epoch and seed
          await describeNucleus(table, at, activations, {
            pictures: judged.pictures,
            known,
            units,
            random: own,
            options,
          });
          if (source === "run" && epoch === opened.epochs.at(-1))
            maps.push(...mapOf(table, at, activations, { network: judged, options }));
        }
        const predictions = await network.activations("readout", epoch);
        describePredictions(
          table,
          { source, seed: network.seed, epoch, nucleus: "readout" },
          predictions,
          judged.pictures,
        );
        reporter.progress("geometry", ++done, total);
      }
    }
  }
  const rows = table.rows();
  const levels = hierarchy(run.manifest.circuit);
  const tests = [...testsOverSeeds(rows, run.epochs), ...withQ(testsOfDepth(rows, run, control))];
  const folder = tablesFolder(path, options);
  await writeTable(`${folder}/geometry.csv`, SEED_HEADER, cellsOf(SEED_HEADER, rows));
  await writeTable(`${folder}/geometry-tests.csv`, TEST_HEADER, cellsOf(TEST_HEADER, tests));
  await writeTable(
    `${folder}/geometry-maps.csv`,
    MAP_HEADER,
    cellsOf(MAP_HEADER, maps as unknown as Record<(typeof MAP_HEADER)[number], Cell>[]),
  );
  return { rows, tests, hierarchy: levels, maps, out: `${folder}/geometry.csv` };
}

/** The width of the narrowest nucleus. */
async function fewestUnits({ networks, nuclei }: UnseenRun): Promise<number> {
  const widths = await Promise.all(
    nuclei.map(async (id) => (await networks[0]!.activations(id, 0)).shape[1]!),
  );
  return Math.min(...widths);
}

/** Behavioural RDMs, that of the encoder (summary of the last tap's tokens), low-level statistics. */
async function knownOf(
  run: UnseenRun,
  { fold, places, pictures }: UnseenNetwork,
  lowLevel: readonly Float64Array[] | undefined,
): Promise<Known> {
  const { ratings, scale, columns } = pictures;
  const [valence, arousal] = [columnOfScale(ratings, 0), columnOfScale(ratings, 1)];
  const targets = new Map<string, Float64Array>();
  for (const [name, rdm] of behaviouralRdms({ valence, arousal, scale, category: columns.category }))
    targets.set(name, rankedRdm(rdm));
  if (lowLevel) {
    const own = lowLevel.map((column) => Float64Array.from(places, (s) => column[s]!));
    targets.set("low-level", rankedRdm(columnsRdm(own)));
  }
  if (await run.set()) {
    const { tokens, visual } = await run.sight({ fold, places });
    targets.set("encoder", rankedRdm(nucleusRdm(summaryFeatures(tokens, visual.hasCls))));
  }
  const controls = ["encoder", "category", "low-level"].filter((name) => targets.has(name));
  const holding = (held: readonly string[], names: readonly string[]) => {
    const basis = heldConstant(held.map((name) => targets.get(name)!));
    const left = names.map((name) => [name, independentPart(targets.get(name)!, basis)] as const);
    return { basis, left: new Map(left.filter((each): each is [string, Float64Array] => !!each[1])) };
  };
  const names = [...targets.keys()];
  const partials = [
    holding(
      controls,
      names.filter((name) => !controls.includes(name)),
    ),
    ...names
      .filter((name) => controls.includes(name))
      .map((one) =>
        holding(
          controls.filter((name) => name !== one),
          [one],
        ),
      ),
  ];
  return { targets, partials: partials.filter(({ basis }) => basis.length > 0) };
}

/** What is measured of one nucleus at one epoch. */
async function describeNucleus(
  table: SeedTable,
  at: Omit<Place, "measure" | "of">,
  activations: NdArray,
  {
    pictures,
    known,
    units,
    random,
    options,
  }: { pictures: Pictures; known: Known; units: number; random: Random; options: GeometryOptions },
): Promise<void> {
  const put = (measure: string, of: string, value: number | undefined) =>
    table.add({ ...at, measure, of }, value);
  const S = pictures.ids.length;
  const kept = patterned(activations);
  put("pictures", "with a pattern", kept.length);
  if (kept.length > 2) {
    const rdm = rankedRdm(nucleusRdm(subsetOf(activations, kept), options.rdm));
    for (const [target, full] of known.targets) {
      const own = kept.length === S ? full : rankedRdm(pairsAt(full, S, kept));
      const { spearman, rhoA } = compareRanked(rdm, own);
      put("spearman", target, spearman);
      put("rho-a", target, rhoA);
    }
    for (const { basis, left } of kept.length === S ? known.partials : []) {
      const own = independentPart(rdm, basis);
      for (const [target, rated] of own ? left : [])
        put("spearman-partial", target, compareRanked(own!, rated).spearman);
    }
  }
  const size = { pictures: Math.min(EQUAL_PICTURES, S), units };
  put(
    "participation-ratio",
    "equal",
    subsampled(activations, participationRatio, { ...size, random: random.at("ratio") }),
  );
  put(
    BY_DEPTH.measure,
    BY_DEPTH.of,
    subsampled(
      activations,
      (part, rows) => {
        const some = patterned(part);
        if (some.length < 3) return Number.NaN;
        const rated = pairsAt(
          known.targets.get(BY_DEPTH.of)!,
          S,
          some.map((i) => rows[i]!),
        );
        return compareRanked(rankedRdm(nucleusRdm(subsetOf(part, some), options.rdm)), rankedRdm(rated))
          .spearman;
      },
      { ...size, draws: 5, random: random.at("alignment") },
    ),
  );
  const decoded = await decodability(activations, pictures.ratings, { groups: pictures.groups, random });
  put("decoding-r", "valence", decoded?.valence);
  put("decoding-r", "arousal", decoded?.arousal);
}

function subsetOf(activations: Activations, rows: readonly number[]): NdArray {
  return takeRows({ shape: activations.shape, data: Float32Array.from(activations.data) }, rows);
}

/** The pairs among some (ascending) of S pictures of an RDM. */
function pairsAt(rdm: Float64Array, S: number, at: readonly number[]): Float64Array {
  return pairs(at.length, (a, b) => rdm[pairIndex(at[a]!, at[b]!, S)]!);
}

/** The SMACOF map of a nucleus; how well it fits, and how like the plane of ratings it is. */
function mapOf(
  table: SeedTable,
  at: Omit<Place, "measure" | "of">,
  activations: NdArray,
  { network, options }: { network: UnseenNetwork; options: GeometryOptions },
): MapRow[] {
  const kept = patterned(activations);
  if (kept.length < 4) return [];
  const { ids, ratings } = picturesAt(network.pictures, kept);
  const { points, stress } = smacof(nucleusRdm(takeRows(activations, kept), options.rdm));
  const axis = (k: 0 | 1) => columnOfScale(points, k);
  const rated = { valence: columnOfScale(ratings, 0), arousal: columnOfScale(ratings, 1) };
  const put = (measure: string, value: number) => table.add({ ...at, measure, of: "circumplex" }, value);
  put("map-stress", stress);
  put("map-disparity", disparity(rated, { valence: axis(0), arousal: axis(1) }).disparity);
  return ids.map((id, i) => ({
    network: network.name,
    epoch: at.epoch,
    nucleus: at.nucleus,
    id,
    x: axis(0)[i]!,
    y: axis(1)[i]!,
  }));
}

/** The plane of the predictions: its likeness to the rated one, its range, its V, beside the V of the ratings. */
function describePredictions(
  table: SeedTable,
  at: Omit<Place, "measure" | "of">,
  predictions: NdArray,
  { ratings, scale }: Pictures,
): void {
  const put = (measure: string, of: string, value: number | undefined) =>
    table.add({ ...at, measure, of }, value);
  const rated = { valence: columnOfScale(ratings, 0), arousal: columnOfScale(ratings, 1) };
  const predicted = { valence: columnOfScale(predictions, 0), arousal: columnOfScale(predictions, 1) };
  for (const of of ["valence", "arousal"] as const) {
    const { r, rangeCompression } = agreement({ rated: rated[of], predicted: predicted[of] });
    put("r", of, r);
    put("range-compression", of, rangeCompression);
  }
  const points = predicted.valence.some(
    (value, s) => value !== predicted.valence[0] || predicted.arousal[s] !== predicted.arousal[0],
  );
  if (points) {
    const likeness = disparity(rated, predicted);
    put("disparity", "circumplex", likeness.disparity);
    put("disparity-unrotated", "circumplex", likeness.unrotated);
  }
  const breakAt = (scale.lo + scale.hi) / 2;
  for (const [measure, plane] of [
    ["v", predicted],
    ["v-rated", rated],
  ] as const) {
    const { lower, upper, shape } = twoLines({ x: plane.valence, y: plane.arousal, breakAt });
    put(measure, "lower slope", lower?.slope);
    put(measure, "upper slope", upper?.slope);
    if (shape !== "not testable") put(measure, "is a V", shape === "V" ? 1 : 0);
  }
}

/** Whether alignment rises over the hierarchy, and whether the readout exceeds the control's at equal depth and number of units. */
function testsOfDepth(
  rows: readonly SeedRow[],
  run: UnseenRun,
  control: UnseenRun | undefined,
): Omit<TestRow, "q">[] {
  const levelsOf = (source: string, { manifest, epochs }: UnseenRun) =>
    hierarchy(manifest.circuit).map((nuclei) => ({
      name: nuclei.join("+"),
      values: meanOfNuclei(
        nuclei.map((nucleus) => bySeed(rows, { source, epoch: epochs.at(-1)!, nucleus, ...BY_DEPTH })),
      ),
    }));
  const own = levelsOf("run", run);
  const seeds = [...own.at(-1)!.values.keys()];
  const tests: Omit<TestRow, "q">[] = [];
  const blocks = seeds
    .map((seed) => own.map(({ values }) => values.get(seed)!))
    .filter((block) => block.every(Number.isFinite));
  if (own.length >= 3 && blocks.length > 0)
    tests.push({
      nucleus: own.map(({ name }) => name).join(" < "),
      ...BY_DEPTH,
      ...trendRow(blocks, "rises over the hierarchy"),
    });
  const others = control ? levelsOf("control", control) : [];
  own.forEach(({ name, values }, depth) => {
    const other = depth === own.length - 1 ? others.at(-1) : others.slice(0, -1)[depth];
    if (!other) return;
    const { n, ...test } = compareSeeds(values, other.values);
    tests.push({
      comparison: "run - control at equal depth",
      nucleus: `${name} - ${other.name}`,
      ...BY_DEPTH,
      ...test,
      seeds: n,
    });
  });
  return tests;
}

function meanOfNuclei(nuclei: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const seeds = [...nuclei[0]!.keys()].filter((seed) => nuclei.every((values) => values.has(seed)));
  return new Map(
    seeds.map((seed) => [seed, nuclei.reduce((sum, values) => sum + values.get(seed)!, 0) / nuclei.length]),
  );
}
