/** @file Principal components of training pictures, and other pictures on them: fewer features, learned inside the fold. */
import { eigenSymmetric } from "../core/eigen.ts";
import { type Matrix, matrixShape, timesTransposed, transpose } from "../core/linear-algebra.ts";

/** Of the first component's variance: less is rounding. */
const RANK = 1e-10;

/**
 * Scores on the first `components` principal axes of `x` `[n, F]` (centred): of `x` itself `[n, k]` and of `test` `[m, k]`, with k capped by
 * the rank of `x`. Signs are arbitrary.
 */
export function principalScores(
  x: Matrix,
  test: Matrix,
  components: number,
): { readonly x: Matrix; readonly test: Matrix } {
  matrixShape(x, "principal components");
  const { values, vectors } = eigenSymmetric(timesTransposed(x));
  const rank = values.filter((value) => value > RANK * values[0]!).length;
  const k = Math.max(1, Math.min(components, rank));
  const n = x.shape[0]!;
  const axes: Matrix = { shape: [k, n], data: vectors.data.slice(0, k * n) }; // rows are eigenvectors
  const scale = (matrix: Matrix, power: number): Matrix => ({
    shape: matrix.shape,
    data: matrix.data.map((value, at) => value * Math.max(values[at % k]!, Number.MIN_VALUE) ** power),
  });
  return {
    x: scale(transpose(axes), 0.5),
    test: scale(timesTransposed(timesTransposed(test, x), axes), -0.5),
  };
}
