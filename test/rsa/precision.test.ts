import { describe, expect, test } from "vitest";
import type { Matrix } from "../../src/core/linear-algebra.ts";
import { Random } from "../../src/core/random.ts";
import {
  noisePrecision,
  type Precision,
  type PrecisionMethod,
  precisionMemory,
  repeatResiduals,
} from "../../src/rsa/precision.ts";
import fixtures from "../fixtures/rsa-measures/precision.json" with { type: "json" };

const matrix = (rows: number[][]): Matrix => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const identity = (n: number): Matrix => ({
  shape: [n, n],
  data: Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
});
/** Largest difference of P from a matrix, relative to its largest entry. */
const deviation = (got: Precision, expected: number[][]) => {
  const { data } = got.times(identity(got.channels));
  const flat = expected.flat();
  const most = flat.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return flat.reduce((worst, value, i) => Math.max(worst, Math.abs(value - data[i]!)), 0) / most;
};

const CASES = Object.entries(fixtures.cases).flatMap(([name, one]) =>
  Object.keys(one.precision).map((method) => [method as PrecisionMethod, name, one] as const),
);

describe("noisePrecision", () => {
  test.each(CASES)("%s of %s residuals is rsatoolbox's", (method, _, one) => {
    const residuals = matrix(one.residuals);
    const expected = one.precision as Partial<Record<PrecisionMethod, number[][]>>;
    const spent = one.precisionDof as Partial<Record<PrecisionMethod, number[][]>>;
    expect(deviation(noisePrecision(residuals, { method }), expected[method]!)).toBeLessThan(1e-9);
    expect(deviation(noisePrecision(residuals, { method, dof: one.dof }), spent[method]!)).toBeLessThan(1e-9);
  });

  test.each(Object.entries(fixtures.repeats.precision))(
    "%s of repeats is rsatoolbox's of unbalanced data",
    (method, expected) => {
      const { residuals, dof } = repeatResiduals(matrix(fixtures.repeats.patterns), fixtures.repeats.stimuli);
      expect(
        deviation(noisePrecision(residuals, { method: method as PrecisionMethod, dof }), expected),
      ).toBeLessThan(1e-9);
    },
  );

  // rsatoolbox 0.3.2's prec_from_measurements divides 4 stimuli x 3 repeats by (4 - 1) 3 = 9, not by 12 - 4 = 8
  test("degrees of freedom of repeats are observations less stimuli", () => {
    const x = matrix(fixtures.repeats.patterns.slice(0, 12));
    expect(repeatResiduals(x, fixtures.repeats.stimuli.slice(0, 12)).dof).toBe(8);
    expect(fixtures.repeats.dofRatio).toBeCloseTo(8 / 9, 12);
  });

  test("7,000 channels need no matrix of channels by channels", () => {
    const [n, V] = [60, 7000];
    const random = Random.seeded(5);
    const residuals = { shape: [n, V], data: Float32Array.from({ length: n * V }, () => random.normal()) };
    const memory = precisionMemory(n, V, 2);
    expect(memory).toBeLessThan(0.05 * 8 * V ** 2);
    const before = process.memoryUsage().arrayBuffers;
    const precision = noisePrecision(residuals);
    const x = { shape: [2, V], data: Float64Array.from({ length: 2 * V }, () => random.normal()) };
    const { data } = precision.times(x);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(memory);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  test.each([
    [
      () => noisePrecision(matrix([[1, 2]])),
      "precision: at least 2 residuals and 1 degree of freedom were expected, got 1 and 0. Give each stimulus two repeats, or pass the residuals of the model.",
    ],
    [
      () =>
        noisePrecision(
          matrix([
            [1, 2],
            [1, 3],
          ]),
        ),
      "precision: residuals that vary were expected, got none in channel 0. Drop it with usableChannels.",
    ],
    [
      () =>
        noisePrecision(
          matrix([
            [1, 2],
            [4, 3],
          ]),
          { method: "full" },
        ),
      "precision: at least 2 degrees of freedom were expected for a full covariance of 2 channels, got 1. Choose the method schaferStrimmer or ledoitWolf.",
    ],
    [
      () => noisePrecision(matrix([[1, Number.NaN]])),
      "precision: finite numbers were expected, got NaN at row 0, channel 1. Remove or mend this value.",
    ],
  ])("refuses what has no answer (%#)", (act, message) => {
    expect(act).toThrow(expect.objectContaining({ message }));
  });
});
