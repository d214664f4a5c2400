import { describe, expect, it } from "vitest";
import { twoWayAnova } from "../../src/neurons/anova.ts";
import { emotionsByLabel, emotionsByThreshold, ratingBins } from "../../src/neurons/bins.ts";
import { categoryTuning, preferenceAgreement } from "../../src/neurons/categories.ts";
import { selectiveCounts, selectiveUnits, selectivity } from "../../src/neurons/selectivity.ts";
import {
  heldConstant,
  type RankCorrelations,
  rankCorrelations,
  tuningCurves,
} from "../../src/neurons/tuning.ts";
import fixture from "../fixtures/neurons/neurons.json" with { type: "json" };

const S = fixture.valence.length;
const SCALE = { lo: 1, hi: 7 };
const { valence, arousal, units: U } = fixture;
const activations = { shape: [valence.length, U], data: Float64Array.from(fixture.activations) };
const VARYING = [0, 1, 2, 4]; // unit 3 is constant
const close = (got: ArrayLike<number>, expected: readonly (number | null)[]) => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (value === null) expect(got[i]).toBeNaN();
    else expect(Math.abs(got[i]! - value)).toBeLessThan(1e-9);
  });
};
const at = (values: Float64Array) => VARYING.map((u) => values[u]!);

describe("bins", () => {
  it("are thirds of the declared scale, edges in the middle", () => {
    const { of, names, counts } = ratingBins({ valence, arousal, scale: SCALE });
    expect([...of]).toEqual(fixture.bins);
    expect(counts).toEqual(fixture.counts);
    expect(names).toEqual(["NL", "NM", "NH", "ML", "MM", "MH", "PL", "PM", "PH"]);
    expect([
      ...ratingBins({ valence: [3, 5, 2.99, 5.01], arousal: [5, 3, 5.01, 2.99], scale: SCALE }).of,
    ]).toEqual([4, 4, 2, 6]);
  });

  it("may be terciles of the pictures", () => {
    const values = [1, 1.1, 1.2, 1.3, 1.4, 1.5];
    const { counts, names } = ratingBins({
      valence: values,
      arousal: values,
      scale: SCALE,
      edges: "terciles",
    });
    expect(counts).toEqual([2, 0, 0, 0, 2, 0, 0, 0, 2]);
    expect(names[0]).toBe("NL/terciles");
  });

  it("sort emotions by the soft thresholds 4.3 and 6 on 1-9, or by labels", () => {
    expect([...emotionsByThreshold([4.29, 4.3, 6, 6.01], { lo: 1, hi: 9 }).of]).toEqual([0, 1, 1, 2]);
    expect([...emotionsByLabel(["Pleasant", "unpleasant ", "neutral"]).of]).toEqual([2, 0, 1]);
    expect(() => emotionsByLabel(["neutral", "plesant"])).toThrow(
      expect.objectContaining({
        tag: "DataError",
        message:
          'emotions: unknown category "plesant". Did you mean "pleasant"? Choices: unpleasant, neutral, pleasant.',
      }),
    );
  });
});

describe("the nine-bin rule", () => {
  const found = selectivity(activations, ratingBins({ valence, arousal, scale: SCALE }));

  it("has scipy's d', Welch p, and false discovery rates over units x testable bins", () => {
    close(found.dPrime, fixture.dPrime.flat());
    close(found.p, fixture.p.flat());
    const tested = (values: Float64Array) => values.filter((value) => !Number.isNaN(value));
    close(tested(found.adjusted.bh), fixture.bh);
    close(tested(found.adjusted.by), fixture.by);
  });

  it("does not test bins below 10 pictures, nor finds constant units", () => {
    expect(found.testable).toEqual(fixture.counts.map((n) => n >= 10));
    for (const rule of ["paper", "bh", "by"] as const) {
      const selective = selectiveUnits(found, rule);
      for (let c = 0; c < 9; c++) expect(selective[c * U + 3]).toBe(0);
    }
    const { any, perBin } = selectiveCounts(found, "paper");
    expect(perBin[4]).toBeGreaterThan(0); // the planted bin, MM
    expect(any).toBeGreaterThanOrEqual(perBin[4]! / U);
  });

  it("refuses activations of other pictures", () => {
    const bins = ratingBins({ valence: valence.slice(1), arousal: arousal.slice(1), scale: SCALE });
    expect(() => selectivity(activations, bins)).toThrow(
      expect.objectContaining({
        tag: "ShapeError",
        message: "selectivity: activations of 119 pictures were expected, got 120. Join them by stimulus id.",
      }),
    );
  });
});

