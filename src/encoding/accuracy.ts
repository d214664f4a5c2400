/**
 * @file How well patterns were predicted, voxel by voxel. Correlations are taken in each fold and averaged: only this has mean 0 in null
 * data. Over all pictures at once r is negative, because the training mean is high where the fold left out is low; pooled after centring
 * each fold it is positive, because penalties make predictions large where other folds agree (docs/decisions/020-encoding.md).
 */
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { mean, pearson, requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** Correlations stay below, so that Fisher's z is finite. */
const MOST = 1 - 1e-12;

/** How well each voxel was predicted. */
export interface Accuracy {
  /** `[V]`: the mean over folds that modelled it, weighted by their pictures; NaN where none did. */
  readonly r: Float64Array;
  /** Of each fold, `[F, V]`; NaN where it did not model the voxel. A constant prediction counts as 0. */
  readonly folds: Matrix;
  /** Pictures of each fold, `[F]`. */
  readonly pictures: Int32Array;
}

/**
 * Correlation of each voxel's predictions with its patterns, in each fold.
 * @param folds `[S]`, from 0; a fold of one picture says nothing
 */
export function voxelCorrelations(predictions: Matrix, patterns: Matrix, folds: Int32Array): Accuracy {
  const [, V] = matrixShape(patterns, "encoding: patterns");
  const F = 1 + folds.reduce((most, fold) => Math.max(most, fold), 0);
  const pictures = new Int32Array(F);
  for (const fold of folds) pictures[fold]!++;
  const data = new Float64Array(F * V).fill(Number.NaN);
  for (let fold = 0; fold < F; fold++) {
    const held = [...folds.keys()].filter((s) => folds[s] === fold);
    if (held.length < 2) continue;
    for (let v = 0; v < V; v++) {
      const of = (values: Float64Array) => Float64Array.from(held, (s) => values[s * V + v]!);
      const predicted = of(predictions.data);
      if (!Number.isNaN(predicted[0]!)) data[fold * V + v] = pearson(predicted, of(patterns.data)) || 0;
    }
  }
  const r = Float64Array.from({ length: V }, (_, v) => {
    const mean = weightedMean(
      Array.from(pictures, (_, fold) => data[fold * V + v]!),
      pictures,
    );
    return Math.max(-MOST, Math.min(MOST, mean));
  });
  return { r, folds: { shape: [F, V], data }, pictures };
}

/** The mean of those values that are numbers; NaN for none. */
export function weightedMean(values: readonly number[], weights?: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const weight = weights?.[i] ?? 1;
    sum += weight * value;
    total += weight;
  }
  return sum / total;
}

/** The share of variance that predictions explain once they are scaled, with the sign of r; unlike R2 it does not fall with predictions that are too large. */
export const signedSquare = (r: number) => r * Math.abs(r);

/**
 * One participant's number for a region: the mean of Fisher's z, or of another function of r, over voxels that were modelled.
 * @throws DataError when there are none, or one is not finite.
 */
export function regionMean(correlations: ArrayLike<number>, of: (r: number) => number = Math.atanh): number {
  const values = Array.from(correlations, of).filter((value) => !Number.isNaN(value));
  if (values.length === 0)
    throw new VcaError(
      "DataError",
      "encoding: voxels that were modelled were expected, got none. Lower --reliability.",
    );
  requireFinite(values, "encoding: Fisher's z");
  return mean(values);
}

/**
 * What each fold says of `regionMean`, `[F]`: the mean over voxels of Fisher's z, along its slope from the voxel's r to the fold's. NaN for a fold that
 * modelled no voxel.
 */
export function regionFolds({ r, folds }: Accuracy): Float64Array {
  const [F, V] = folds.shape as [number, number];
  const [z, slopes] = [r.map(Math.atanh), r.map((each) => 1 / (1 - each ** 2))];
  const say = (fold: number, v: number) => z[v]! + slopes[v]! * (folds.data[fold * V + v]! - r[v]!);
  return Float64Array.from({ length: F }, (_, fold) => weightedMean(Array.from(r, (_, v) => say(fold, v))));
}

/** Variance that two sets of features explain, apart and together. */
export type Partition = Readonly<Record<"uniqueA" | "uniqueB" | "shared", number>>;

/** Parts of the variance that A, B and both explain; each may be negative by chance. @see Borcard, Legendre & Drapeau (1992), Ecology 73:1045 */
export function variancePartition({ a, b, both }: { a: number; b: number; both: number }): Partition {
  return { uniqueA: both - b, uniqueB: both - a, shared: a + b - both };
}
