import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { agreement, correlation, disparity, reliability } from "../../src/training/metrics.ts";
import { twoLines } from "../../src/training/two-lines.ts";
import fixtures from "../fixtures/statistics/metrics.json" with { type: "json" };

const rated = { valence: fixtures.valence, arousal: fixtures.arousal };
const predicted = { valence: fixtures.predictedValence, arousal: fixtures.predictedArousal };

function expectClose(got: object, expected: object) {
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [key, value] of Object.entries(expected))
    expect(Math.abs((got as Record<string, number>)[key]! - value) / Math.abs(value), key).toBeLessThan(
      1e-12,
    );
}

describe("agreement", () => {
  test("is scipy's and scikit-learn's; a fold of 15 has no r of its own", () => {
    const { folds } = fixtures;
    expectClose(agreement({ rated: rated.valence, predicted: predicted.valence, folds }), fixtures.agreement);
  });

  test("without folds, or with small ones, r within folds is undefined", () => {
    const options = { rated: rated.valence, predicted: predicted.valence };
    expect(agreement(options).rWithinFolds).toBeUndefined();
    expect(agreement({ ...options, folds: options.rated.map((_, i) => i % 9) }).rWithinFolds).toBeUndefined();
  });

  test("a constant prediction: r 0, R2 below 0, no slope", () => {
    const constant = rated.valence.map(() => 4.1);
    expect(agreement({ rated: rated.valence, predicted: constant })).toMatchObject({
      r: 0,
      ccc: 0,
      calibrationSlope: undefined,
      r2: expect.toSatisfy((value: number) => value <= 0 && value > -0.1),
    });
    expect(correlation(rated.valence, constant)).toBe(0);
  });

  test("a prediction of each fold's training mean has negative r when pooled, 0 within folds", () => {
    const random = Random.seeded(1);
    const values = Float64Array.from({ length: 838 }, () => random.normal());
    const folds = random.permutation(838).map((i) => i % 10);
    const mean = (keep: (i: number) => boolean) => {
      const kept = values.filter((_, i) => keep(i));
      return kept.reduce((sum, value) => sum + value, 0) / kept.length;
    };
    const means = Float64Array.from({ length: 10 }, (_, fold) => mean((i) => folds[i] !== fold));
    const got = agreement({
      rated: values,
      predicted: folds.length ? Float64Array.from(folds, (f) => means[f]!) : [],
      folds,
    });
    expect(got.r).toBeLessThan(-0.03);
    expect(got.rWithinFolds).toBe(0);
  });

  test.each([
    [
      { rated: [1, 2], predicted: [1] },
      "ShapeError",
      "pearson: two vectors of one length were expected, got 2 and 1. Join them by stimulus id first.",
    ],
    [
      { rated: [1, 2], predicted: [1, 2], folds: [0] },
      "ShapeError",
      "agreement: 2 folds were expected, got 1. Pass one fold per picture.",
    ],
    [
      { rated: [2, 2], predicted: [1, 2] },
      "DataError",
      "agreement: ratings that vary were expected, got 2 throughout. Check the column of ratings.",
    ],
    [
      { rated: [2, 1], predicted: [1, Number.NaN] },
      "DataError",
      "pearson: finite numbers were expected, got NaN at index 1. Remove or mend this value.",
    ],
  ])("errors say what is wrong (%#)", (options, tag, message) => {
    expect(() => agreement(options)).toThrow(expect.objectContaining({ tag, message }));
  });
});

describe("disparity", () => {
  test("is scipy's, and 1 - trace^2 without rotation", () => {
    const got = disparity(rated, predicted);
    expect(got.disparity).toBeCloseTo(fixtures.disparity, 13);
    expect(got.unrotated).toBeCloseTo(fixtures.unrotated, 13);
  });

  test("scale and offset are free in both; exchanged axes only with rotation", () => {
    const bent = {
      valence: rated.valence.map((v) => 3 * v - 1),
      arousal: rated.arousal.map((a) => 3 * a + 2),
    };
    expect(disparity(rated, bent).disparity).toBeCloseTo(0, 12);
    expect(disparity(rated, bent).unrotated).toBeCloseTo(0, 12);
    const exchanged = { valence: rated.arousal, arousal: rated.valence };
    expect(disparity(rated, exchanged).disparity).toBeCloseTo(0, 12);
    expect(disparity(rated, exchanged).unrotated).toBeGreaterThan(0.5);
    const mirrored = { valence: rated.valence.map((v) => -v), arousal: rated.arousal.map((a) => -a) };
    expect(disparity(rated, mirrored)).toMatchObject({ unrotated: 1 });
  });

  test("a plane that is one point, or planes of other lengths, are an error", () => {
    expect(() => disparity(rated, { valence: [1, 1], arousal: [2, 2] })).toThrow(
      "disparity: predictions: points that differ were expected, got one point. Check the values.",
    );
    expect(() => disparity(rated, { valence: [1, 2], arousal: [2, 2] })).toThrow(
      "disparity: planes of equal length were expected, got 90 and 2. Join them by stimulus id.",
    );
    expect(() => disparity(rated, { valence: [1, 2], arousal: [2] })).toThrow(
      "disparity: predictions: as many valences as arousals were expected, got 2 and 1. Join them by stimulus id.",
    );
  });
});

