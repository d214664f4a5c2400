import { describe, expect, test } from "vitest";
import type { Matrix } from "../../src/core/linear-algebra.ts";
import { type DissimilarityOptions, dissimilarities } from "../../src/rsa/dissimilarities.ts";
import { matrixPrecision } from "../../src/rsa/precision.ts";
import balanced from "../fixtures/rsa-measures/balanced.json" with { type: "json" };
import unbalanced from "../fixtures/rsa-measures/unbalanced.json" with { type: "json" };

const matrix = (rows: number[][]): Matrix => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const precision = matrixPrecision(matrix(balanced.precision));
const worst = (got: Float64Array, expected: number[]) =>
  got.length === expected.length
    ? expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0)
    : Number.NaN;

/** Another precision for each fold, as the script has it. */
function ofFold(fold: number) {
  const { shape, data } = matrix(balanced.precision);
  const V = shape[0]!;
  return { shape, data: data.map((value, at) => value * (1 + fold / 2) + (at % (V + 1) === 0 ? fold : 0)) };
}

type Case = readonly [name: string, options: DissimilarityOptions];
const PAIRS: readonly Case[] = [
  ["crossnobisPairs", { measure: "crossnobis", precision, repeats: "pairs" }],
  ["poissonCvPairs", { measure: "poissonCv", repeats: "pairs" }],
];
const FOLDS: readonly Case[] = [
  ["crossnobis", { measure: "crossnobis", precision }],
  ["poissonCv", { measure: "poissonCv" }],
];
const BALANCED: readonly Case[] = [
  ["euclidean", { measure: "euclidean" }],
  ["euclideanMeanRemoved", { measure: "euclidean", removeMean: true }],
  ["correlation", { measure: "correlation" }],
  ["cosine", { measure: "cosine" }],
  ["spearman", { measure: "spearman" }],
  ["mahalanobis", { measure: "mahalanobis", precision }],
  ["crossnobisIdentity", { measure: "crossnobis" }],
  ["crossnobisMeanRemoved", { measure: "crossnobis", precision, removeMean: true }],
  [
    "crossnobisFolds",
    { measure: "crossnobis", foldPrecisions: new Map([0, 1, 2].map((f) => [f, ofFold(f)])) },
  ],
  ["poisson", { measure: "poisson" }],
  ["poissonPrior", { measure: "poisson", prior: { rate: 2, weight: 0.3 } }],
  ...FOLDS,
  ...PAIRS,
];
const UNBALANCED: readonly Case[] = [
  ["euclidean", { measure: "euclidean" }],
  ["mahalanobis", { measure: "mahalanobis", precision }],
  ["crossnobisIdentityPairs", { measure: "crossnobis", repeats: "pairs" }],
  ...PAIRS,
];

type Fixture = {
  patterns: number[][];
  counts: number[][];
  stimuli: number[];
  folds: number[];
  rdms: Record<string, number[]>;
};
const deviation = (set: Fixture, [name, options]: Case) => {
  const patterns = matrix(options.measure.startsWith("poisson") ? set.counts : set.patterns);
  return worst(
    dissimilarities({ patterns, stimuli: set.stimuli, folds: set.folds }, options),
    set.rdms[name]!,
  );
};

