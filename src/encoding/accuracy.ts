/**
 * @file How well patterns were predicted, voxel by voxel. Correlations are taken in each fold and averaged: only this has mean 0 in null
 * data. Over all pictures at once r is negative, because the training mean is high where the fold left out is low; pooled after centring
 * each fold it is positive, because penalties make predictions large where other folds agree (docs/decisions/020-encoding.md).
 */
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { mean, pearson } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** Correlations stay below, so that Fisher's z is finite. */
const MOST = 1 - 1e-12;

/** How well each voxel was predicted. */
export interface Accuracy {
  /** `[V]`: the mean over folds, weighted by their pictures; NaN for a voxel that was never modelled. A constant prediction counts as 0. */
  readonly r: Float64Array;
  /** What each group of pictures says of it, `[G, V]`: their mean, weighted by pictures, is `r`. Where groups are the folds, the folds' correlations. */
  readonly groups: Matrix;
  /** Of each group, `[G]`. */
  readonly pictures: Int32Array;
}

/**
 * Correlation of each voxel's predictions with its patterns, in each fold. A picture's part in its fold's r is r + x y - r (x² + y²) / 2, x and y being
 * z-scores in the fold: r and the picture's influence on it (Hampel 1974, J Am Stat Assoc 69:383); over the fold their mean is r.
 * @param folds `[S]`; a fold of one picture says nothing
 * @param groups of pictures, `[S]`, from 0: which of them are drawn together; as folds, where folds are the same for all participants
 */
export function voxelCorrelations(
  predictions: Matrix,
  patterns: Matrix,
  folds: Int32Array,
  groups = folds,
): Accuracy {
  const [, V] = matrixShape(patterns, "encoding: patterns");
  const G = 1 + groups.reduce((most, group) => Math.max(most, group), 0);
  const sums = new Float64Array(G * V);
  const counts = new Int32Array(G * V);
  for (const fold of new Set(folds)) {
    const held = [...folds.keys()].filter((s) => folds[s] === fold);
    if (held.length < 2) continue;
    for (let v = 0; v < V; v++) {
      const [x, y] = [predictions, patterns].map(({ data }) =>
        Float64Array.from(held, (s) => data[s * V + v]!),
      ) as [Float64Array, Float64Array];
      if (Number.isNaN(x[0]!)) continue;
      const r = pearson(x, y);
      const [zx, zy] = [zScores(x), zScores(y)];
      for (const [i, s] of held.entries()) {
        const at = groups[s]! * V + v;
        sums[at]! += r + zx[i]! * zy[i]! - (r * (zx[i]! ** 2 + zy[i]! ** 2)) / 2 || 0;
        counts[at]!++;
      }
    }
  }
  const r = Float64Array.from({ length: V }, (_, v) => {
    let [sum, count] = [0, 0];
    for (let at = v; at < G * V; at += V) {
      sum += sums[at]!;
      count += counts[at]!;
    }
    return count > 0 ? Math.max(-MOST, Math.min(MOST, sum / count)) : Number.NaN;
  });
  const pictures = new Int32Array(G);
  for (const group of groups) pictures[group]!++;
  return { r, groups: { shape: [G, V], data: sums.map((sum, at) => sum / counts[at]!) }, pictures };
}

/** Numbers less their mean, by their standard deviation (of n, not n - 1). */
function zScores(values: Float64Array): Float64Array {
  const center = mean(values);
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length);
  return values.map((value) => (value - center) / scale);
}

/** What a region's number is made of: a function of each voxel's correlation, and its slope. */
export interface Measure {
  readonly of: (r: number) => number;
  readonly slope: (r: number) => number;
}

/** Fisher's z. */
export const FISHER_Z: Measure = { of: Math.atanh, slope: (r) => 1 / (1 - r ** 2) };

/** The share of variance that predictions explain once they are scaled, with the sign of r; unlike R2 it does not fall with predictions that are too large. */
export const SHARE: Measure = { of: (r) => r * Math.abs(r), slope: (r) => 2 * Math.abs(r) };

/**
 * One participant's number for a region: the mean of Fisher's z, or of another measure, over voxels that were modelled.
 * @throws DataError when there are none.
 */
export function regionMean(correlations: ArrayLike<number>, { of }: Measure = FISHER_Z): number {
  const values = Array.from(correlations, of).filter((value) => !Number.isNaN(value));
  if (values.length === 0)
    throw new VcaError(
      "DataError",
      "encoding: voxels that were modelled were expected, got none. Lower --reliability.",
    );
  return mean(values);
}

/**
 * What each group of pictures says of `regionMean`, `[G]`: the mean over voxels of what it says of their correlation, by the measure's slope there.
 * NaN for a group in which no voxel was modelled.
 */
export function regionGroups({ r, groups }: Accuracy, { of, slope }: Measure = FISHER_Z): Float64Array {
  const [G, V] = groups.shape as [number, number];
  const [values, slopes] = [r.map(of), r.map(slope)];
  return Float64Array.from({ length: G }, (_, g) => {
    let [sum, count] = [0, 0];
    for (let v = 0; v < V; v++) {
      const value = values[v]! + slopes[v]! * (groups.data[g * V + v]! - r[v]!);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}
