/** @file Folds, by their properties: nobody is parted, sizes are equal, the same seed gives the same plan. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { type FoldMethod, planFolds } from "../../src/stimuli/folds.ts";
import { messageOf } from "./support.ts";

const counts = (fold: Int32Array, folds: number) =>
  Array.from({ length: folds }, (_, f) => fold.filter((x) => x === f).length);

interface Given {
  readonly base: { readonly n: number; readonly folds: number; readonly seed: number };
  readonly labels: readonly number[];
  readonly pairs: readonly [number, number][];
}

const setting: fc.Arbitrary<Given> = fc
  .record({ n: fc.integer({ min: 20, max: 120 }), folds: fc.integer({ min: 2, max: 6 }), seed: fc.nat() })
  .chain((base) =>
    fc.record({
      base: fc.constant(base),
      labels: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: base.n, maxLength: base.n }),
      pairs: fc.array(fc.tuple(fc.nat(base.n - 1), fc.nat(base.n - 1)), { maxLength: 4 }),
    }),
  );

/** A plan with ten groups or more, of which `pairs` joins at most four. */
function plan(method: FoldMethod, { base, labels, pairs }: Given) {
  const groups = labels.map((label, s) => `theme ${s < 10 ? s : label % 10}`);
  const valence = labels.map((label, s) => 1 + ((label * 7 + s) % 13) / 2);
  const options = { ...base, method, groups, together: pairs, valence };
  const fold = planFolds({ ...options, random: Random.seeded(base.seed) });
  return { fold, options, groups, valence };
}

describe("planFolds", () => {
  test.each(["random", "stratified"] as const)(
    "%s: joined pictures stay together, sizes are equal",
    (method) => {
      fc.assert(
        fc.property(setting, (given) => {
          const { fold, options } = plan(method, given);
          for (const [a, b] of given.pairs) expect(fold[a]).toBe(fold[b]);
          const sizes = counts(fold, given.base.folds);
          const even = given.base.n / given.base.folds;
          const joined = given.pairs.length === 0 ? 1 : given.pairs.length + 1; // the largest block there can be
          expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(Math.ceil(even), joined));
          if (joined === 1) expect(Math.min(...sizes)).toBe(Math.floor(even));
          expect(planFolds({ ...options, random: Random.seeded(given.base.seed) })).toEqual(fold);
        }),
      );
    },
  );

  test.each(["grouped", "halves"] as const)("%s: groups stay whole", (method) => {
    fc.assert(
      fc.property(setting, (given) => {
        const folds = method === "halves" ? 2 : Math.min(given.base.folds, 4);
        const { fold, groups } = plan(method, { ...given, base: { ...given.base, folds } });
        const homes = new Map(groups.map((group, s) => [group, fold[s]]));
        for (const [s, group] of groups.entries()) expect(fold[s]).toBe(homes.get(group));
        for (const [a, b] of given.pairs) expect(fold[a]).toBe(fold[b]);
        const sizes = counts(fold, folds);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        if (given.pairs.length === 0) {
          const largest = Math.max(
            ...groups.map((group) => groups.filter((other) => other === group).length),
          );
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(largest);
        }
      }),
    );
  });

  test("stratified: each stretch of valence goes to all folds", () => {
    const n = 100;
    const valence = Array.from({ length: n }, (_, s) => ((s * 37) % n) / 10);
    const fold = planFolds({ n, method: "stratified", folds: 10, valence, random: Random.seeded(3) });
    for (let start = 0; start < 10; start++) {
      const stretch = fold.filter((_, s) => valence[s]! >= start && valence[s]! < start + 1);
      expect(new Set(stretch).size).toBe(10);
    }
  });

  test("stratified: sizes stay equal beside a large block", () => {
    const together = [Array.from({ length: 7 }, (_, s) => s)];
    const valence = Array.from({ length: 40 }, (_, s) => s % 9);
    const fold = planFolds({
      n: 40,
      method: "stratified",
      folds: 4,
      valence,
      together,
      random: Random.seeded(1),
    });
    expect(counts(fold, 4)).toEqual([10, 10, 10, 10]);
  });

  test("grouped: the largest groups are dealt first", () => {
    const groups = ["a", "a", "a", "a", "b", "b", "b", "c", "c", "d", "e", "f"];
    const fold = planFolds({ n: 12, method: "grouped", folds: 3, groups, random: Random.seeded(5) });
    expect(counts(fold, 3)).toEqual([4, 4, 4]);
  });

  test("leave-one-group-out: one fold per group, joined where pictures are equal", () => {
    const groups = ["x", "y", "x", "z", "w"];
    const options = { n: 5, method: "leave-one-group-out" as const, groups, random: Random.seeded(1) };
    expect([...planFolds(options)]).toEqual([0, 1, 0, 2, 3]);
    expect([...planFolds({ ...options, together: [[1, 3]] })]).toEqual([0, 1, 0, 1, 2]);
  });

  test("another seed gives another plan", () => {
    const of = (seed: number) =>
      planFolds({ n: 50, method: "random", folds: 5, random: Random.seeded(seed) });
    expect(of(1)).not.toEqual(of(2));
  });

  const random = Random.seeded(1);
  test.each([
    [
      { n: 5, method: "random" as const, folds: 10, random },
      "ConfigError folds: at least 10 pictures were expected for 10 folds, got 5 that may be parted. Choose fewer folds, or another grouping.",
    ],
    [
      { n: 3, method: "grouped" as const, folds: 3, groups: ["a", "a", "b"], random },
      "ConfigError folds: at least 3 groups were expected for 3 folds, got 2. Choose fewer folds, or another grouping.",
    ],
    [
      { n: 3, method: "leave-one-group-out" as const, groups: ["a", "a", "a"], random },
      "ConfigError folds: at least 2 groups were expected for 2 folds, got 1. Choose fewer folds, or another grouping.",
    ],
    [
      { n: 3, method: "random" as const, random },
      "ConfigError folds: a whole number of at least 2 was expected, got undefined. Pass --folds 10.",
    ],
    [
      { n: 3, method: "random" as const, folds: 1, random },
      "ConfigError folds: a whole number of at least 2 was expected, got 1. Pass --folds 10.",
    ],
    [
      { n: 3, method: "grouped" as const, folds: 2, random },
      "ConfigError folds: method grouped needs one group label for each of 3 pictures, got none. Pass one for each, or choose --method random.",
    ],
    [
      { n: 3, method: "stratified" as const, folds: 2, valence: [1, 2], random },
      "ConfigError folds: method stratified needs one valence for each of 3 pictures, got 2. Pass one for each, or choose --method random.",
    ],
  ])("refuses %o", async (options, message) => {
    expect(await messageOf(() => planFolds(options), true)).toBe(message);
  });
});
