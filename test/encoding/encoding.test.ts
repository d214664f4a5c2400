import { describe, expect, test } from "vitest";
import { type Matrix, transpose } from "../../src/core/linear-algebra.ts";
import { Random } from "../../src/core/random.ts";
import { testMean } from "../../src/core/sample-tests.ts";
import { pearson, variance } from "../../src/core/statistics.ts";
import {
  regionFolds,
  regionMean,
  signedSquare,
  variancePartition,
  voxelCorrelations,
} from "../../src/encoding/accuracy.ts";
import { crossPredict } from "../../src/encoding/cross-predict.ts";
import { groupMap, type RegionScores, scoresLess, testScores } from "../../src/encoding/group.ts";
import { plsPredictions } from "../../src/encoding/pls.ts";
import { principalScores } from "../../src/encoding/principal.ts";
import { meanPatterns, splitHalf, stepUp } from "../../src/encoding/reliability.ts";
import { standardize } from "../../src/training/standardize.ts";
import fixtures from "../fixtures/encoding/encoding.json" with { type: "json" };

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const worst = (a: ArrayLike<number>, b: readonly (readonly number[])[]) =>
  Math.max(...b.flat().map((value, i) => Math.abs(value - a[i]!)));
const normals = (random: Random, rows: number, columns: number): Matrix => ({
  shape: [rows, columns],
  data: Float64Array.from({ length: rows * columns }, () => random.normal()),
});
/** R2 of each voxel of these pictures, `[V]`. */
const r2Of = (predictions: Matrix, patterns: Matrix) => {
  const [S, V] = patterns.shape as [number, number];
  return Float64Array.from({ length: V }, (_, v) => {
    const own = Array.from({ length: S }, (_, s) => patterns.data[s * V + v]!);
    const center = own.reduce((sum, value) => sum + value / S, 0);
    const error = own.reduce((sum, value, s) => sum + (value - predictions.data[s * V + v]!) ** 2, 0);
    return 1 - error / own.reduce((sum, value) => sum + (value - center) ** 2, 0);
  });
};
const sixFolds = (S: number) => Int32Array.from({ length: S }, (_, s) => s % 6);

/** Voxels of which the first half follow the first two features. */
function planted(S: number, F: number, V: number, noise: number, seed = 1) {
  const random = Random.seeded(seed);
  const features = normals(random, S, F);
  const weights = normals(random, V, 2);
  const patterns = normals(random, S, V);
  for (let s = 0; s < S; s++)
    for (let v = 0; v < V; v++) {
      const signal =
        v < V / 2
          ? [0, 1].reduce((sum, f) => sum + features.data[s * F + f]! * weights.data[2 * v + f]!, 0)
          : 0;
      patterns.data[s * V + v] = 10 + signal + noise * patterns.data[s * V + v]!;
    }
  return { features, patterns, folds: sixFolds(S), random };
}

describe.each(["wide", "tall"] as const)("%s data, as scikit-learn to 1e-9", (name) => {
  const { features, patterns, folds, ridge, pls, pca } = fixtures[name];
  const data = { features: [matrix(features)], patterns: matrix(patterns), folds: Int32Array.from(folds) };

  test("ridge with a penalty for each voxel", () => {
    const { predictions } = crossPredict(data, { method: { kind: "ridge", penalties: fixtures.penalties } });
    expect(worst(predictions.data, ridge)).toBeLessThan(1e-9);
  });

  test.each([1, 3, 5] as const)("PLS of %i components", (components) => {
    const { predictions } = crossPredict(data, { method: { kind: "pls", components, choose: false } });
    expect(worst(predictions.data, pls[components])).toBeLessThan(1e-9);
  });

  test("principal components", () => {
    const rows = (wanted: (fold: number) => boolean) =>
      Int32Array.from(folds.keys()).filter((s) => wanted(folds[s]!));
    const { z, center, scale } = standardize(
      data.features[0]!,
      rows((fold) => fold !== 0),
    );
    const own = matrix(
      [...rows((fold) => fold === 0)].map((s) => features[s]!.map((x, f) => (x - center[f]!) / scale[f]!)),
    );
    const scores = principalScores(z, own, pca.components).test;
    expect(worst(scores.data.map(Math.abs), pca.absolute)).toBeLessThan(1e-9);
  });
});

