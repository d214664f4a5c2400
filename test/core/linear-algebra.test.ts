import { describe, expect, test } from "vitest";
import { eigenSymmetric, tridiagonalize } from "../../src/core/eigen.ts";
import {
  centredColumns,
  choleskySolve,
  type Matrix,
  timesTransposed,
  transpose,
} from "../../src/core/linear-algebra.ts";
import { Random } from "../../src/core/random.ts";
import fixtures from "../fixtures/statistics/statistics.json" with { type: "json" };

function normal(rows: number, columns: number, seed = 1): Matrix {
  const random = Random.seeded(seed);
  return {
    shape: [rows, columns],
    data: Float64Array.from({ length: rows * columns }, () => random.normal()),
  };
}

function naive(a: Matrix, b: Matrix): Matrix {
  const [n, k, m] = [a.shape[0]!, a.shape[1]!, b.shape[0]!];
  const data = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++)
      for (let c = 0; c < k; c++) data[i * m + j]! += a.data[i * k + c]! * b.data[j * k + c]!;
  return { shape: [n, m], data };
}

const furthest = (a: Matrix, b: Matrix) => {
  expect(a.shape).toEqual(b.shape);
  return Math.max(0, ...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
};

const diagonal = (values: ArrayLike<number>): Matrix => {
  const n = values.length;
  return {
    shape: [n, n],
    data: new Float64Array(n * n).map((_, i) => (i % (n + 1) === 0 ? values[i / (n + 1)]! : 0)),
  };
};

describe("products", () => {
  test.each([
    [1, 1, 1],
    [2, 5, 3],
    [3, 3, 4],
    [7, 2, 8],
    [4, 10, 1],
  ])("A B^T of %d x %d and %d rows", (n, k, m) => {
    const a = normal(n, k);
    const b = normal(m, k, 2);
    expect(furthest(timesTransposed(a, b), naive(a, b))).toBeLessThan(1e-14);
    expect(furthest(timesTransposed(a), naive(a, a))).toBeLessThan(1e-14);
    expect(transpose(timesTransposed(a, b))).toEqual(timesTransposed(b, a));
  });

  test("columns less their means; the matrix stays as it was", () => {
    const data = Float32Array.of(1, 10, 3, 30);
    expect(centredColumns({ shape: [2, 2], data }).data).toEqual(Float64Array.of(-1, -10, 1, 10));
    expect(data).toEqual(Float32Array.of(1, 10, 3, 30));
  });

  test("axes that do not fit are an error", () => {
    expect(() => timesTransposed(normal(2, 3), normal(2, 2))).toThrow(
      "timesTransposed: equal second axes were expected, got 3 and 2. Transpose one of the two.",
    );
    expect(() => transpose({ shape: [4], data: new Float64Array(4) })).toThrow(
      "transpose: a matrix was expected, got shape [4]. Flatten the other axes.",
    );
  });
});

describe("symmetric matrices", () => {
  const symmetric: Matrix = { shape: [12, 12], data: Float64Array.from(fixtures.symmetric.flat()) };

  test("Q T Q^T is the matrix and Q is orthogonal", () => {
    const { diagonal: d, offDiagonal, q } = tridiagonalize(symmetric);
    const t = diagonal(d);
    for (const [i, e] of offDiagonal.entries()) t.data[i * 12 + i + 1] = t.data[(i + 1) * 12 + i] = e;
    expect(furthest(timesTransposed(timesTransposed(q, t), q), symmetric)).toBeLessThan(1e-13);
    expect(furthest(timesTransposed(q), diagonal(Array(12).fill(1)))).toBeLessThan(1e-14);
  });

  test("eigenvalues are numpy's, eigenvectors rebuild the matrix", () => {
    const { values, vectors } = eigenSymmetric(symmetric);
    for (const [i, value] of values.entries())
      expect(Math.abs(value - fixtures.eigenvalues[i]!)).toBeLessThan(1e-13);
    const columns = transpose(vectors);
    expect(
      furthest(timesTransposed(timesTransposed(columns, diagonal(values)), columns), symmetric),
    ).toBeLessThan(1e-13);
  });

  test("low rank, equal eigenvalues, zeros and one row", () => {
    const thin = normal(30, 4);
    expect([...eigenSymmetric(timesTransposed(thin)).values.slice(4)].every((v) => Math.abs(v) < 1e-12)).toBe(
      true,
    );
    expect([...eigenSymmetric(diagonal([2, 5, 2])).values]).toEqual([5, 2, 2]);
    expect([...eigenSymmetric(diagonal([0, 0, 0])).values]).toEqual([0, 0, 0]);
    expect([...eigenSymmetric(diagonal([3])).values]).toEqual([3]);
  });

  test("what is not square or not finite is an error", () => {
    expect(() => tridiagonalize(normal(2, 3))).toThrow(
      "tridiagonalize: a square matrix was expected, got [2, 3]. Form a Gram matrix first.",
    );
    expect(() => eigenSymmetric(diagonal([1, Number.NaN]))).toThrow(
      "eigenSymmetric: finite numbers were expected, got NaN at index 3. Remove or mend this value.",
    );
  });
});

describe("choleskySolve", () => {
  test("A X is B", () => {
    const a = timesTransposed(normal(6, 9));
    const x = choleskySolve(a, normal(6, 2, 3)); // [6, 2]
    expect(furthest(timesTransposed(a, transpose(x)), normal(6, 2, 3))).toBeLessThan(1e-12);
  });

  test("a matrix that is not positive definite is an error", () => {
    expect(() => choleskySolve(diagonal([1, -1]), normal(2, 1))).toThrow(
      "choleskySolve: a positive definite matrix was expected, got pivot -1 in row 1. Add a penalty to its diagonal.",
    );
  });
});
