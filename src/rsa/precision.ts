/**
 * @file Noise precision of channels: the inverse covariance of residuals, as a function that multiplies patterns by it. With fewer
 * residuals than channels no matrix `[V, V]` is ever made: a shrunken covariance is a diagonal plus the
 * residuals' own product, inverted by Woodbury's identity. Definitions of the shrinkage are rsatoolbox's
 * (`data/noise.py`), so that numbers agree.
 */
import type { NdArray } from "../core/array.ts";
import {
  centredColumns,
  cholesky,
  type Matrix,
  matrixShape,
  solveFactored,
  timesTransposed,
  transpose,
} from "../core/linear-algebra.ts";
import { requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** An inverse covariance P of V channels. */
export interface Precision {
  readonly channels: number;
  /** X P: `[n, V] -> [n, V]`. */
  times(patterns: Matrix): Matrix;
}

/**
 * How to estimate a covariance: as it is; its diagonal alone; shrunk to a multiple of the identity (Ledoit & Wolf 2004, J. Multivar.
 * Anal. 88:365; rsatoolbox `shrinkage_eye`); shrunk to its diagonal (Schafer & Strimmer 2005, Stat. Appl. Genet. Mol. Biol. 4:32;
 * `shrinkage_diag`).
 */
export type PrecisionMethod = "full" | "diagonal" | "ledoitWolf" | "schaferStrimmer";

/** How to estimate a precision. */
export interface PrecisionOptions {
  /** Default `schaferStrimmer`. */
  readonly method?: PrecisionMethod;
  /** Degrees of freedom; default: residuals - 1. */
  readonly dof?: number;
}

/**
 * Bytes that `noisePrecision` and one product with it hold at their peak, beside the residuals and the patterns: 7,000 channels with 600
 * residuals .17 GB; with 10,000 residuals, where the covariance itself is needed, 3.8 GB.
 */
export function precisionMemory(residuals: number, channels: number, patterns: number): number {
  return 8 * (4 * residuals * channels + 4 * Math.min(residuals, channels) ** 2 + 4 * channels * patterns);
}

/**
 * The precision of residuals `[n, V]`, whose channel means are taken out.
 * Differs from Schafer & Strimmer's equation 10 as rsatoolbox does: the squared mean is not scaled by (n - 1) / n.
 * @throws DataError when a residual is not finite, a channel constant, or `full` has no more residuals than channels.
 */
export function noisePrecision(
  residuals: NdArray<Float32Array | Float64Array>,
  { method = "schaferStrimmer", dof }: PrecisionOptions = {},
): Precision {
  const [n, V] = matrixShape(residuals, "precision");
  requireFinite(residuals.data, "precision", (i) => `row ${Math.floor(i / V)}, channel ${i % V}`);
  const freedom = dof ?? n - 1;
  if (!(freedom > 0 && n > 1))
    throw new VcaError(
      "DataError",
      `precision: at least 2 residuals and 1 degree of freedom were expected, got ${n} and ${freedom}. Give each stimulus two repeats, or pass the residuals of the model.`,
    );
  const x = centredColumns(residuals); // [n, V]
  const variances = columnSquares(x).map((sum) => sum / freedom);
  const still = variances.findIndex((value) => !(value > 0));
  if (still >= 0)
    throw new VcaError(
      "DataError",
      `precision: residuals that vary were expected, got none in channel ${still}. Drop it with usableChannels.`,
    );
  if (method === "diagonal") return diagonalPrecision(variances.map((value) => 1 / value));
  if (method === "full") {
    if (freedom < V)
      throw new VcaError(
        "DataError",
        `precision: at least ${V} degrees of freedom were expected for a full covariance of ${V} channels, got ${freedom}. Choose the method schaferStrimmer or ledoitWolf.`,
      );
    return covariancePrecision(scaledCovariance(x, 1 / freedom));
  }
  const { keep, diagonal } = (method === "ledoitWolf" ? ledoitWolf : schaferStrimmer)(x, variances, freedom);
  if (keep === 0) return diagonalPrecision(diagonal.map((value) => 1 / value));
  if (n < V && diagonal.every((value) => value > 0)) {
    const scales = diagonal.map((value) => Math.sqrt(keep / freedom / value));
    return lowRankPrecision(diagonal, {
      shape: [n, V],
      data: x.data.map((value, at) => value * scales[at % V]!),
    });
  }
  const covariance = scaledCovariance(x, keep / freedom);
  for (let v = 0; v < V; v++) covariance.data[v * V + v]! += diagonal[v]!;
  return covariancePrecision(covariance);
}

/** A precision that is known: `[V, V]`, symmetric. */
export function matrixPrecision(matrix: Matrix): Precision {
  const [channels] = matrixShape(matrix, "precision");
  return { channels, times: (patterns) => timesTransposed(patterns, matrix) };
}

/** A precision as a matrix, `[V, V]`. */
export function precisionMatrix({ channels, times }: Precision): Matrix {
  const identity = new Float64Array(channels ** 2);
  for (let v = 0; v < channels; v++) identity[v * channels + v] = 1;
  return times({ shape: [channels, channels], data: identity });
}

/** A precision without covariances, `[V]`: 1 / variance of each channel. */
function diagonalPrecision(diagonal: Float64Array): Precision {
  const V = diagonal.length;
  return {
    channels: V,
    times: ({ shape, data }) => ({ shape, data: data.map((value, at) => value * diagonal[at % V]!) }),
  };
}

/**
 * What repeats leave of their stimuli's means, for `noisePrecision`: n - S degrees of freedom.
 * Differs from rsatoolbox 0.3.2's `prec_from_measurements`, which counts (S - 1) x repeats; `prec_from_unbalanced` counts as here.
 * @param stimuli index of each row's stimulus, from 0
 */
export function repeatResiduals(
  patterns: NdArray<Float32Array | Float64Array>,
  stimuli: ArrayLike<number>,
): { residuals: Matrix; dof: number } {
  const [n, V] = matrixShape(patterns, "precision");
  const rows = new Map<number, number[]>();
  for (let r = 0; r < n; r++) rows.set(stimuli[r]!, [...(rows.get(stimuli[r]!) ?? []), r]);
  const data = new Float64Array(patterns.data);
  for (const members of rows.values())
    for (let v = 0; v < V; v++) {
      let sum = 0;
      for (const r of members) sum += data[r * V + v]!;
      for (const r of members) data[r * V + v]! -= sum / members.length;
    }
  return { residuals: { shape: [n, V], data }, dof: n - rows.size };
}

/** The shrunken covariance as `keep` x sample covariance + `diagonal`. */
interface Shrinkage {
  readonly keep: number;
  readonly diagonal: Float64Array;
}

function ledoitWolf(x: Matrix, variances: Float64Array, dof: number): Shrinkage {
  const [n, V] = x.shape as [number, number];
  const squares = squaredCovariances(x) / n ** 2;
  const m = (variances.reduce((a, b) => a + b) * dof) / n / V;
  const d2 = squares - V * m ** 2;
  let fourth = 0;
  for (let r = 0; r < n; r++) fourth += rowSquares(x, r) ** 2;
  const b2 = Math.min(d2, (fourth / n - squares) / n);
  return { keep: (d2 - b2) / d2, diagonal: new Float64Array(V).fill(((b2 / d2) * m * n) / dof) };
}

function schaferStrimmer(x: Matrix, variances: Float64Array, dof: number): Shrinkage {
  const [n, V] = x.shape as [number, number];
  const deviations = variances.map(Math.sqrt);
  const z: Matrix = { shape: [n, V], data: x.data.map((value, at) => value / deviations[at % V]!) };
  const onDiagonal = columnSquares(z).reduce((sum, value) => sum + value ** 2, 0);
  const squares = (squaredCovariances(z) - onDiagonal) / (n - 1) ** 2;
  let fourth = 0;
  for (let r = 0; r < n; r++) fourth += rowSquares(z, r) ** 2;
  for (const value of z.data) fourth -= value ** 4;
  const lambda = Math.max(0, Math.min(1, ((n / dof ** 2) * (fourth / (n - 1) - squares)) / squares));
  return { keep: 1 - lambda, diagonal: variances.map((value) => lambda * value) };
}

/** Sum of the squared entries of X^T X, from the smaller of its two Gram matrices. */
function squaredCovariances(x: Matrix): number {
  const [n, V] = x.shape as [number, number];
  return timesTransposed(n < V ? x : transpose(x)).data.reduce((sum, value) => sum + value ** 2, 0);
}

function scaledCovariance(x: Matrix, scale: number): Matrix {
  const covariance = timesTransposed(transpose(x)); // [V, V]
  for (let at = 0; at < covariance.data.length; at++) covariance.data[at]! *= scale;
  return covariance;
}

function covariancePrecision(covariance: Matrix): Precision {
  const factor = cholesky(covariance, "precision");
  return {
    channels: covariance.shape[0]!,
    times: (patterns) => transpose(solveFactored(factor, transpose(patterns))),
  };
}

/** (D + F^T F)^-1 = D^-1/2 (I - G^T (I + G G^T)^-1 G) D^-1/2, with D `[V]` and G = F D^-1/2 `[n, V]`. */
function lowRankPrecision(diagonal: Float64Array, g: Matrix): Precision {
  const [n, V] = g.shape as [number, number];
  const inner = timesTransposed(g); // [n, n]
  for (let r = 0; r < n; r++) inner.data[r * n + r]! += 1;
  const factor = cholesky(inner, "precision");
  const { times } = diagonalPrecision(diagonal.map((value) => 1 / Math.sqrt(value)));
  return {
    channels: V,
    times(patterns) {
      const y = times(patterns); // [S, V]
      const weights = solveFactored(factor, timesTransposed(g, y)).data; // [n, S]
      const S = y.shape[0]!;
      for (let s = 0; s < S; s++)
        for (let r = 0; r < n; r++) {
          const weight = weights[r * S + s]!;
          for (let v = 0; v < V; v++) y.data[s * V + v]! -= weight * g.data[r * V + v]!;
        }
      return times(y);
    },
  };
}

function columnSquares({ shape, data }: Matrix): Float64Array {
  const V = shape[1]!;
  const sums = new Float64Array(V);
  for (let at = 0; at < data.length; at++) sums[at % V]! += data[at]! ** 2;
  return sums;
}

function rowSquares({ shape, data }: Matrix, row: number): number {
  const V = shape[1]!;
  let sum = 0;
  for (let at = row * V, to = at + V; at < to; at++) sum += data[at]! ** 2;
  return sum;
}