describe("planted signals", () => {
  test("ridge, PLS, and PLS on chosen components find the voxels that carry one, and no others", () => {
    const { features, patterns, folds } = planted(120, 30, 20, 0.7);
    for (const method of [
      { kind: "ridge" },
      { kind: "pls", components: 20, choose: false },
      { kind: "pls", components: 8, choose: true },
    ] as const) {
      const { predictions } = crossPredict({ features: [features], patterns, folds }, { method });
      const { r } = voxelCorrelations(predictions, patterns, folds);
      expect(Math.tanh(regionMean(r.subarray(0, 10))), method.kind).toBeGreaterThan(0.5);
      expect(Math.abs(Math.tanh(regionMean(r.subarray(10)))), method.kind).toBeLessThan(0.12);
    }
  });

  test("chosen components predict better than 20 where all signal lies on one direction", () => {
    const random = Random.seeded(5);
    const features = normals(random, 60, 50);
    const direction = Float64Array.from(
      { length: 60 },
      (_, s) => 3 * random.normal() + features.data[s * 50]!,
    );
    const patterns = normals(random, 60, 12);
    for (let s = 0; s < 60; s++) {
      for (let f = 0; f < 50; f++) features.data[s * 50 + f]! += direction[s]!;
      for (let v = 0; v < 12; v++) patterns.data[s * 12 + v]! += 0.3 * direction[s]!;
    }
    const folds = sixFolds(60);
    const r2 = (choose: boolean) => {
      const method = { kind: "pls", components: 20, choose } as const;
      const { predictions } = crossPredict({ features: [features], patterns, folds }, { method });
      return r2Of(predictions, patterns).reduce((sum, value) => sum + value / 12, 0);
    };
    expect(r2(true)).toBeGreaterThan(r2(false) + 0.1);
  });

  test("principal components inside the fold keep what they can: all of them predict as the features do", () => {
    const { features, patterns, folds } = planted(60, 5, 6, 0.5);
    const [all, four] = [undefined, 5].map((pca) =>
      crossPredict(
        { features: [features], patterns, folds },
        { method: { kind: "pls", components: 5, choose: false }, pca },
      ),
    );
    const r = (predictions: Matrix) =>
      regionMean(voxelCorrelations(predictions, patterns, folds).r.subarray(0, 3));
    expect(r(four!.predictions)).toBeCloseTo(r(all!.predictions), 1);
  });

  test("two bands: a few features that matter are not drowned by many that do not", () => {
    const { features, patterns, folds, random } = planted(80, 2, 8, 1);
    const many = normals(random, 80, 300);
    const wide: Matrix = {
      shape: [80, 302],
      data: Float64Array.from({ length: 80 * 302 }, (_, at) =>
        at % 302 < 2
          ? features.data[Math.floor(at / 302) * 2 + (at % 302)]!
          : many.data[Math.floor(at / 302) * 300 + (at % 302) - 2]!,
      ),
    };
    const r2 = (bands: Matrix[]) => {
      const { predictions } = crossPredict(
        { features: bands, patterns, folds },
        { method: { kind: "ridge" } },
      );
      return r2Of(predictions, patterns)
        .subarray(0, 4)
        .reduce((sum, value) => sum + value / 4, 0);
    };
    expect(r2([features, many])).toBeGreaterThan(r2([wide]) + 0.1);
    expect(r2([features, many])).toBeGreaterThan(r2([features]) - 0.1);
  });
});

describe("null data", () => {
  test("the mean of folds' correlations is 0 over 200 studies, where the pooled one is negative", () => {
    const random = Random.seeded(7);
    const [within, pooled]: [number[], number[]] = [[], []];
    for (let study = 0; study < 200; study++) {
      const features = normals(random, 30, 8);
      const patterns = normals(random, 30, 4);
      const folds = sixFolds(30);
      const { predictions } = crossPredict(
        { features: [features], patterns, folds },
        { method: { kind: "ridge" } },
      );
      within.push(regionMean(voxelCorrelations(predictions, patterns, folds).r));
      pooled.push(regionMean(voxelCorrelations(predictions, patterns, new Int32Array(30)).r));
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value / values.length, 0);
    expect(Math.abs(mean(within))).toBeLessThan(0.02);
    expect(mean(pooled)).toBeLessThan(-0.08);
  });
});

