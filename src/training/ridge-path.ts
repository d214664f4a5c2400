/**
 * @file The whole path of ridge over its penalties, with exact K-fold errors and no refit.
 *
 * One reduction Z Z^T = Q T Q^T (or Z^T Z, whichever is smaller) serves all penalties. With W = Q (or Z Q),
 * T + penalty = L D L^T and V = W L^-T D^-1/2, the residual maker M = I - H, its free intercept included, is
 * penalty V V^T (or I - V V^T) less the constant vector's part. What fold b gets wrong when it is left out is
 * then M_bb^-1 (M y)_b.
 * @see Elden (1984), BIT 24:467, for the tridiagonal form; Cook & Weisberg (1982), Residuals and Influence in
 * Regression, for leaving out cases.
 */
import { tridiagonalize } from "../core/eigen.ts";
import {
  choleskySolve,
  type Matrix,
  matrixShape,
  timesTransposed,
  transpose,
} from "../core/linear-algebra.ts";

/** The best penalty of one target. */
export interface Choice {
  /** Its place on the grid. */
  readonly place: number;
  /** True R2 over the left-out folds. */
  readonly r2: number;
  /** M y `[n]` at that penalty; the weights are Z^T (M y) / penalty. */
  readonly residuals: Float64Array;
}

/**
 * For each target the penalty with the least squared error over left-out folds; of equals, the larger.
 * @param z column-centred features `[n, F]`
 * @param y centred targets, each `[n]`
 * @param blocks the rows of each fold; together each row once
 * @param penalties ascending
 * @throws DataError when a penalty is too small for the features' rounding.
 */
export function choosePenalties(
  z: Matrix,
  y: readonly Float64Array[],
  blocks: readonly (readonly number[])[],
  penalties: readonly number[],
): Choice[] {
  const { reduced, diagonal, offDiagonal, dual, constant } = reduce(z);
  const [n, m] = matrixShape(reduced, "ridge");
  const order = blocks.flat();
  const v = new Float64Array(n * m); // rows in the order of the blocks, [n, m]
  const bestErrors = y.map(() => Infinity);
  const best: Choice[] = [];
  for (const [place, penalty] of penalties.entries()) {
    const factor = factorize(diagonal, offDiagonal, penalty);
    for (const [i, row] of order.entries())
      whiten(reduced.data.subarray(row * m, row * m + m), factor, v.subarray(i * m, i * m + m));
    const residuals = y.map((target) => residualsOf(target, v, order, dual ? penalty : undefined)); // [n] each
    const errors = y.map(() => 0);
    const shift = (dual ? penalty / (constant + penalty) : 1) / n;
    for (let from = 0, b = 0; b < blocks.length; from += blocks[b++]!.length) {
      const rows = blocks[b]!;
      const size = rows.length;
      const maker = timesTransposed({ shape: [size, m], data: v.subarray(from * m, (from + size) * m) }); // [b, b]
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          const own = dual
            ? penalty * maker.data[i * size + j]!
            : (i === j ? 1 : 0) - maker.data[i * size + j]!;
          maker.data[i * size + j] = own - shift;
        }
      const right = Float64Array.from(rows.flatMap((row) => residuals.map((r) => r[row]!)));
      const out = choleskySolve(maker, { shape: [size, y.length], data: right }).data; // [b, targets]
      for (let i = 0; i < out.length; i++) errors[i % y.length]! += out[i]! ** 2;
    }
    for (const [t, error] of errors.entries()) {
      if (error > bestErrors[t]! * (1 + 1e-12)) continue; // equal up to rounding: the larger
      bestErrors[t] = error;
      best[t] = { place, r2: 1 - error / squares(y[t]!), residuals: residuals[t]! };
    }
  }
  return best;
}

/**
 * Z Z^T + c 1 1^T = Q T Q^T with W = Q when there are more features than rows, else Z^T Z = Q T Q^T with W = Z Q.
 * The constant vector, an eigenvector of value 0 (Z is centred), gets the mean one, c n: left at 0 it would
 * dominate the inverse and cost the digits of everything else.
 */
function reduce(z: Matrix) {
  const [n, f] = matrixShape(z, "ridge");
  const dual = f > n;
  const gram = timesTransposed(dual ? z : transpose(z));
  let constant = 0;
  if (dual) {
    for (let i = 0; i < n; i++) constant += gram.data[i * n + i]! / n;
    for (let i = 0; i < n * n; i++) gram.data[i]! += constant / n;
  }
  const { diagonal, offDiagonal, q } = tridiagonalize(gram);
  return { reduced: dual ? q : timesTransposed(z, transpose(q)), diagonal, offDiagonal, dual, constant };
}

/** T + penalty = L D L^T: the subdiagonal of L and 1 / sqrt D. */
function factorize(diagonal: Float64Array, offDiagonal: Float64Array, penalty: number) {
  const lower = new Float64Array(diagonal.length);
  const scale = new Float64Array(diagonal.length);
  let pivot = 0;
  for (let i = 0; i < diagonal.length; i++) {
    const before = i === 0 ? 0 : offDiagonal[i - 1]!;
    if (i > 0) lower[i] = before / pivot;
    pivot = diagonal[i]! + penalty - lower[i]! * before;
    scale[i] = 1 / Math.sqrt(pivot);
  }
  return { lower, scale };
}

/** One row of V: D^-1/2 L^-1 w. */
function whiten(w: Float64Array, { lower, scale }: ReturnType<typeof factorize>, out: Float64Array): void {
  let x = 0;
  for (let i = 0; i < w.length; i++) {
    x = w[i]! - lower[i]! * x;
    out[i] = x * scale[i]!;
  }
}

/** M y for a centred y: `penalty` V V^T y, or y - V V^T y without one; V's rows stand in `order`. */
function residualsOf(
  y: Float64Array,
  v: Float64Array,
  order: readonly number[],
  penalty?: number,
): Float64Array {
  const n = y.length;
  const m = v.length / n;
  const projected = new Float64Array(m); // V^T y, [m]
  for (const [i, row] of order.entries())
    for (let k = 0; k < m; k++) projected[k]! += v[i * m + k]! * y[row]!;
  const out = new Float64Array(n);
  for (const [i, row] of order.entries()) {
    let fitted = 0;
    for (let k = 0; k < m; k++) fitted += v[i * m + k]! * projected[k]!;
    out[row] = penalty === undefined ? y[row]! - fitted : penalty * fitted;
  }
  return out;
}

function squares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
