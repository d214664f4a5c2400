/**
 * @file How good predictions are: agreement of one scale, of the valence-arousal plane, and what the ratings'
 * own reliability allows. R2 is true R2 of the predictions as they are; Liu et al. (2025)
 * refit a line to the test predictions first, so that their R2 is r squared: not comparable.
 */
import type { NdArray } from "../core/array.ts";
import { dot } from "../core/linear-algebra.ts";
import { fisherMean, mean, pearson, requireFinite, sd, variance } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** Valence or arousal of `[S, 2]`. */
export function columnOfScale(array: NdArray<Float32Array | Float64Array>, scale: 0 | 1): Float64Array {
  const values = new Float64Array(array.shape[0]!);
  for (let s = 0; s < values.length; s++) values[s] = array.data[2 * s + scale]!;
  return values;
}

/** Agreement of one scale. */
export interface Agreement {
  /** Pearson's r over all held-out pictures; 0 for a constant prediction, which tells nothing. */
  readonly r: number;
  /** Fisher-z mean of r within the folds of at least 20 pictures; undefined when there is none. */
  readonly rWithinFolds: number | undefined;
  /** 1 - SSE / SST, at most 1, negative when worse than the mean rating. */
  readonly r2: number;
  /** In units of the rating scale. */
  readonly rmse: number;
  /** Lin's (1989) concordance, -1 to 1, variances with n. */
  readonly ccc: number;
  /** Slope of rated on predicted, 1 when calibrated; undefined for a constant prediction. */
  readonly calibrationSlope: number | undefined;
  /** sd of predicted / sd of rated: below 1, the range is compressed. */
  readonly rangeCompression: number;
}

/** Folds with fewer pictures give no r of their own: its standard error would exceed .2. */
const SMALLEST_FOLD = 20;

/**
 * Agreement of held-out predictions `[S]` with ratings `[S]`. Pooling over folds biases a null predictor
 * downwards (a predictor that gives each fold's training mean has r = -.10 on 838 pictures in 10 folds): read
 * `r` beside `rWithinFolds`.
 * @param folds the fold of each picture, `[S]`
 * @throws ShapeError when lengths differ; DataError when not finite or the ratings are constant.
 */
export function agreement(options: {
  readonly rated: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly folds?: ArrayLike<number>;
}): Agreement {
  const { rated, predicted, folds } = options;
  const r = correlation(rated, predicted);
  if (folds && folds.length !== rated.length)
    throw new VcaError(
      "ShapeError",
      `agreement: ${rated.length} folds were expected, got ${folds.length}. Pass one fold per picture.`,
    );
  if (sd(rated) === 0)
    throw new VcaError(
      "DataError",
      `agreement: ratings that vary were expected, got ${rated[0]} throughout. Check the column of ratings.`,
    );
  let errors = 0;
  for (let i = 0; i < rated.length; i++) errors += (rated[i]! - predicted[i]!) ** 2;
  const total = variance(rated) * (rated.length - 1);
  const spread = sd(predicted) / sd(rated);
  const offset = (mean(rated) - mean(predicted)) ** 2;
  const vary = !Number.isNaN(pearson(rated, predicted));
  return {
    r,
    rWithinFolds: folds && withinFolds(rated, predicted, folds),
    r2: 1 - errors / total,
    rmse: Math.sqrt(errors / rated.length),
    ccc: (2 * r * spread) / (1 + spread ** 2 + offset / (total / rated.length)),
    calibrationSlope: vary ? r / spread : undefined,
    rangeCompression: spread,
  };
}

/**
 * Pearson's r, 0 where a vector is constant: it then predicts nothing (a silenced CeA).
 * @throws ShapeError, DataError as `pearson`.
 */
export function correlation(rated: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const r = pearson(rated, predicted);
  return Number.isNaN(r) ? 0 : r;
}

function withinFolds(rated: ArrayLike<number>, predicted: ArrayLike<number>, folds: ArrayLike<number>) {
  const places = new Map<number, number[]>();
  for (let i = 0; i < rated.length; i++) places.set(folds[i]!, [...(places.get(folds[i]!) ?? []), i]);
  const correlations = [...places.values()]
    .filter((fold) => fold.length >= SMALLEST_FOLD)
    .map((fold) =>
      correlation(
        fold.map((i) => rated[i]!),
        fold.map((i) => predicted[i]!),
      ),
    );
  return correlations.length > 0 ? fisherMean(correlations) : undefined;
}