describe("accuracy", () => {
  const random = Random.seeded(9);
  const patterns = normals(random, 60, 3);
  const predictions = matrix(
    Array.from({ length: 60 }, (_, s) =>
      [0, 1, 2].map((v) => v * 0.5 * patterns.data[s * 3 + v]! + random.normal()),
    ),
  );
  const ofVoxel = ({ data }: Matrix, v: number, pictures: readonly number[]) =>
    pictures.map((s) => data[s * 3 + v]!);
  const folds = sixFolds(60);

  test("of each fold is its correlation, and their mean the voxel's", () => {
    const uneven = Int32Array.from({ length: 60 }, (_, s) => (s < 10 ? 0 : s < 30 ? 1 : 2));
    const { r, folds: each, pictures } = voxelCorrelations(predictions, patterns, uneven);
    expect([...pictures]).toEqual([10, 20, 30]);
    for (const v of [0, 1, 2]) {
      for (const fold of [0, 1, 2]) {
        const held = [...uneven.keys()].filter((s) => uneven[s] === fold);
        const expected = pearson(ofVoxel(predictions, v, held), ofVoxel(patterns, v, held));
        expect(each.data[fold * 3 + v]).toBeCloseTo(expected, 12);
      }
      const [a, b, c] = [0, 1, 2].map((fold) => each.data[fold * 3 + v]!) as [number, number, number];
      expect((10 * a + 20 * b + 30 * c) / 60).toBeCloseTo(r[v]!, 12);
    }
  });

  test("of a region is Fisher's z, and folds are read off its slope", () => {
    const accuracy = voxelCorrelations(predictions, patterns, folds);
    const nudged = accuracy.r.map((each, v) => each + 1e-4 * (accuracy.folds.data[v]! - each));
    const expected = (regionMean(nudged) - regionMean(accuracy.r)) / 1e-4;
    expect(regionFolds(accuracy)[0]! - regionMean(accuracy.r)).toBeCloseTo(expected, 3);
    expect(regionMean([0.5, -0.2, Number.NaN], signedSquare)).toBeCloseTo((0.25 - 0.04) / 2, 12);
    expect(() => regionMean([1])).toThrow("encoding: Fisher's z: finite numbers were expected, got Infinity");
  });

  test("of a study is tested with twice what folds show, because they share their training pictures", () => {
    const z = [0.3, 0.1, 0.2];
    const rows = [
      [0.5, 0.2, 0.1, 0.4],
      [0.3, 0.0, -0.1, 0.2],
      [0.4, 0.1, 0.0, 0.3],
    ];
    const pictures = [5, 5, 5, 5];
    const { estimate, upper, n } = testScores({ z, folds: rows, pictures });
    expect(estimate).toBeCloseTo(0.2, 12);
    expect(n).toBe(3);
    const ofFolds = variance([0.4, 0.1, 0, 0.3]) / 4; // no interaction: all three have the same
    const ofPeople = variance(z) / 3;
    const expected = Math.sqrt(ofPeople + ofFolds * (1 + 4 / 3)); // a fold is a third of what trains the others
    expect((upper! - estimate) / 4.302652729911275).toBeCloseTo(expected, 9); // t of 2 degrees of freedom
  });

  test("of a study with unequal folds, and folds that say nothing of somebody", () => {
    const rows = [
      [0.5, 0.2, 0.1],
      [0.1, 0.3, -0.1],
    ];
    const scores = { z: [0.3, 0.1], folds: rows, pictures: [10, 20, 30] };
    expect(testScores(scores).estimate).toBeCloseTo(0.2, 12);
    expect(testScores(scoresLess(scores, scores))).toMatchObject({ estimate: 0, p: undefined });
    const silent = { ...scores, folds: [rows[0]!, [Number.NaN, 0.3, -0.1]] };
    expect(testScores(silent).estimate).toBeCloseTo(0.2, 12);
    expect(testScores(silent).p).toBeGreaterThan(0);
    const nobody = { ...scores, folds: rows.map(([, b, c]) => [Number.NaN, b!, c!]) };
    expect(testScores(nobody).p).toBeGreaterThan(0);
    const each = {
      ...scores,
      folds: [
        [0.5, Number.NaN, Number.NaN],
        [Number.NaN, 0.3, -0.1],
      ],
    };
    expect(testScores(each).estimate).toBeCloseTo(0.2, 12);
    const none = { ...scores, folds: rows.map(() => [Number.NaN, 0.2, Number.NaN]) };
    expect(testScores(none)).toMatchObject({ p: undefined, n: 1 });
  });

  test("finds nothing where folds share a model that happens to fit these pictures, whatever their sizes", () => {
    const random = Random.seeded(13);
    for (const sizes of [[8, 8, 8, 8, 8], new Array(10).fill(4), [20, 6, 5, 5, 4]]) {
      const folds = Int32Array.from(sizes.flatMap((n, fold) => new Array(n).fill(fold)));
      let [both, people] = [0, 0];
      const studies = 100;
      for (let study = 0; study < studies; study++) {
        const [said, unsaid] = [normals(random, 40, 1), normals(random, 40, 1)];
        const fits = Array.from({ length: 12 }, () => {
          const patterns = normals(random, 40, 2);
          for (let at = 0; at < 80; at++) patterns.data[at]! += unsaid.data[at >> 1]!;
          const method = { kind: "ridge", penalties: [10] } as const;
          const { predictions } = crossPredict({ features: [said], patterns, folds }, { method });
          return voxelCorrelations(predictions, patterns, folds);
        });
        const z = fits.map(({ r }) => regionMean(r));
        const scores: RegionScores = { z, folds: fits.map(regionFolds), pictures: fits[0]!.pictures };
        if (testScores(scores).p! < 0.05) both++;
        if (testMean(z).p! < 0.05) people++;
      }
      expect(both / studies, String(sizes)).toBeLessThan(0.1);
      expect(people / studies, String(sizes)).toBeGreaterThan(0.2);
    }
  }, 120_000);

  test("a voxel that was left out is NaN, one predicted by its mean alone 0", () => {
    const patterns = matrix([
      [1, 1],
      [2, 5],
      [4, 2],
      [3, 9],
    ]);
    const predictions = matrix([
      [3, Number.NaN],
      [3, Number.NaN],
      [3, Number.NaN],
      [3, Number.NaN],
    ]);
    expect([...voxelCorrelations(predictions, patterns, new Int32Array(4)).r]).toEqual([0, Number.NaN]);
    expect(() => regionMean([Number.NaN])).toThrow(
      "encoding: voxels that were modelled were expected, got none. Lower --reliability.",
    );
  });

  test("variance that is shared is what both explain apart, less what they explain together", () => {
    const { uniqueA, uniqueB, shared } = variancePartition({ a: 0.3, b: 0.25, both: 0.375 });
    expect(uniqueA).toBeCloseTo(0.125, 12);
    expect(uniqueB).toBeCloseTo(0.075, 12);
    expect(shared).toBeCloseTo(0.175, 12);
  });
});

