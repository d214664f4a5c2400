/**
 * @file How many dimensions the answers of a nucleus fill: the participation ratio (Gao et al. 2017, bioRxiv 214262),
 * at equal numbers of pictures and units, because it grows with both.
 */
import { centredColumns, matrixShape, timesTransposed, transpose } from "../core/linear-algebra.ts";
import type { Random } from "../core/random.ts";
import { mean } from "../core/statistics.ts";
import type { Activations } from "./alignment.ts";

/**
 * (sum of eigenvalues)^2 / sum of their squares of the covariance of units `[S, U]`, from 1 to min(S - 1, U), by
 * the traces of the covariance and of its square; NaN where nothing varies.
 */
export function participationRatio(activations: Activations): number {
  const [S, U] = matrixShape(activations, "participation ratio");
  const matrix = centredColumns(activations);
  const n = Math.min(S, U);
  const { data } = timesTransposed(S < U ? matrix : transpose(matrix)); // [n, n]
  let trace = 0;
  for (let i = 0; i < n; i++) trace += data[i * n + i]!;
  return trace ** 2 / data.reduce((sum, value) => sum + value * value, 0);
}

/** The chosen pictures and units of activations `[S, U]`. */
export function subset(
  activations: Activations,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
): Activations {
  const U = activations.shape[1]!;
  const data = new Float64Array(rows.length * columns.length);
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < columns.length; j++)
      data[i * columns.length + j] = activations.data[rows[i]! * U + columns[j]!]!;
  return { shape: [rows.length, columns.length], data };
}

/**
 * The mean of a measure over draws of `pictures` pictures and `units` units (all where there are no more), NaN left out.
 * @param options.draws default 20
 */
export function subsampled(
  activations: Activations,
  measure: (part: Activations, rows: ArrayLike<number>) => number,
  options: {
    readonly pictures: number;
    readonly units: number;
    readonly draws?: number;
    readonly random: Random;
  },
): number {
  const { pictures, units, random, draws = 20 } = options;
  const [S, U] = matrixShape(activations, "subsample");
  const values = Array.from({ length: draws }, () => {
    const rows = random.permutation(S).subarray(0, pictures).sort();
    const columns = random.permutation(U).subarray(0, units).sort();
    return measure(subset(activations, rows, columns), rows);
  }).filter((value) => !Number.isNaN(value));
  return values.length > 0 ? mean(values) : Number.NaN;
}
