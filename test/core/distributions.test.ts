/** @file Distributions, ranks and corrections against SciPy. */
import { describe, expect, test } from "vitest";
import { fisherP, normalP, studentP, studentQuantile, studentUpperP } from "../../src/core/distributions.ts";
import { benjaminiHochberg, benjaminiYekutieli, bonferroni } from "../../src/core/multiple-comparisons.ts";
import { ranks, spearman } from "../../src/core/ranks.ts";
import fixtures from "../fixtures/statistics/tests.json" with { type: "json" };

function expectNear(got: Iterable<number>, expected: readonly number[], tolerance = 1e-9) {
  const values = [...got];
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries())
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.abs(expected[i]!));
}

describe("distributions", () => {
  const { normal, student, quantiles, fisher } = fixtures;

  test("tails of the normal, t and F are SciPy's", () => {
    expectNear(normal.z.map(normalP), normal.p, 1e-12);
    expectNear(
      student.arguments.map(([t, df]) => studentP(t!, df!)),
      student.p,
    );
    expectNear(
      student.arguments.map(([t, df]) => studentUpperP(t!, df!)),
      student.upper,
    );
    expectNear(
      fisher.arguments.map(([f, a, b]) => fisherP(f!, a!, b!)),
      fisher.p,
    );
  });

  test("quantiles of t are SciPy's", () => {
    expectNear(
      quantiles.arguments.map(([p, df]) => studentQuantile(p!, df!)),
      quantiles.t,
      1e-9,
    );
  });

  test("tails below the smallest double are 0, of NaN there is none", () => {
    expect([normalP(60), studentP(1e9, 200), fisherP(1e12, 40, 90)]).toEqual([0, 0, 0]);
    expect([studentP(Number.POSITIVE_INFINITY, 5), studentP(Number.NaN, 5), fisherP(-1, 2, 3)]).toEqual([
      0,
      Number.NaN,
      1,
    ]);
  });

  test("what cannot be asked is said", () => {
    expect(() => studentP(1, 0)).toThrow(
      "studentP: degrees of freedom above 0 were expected, got 0. Pass more observations.",
    );
    expect(() => studentQuantile(0.2, 5)).toThrow(
      "studentQuantile: a probability from 0.5 to below 1 was expected, got 0.2. Use the symmetry of t.",
    );
  });
});

test("ranks share ties as SciPy's, and so does Spearman's correlation", () => {
  const { x, y } = fixtures.ranks;
  expect([...ranks(x)]).toEqual(fixtures.ranks.ranks);
  expectNear([spearman(x, y)], [fixtures.ranks.spearman], 1e-13);
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
});

test("corrections are SciPy's", () => {
  const { p, bonferroni: times, bh, by } = fixtures.corrections;
  expectNear(bonferroni(p), times, 1e-14);
  expectNear(benjaminiHochberg(p), bh, 1e-14);
  expectNear(benjaminiYekutieli(p), by, 1e-14);
  expect(() => benjaminiHochberg([0.1, Number.NaN])).toThrow(
    "multiple comparisons: finite numbers were expected, got NaN at index 1.",
  );
});