describe("the rule of three categories", () => {
  const emotions = emotionsByThreshold(valence, SCALE);
  const tuning = categoryTuning(activations, emotions)!;

  it("has numpy's tuning and d', and prefers the largest", () => {
    expect([...emotions.of]).toEqual(fixture.emotion);
    close(tuning.tuning, fixture.tuning.flat());
    close(tuning.dPrime, fixture.dEmotion.flat());
    for (const u of VARYING) {
      const own = [0, 1, 2].map((e) => tuning.dPrime[e * U + u]!);
      expect(tuning.index[u]).toBe(Math.max(...own));
      expect(tuning.preferred[u]).toBe(own.indexOf(Math.max(...own)));
    }
    expect(tuning.preferred[3]).toBe(-1);
  });

  it("is undefined without pictures of a category", () => {
    expect(categoryTuning(activations, { ...emotions, counts: [119, 1, 0] })).toBeUndefined();
  });

  it("compares agreement with chance, lowest units left out on request", () => {
    const preferring = (preferred: number[], index: number[]) => ({
      tuning: new Float64Array(15),
      dPrime: new Float64Array(15),
      index: Float64Array.from(index),
      preferred: Int32Array.from(preferred),
    });
    const a = preferring([0, 0, 1, 2, -1], [5, 4, 3, 0.1, 0]);
    const b = preferring([0, 1, 1, 0, 2], [5, 4, 3, 2, 1]);
    const chance = (2 * 2 + 1 * 2 + 1 * 0) / 16;
    expect(preferenceAgreement(a, b)).toEqual({
      units: 4,
      share: 0.5,
      chance,
      kappa: (0.5 - chance) / (1 - chance),
    });
    expect(preferenceAgreement(a, b, { drop: 0.25 })).toMatchObject({ units: 3, share: 2 / 3 });
    expect(preferenceAgreement(a, preferring([-1, -1, -1, -1, -1], [0, 0, 0, 0, 0]))).toBeUndefined();
  });
});

describe("analysis of variance", () => {
  it("is that of least squares, type II, with an empty cell", () => {
    const found = twoWayAnova(activations, { first: fixture.emotion, second: fixture.content });
    expect(found.residualDf).toBe(fixture.anova.residualDf);
    for (const name of ["first", "second", "interaction"] as const) {
      expect(found[name].df).toBe(fixture.anova[name].df);
      close(at(found[name].f), fixture.anova[name].f);
      close(at(found[name].p), fixture.anova[name].p);
      expect([found[name].f[3], found[name].p[3]]).toEqual([Number.NaN, 1]);
    }
  });
});

describe("tuning", () => {
  it("correlates ranks as scipy does, alone and partial", () => {
    const labels = fixture.content.map(String);
    const bases = [heldConstant(S), heldConstant(S, { labels, numbers: fixture.low })];
    const [[alone, swapped], [partial]] = rankCorrelations(activations, [valence, arousal], bases) as [
      [RankCorrelations, RankCorrelations],
      [RankCorrelations],
    ];
    close(at(alone.r), fixture.alone.r);
    close(at(alone.p), fixture.alone.p);
    expect([...swapped.r]).toEqual([...rankCorrelations(activations, [arousal], [bases[0]!])[0]![0]!.r]);
    close(at(partial.r), fixture.partial.r);
    close(at(partial.p), fixture.partial.p);
    expect([partial.r[3], partial.p[3]]).toEqual([0, 1]);
  });

  it("finds nothing where covariates explain the rating", () => {
    const [[{ r, p }]] = rankCorrelations(
      activations,
      [valence],
      [heldConstant(S, { numbers: [valence] })],
    ) as [[RankCorrelations]];
    expect([...r]).toEqual([0, 0, 0, 0, 0]);
    expect([...p]).toEqual([1, 1, 1, 1, 1]);
  });

  it("draws curves over fifths of the pictures", () => {
    const { at: ratings, mean, error } = tuningCurves(activations, valence);
    close(ratings, fixture.curves.at);
    close(
      [0, 1, 2, 3, 4].map((k) => mean[k * U]!),
      fixture.curves.mean,
    );
    close(
      [0, 1, 2, 3, 4].map((k) => error[k * U]!),
      fixture.curves.error,
    );
    expect(mean[3]).toBe(0);
  });
});