describe("twoLines", () => {
  test("slopes, HC3 errors and p are those of the matrix formula", () => {
    const { lower, upper, shape } = twoLines({ x: rated.valence, y: rated.arousal, breakAt: 4 });
    expectClose(lower!, fixtures.twoLines[0]!);
    expectClose(upper!, fixtures.twoLines[1]!);
    expect(shape).toBe("V");
  });

  test("an inverted V, a rising line, and a plateau", () => {
    const { valence: x } = rated;
    const random = Random.seeded(1);
    const shape = (f: (v: number) => number) =>
      twoLines({ x, y: x.map((v) => f(v) + 0.1 * random.normal()), breakAt: 4 }).shape;
    expect(shape((v) => -Math.abs(v - 4))).toBe("inverted V");
    expect(shape((v) => v)).toBe("none");
    expect(shape((v) => Math.max(v, 4))).toBe("none");
  });

  test("an exact V, and noise: about one in 800 noise sets is a V (2 x .025^2)", () => {
    expect(twoLines({ x: [1, 2, 3, 4, 5], y: [2, 1, 0, 1, 2], breakAt: 3 })).toMatchObject({
      shape: "V",
      lower: { slope: -1, standardError: 0, p: 0, n: 3 },
    });
    const random = Random.seeded(2);
    let found = 0;
    for (let i = 0; i < 1000; i++) {
      const noise = () => Array.from({ length: 80 }, () => random.normal());
      if (twoLines({ x: noise(), y: noise(), breakAt: 0 }).shape !== "none") found++;
    }
    expect(found).toBeLessThan(8);
  });

  test("a side without pictures or with a slope that one picture decides is not testable", () => {
    expect(twoLines({ x: [1, 2, 3, 4], y: [1, 2, 1, 2], breakAt: 5 })).toMatchObject({
      upper: undefined,
      shape: "not testable",
    });
    expect(twoLines({ x: [1, 2, 3, 4, 4, 9], y: [1, 2, 1, 2, 3, 4], breakAt: 4 }).upper).toBeUndefined();
    expect(() => twoLines({ x: [1], y: [], breakAt: 5 })).toThrow(
      "twoLines: equal lengths were expected, got 1 and 0. Join them by stimulus id.",
    );
  });
});

describe("reliability", () => {
  test("1 - mean(SD^2 / N) / var(mean), its root is the ceiling", () => {
    const got = reliability({ mean: rated.valence, sd: fixtures.sd, n: fixtures.n });
    expect(got.reliability).toBeCloseTo(fixtures.reliability, 14);
    expect(got.ceiling).toBeCloseTo(Math.sqrt(fixtures.reliability), 14);
  });

  test("noise beyond the spread of the means gives ceiling 0", () => {
    expect(reliability({ mean: [1, 1.1], sd: [2, 2], n: [4, 4] }).ceiling).toBe(0);
  });

  test.each([
    [
      { mean: [1, 2], sd: [1], n: [1, 1] },
      "reliability: equal lengths were expected, got 2, 1 and 2. Join them by stimulus id.",
    ],
    [
      { mean: [1, 2], sd: [1, 1], n: [1, 0] },
      "reliability: SD^2 / N: finite numbers were expected, got Infinity at picture 1. Remove or mend this value.",
    ],
    [
      { mean: [2, 2], sd: [1, 1], n: [1, 1] },
      "reliability: mean ratings that vary were expected, got 2 throughout. Check the column of ratings.",
    ],
  ])("errors say what is wrong (%#)", (options, message) => {
    expect(() => reliability(options)).toThrow(message);
  });
});
