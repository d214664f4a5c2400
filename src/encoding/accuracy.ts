/**
 * @file How well patterns were predicted, voxel by voxel. Correlations are taken in each fold and averaged: only this has mean 0 in null
 * data. Over all pictures at once r is negative, because the training mean is high where the fold left out is low; pooled after centring
 * each fold it is positive, because penalties make predictions large where other folds agree (docs/decisions/020-encoding.md).
 */
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { pearson, requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import type { CrossPrediction } from "./cross-predict.ts";

/** Correlations stay below, so that Fisher's z is finite. */
const MOST = 1 - 1e-12;

/**
 * Correlation of each voxel's predictions with its patterns, `[V]`: the mean over folds, weighted by their pictures less one; NaN for a voxel that
 * was never modelled. A constant prediction counts as 0.
 * @param folds `[S]`; a fold of one picture says nothing
 */
export function voxelCorrelations(predictions: Matrix, patterns: Matrix, folds: Int32Array): Float64Array {
  const [S, V] = matrixShape(patterns, "encoding: patterns");
  const groups = [...new Set(folds)]
    .map((fold) => Array.from({ length: S }, (_, s) => s).filter((s) => folds[s] === fold))
    .filter((group) => group.length > 1);
  return Float64Array.from({ length: V }, (_, v) => {
    let [sum, weight] = [0, 0];
    for (const group of groups) {
      const of = ({ data }: Matrix) => Float64Array.from(group, (s) => data[s * V + v]!);
      const predicted = of(predictions);
      if (Number.isNaN(predicted[0]!)) continue;
      sum += (group.length - 1) * (pearson(predicted, of(patterns)) || 0);
      weight += group.length - 1;
    }
    return weight > 0 ? Math.max(-MOST, Math.min(MOST, sum / weight)) : Number.NaN;
  });
}

/** R2 of each voxel, `[V]`: 1 - squared error by squared error of the training mean; negative where the mean is better. */
export function voxelR2(
  { predictions, means }: Pick<CrossPrediction, "predictions" | "means">,
  patterns: Matrix,
): Float64Array {
  const [S, V] = matrixShape(patterns, "encoding: patterns");
  return Float64Array.from({ length: V }, (_, v) => {
    let [error, total] = [0, 0];
    for (let at = v; at < S * V; at += V) {
      if (Number.isNaN(predictions.data[at]!)) continue;
      error += (patterns.data[at]! - predictions.data[at]!) ** 2;
      total += (patterns.data[at]! - means.data[at]!) ** 2;
    }
    return total > 0 ? 1 - error / total : Number.NaN;
  });
}

/**
 * One participant's number for a region: the mean of Fisher's z over voxels that were modelled.
 * @throws DataError when there are none.
 */
export function regionZ(correlations: ArrayLike<number>): number {
  const z = Array.from(correlations, Math.atanh).filter((value) => !Number.isNaN(value));
  if (z.length === 0)
    throw new VcaError(
      "DataError",
      "encoding: voxels that were modelled were expected, got none. Lower --reliability.",
    );
  requireFinite(z, "encoding: Fisher's z");
  return z.reduce((sum, value) => sum + value, 0) / z.length;
}

/** Variance that two sets of features explain, apart and together. */
export interface Partition {
  readonly uniqueA: number;
  readonly uniqueB: number;
  readonly shared: number;
}

/** Parts of R2, from that of A, of B and of both; each may be negative by chance. @see Borcard, Legendre & Drapeau (1992), Ecology 73:1045 */
export function variancePartition({ a, b, both }: { a: number; b: number; both: number }): Partition {
  return { uniqueA: both - b, uniqueB: both - a, shared: a + b - both };
}