describe("reliability", () => {
  test("of split halves is Spearman and Brown's, near the planted one", () => {
    const random = Random.seeded(3);
    const [S, repeats, V] = [400, 4, 3];
    const signal = normals(random, S, V);
    const stimuli = Array.from({ length: S * repeats }, (_, r) => r % S);
    const trials: Matrix = {
      shape: [S * repeats, V],
      data: Float64Array.from(
        { length: S * repeats * V },
        (_, at) => (at % V < 2 ? signal.data[at % (S * V)]! : 0) + 2 * random.normal(),
      ),
    };
    const [first, , none] = splitHalf(trials, stimuli).map(stepUp);
    expect(first).toBeGreaterThan(0.4); // of 4 repeats: 1 / (1 + 4 / 4) = .5
    expect(first).toBeLessThan(0.6);
    expect(none).toBeLessThan(0.2);
    expect(meanPatterns(trials, stimuli, S).shape).toEqual([S, V]);
  });

  test("needs two repeats of each picture", () => {
    const trials = transpose(matrix([[1, 2, 3, 4, 5]]));
    expect(() => splitHalf(trials, [0, 0, 1, 2, 2])).toThrow(
      "encoding: 3 pictures with 2 repeats each were expected for split halves, got one repeat of picture 1. Leave out what needs a reliability, or pass trials of all runs.",
    );
  });
});

