/**
 * @file What a lesion does to predictions: to their agreement with the ratings, to their mean and slope (a shifted
 * criterion is no loss of information), and to how well they tell each emotion category from the others.
 */
import type { NdArray } from "../core/array.ts";
import { ranks } from "../core/ranks.ts";
import { mean, variance } from "../core/statistics.ts";
import { columnOfScale, correlation } from "../training/metrics.ts";

/** Rated pictures on which effects are measured. */
export interface Judged {
  /** `[S, 2]`: valence, arousal. */
  readonly ratings: NdArray<Float64Array>;
  /** Emotion category of each picture, a place in `categories`. */
  readonly category: Int32Array;
  /** Of rising valence: unpleasant, neutral, pleasant. */
  readonly categories: readonly string[];
  /** The middle of the rating scale. */
  readonly middle: number;
}

/**
 * Area under the ROC curve: the chance that a picture of the category scores higher than one of another, ties half.
 * NaN when either has no picture.
 * @see `sklearn.metrics.roc_auc_score`
 */
export function areaUnderCurve(scores: ArrayLike<number>, belongs: (s: number) => boolean): number {
  let [sum, n] = [0, 0];
  const ranked = ranks(scores);
  for (let s = 0; s < ranked.length; s++) {
    if (!belongs(s)) continue;
    sum += ranked[s]!;
    n++;
  }
  const others = scores.length - n;
  return n > 0 && others > 0 ? (sum - (n * (n + 1)) / 2) / (n * others) : Number.NaN;
}

/**
 * What predictions `[S, 2]` are worth, by name: `r-*`; `mean-*` predicted; `slope-*` of predicted on rated; `auc-<category>`
 * from predicted valence: the lower for the first category, the higher for the last, the nearer to the middle for one between.
 */
export function worth(
  predictions: NdArray<Float32Array | Float64Array>,
  judged: Judged,
): Map<string, number> {
  const { ratings, category, categories, middle } = judged;
  const values = new Map<string, number>();
  for (const [t, scale] of [
    [0, "valence"],
    [1, "arousal"],
  ] as const) {
    const [rated, predicted] = [columnOfScale(ratings, t), columnOfScale(predictions, t)];
    const r = correlation(rated, predicted);
    values.set(`r-${scale}`, r);
    values.set(`mean-${scale}`, mean(predicted));
    values.set(`slope-${scale}`, r * Math.sqrt(variance(predicted) / variance(rated)));
  }
  const valence = columnOfScale(predictions, 0);
  const last = categories.length - 1;
  categories.forEach((name, c) => {
    const score = (value: number) => (c === 0 ? -value : c === last ? value : -Math.abs(value - middle));
    values.set(
      `auc-${name}`,
      areaUnderCurve(valence.map(score), (s) => category[s] === c),
    );
  });
  return values;
}