describe("dissimilarities", () => {
  test.each(BALANCED)("%s of equal repeats is rsatoolbox's", (...one) => {
    expect(deviation(balanced, one)).toBeLessThan(1e-9);
  });
  test.each([...UNBALANCED, ...FOLDS])("%s of unequal repeats is rsatoolbox's", (...one) => {
    expect(deviation(unbalanced.uneven, one)).toBeLessThan(1e-9);
  });
  test.each(UNBALANCED)("%s of stimuli that lack a fold is rsatoolbox's", (...one) => {
    expect(deviation(unbalanced.lacking, one)).toBeLessThan(1e-9);
  });

  // rsatoolbox 0.3.2 overwrites the RDM of each fold with the next and returns the last
  test("poissonCv is the mean over folds, not the last fold", () => {
    const { poissonCv, poissonCvLast } = balanced.rdms;
    expect(worst(Float64Array.from(poissonCv), poissonCvLast)).toBeGreaterThan(0.01);
  });

  test("crossed measures are 0 on average where stimuli do not differ", () => {
    const n = 4000;
    let state = 1;
    const noise = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647 - 0.5;
    };
    const patterns = { shape: [4, n], data: Float64Array.from({ length: 4 * n }, noise) };
    const twice = { patterns, stimuli: [0, 1, 0, 1], folds: ["a", "a", "b", "b"] };
    expect(Math.abs(dissimilarities(twice, { measure: "crossnobis" })[0]!)).toBeLessThan(0.01);
    expect(dissimilarities(twice, { measure: "euclidean" })[0]!).toBeGreaterThan(0.07);
  });

  test("float32 patterns and rows that are stimuli need nothing else", () => {
    const patterns = { shape: [3, 2], data: Float32Array.of(0, 0, 3, 4, 0, 4) };
    expect([...dissimilarities({ patterns }, { measure: "euclidean" })]).toEqual([12.5, 8, 4.5]);
  });

  const patterns = matrix([
    [1, 2, 3],
    [2, 1, 5],
    [0.1, 0.1, 0.1],
  ]);
  test.each([
    [
      () => dissimilarities({ patterns, stimuli: [0, 1, 2], folds: [0, 0, 1] }, { measure: "crossnobis" }),
      "dissimilarities: repeats of each stimulus in 2 folds were expected for a crossed measure, got 1 for stimulus 0. Drop the stimulus, or use a measure that is not crossed, such as mahalanobis.",
    ],
    [
      () => dissimilarities({ patterns, stimuli: [0, 0, 0] }, { measure: "crossnobis", repeats: "pairs" }),
      "dissimilarities: repeats of each stimulus in 2 folds were expected for a crossed measure, got 0 for stimulus 0. Drop the stimulus, or use a measure that is not crossed, such as mahalanobis.",
    ],
    [
      () =>
        dissimilarities(
          {
            patterns: { shape: [5, 1], data: new Float64Array(5) },
            stimuli: [0, 0, 0, 1, 1],
            folds: [1, 2, 3, 1, 2],
          },
          { measure: "crossnobis" },
        ),
      'dissimilarities: repeats of each stimulus in 3 folds were expected for a crossed measure, got 2 for stimulus 1. Pass repeats: "pairs" for unequal numbers.',
    ],
    [
      () =>
        dissimilarities(
          { patterns, stimuli: [0, 0, 0], folds: ["a", "b", "c"] },
          { measure: "crossnobis", repeats: "pairs", foldPrecisions: new Map() },
        ),
      "dissimilarities: measures that take foldPrecisions, crossnobis by folds, were expected, got crossnobis by pairs. Pass one precision for all folds.",
    ],
    [
      () =>
        dissimilarities(
          { patterns, stimuli: [0, 0, 0], folds: ["a", "b", "c"] },
          {
            measure: "crossnobis",
            foldPrecisions: new Map([
              [
                "a",
                matrix([
                  [1, 0, 0],
                  [0, 1, 0],
                  [0, 0, 1],
                ]),
              ],
            ]),
          },
        ),
      "dissimilarities: precisions of all folds were expected, got none for b. Estimate one from the residuals of that fold.",
    ],
    [
      () =>
        dissimilarities(
          { patterns, stimuli: [0, 0, 0], folds: ["a", "b", "c"] },
          { measure: "crossnobis", foldPrecisions: new Map([["a", matrix([[1]])]]) },
        ),
      "dissimilarities: precisions of 3 channels were expected, got [1,1]. Estimate them on the same channels.",
    ],
    [
      () => dissimilarities({ patterns }, { measure: "correlation" }),
      "dissimilarities: a pattern that varies was expected for correlation, got a flat one for stimulus 2. Drop this stimulus, or use euclidean.",
    ],
    [
      () =>
        dissimilarities(
          { patterns: { shape: [2, 2], data: Float64Array.of(1, 2, Number.NaN, 4) } },
          { measure: "cosine" },
        ),
      "dissimilarities: finite numbers were expected, got NaN at row 1, channel 0. Remove or mend this value.",
    ],
    [
      () =>
        dissimilarities(
          { patterns: { shape: [2, 1], data: Float64Array.of(1, -3) } },
          { measure: "poisson" },
        ),
      "dissimilarities: counts of 0 or more were expected for poisson, got -3. Pass counts or rates, not differences.",
    ],
    [
      () => dissimilarities({ patterns, stimuli: [0, 1] }, { measure: "euclidean" }),
      "dissimilarities: 3 stimuli were expected, got 2. Give one for each row.",
    ],
    [
      () => dissimilarities({ patterns, stimuli: [0, 2, 2] }, { measure: "euclidean" }),
      "dissimilarities: rows of each of 3 stimuli were expected, got none of stimulus 1. Number stimuli without gaps.",
    ],
    [
      () => dissimilarities({ patterns }, { measure: "mahalanobis", precision }),
      "dissimilarities: a precision of 3 channels were expected, got 8. Estimate it on the same channels.",
    ],
    [
      () => dissimilarities({ patterns }, { measure: "euclid" as "euclidean" }),
      'dissimilarities: unknown measure "euclid". Did you mean "euclidean"? Choices: euclidean, correlation, cosine, spearman, mahalanobis, crossnobis, poisson, poissonCv.',
    ],
  ])("refuses what has no answer (%#)", (act, message) => {
    expect(act).toThrow(expect.objectContaining({ message }));
  });
});
