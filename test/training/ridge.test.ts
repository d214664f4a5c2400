import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { averageViews, fitRidge, predictRidge, ridge, type Table } from "../../src/training/ridge.ts";
import fixtures from "../fixtures/statistics/ridge.json" with { type: "json" };

const table = (rows: readonly number[][]): Table => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});

/** `S` stimuli with `F` normal features, of which the first two make the targets. */
function planted(s: number, f: number, noise: number, seed = 1) {
  const random = Random.seeded(seed);
  const rows = Array.from({ length: s }, () => Array.from({ length: f }, () => random.normal()));
  const targets = rows.map((x) => [
    5 + 2 * x[0]! + noise * random.normal(),
    3 - x[1]! + noise * random.normal(),
  ]);
  const folds = random.permutation(s).map((i) => i % 5);
  return { features: table(rows), targets: table(targets), folds, random };
}

const innerFold = (train: Int32Array, random: Random) => random.permutation(train.length).map((i) => i % 4);
const all = (s: number) => Int32Array.from({ length: s }, (_, i) => i);

describe("ridge", () => {
  test.each(["wide", "tall"] as const)(
    "%s data: the numbers of a naive scikit-learn search, to 1e-10",
    async (name) => {
      const { features, targets, folds, inner, penalties, predictions, chosen } = fixtures[name];
      let next = 0;
      const result = await ridge({
        candidates: [table(features)],
        targets: table(targets),
        folds: Int32Array.from(folds),
        penalties,
        innerFold: (train) => inner[next++] ?? [...train.keys()].map((i) => i % 4),
        random: Random.seeded(0),
      });
      const worst = Math.max(...predictions.flat().map((p, i) => Math.abs(p - result.predictions.data[i]!)));
      expect(worst).toBeLessThan(1e-10);
      for (const [fold, model] of result.models.entries())
        for (const [t, { place, r2 }] of chosen[fold]!.entries()) {
          expect(model.penalty[t]).toBe(penalties[place]);
          expect(model.atEdge[t]).toBe(place === 0 || place === penalties.length - 1);
          expect(Math.abs(model.innerR2[t]! - r2)).toBeLessThan(1e-11);
        }
    },
  );

  test("recovers planted weights, in the units of the features", async () => {
    const { features, targets, folds, random } = planted(200, 6, 0.01);
    const { final, predictions } = await ridge({ candidates: [features], targets, folds, innerFold, random });
    expect(final.weights.shape).toEqual([2, 6]);
    expect(final.weights.data[0]).toBeCloseTo(2, 2);
    expect(final.weights.data[7]).toBeCloseTo(-1, 2);
    expect(final.intercept[0]).toBeCloseTo(5, 2);
    expect(Math.max(...predictions.data.map((p, i) => Math.abs(p - targets.data[i]!)))).toBeLessThan(0.06);
    const { data } = predictRidge(final, features);
    expect(Math.max(...data.map((p, i) => Math.abs(p - targets.data[i]!)))).toBeLessThan(0.06);
  });

  test("targets that are noise get a heavy penalty, marked at the edge, and no better than their mean", async () => {
    const random = Random.seeded(3);
    const { features, folds } = planted(120, 40, 1);
    const targets = table(Array.from({ length: 120 }, () => [random.normal()]));
    const { models, predictions } = await ridge({
      candidates: [features],
      targets,
      folds,
      innerFold,
      random,
    });
    expect(models.filter((model) => model.penalty[0]! >= 1e3).length).toBeGreaterThanOrEqual(3);
    const sse = predictions.data.reduce((sum, p, i) => sum + (p - targets.data[i]!) ** 2, 0);
    const sst = Float64Array.from(targets.data).reduce((sum, y) => sum + y ** 2, 0);
    expect(1 - sse / sst).toBeLessThan(0.05);
    const strong = fitRidge({ candidates: [features], targets, penalties: [1e-9, 1e-8] }, all(120), folds);
    expect(strong.atEdge).toEqual([true]);
  });

  test("a picture's own rating does not reach its prediction", async () => {
    const { features, targets, folds } = planted(60, 80, 1);
    const options = { candidates: [features], folds, innerFold, random: Random.seeded(5) };
    const before = await ridge({ ...options, targets });
    const changed = Float64Array.from(targets.data);
    changed[0] = 100;
    const after = await ridge({ ...options, targets: { ...targets, data: changed } });
    expect(after.predictions.data[0]).toBe(before.predictions.data[0]);
    expect(after.predictions.data[1]).toBe(before.predictions.data[1]);
    expect(after.final.intercept[0]).not.toBe(before.final.intercept[0]);
  });

  test("inner folds choose among candidates, of different widths, for all targets", async () => {
    const { features, targets, folds, random } = planted(100, 10, 0.5);
    const other = planted(100, 30, 0.5, 9).features;
    const fits: number[] = [];
    const result = await ridge({
      candidates: [other, features],
      targets,
      folds,
      innerFold,
      random,
      onFit: (done, total) => {
        fits.push(done / total);
      },
    });
    expect(result.models.map((model) => model.candidate)).toEqual([1, 1, 1, 1, 1]);
    expect(result.final.candidate).toBe(1);
    const alone = await ridge({ candidates: [features], targets, folds, innerFold, random });
    expect(result.predictions).toEqual(alone.predictions);
    expect(fits).toEqual([1, 2, 3, 4, 5, 6].map((done) => done / 6));
  });

  test("innerFold sees exactly the training pictures of its fold", async () => {
    const { features, targets, folds, random } = planted(50, 4, 1);
    const seen: number[][] = [];
    await ridge({
      candidates: [features],
      targets,
      folds,
      random,
      innerFold: (train, stream) => {
        seen.push([...train]);
        return innerFold(train, stream);
      },
    });
    for (const fold of [0, 1, 2, 3, 4])
      expect(seen[fold]).toEqual([...all(50)].filter((i) => folds[i] !== fold));
    expect(seen[5]).toEqual([...all(50)]);
  });

  test("a constant feature weighs nothing, even where its mean rounds; float32 is read as it is", () => {
    const { features, targets, folds } = planted(60, 5, 0.1);
    const data = Float32Array.from(features.data);
    for (let i = 0; i < 60; i++) data[i * 5 + 4] = 0.1;
    const model = fitRidge({ candidates: [{ shape: [60, 5], data }], targets }, all(60), folds);
    expect([model.weights.data[4], model.weights.data[9]]).toEqual([0, 0]);
  });

  test.each([1, 30])("%d features that are all constant predict the mean, at the largest penalty", (f) => {
    const { targets, folds } = planted(20, 3, 1);
    const data = new Float32Array(20 * f).fill(0.1);
    const model = fitRidge({ candidates: [{ shape: [20, f], data }], targets }, all(20), folds);
    expect(model.penalty).toEqual([1e6, 1e6]);
    expect([...model.weights.data].every((weight) => weight === 0)).toBe(true);
    expect(model.intercept[1]).toBeCloseTo(
      Array.from(targets.data)
        .filter((_, i) => i % 2 === 1)
        .reduce((a, b) => a + b) / 20,
      12,
    );
  });

  test("averaged views predict the mean of the views' predictions", () => {
    const { features, targets, folds } = planted(60, 5, 0.1);
    const other = planted(60, 5, 0.1, 2).features;
    const views = averageViews([features, other]);
    const model = fitRidge({ candidates: [views], targets }, all(60), folds);
    const [a, b] = [features, other].map((view) => predictRidge(model, view).data) as [
      Float64Array,
      Float64Array,
    ];
    for (const [i, p] of predictRidge(model, views).data.entries())
      expect(p).toBeCloseTo((a[i]! + b[i]!) / 2, 10);
  });

  const { features, targets, folds } = planted(20, 3, 1);
  const bad = (data: ArrayLike<number>, at: number, value: number) => {
    const copy = Float64Array.from(data);
    copy[at] = value;
    return copy;
  };
  const fit = (change: object, inner: ArrayLike<number> = folds) =>
    fitRidge({ candidates: [features], targets, ...change }, all(20), inner);
  test.each([
    [
      () => fit({ candidates: [] }),
      "ConfigError",
      "ridge: one or more feature arrays were expected, got none. Pass features.",
    ],
    [
      () => fit({ candidates: [table([[1, 2]])] }),
      "ShapeError",
      "ridge: features of 20 stimuli were expected, got 1. Join them by id.",
    ],
    [
      () => fit({ candidates: [{ shape: [20, 3], data: bad(features.data, 7, Number.NaN) }] }),
      "DataError",
      "ridge: features: finite numbers were expected, got NaN at stimulus 2, feature 1. Remove or mend this value.",
    ],
    [
      () => fit({ targets: { shape: [20, 2], data: bad(targets.data, 7, Infinity) } }),
      "DataError",
      "ridge: targets: finite numbers were expected, got Infinity at stimulus 3. Remove or mend this value.",
    ],
    [
      () => fit({ targets: { shape: [20, 1], data: new Float64Array(20).fill(4) } }),
      "DataError",
      "ridge: target 0 must vary, got 4 throughout. Check the ratings.",
    ],
    [
      () => fit({ penalties: [1, 1] }),
      "ConfigError",
      "ridge: ascending positive penalties were expected, got [1, 1]. Sort them.",
    ],
    [
      () => fit({}, new Int32Array(20)),
      "ConfigError",
      "ridge: two or more inner folds of 20 stimuli were expected, got 1 of 20. Use more stimuli or groups.",
    ],
    [
      () => predictRidge(fit({}), table([[1, 2]])),
      "ShapeError",
      "ridge: 3 features were expected, got 2. Take them from the encoder and tap of the fit.",
    ],
    [
      () => predictRidge(fit({}), table([[1, 2, Infinity]])),
      "DataError",
      /^ridge: predictions: finite numbers were expected, got -?Infinity at stimulus 0\. Remove or mend this value\.$/,
    ],
    [
      () => averageViews([features, table([[1]])]),
      "ShapeError",
      "ridge: views of one shape were expected, got [20,3], [1,1]. Compute all views of all stimuli.",
    ],
  ])("errors say what is wrong (%#)", (run, tag, message) => {
    expect(run).toThrow(
      expect.objectContaining({
        tag,
        message: message instanceof RegExp ? expect.stringMatching(message) : message,
      }),
    );
  });

  test("folds that do not fit the stimuli are an error", async () => {
    await expect(
      ridge({
        candidates: [features],
        targets,
        folds: folds.subarray(1),
        innerFold,
        random: Random.seeded(0),
      }),
    ).rejects.toThrow("ridge: 20 folds were expected, got 19. Pass one fold per stimulus.");
  });
});
