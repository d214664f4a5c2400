/**
 * @file Regions tested over participants and pictures, both as drawn; voxels over participants: a t-test of Fisher's z at each voxel that all
 * have, the false discovery rate over the region.
 */
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { type SampleTest, testCrossed, testMean } from "../core/sample-tests.ts";

/** How well a region was predicted, or how much better. */
export interface RegionScores {
  /** Of each participant, `[P]`: the region's mean of Fisher's z, or of another measure. */
  readonly values: readonly number[];
  /** What each group of pictures says of it, `[P][G]`; NaN where nothing. */
  readonly groups: readonly ArrayLike<number>[];
  /** Of each group, `[G]`. */
  readonly pictures: ArrayLike<number>;
}

/** Scores less others, of the same participants and pictures. */
export function scoresLess(a: RegionScores, b: RegionScores): RegionScores {
  return {
    values: a.values.map((value, p) => value - b.values[p]!),
    groups: a.groups.map((row, p) => Array.from(row, (value, g) => value - b.groups[p]![g]!)),
    pictures: a.pictures,
  };
}

/**
 * Variance that sets of features explain apart and together, from what A, B and both explain: each may be negative by chance.
 * @see Borcard, Legendre & Drapeau (1992), Ecology 73:1045
 */
export function partition({ a, b, both }: Readonly<Record<"a" | "b" | "both", RegionScores>>) {
  const [uniqueA, uniqueB] = [scoresLess(both, b), scoresLess(both, a)];
  return { uniqueA, uniqueB, shared: scoresLess(b, uniqueB) };
}

/**
 * Tests the mean over participants against 0, participants and groups of pictures both counted as drawn: people agree by chance on pictures that
 * are few, so a test over participants alone finds in them what other pictures would not show (docs/decisions/020-encoding.md).
 * Groups of which somebody's say nothing are left out.
 */
export function testScores({ values, groups, pictures }: RegionScores): SampleTest {
  const used = Array.from(pictures, (_, g) => g).filter((g) => groups.every((row) => !Number.isNaN(row[g]!)));
  const total = used.reduce((sum, g) => sum + pictures[g]!, 0);
  return testCrossed(
    groups.map((row, p) => {
      const center = used.reduce((sum, g) => sum + (pictures[g]! * row[g]!) / total, 0);
      return used.map((g) => values[p]! + ((used.length * pictures[g]!) / total) * (row[g]! - center));
    }),
  );
}

/** One participant's correlations. */
export interface ParticipantMap {
  /** Numbers of the voxels in their grid, `[V]`. */
  readonly voxels: ArrayLike<number>;
  /** `[V]`, NaN where not modelled. */
  readonly r: ArrayLike<number>;
}

/** Tests at the voxels that all participants have. */
export interface GroupMap {
  readonly voxels: Int32Array;
  /** tanh of the mean of Fisher's z. */
  readonly r: Float64Array;
  /** Two-sided; NaN with one participant. */
  readonly p: Float64Array;
  /** p adjusted (Benjamini & Hochberg) over these voxels: one region, one set of features. */
  readonly q: Float64Array;
}

/** Tests each voxel's correlation against 0 over participants. */
export function groupMap(participants: readonly ParticipantMap[]): GroupMap {
  const byVoxel = new Map<number, number[]>();
  for (const { voxels, r } of participants)
    for (let v = 0; v < voxels.length; v++)
      if (!Number.isNaN(r[v]!))
        byVoxel.set(voxels[v]!, [...(byVoxel.get(voxels[v]!) ?? []), Math.atanh(r[v]!)]);
  const found = [...byVoxel]
    .filter(([, z]) => z.length === participants.length)
    .sort(([a], [b]) => a - b)
    .map(([voxel, z]) => ({ voxel, ...testMean(z) }));
  const p = Float64Array.from(found, (test) => test.p ?? Number.NaN);
  return {
    voxels: Int32Array.from(found, ({ voxel }) => voxel),
    r: Float64Array.from(found, ({ estimate }) => Math.tanh(estimate)),
    p,
    q: p.some(Number.isNaN) ? p.map(() => Number.NaN) : benjaminiHochberg(p),
  };
}
