/** @file What `vca encode` finds in a region, its tables and maps. */
import { pickRows, transpose } from "../core/linear-algebra.ts";
import { testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { type Accuracy, regionFolds, regionMean } from "../encoding/accuracy.ts";
import { groupMap, type RegionScores, testScores } from "../encoding/group.ts";
import { splitHalf, stepUp } from "../encoding/reliability.ts";
import type { BrainData, BrainRegion, Trials } from "./brain-data.ts";
import { mapped, numbersOf, writeGroupMap } from "./brain-maps.ts";
import { BRAIN_TEST_HEADER, type BrainTest, writeRegions } from "./brain-tables.ts";
import type { FeatureSet, PlanOptions } from "./encode-plan.ts";
import { type Cell, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";

const HEADER = [
  "region",
  "kind",
  "features",
  "source",
  "epoch",
  "r",
  "lower",
  "upper",
  "p",
  "q",
  "p_participants",
  "sign_p",
  "ceiling",
  "voxels",
  "voxels_q05",
  "participants",
] as const;
/** A row of `encoding.csv`. */
export type EncodingCells = Readonly<Record<(typeof HEADER)[number], Cell>>;
/** What `vca encode --json` prints. */
export interface EncodeResult {
  readonly method: string;
  readonly by: string;
  readonly folds: number;
  readonly rows: readonly EncodingCells[];
  readonly tests: readonly BrainTest[];
  readonly out: string;
  readonly seconds: number;
}

/** A set's correlations in one region: `[seeds][P]`. */
export type Found = readonly (readonly Accuracy[])[];

/** A set of features in one region. */
export interface Encoded {
  readonly region: BrainRegion;
  readonly set: FeatureSet;
  readonly found: Found;
  readonly ceiling: number | undefined;
  readonly scores: RegionScores;
  /** Undefined where participants lie on grids of their own. */
  readonly map: ReturnType<typeof groupMap> | undefined;
}

/** Brains, what predicts them, and how well it does: by region, then by set. */
export interface Encoding {
  readonly brain: BrainData;
  readonly sets: readonly FeatureSet[];
  readonly found: ReadonlyMap<string, ReadonlyMap<string, Found>>;
}

/** All sets of features in one region. */
export function encodedIn(region: BrainRegion, { brain, sets, found }: Encoding): Encoded[] {
  const of = ({ name }: FeatureSet) => found.get(region.name)!.get(name)!;
  const ceiling = ceilingOf(region, brain, of(sets[0]!)[0]!);
  return sets.map((set) => {
    const each = of(set);
    const map =
      region.grid &&
      groupMap(
        region.participants.map((trials, p) => ({ voxels: numbersOf(trials), r: meanOverSeeds(each, p) })),
      );
    return { region, set, found: each, ceiling, scores: scoresOf(each), map };
  });
}

/** A row of `encoding.csv`, without its q. */
export function rowOf(
  { region, set, ceiling, scores, map }: Encoded,
  { by }: Pick<PlanOptions, "by">,
): Omit<EncodingCells, "q"> {
  const { estimate, lower, upper, p, signP } = by === "block" ? testMean(scores.z) : testScores(scores);
  return {
    region: region.name,
    kind: region.kind,
    features: set.name,
    source: set.source,
    epoch: set.epoch,
    r: Math.tanh(estimate),
    lower: lower && Math.tanh(lower),
    upper: upper && Math.tanh(upper),
    p,
    p_participants: testMean(scores.z).p,
    sign_p: signP,
    ceiling,
    voxels: map?.voxels.length,
    voxels_q05: map?.q.filter((q) => q < 0.05).length,
    participants: scores.z.length,
  };
}

/** Writes all tables, and maps of mask and control masks, into the result's folder. */
export async function writeEncoding(
  { rows, tests, out }: EncodeResult,
  encoded: readonly Encoded[],
  brain: BrainData,
): Promise<void> {
  await writeTable(`${out}/encoding.csv`, HEADER, cellsOf(HEADER, rows));
  await writeTable(`${out}/encoding-tests.csv`, BRAIN_TEST_HEADER, cellsOf(BRAIN_TEST_HEADER, tests));
  await writeTable(
    `${out}/encoding-participants.csv`,
    ["region", "features", "participant", "r"],
    encoded.flatMap(({ region, set, scores }) =>
      scores.z.map((value, p) => [region.name, set.name, brain.participants[p]!, Math.tanh(value)]),
    ),
  );
  await writeRegions(out, brain);
  for (const { region, set, map } of encoded)
    if (map && mapped(region))
      await writeGroupMap(out, { name: region.name, grid: region.grid! }, set.name, map);
}

/**
 * Mean over participants of the correlation that a perfect model could reach: the root of a region's reliability, from the mean of Fisher's z of its
 * voxels' halves (each voxel's own root would be too low where it is noisy). Undefined where a picture has one repeat.
 * @param modelled correlations of each participant's voxels, NaN where a voxel was left out, as for all sets of features
 */
function ceilingOf(
  { participants }: BrainRegion,
  { ids }: BrainData,
  modelled: readonly Accuracy[],
): number | undefined {
  const once = ({ stimuli }: Trials) => ids.some((_, s) => stimuli.indexOf(s) === stimuli.lastIndexOf(s));
  if (participants.some(once)) return undefined;
  return participants.reduce((sum, { data, stimuli }, p) => {
    const halves = Math.tanh(
      regionMean(splitHalf(data, stimuli).filter((_, v) => !Number.isNaN(modelled[p]!.r[v]!))),
    );
    return sum + Math.sqrt(stepUp(halves)) / participants.length;
  }, 0);
}

/** What the fits of the whole mask say of one side. */
export function sideOf(
  side: BrainRegion,
  whole: BrainRegion,
  found: ReadonlyMap<string, Found>,
): Map<string, Found> {
  const at = side.participants.map((trials, p) => {
    const inside = new Set(numbersOf(trials));
    return [...numbersOf(whole.participants[p]!)].flatMap((voxel, v) => (inside.has(voxel) ? [v] : []));
  });
  return new Map(
    [...found].map(([name, seeds]) => [
      name,
      seeds.map((each) => each.map((accuracy, p) => pickVoxels(accuracy, at[p]!))),
    ]),
  );
}

function pickVoxels({ r, folds, pictures }: Accuracy, voxels: readonly number[]): Accuracy {
  const own = transpose(pickRows(transpose(folds), voxels));
  return { r: Float64Array.from(voxels, (v) => r[v]!), folds: own, pictures };
}

/** What is said of a region, averaged over seeds. */
export function scoresOf(found: Found): RegionScores {
  const [first] = found as [Found[number]];
  return {
    z: first.map((_, p) => mean(found.map((each) => regionMean(each[p]!.r)))),
    folds: first.map((_, p) => {
      const seeds = found.map((each) => regionFolds(each[p]!));
      return seeds[0]!.map((_, f) => seeds.reduce((sum, folds) => sum + folds[f]! / seeds.length, 0));
    }),
    pictures: first[0]!.pictures,
  };
}

/** Each voxel's correlation, averaged over seeds through Fisher's z: `[V]`. */
function meanOverSeeds(found: Found, p: number): Float64Array {
  return found[0]![p]!.r.map((_, v) =>
    Math.tanh(found.reduce((sum, each) => sum + Math.atanh(each[p]!.r[v]!) / found.length, 0)),
  );
}
