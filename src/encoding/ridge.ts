/**
 * @file Ridge from pictures' features to voxels, a penalty for each voxel; with two bands of features (affect, object) also a share for
 * each band, one for all voxels, so that a few ratings are not drowned by a thousand channels. Penalties and shares are chosen by exact
 * errors over inner folds, from one eigendecomposition of the pictures' kernel and without a refit: a voxel costs a product, no more.
 * @see Nunez-Elizalde, Huth & Gallant (2019), NeuroImage 197:482; Dupre la Tour et al. (2022), NeuroImage 264:119728
 */
import { eigenSymmetric } from "../core/eigen.ts";
import {
  choleskySolve,
  type Matrix,
  matrixShape,
  timesTransposed,
  transpose,
} from "../core/linear-algebra.ts";
import { PENALTIES } from "../training/ridge.ts";

/** Every second of `PENALTIES`, .01 to 1e6: voxels are many and noisy. */
export const VOXEL_PENALTIES: readonly number[] = PENALTIES.filter((_, i) => i % 2 === 0);

/** What ridge learns from and predicts. */
export interface BandedRidgeOptions {
  /** z-scored features of the training pictures, `[n, F]` of each band. */
  readonly x: readonly Matrix[];
  /** Centred patterns of the training pictures `[n, V]`. */
  readonly y: Matrix;
  /** Features of other pictures, `[m, F]` of each band, on the scale of `x`. */
  readonly test: readonly Matrix[];
  /** Rows of `x` in each inner fold. */
  readonly blocks: readonly (readonly number[])[];
  /** Ascending; default `VOXEL_PENALTIES`. */
  readonly penalties?: readonly number[] | undefined;
}

/** What ridge predicts. */
export interface RidgePrediction {
  /** `[m, V]`, centred as `y`. */
  readonly predictions: Matrix;
  /** Chosen for each voxel, `[V]`. */
  readonly penalties: Float64Array;
  /** Voxels whose penalty is the smallest of the grid, so that a smaller one might do better; the largest means no signal. */
  readonly atSmallest: number;
}

/** The first band's share of the features' variance. */
const SHARES: readonly number[] = [0.01, 0.1, 0.5, 0.9, 0.99];

/** The penalty with the least error for a voxel. */
interface Best {
  readonly error: number;
  readonly place: number;
  /** (K + penalty)^-1 `[n, n]` and the kernel of other pictures `[m, n]`. */
  readonly inverse: Matrix;
  readonly unseen: Matrix;
}

/** Predictions of `test`, from one or two bands. @throws DataError when a penalty is too small for rounding. */
export function bandedRidge({
  x,
  y,
  test,
  blocks,
  penalties = VOXEL_PENALTIES,
}: BandedRidgeOptions): RidgePrediction {
  const [n, V] = matrixShape(y, "ridge");
  const [m] = matrixShape(test[0]!, "ridge");
  const squares = columnSquares(y);
  let best: Best[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const share of x.length > 1 ? SHARES : [1]) {
    const z = joined(x, share);
    const unseen = timesTransposed(joined(test, share), z);
    const residualsAt = residualMaker(z);
    const own: Best[] = [];
    for (const [place, penalty] of penalties.entries()) {
      const maker = residualsAt(penalty);
      const errors = columnSquares(product(leftOut(maker, blocks), y));
      const inverse: Matrix = { shape: [n, n], data: maker.data.map((value) => value / penalty) };
      for (const [v, error] of errors.entries())
        if (!own[v] || error <= own[v].error * (1 + 1e-12)) own[v] = { error, place, inverse, unseen }; // of equals, the larger
    }
    const total = own.reduce((sum, { error }, v) => sum + (squares[v]! > 0 ? error / squares[v]! : 0), 0);
    if (total < least) [best, least] = [own, total];
  }
  const data = new Float64Array(m * V);
  for (const used of new Set(best.map(({ inverse }) => inverse))) {
    const own = best.flatMap(({ inverse }, v) => (inverse === used ? [v] : []));
    const weights = timesTransposed(best[own[0]!]!.unseen, used).data; // [m, n]
    for (let row = 0; row < m; row++)
      for (let i = 0; i < n; i++) {
        const weight = weights[row * n + i]!;
        for (const v of own) data[row * V + v]! += weight * y.data[i * V + v]!;
      }
  }
  return {
    predictions: { shape: [m, V], data },
    penalties: Float64Array.from(best, ({ place }) => penalties[place]!),
    atSmallest: best.filter(({ place }) => place === 0).length,
  };
}

