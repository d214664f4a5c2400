/** @file z-scores by the training pictures' statistics, with n as in scikit-learn's StandardScaler. */
import type { NdArray } from "../core/array.ts";
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";

/** z-scores with what made them: z = (x - center) / scale. */
export interface Standardized {
  /** `[rows, F]`. */
  readonly z: Matrix;
  /** `[F]`. */
  readonly center: Float64Array;
  /** `[F]`, above 0. */
  readonly scale: Float64Array;
}

/**
 * z-scores of the chosen `rows` of `features` `[S, F]`. A feature that varies by no more than its mean's
 * rounding counts as constant: z 0, scale 1.
 * @throws ShapeError when `features` is no matrix.
 */
export function standardize(features: NdArray<Float32Array | Float64Array>, rows: Int32Array): Standardized {
  const [, f] = matrixShape(features, "standardize");
  const n = rows.length;
  const z = new Float64Array(n * f);
  const center = new Float64Array(f);
  const scale = new Float64Array(f);
  for (const row of rows) for (let k = 0; k < f; k++) center[k]! += features.data[row * f + k]! / n;
  for (const [i, row] of rows.entries())
    for (let k = 0; k < f; k++) {
      z[i * f + k] = features.data[row * f + k]! - center[k]!;
      scale[k]! += z[i * f + k]! ** 2 / n;
    }
  for (let k = 0; k < f; k++) {
    const constant = Math.sqrt(scale[k]!) <= n * Number.EPSILON * Math.abs(center[k]!);
    scale[k] = constant ? 1 : Math.sqrt(scale[k]!);
    if (constant) for (let i = 0; i < n; i++) z[i * f + k] = 0;
  }
  for (let i = 0; i < n; i++) for (let k = 0; k < f; k++) z[i * f + k]! /= scale[k]!;
  return { z: { shape: [n, f], data: z }, center, scale };
}