/** Valence and arousal of the same pictures, each `[S]`. */
export interface Plane {
  readonly valence: ArrayLike<number>;
  readonly arousal: ArrayLike<number>;
}

/**
 * Procrustes disparity of two planes, 0 (the same shape) to 1: both centred and scaled to unit Frobenius norm;
 * 1 - (s1 + s2)^2 of the singular values of A^T B, rotation, reflection and scale free. `unrotated` leaves only
 * a positive scale free: 1 - max(0, trace A^T B)^2. Neither sees range compression common to both axes.
 * @throws ShapeError when lengths differ; DataError when not finite or all points of a plane coincide.
 * @see `scipy.spatial.procrustes`
 */
export function disparity(rated: Plane, predicted: Plane): { disparity: number; unrotated: number } {
  const a = standardPlane(rated, "disparity: ratings");
  const b = standardPlane(predicted, "disparity: predictions");
  if (a.x.length !== b.x.length)
    throw new VcaError(
      "ShapeError",
      `disparity: planes of equal length were expected, got ${a.x.length} and ${b.x.length}. Join them by stimulus id.`,
    );
  const xx = dot(a.x, b.x);
  const xy = dot(a.x, b.y);
  const yx = dot(a.y, b.x);
  const yy = dot(a.y, b.y);
  const nuclear = xx ** 2 + xy ** 2 + yx ** 2 + yy ** 2 + 2 * Math.abs(xx * yy - xy * yx); // (s1 + s2)^2 in 2-D
  return { disparity: 1 - nuclear, unrotated: 1 - Math.max(0, xx + yy) ** 2 };
}

function standardPlane({ valence, arousal }: Plane, where: string): { x: Float64Array; y: Float64Array } {
  if (valence.length !== arousal.length)
    throw new VcaError(
      "ShapeError",
      `${where}: as many valences as arousals were expected, got ${valence.length} and ${arousal.length}. Join them by stimulus id.`,
    );
  const meanX = mean(valence);
  const meanY = mean(arousal);
  const x = Float64Array.from(valence, (value) => value - meanX);
  const y = Float64Array.from(arousal, (value) => value - meanY);
  const norm = Math.sqrt(dot(x, x) + dot(y, y));
  if (!(norm > 0))
    throw new VcaError(
      "DataError",
      `${where}: points that differ were expected, got one point. Check the values.`,
    );
  return { x: x.map((value) => value / norm), y: y.map((value) => value / norm) };
}

/**
 * Reliability of mean ratings, 1 - mean(SD^2 / N) / var(mean), and the ceiling it sets on r, its square root. A
 * lower estimate: what raters differ in as persons counts as noise. At most 1; the ceiling is 0 when noise
 * exceeds the variance of the means.
 * @param options.mean,options.sd,options.n mean, standard deviation and number of ratings per picture, `[S]`
 * @throws ShapeError when lengths differ; DataError when not finite, constant, or a picture has no rater.
 */
export function reliability(options: {
  readonly mean: ArrayLike<number>;
  readonly sd: ArrayLike<number>;
  readonly n: ArrayLike<number>;
}): { reliability: number; ceiling: number } {
  const { mean: means, sd: sds, n } = options;
  if (sds.length !== means.length || n.length !== means.length)
    throw new VcaError(
      "ShapeError",
      `reliability: equal lengths were expected, got ${means.length}, ${sds.length} and ${n.length}. Join them by stimulus id.`,
    );
  const noise = Float64Array.from(sds, (value, i) => value ** 2 / n[i]!);
  requireFinite(noise, "reliability: SD^2 / N", (i) => `picture ${i}`);
  const between = variance(means);
  if (between === 0)
    throw new VcaError(
      "DataError",
      `reliability: mean ratings that vary were expected, got ${means[0]} throughout. Check the column of ratings.`,
    );
  const value = 1 - mean(noise) / between;
  return { reliability: value, ceiling: Math.sqrt(Math.max(0, value)) };
}