/**
 * penalty (K + penalty)^-1 of a kernel K = Z Z^T, without the constant vector: what a fit with a free intercept leaves of a target. The constant
 * vector, of eigenvalue 0, gets the mean one: left at 0 it would dominate the inverse and cost the digits of everything else.
 */
function residualMaker(z: Matrix): (penalty: number) => Matrix {
  const gram = timesTransposed(z);
  const n = gram.shape[0]!;
  let constant = 0;
  for (let i = 0; i < n; i++) constant += gram.data[i * n + i]! / n;
  const shifted: Matrix = { shape: [n, n], data: gram.data.map((value) => value + constant / n) };
  const { values, vectors } = eigenSymmetric(shifted);
  const q = transpose(vectors); // [n, eigenvector]
  return (penalty) => {
    const scaled = q.data.map(
      (value, at) => value * Math.sqrt(penalty / (Math.max(0, values[at % n]!) + penalty)),
    );
    const maker = timesTransposed({ shape: [n, n], data: scaled });
    const shift = penalty / (constant + penalty) / n;
    return { shape: [n, n], data: maker.data.map((value) => value - shift) };
  };
}

/** From targets to what each block gets wrong when it is left out: M_bb^-1 M_b, `[n, n]`. @see Cook & Weisberg (1982) */
function leftOut(maker: Matrix, blocks: readonly (readonly number[])[]): Matrix {
  const n = maker.shape[0]!;
  const out = new Float64Array(n * n);
  for (const block of blocks) {
    const size = block.length;
    const rows = Float64Array.from(block.flatMap((i) => [...maker.data.subarray(i * n, (i + 1) * n)]));
    const own = Float64Array.from(block.flatMap((i) => block.map((j) => maker.data[i * n + j]!)));
    const solved = choleskySolve({ shape: [size, size], data: own }, { shape: [size, n], data: rows });
    for (const [k, i] of block.entries()) out.set(solved.data.subarray(k * n, (k + 1) * n), i * n);
  }
  return { shape: [n, n], data: out };
}

/** A B, along rows of B: with few pictures and many voxels faster than a transposed product. */
function product(a: Matrix, b: Matrix): Matrix {
  const [n, k] = a.shape as [number, number];
  const m = b.shape[1]!;
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const row = out.subarray(i * m, (i + 1) * m);
    for (let p = 0; p < k; p++) {
      const factor = a.data[i * k + p]!;
      const other = b.data.subarray(p * m, (p + 1) * m);
      for (let j = 0; j < m; j++) row[j]! += factor * other[j]!;
    }
  }
  return { shape: [n, m], data: out };
}

function columnSquares({ shape, data }: Matrix): Float64Array {
  const [n, m] = shape as [number, number];
  const sums = new Float64Array(m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) sums[j]! += data[i * m + j]! ** 2;
  return sums;
}

/** Bands side by side; of two, the first has `share` of the variance, whatever their widths. One stays as it is. */
function joined(bands: readonly Matrix[], share: number): Matrix {
  if (bands.length === 1) return bands[0]!;
  const n = bands[0]!.shape[0]!;
  const widths = bands.map(({ shape }) => shape[1]!);
  const total = widths.reduce((a, b) => a + b, 0);
  const data = new Float64Array(n * total);
  let from = 0;
  for (const [b, band] of bands.entries()) {
    const width = widths[b]!;
    const factor = Math.sqrt(((b === 0 ? share : 1 - share) * total) / width);
    for (let i = 0; i < n; i++)
      for (let f = 0; f < width; f++) data[i * total + from + f] = factor * band.data[i * width + f]!;
    from += width;
  }
  return { shape: [n, total], data };
}
