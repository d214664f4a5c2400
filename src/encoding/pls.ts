/**
 * @file Partial least squares by its kernel form: everything happens in the space of n pictures, so that thousands of features and all
 * voxels at once cost no more than a few. The numbers are those of scikit-learn's PLSRegression (NIPALS, both sides scaled).
 * @see Rosipal & Trejo (2001), J. Mach. Learn. Res. 2:97; Wold et al. (1983)
 */
import { dot, type Matrix, matrixShape, timesTransposed } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";

/** What PLS learns from and predicts. */
export interface PlsOptions {
  /** z-scored features of the training pictures `[n, F]`. */
  readonly x: Matrix;
  /** Centred patterns of the training pictures `[n, V]`; scaled here. */
  readonly y: Matrix;
  /** Features of other pictures `[m, F]`, on the scale of `x`. */
  readonly test: Matrix;
  /** At most; capped by pictures - 1 and by what is left to explain. */
  readonly components: number;
}

/** A direction has settled when its squared change is below; scikit-learn's default, 1e-6, is coarser. */
const SETTLED = 1e-24;
const MOST_STEPS = 2000;
/** Of the first component's length: less is rounding. */
const EXHAUSTED = 1e-10;

/**
 * Predictions of `test` after 1, 2, ... components, `[m, V]` each, on the scale of `y` (centred).
 * @throws ConfigError for fewer than one component.
 */
export function plsPredictions({ x, y, test, components }: PlsOptions): Matrix[] {
  const [n] = matrixShape(x, "pls");
  const [, V] = matrixShape(y, "pls");
  const [m] = matrixShape(test, "pls");
  if (!(components >= 1))
    throw new VcaError(
      "ConfigError",
      `pls: one or more components were expected, got ${components}. Pass 20, as is usual.`,
    );
  const deviations = columnDeviations(y);
  const scaled: Matrix = { shape: y.shape, data: y.data.map((value, at) => value / deviations[at % V]!) };
  const whole = timesTransposed(x).data; // [n, n], kept
  const k = whole.slice(); // [n, n], deflated
  const l = timesTransposed(scaled).data; // [n, n], deflated
  const unseen = timesTransposed(test, x).data; // [m, n]
  const [scores, testScores]: [Float64Array[], Float64Array[]] = [[], []];
  const predictions: Matrix[] = [];
  let sum = new Float64Array(m * V);
  let longest = 0;
  for (let a = 0; a < Math.min(components, n - 1); a++) {
    const found = direction(k, l, n);
    longest = Math.max(longest, found?.length ?? 0);
    if (!found || found.length < EXHAUSTED * longest) break;
    const { t, u } = found;
    const ku = times(whole, u); // [n]
    const own = times(unseen, u); // [m]
    for (const [i, before] of scores.entries()) {
      const shared = dot(before, ku);
      for (let row = 0; row < m; row++) own[row]! -= shared * testScores[i]![row]!;
    }
    const length = dot(t, ku);
    for (let row = 0; row < m; row++) own[row]! /= length;
    sum = sum.slice();
    for (let v = 0; v < V; v++) {
      let loading = 0;
      for (let i = 0; i < n; i++) loading += t[i]! * y.data[i * V + v]!;
      for (let row = 0; row < m; row++) sum[row * V + v]! += own[row]! * loading;
    }
    predictions.push({ shape: [m, V], data: sum });
    scores.push(t);
    testScores.push(own);
    deflate(k, t);
    deflate(l, t);
  }
  return predictions.length > 0 ? predictions : [{ shape: [m, V], data: sum }];
}

/** The unit score t and u = L t whose product t = K u is longest: the dominant eigenvector of K L. Undefined where nothing is left. */
function direction(k: Float64Array, l: Float64Array, n: number) {
  let t = unit(times(k, column(l, n)));
  if (!t) return undefined;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = unit(times(k, unit(times(l, t)) ?? t));
    if (!next) return undefined;
    let change = 0;
    for (let i = 0; i < n; i++) change += (next[i]! - t[i]!) ** 2;
    t = next;
    if (change < SETTLED) break;
  }
  const u = unit(times(l, t));
  return u && { t, u, length: Math.sqrt(dot(times(k, u), times(k, u))) };
}

/** The column of L with the largest diagonal: a start that is not orthogonal to what is left. */
function column(l: Float64Array, n: number): Float64Array {
  let most = 0;
  for (let i = 1; i < n; i++) if (l[i * n + i]! > l[most * n + most]!) most = i;
  return l.slice(most * n, most * n + n);
}

/** M <- (I - t t^T) M (I - t t^T), for a symmetric M and a unit t. */
function deflate(matrix: Float64Array, t: Float64Array): void {
  const n = t.length;
  const product = times(matrix, t);
  const own = dot(t, product);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      matrix[i * n + j]! += own * t[i]! * t[j]! - t[i]! * product[j]! - product[i]! * t[j]!;
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(matrix.length / n);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += matrix[i * n + j]! * vector[j]!;
    out[i] = sum;
  }
  return out;
}

function unit(vector: Float64Array): Float64Array | undefined {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : undefined;
}

/** Standard deviations of centred columns (n - 1 or n is one factor for all); 1 for a constant one. */
function columnDeviations({ shape, data }: Matrix): Float64Array {
  const [n, V] = shape as [number, number];
  const squares = new Float64Array(V);
  for (let at = 0; at < data.length; at++) squares[at % V]! += data[at]! ** 2;
  return squares.map((square) => (square > 0 ? Math.sqrt(square / n) : 1));
}
