/**
 * @file Regions tested over participants and pictures, both as drawn; voxels over participants: a t-test of Fisher's z at each voxel that all
 * have, the false discovery rate over the region.
 */
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { type SampleTest, testCrossed, testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { weightedMean } from "./accuracy.ts";

/** How well a region was predicted, or how much better. */
export interface RegionScores {
  /** Fisher's z of each participant, `[P]`. */
  readonly z: readonly number[];
  /** What each fold of pictures says of it, `[P][F]`; NaN where nothing. All participants have the same folds. */
  readonly folds: readonly ArrayLike<number>[];
  /** Pictures of each fold, `[F]`. */
  readonly pictures: ArrayLike<number>;
}

/** Scores less others, of the same participants and pictures. */
export function scoresLess(a: RegionScores, b: RegionScores): RegionScores {
  return {
    z: a.z.map((value, p) => value - b.z[p]!),
    folds: a.folds.map((row, p) => Array.from(row, (value, f) => value - b.folds[p]![f]!)),
    pictures: a.pictures,
  };
}

/**
 * Tests the mean of Fisher's z against 0, participants and folds of pictures both counted as drawn: people agree by chance on pictures that are few, so a
 * test over participants alone finds in them what other pictures would not show. Folds share training pictures, which doubles the variance that
 * they show (Nadeau & Bengio 2003, Mach Learn 52:239); those of unequal size show less of it. A fold that says nothing of a participant says what it
 * says of others (docs/decisions/020-encoding.md).
 */
export function testScores({ z, folds, pictures }: RegionScores): SampleTest {
  const used = Array.from(pictures, (_, f) => f).filter((f) => folds.some((row) => !Number.isNaN(row[f]!)));
  const [F, total] = [used.length, used.reduce((sum, f) => sum + pictures[f]!, 0)];
  const weights = used.map((f) => pictures[f]! / total);
  const unequal = F * (1 - weights.reduce((sum, weight) => sum + weight ** 2, 0));
  const factor = F > 1 ? F * Math.sqrt((2 * F - 1) / unequal) : 1;
  const deviations = folds.map((row) => {
    const own = used.map((f) => row[f]!);
    const center = weightedMean(own, weights);
    return own.map((value, i) => factor * weights[i]! * (value - center));
  });
  const ofOthers = used.map((_, i) => weightedMean(deviations.map((row) => row[i]!)));
  return testCrossed(
    deviations.map((row, p) => {
      const filled = row.map((value, i) => (Number.isNaN(value) ? ofOthers[i]! : value));
      const center = mean(filled);
      return filled.map((value) => z[p]! + value - center);
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
