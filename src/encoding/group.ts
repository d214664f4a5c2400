/** @file Voxels tested over participants: a t-test of Fisher's z at each voxel that all have, the false discovery rate over the region. */
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { testMean } from "../core/sample-tests.ts";

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
