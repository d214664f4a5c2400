import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fisherMean,
  mean,
  pearson,
  quantiles,
  requireFinite,
  sd,
  variance,
} from "../../src/core/statistics.ts";
import fixtures from "../fixtures/statistics/statistics.json" with { type: "json" };

const { x, y } = fixtures;
const relative = (got: number, expected: number) =>
  Math.abs(got - expected) / Math.max(Math.abs(expected), 1e-300);

describe("statistics", () => {
  test("moments, pearson and Fisher's mean are numpy's and scipy's", () => {
    expect(relative(mean(x), fixtures.mean)).toBeLessThan(1e-15);
    expect(relative(variance(x), fixtures.variance)).toBeLessThan(1e-12);
    expect(relative(sd(x), fixtures.sd)).toBeLessThan(1e-12);
    expect(relative(pearson(x, y), fixtures.pearson)).toBeLessThan(1e-12);
    expect(relative(fisherMean(fixtures.fisher.r), fixtures.fisher.mean)).toBeLessThan(1e-14);
  });

  test("quantiles are numpy's", () => {
    for (const [i, q] of quantiles(x, fixtures.probabilities).entries())
      expect(relative(q, fixtures.quantiles[i]!)).toBeLessThan(1e-15);
  });

  test("pearson does not depend on scale and offset", () => {
    const vector = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(vector, fc.double({ min: 0.1, max: 10, noNaN: true }), (a, scale) => {
        fc.pre(sd(a) > 1e-3);
        const r = pearson(a, x.slice(0, 5));
        expect(
          pearson(
            a.map((value) => value * scale + 3),
            x.slice(0, 5),
          ),
        ).toBeCloseTo(r, 9);
        expect(Math.abs(r)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("pearson of a constant is NaN, also when its mean rounds", () => {
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
    expect(pearson([1, 2, 3], [0, 0, 0])).toBeNaN();
  });

  test.each([
    [
      () => pearson([1, 2], [1]),
      "ShapeError",
      "pearson: two vectors of one length were expected, got 2 and 1. Join them by stimulus id first.",
    ],
    [() => mean([]), "DataError", "mean: at least 1 numbers were expected, got 0. Pass more numbers."],
    [() => sd([1]), "DataError", "variance: at least 2 numbers were expected, got 1. Pass more numbers."],
    [
      () => mean([1, Number.NaN]),
      "DataError",
      "mean: finite numbers were expected, got NaN at index 1. Remove or mend this value.",
    ],
    [
      () => requireFinite([Infinity], "a", () => "row 3"),
      "DataError",
      "a: finite numbers were expected, got Infinity at row 3. Remove or mend this value.",
    ],
    [
      () => quantiles([1], [95]),
      "ConfigError",
      "quantiles: a probability from 0 to 1 was expected, got 95. Divide percentages by 100.",
    ],
  ])("errors say what is wrong (%#)", (run, tag, message) => {
    expect(run).toThrow(expect.objectContaining({ tag, message }));
  });
});
