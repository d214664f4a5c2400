import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { pearson, quantiles } from "../../src/core/statistics.ts";
import { bootstrapCorrelations, contrast } from "../../src/training/intervals.ts";

const random = Random.seeded(1);
const noise = (n: number) => Float64Array.from({ length: n }, () => random.normal());
const add = (a: Float64Array, b: Float64Array, weight: number) => a.map((value, i) => value + weight * b[i]!);
const rated = noise(60);
const [a, b, c] = [0.5, 1, 2].map((weight) => add(rated, noise(60), weight)) as [
  Float64Array,
  Float64Array,
  Float64Array,
];

describe("bootstrapCorrelations", () => {
  test("each draw is Pearson's r of the pictures drawn, groups whole, pairs alike", () => {
    const groups = Array.from(rated, (_, i) => `theme ${i % 17}`);
    const { draws, estimates } = bootstrapCorrelations({
      pairs: [a, b].map((predicted) => ({ rated, predicted: [predicted] })),
      groups,
      draws: 50,
      random: Random.seeded(5),
    });
    expect([...estimates]).toEqual([pearson(rated, a), pearson(rated, b)]);
    const again = Random.seeded(5);
    for (let d = 0; d < 50; d++) {
      const drawn = Array.from({ length: 17 }, () => again.integer(17)).flatMap((group) =>
        [...rated.keys()].filter((i) => i % 17 === group),
      );
      const r = (x: Float64Array) =>
        pearson(
          drawn.map((i) => rated[i]!),
          drawn.map((i) => x[i]!),
        );
      expect(draws[0]![d]).toBeCloseTo(r(a), 12);
      expect(draws[1]![d]).toBeCloseTo(r(b), 12);
    }
  });

  test("one seed of the generator gives one result, bit for bit", () => {
    const run = () =>
      bootstrapCorrelations({
        pairs: [{ rated, predicted: [a, b, c] }],
        draws: 20,
        random: Random.seeded(5).at("boot"),
      });
    expect(run()).toEqual(run());
  });

  test("seeds are averaged, and resampled alike in pairs of equally many", () => {
    const { draws, estimates } = bootstrapCorrelations({
      pairs: [
        { rated, predicted: [a, b, c] },
        { rated, predicted: [a, b, c] },
        { rated, predicted: [a] },
      ],
      draws: 200,
      random: Random.seeded(5),
    });
    expect(estimates[0]).toBeCloseTo((pearson(rated, a) + pearson(rated, b) + pearson(rated, c)) / 3, 14);
    expect(draws[0]).toEqual(draws[1]);
    const spread = (values: Float64Array) => quantiles(values, [0.9])[0]! - quantiles(values, [0.1])[0]!;
    expect(spread(draws[0]!)).toBeGreaterThan(1.5 * spread(draws[2]!));
  });

  test("a constant prediction has r 0 in every draw", () => {
    const { draws, estimates } = bootstrapCorrelations({
      pairs: [{ rated, predicted: [rated.map(() => 4.1)] }],
      draws: 20,
      random,
    });
    expect(estimates[0]).toBe(0);
    expect([...draws[0]!].every((r) => r === 0)).toBe(true);
  });

  const pair = { rated, predicted: [a] };
  test.each([
    [
      { pairs: [{ rated, predicted: [a.subarray(1)] }] },
      "ShapeError",
      "bootstrap: 60 pictures were expected in every vector and in groups, got other lengths. Join them by stimulus id.",
    ],
    [
      { pairs: [pair], groups: [1, 2] },
      "ShapeError",
      "bootstrap: 60 pictures were expected in every vector and in groups, got other lengths. Join them by stimulus id.",
    ],
    [
      { pairs: [pair], groups: new Int32Array(60) },
      "ConfigError",
      "bootstrap: two or more groups and one or more draws were expected, got 1 and 10000. Group less coarsely.",
    ],
    [
      { pairs: [{ rated, predicted: [a.map(() => Number.NaN)] }] },
      "DataError",
      "bootstrap: predictions: finite numbers were expected, got NaN at index 0. Remove or mend this value.",
    ],
  ])("errors say what is wrong (%#)", (options, tag, message) => {
    expect(() => bootstrapCorrelations({ ...options, random })).toThrow(
      expect.objectContaining({ tag, message }),
    );
  });
});

describe("contrast", () => {
  const bootstrap = bootstrapCorrelations({
    pairs: [a, b, c].map((x) => ({ rated, predicted: [x] })),
    draws: 2000,
    random,
  });

  test("one r, a paired difference, a mean of differences", () => {
    const [ra, rb, rc] = [a, b, c].map((x) => pearson(rated, x)) as [number, number, number];
    const one = contrast(bootstrap, [1, 0, 0]);
    expect(one.estimate).toBe(ra);
    expect([one.lower, one.upper]).toEqual(
      quantiles(bootstrap.draws[0]!, [0.025, 0.975]).map((q) => expect.closeTo(q, 12)),
    );
    const difference = contrast(bootstrap, [1, -1, 0]);
    expect(difference.estimate).toBeCloseTo(ra - rb, 14);
    expect(difference.lower).toBeLessThan(ra - rb);
    expect(contrast(bootstrap, [1, -0.5, -0.5]).estimate).toBeCloseTo(ra - (rb + rc) / 2, 14);
    const narrow = contrast(bootstrap, [1, -1, 0], 0.5);
    expect(narrow.upper - narrow.lower).toBeLessThan(difference.upper - difference.lower);
    expect(() => contrast(bootstrap, [1])).toThrow(
      "contrast: 3 weights were expected, got 1. Pass 0 for a pair that plays no part.",
    );
  });

  test("a 95 % interval covers a planted r, and a null difference, 95 times in 100", () => {
    let coveredR = 0;
    let coveredNull = 0;
    const runs = 400;
    for (let i = 0; i < runs; i++) {
      const y = noise(150);
      const pairs = [1, 1].map((weight) => ({ rated: y, predicted: [add(y, noise(150), weight)] })); // r = 1 / sqrt 2
      const result = bootstrapCorrelations({ pairs, draws: 400, random });
      const r = contrast(result, [1, 0]);
      const difference = contrast(result, [1, -1]);
      if (r.lower <= Math.SQRT1_2 && Math.SQRT1_2 <= r.upper) coveredR++;
      if (difference.lower <= 0 && 0 <= difference.upper) coveredNull++;
    }
    for (const covered of [coveredR, coveredNull]) {
      expect(covered / runs).toBeGreaterThan(0.91);
      expect(covered / runs).toBeLessThan(0.98);
    }
  });

  test("near-duplicates: resampling groups covers r = 0, resampling pictures does not", () => {
    const runs = 200;
    const groups = Int32Array.from({ length: 240 }, (_, i) => i % 40);
    const covered = [groups, undefined].map((given) => {
      let count = 0;
      for (let i = 0; i < runs; i++) {
        const [y, x] = [noise(40), noise(40)].map((of) =>
          Float64Array.from(groups, (g) => of[g]! + 0.2 * random.normal()),
        ) as [Float64Array, Float64Array];
        const result = bootstrapCorrelations({
          pairs: [{ rated: y, predicted: [x] }],
          groups: given,
          draws: 300,
          random,
        });
        const { lower, upper } = contrast(result, [1]);
        if (lower <= 0 && 0 <= upper) count++;
      }
      return count / runs;
    }) as [number, number];
    expect(covered[0]).toBeGreaterThan(0.88);
    expect(covered[1]).toBeLessThan(0.7);
  });
});