test("a group map has the voxels of all participants, and their false discovery rate", () => {
  const maps = [0, 1, 2, 3].map((p) => ({
    voxels: [3, 4, 9],
    r: [0.3 + 0.01 * p, p % 2 === 0 ? 0.1 : -0.1, p === 0 ? Number.NaN : 0.2],
  }));
  const { voxels, r, p, q } = groupMap(maps);
  expect([...voxels]).toEqual([3, 4]);
  expect(r[0]).toBeCloseTo(0.315, 3);
  expect(p[0]).toBeLessThan(1e-3);
  expect(q[0]).toBeCloseTo(2 * p[0]!, 12);
  expect(q[1]).toBe(p[1]);
  expect([...groupMap(maps.slice(0, 1)).q]).toEqual([Number.NaN, Number.NaN]);
});

describe("bad input", () => {
  const { features, patterns, folds } = planted(12, 3, 2, 1);
  const run = (
    change: object,
    method: { kind: "ridge" } | { kind: "pls"; components: number; choose: boolean } = { kind: "ridge" },
  ) => crossPredict({ features: [features], patterns, folds, ...change }, { method });

  test.each([
    [
      { folds: new Int32Array(12).map((_, s) => s % 2) },
      "encoding: 3 or more folds were expected, got 2. Two must be left to choose a penalty in: use more folds, or more pictures or themes.",
    ],
    [{ folds: new Int32Array(3) }, "encoding: 12 folds were expected, got 3. Pass one for each picture."],
    [
      { features: [normals(Random.seeded(1), 5, 3)] },
      "encoding: features of 12 pictures were expected, got 5. Join them by stimulus id.",
    ],
    [{ features: [] }, "encoding: one array of features (ridge: or two) was expected, got 0. Join them."],
    [
      { patterns: { ...patterns, data: patterns.data.map((value, at) => (at === 3 ? Number.NaN : value)) } },
      "encoding: patterns: finite numbers were expected, got NaN at picture 1, voxel 1. Remove or mend this value.",
    ],
    [
      { patterns: normals(Random.seeded(1), 2, 3) },
      "encoding: 3 or more pictures were expected, got 2. Add pictures.",
    ],
  ])("%#", (change, message) => {
    expect(() => run(change)).toThrow(message);
  });

  test("PLS takes one array and at least one component", () => {
    expect(() =>
      run({ features: [features, features] }, { kind: "pls", components: 2, choose: false }),
    ).toThrow("got 2. Join them.");
    expect(() => plsPredictions({ x: features, y: patterns, test: features, components: 0 })).toThrow(
      "pls: one or more components were expected, got 0. Pass 20, as is usual.",
    );
  });
});

test.each([{ kind: "ridge" }, { kind: "pls", components: 3, choose: true }] as const)(
  "channels that are all but silent in the training pictures do not blow up $kind",
  (method) => {
    const { features, patterns, folds, random } = planted(60, 40, 6, 1);
    const silent: Matrix = {
      shape: [60, 40],
      data: features.data.map((value, at) => (at % 40 < 2 ? value : 1e-6 * value)),
    };
    for (let channel = 2; channel < 40; channel++) silent.data[random.integer(60) * 40 + channel] = 0.5; // one picture each
    const found = crossPredict({ features: [silent], patterns, folds }, { method });
    expect(Math.min(...r2Of(found.predictions, patterns))).toBeGreaterThan(-1); // without a limit to their reach: below -1000
  },
);
