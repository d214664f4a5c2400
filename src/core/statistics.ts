/**
 * @file Descriptive statistics in float64, two-pass, so that large offsets do not cost digits. A number that
 * is not finite is an error here, where it appears; a correlation that does not exist is NaN, and its caller
 * says what that means. Definitions follow numpy and scipy.
 */
import { VcaError } from "../errors.ts";

/**
 * Checks that numbers can be computed with.
 * @param where names the quantity in the error
 * @param place names an element in the error (default `index <i>`)
 * @throws DataError at the first NaN or infinity.
 */
export function requireFinite(
  values: ArrayLike<number>,
  where: string,
  place = (index: number) => `index ${index}`,
): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new VcaError(
        "DataError",
        `${where}: finite numbers were expected, got ${values[i]} at ${place(i)}. Remove or mend this value.`,
      );
  }
}

function requireMany(values: ArrayLike<number>, least: number, where: string): void {
  if (values.length < least)
    throw new VcaError(
      "DataError",
      `${where}: at least ${least} numbers were expected, got ${values.length}. Pass more numbers.`,
    );
  requireFinite(values, where);
}

/** Arithmetic mean. @throws DataError when empty or not finite. */
export function mean(values: ArrayLike<number>): number {
  requireMany(values, 1, "mean");
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Sample variance, divided by n - 1. @throws DataError below two numbers or not finite. */
export function variance(values: ArrayLike<number>): number {
  requireMany(values, 2, "variance");
  const center = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - center) ** 2;
  return sum / (values.length - 1);
}

/** Sample standard deviation: the root of `variance`. @throws DataError as `variance`. */
export function sd(values: ArrayLike<number>): number {
  return Math.sqrt(variance(values));
}

/**
 * Pearson's correlation, from -1 to 1; NaN when either vector is constant up to rounding (its deviations are
 * below 1e-13 of its size, as scipy's warning has it).
 * @throws ShapeError when the lengths differ; DataError below two numbers or not finite.
 * @see `scipy.stats.pearsonr`
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new VcaError(
      "ShapeError",
      `pearson: two vectors of one length were expected, got ${x.length} and ${y.length}. Join them by stimulus id first.`,
    );
  requireMany(x, 2, "pearson");
  requireMany(y, 2, "pearson");
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  const constant = (squares: number, center: number) => Math.sqrt(squares) <= 1e-13 * Math.abs(center);
  if (constant(xx, meanX) || constant(yy, meanY)) return Number.NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}

/** Mean of correlations through Fisher's z: tanh(mean(atanh r)). @throws DataError when empty or not finite. */
export function fisherMean(correlations: ArrayLike<number>): number {
  requireMany(correlations, 1, "fisherMean");
  let sum = 0;
  for (let i = 0; i < correlations.length; i++) sum += Math.atanh(correlations[i]!);
  return Math.tanh(sum / correlations.length);
}

/**
 * Quantiles by linear interpolation of order statistics (type 7 of Hyndman & Fan 1996, numpy's default).
 * @param probabilities from 0 to 1
 * @throws DataError when empty or not finite; ConfigError for a probability outside 0..1.
 */
export function quantiles(values: ArrayLike<number>, probabilities: readonly number[]): number[] {
  requireMany(values, 1, "quantiles");
  const sorted = Float64Array.from(values).sort();
  return probabilities.map((p) => {
    if (!(p >= 0 && p <= 1))
      throw new VcaError(
        "ConfigError",
        `quantiles: a probability from 0 to 1 was expected, got ${p}. Divide percentages by 100.`,
      );
    const position = p * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
  });
}
