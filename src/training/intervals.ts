/**
 * @file Bootstrap intervals of correlations and of their differences. Pictures are resampled, by whole groups
 * (themes, videos) where there are any; seeds, which are crossed with pictures, are resampled beside them.
 * All correlations of one call share their resamples, so a difference is paired. Percentile intervals
 * (Efron & Tibshirani 1993, chapter 13). A draw costs sums over groups of moments computed once.
 */
import type { Random } from "../core/random.ts";
import { mean, quantiles, requireFinite, sd } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import { correlation } from "./metrics.ts";

/** One correlation to be resampled. */
export interface Correlated {
  /** `[S]`. */
  readonly rated: ArrayLike<number>;
  /** One `[S]` per seed; a single one for a method without seeds. */
  readonly predicted: readonly ArrayLike<number>[];
}

/** Correlations and their resamples. */
export interface Bootstrap {
  /** r of each pair, averaged over its seeds, `[pairs]`. */
  readonly estimates: Float64Array;
  /** r of each pair in each draw, `[pairs][draws]`. */
  readonly draws: readonly Float64Array[];
}

/** An estimate with its interval. */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** The standard deviation over draws. */
  readonly standardError: number;
}

/** Sums kept per group and predictor: y, y^2, x, x^2, x y; and the number of pictures once per group. */
const MOMENTS = 5;

/**
 * Resamples the correlations of `pairs`, all over the same S pictures in the same order. Where a pair has
 * several seeds, each draw also resamples seeds, pairs of equally many seeds alike: seed k of one circuit
 * and seed k of another share folds. Resampling both factors errs on the wide side (Owen 2007, Ann Appl
 * Stat 1:386). A constant resample has r = 0, as in `agreement`.
 * @param options.groups the group of each picture, `[S]` (default each its own)
 * @param options.draws default 10,000
 * @throws ShapeError when lengths differ; DataError when not finite; ConfigError below 2 groups or 1 draw.
 */
export function bootstrapCorrelations(options: {
  readonly pairs: readonly Correlated[];
  readonly groups?: ArrayLike<number | string>;
  readonly draws?: number;
  readonly random: Random;
}): Bootstrap {
  const { pairs, random, draws: count = 10_000 } = options;
  const s = pairs[0]?.rated.length ?? 0;
  const groupOf = denseGroups(options.groups ?? Array.from({ length: s }, (_, i) => i));
  const groups = Math.max(-1, ...groupOf) + 1;
  if (
    groupOf.length !== s ||
    pairs.some(({ rated, predicted }) => [rated, ...predicted].some((v) => v.length !== s))
  )
    throw new VcaError(
      "ShapeError",
      `bootstrap: ${s} pictures were expected in every vector and in groups, got other lengths. Join them by stimulus id.`,
    );
  if (groups < 2 || !(count >= 1))
    throw new VcaError(
      "ConfigError",
      `bootstrap: two or more groups and one or more draws were expected, got ${groups} and ${count}. Group less coarsely.`,
    );
  const flat = pairs.flatMap(({ rated, predicted }) => predicted.map((x) => ({ x, y: rated })));
  const width = 1 + MOMENTS * flat.length;
  const moments = groupMoments(flat, groupOf, groups); // [groups, width]
  const draws = pairs.map(() => new Float64Array(count));
  const chosen = new Int32Array(groups);
  const sums = new Float64Array(width);
  const correlations = new Float64Array(flat.length);
  const seedsOf = new Map(pairs.map(({ predicted }) => [predicted.length, new Int32Array(predicted.length)]));
  for (let d = 0; d < count; d++) {
    chosen.fill(0);
    for (let i = 0; i < groups; i++) chosen[random.integer(groups)]!++;
    sums.fill(0);
    for (let g = 0; g < groups; g++) {
      const times = chosen[g]!;
      if (times === 0) continue;
      for (let k = 0, at = g * width; k < width; k++) sums[k]! += times * moments[at + k]!;
    }
    for (let k = 0; k < flat.length; k++) correlations[k] = correlationOf(sums, 1 + MOMENTS * k);
    for (const seeds of seedsOf.values())
      for (let k = 0; k < seeds.length; k++) seeds[k] = seeds.length > 1 ? random.integer(seeds.length) : 0;
    let first = 0;
    for (const [p, { predicted }] of pairs.entries()) {
      for (const seed of seedsOf.get(predicted.length)!)
        draws[p]![d]! += correlations[first + seed]! / predicted.length;
      first += predicted.length;
    }
  }
  const estimates = Float64Array.from(pairs, ({ rated, predicted }) =>
    mean(predicted.map((x) => correlation(rated, x))),
  );
  return { estimates, draws };
}

/**
 * The interval of a weighted sum of bootstrapped correlations: weights `[1]` for one r, `[1, -1]` for a paired
 * difference, `[1/2, -1/2, 1/2, -1/2]` for the mean of two differences.
 * @param weights one per pair of `bootstrap`
 * @param level default .95
 * @throws ShapeError when the weights are not one per pair.
 */
export function contrast(bootstrap: Bootstrap, weights: readonly number[], level = 0.95): Interval {
  const { estimates, draws } = bootstrap;
  if (weights.length !== draws.length)
    throw new VcaError(
      "ShapeError",
      `contrast: ${draws.length} weights were expected, got ${weights.length}. Pass 0 for a pair that plays no part.`,
    );
  const combined = new Float64Array(draws[0]?.length ?? 0);
  let estimate = 0;
  for (const [p, weight] of weights.entries()) {
    estimate += weight * estimates[p]!;
    for (let d = 0; d < combined.length; d++) combined[d]! += weight * draws[p]![d]!;
  }
  const [lower, upper] = quantiles(combined, [(1 - level) / 2, (1 + level) / 2]) as [number, number];
  return { estimate, lower, upper, standardError: sd(combined) };
}

/** Groups numbered from 0 in order of appearance. */
function denseGroups(groups: ArrayLike<number | string>): Int32Array {
  const numbers = new Map<number | string, number>();
  return Int32Array.from({ length: groups.length }, (_, i) => {
    const known = numbers.get(groups[i]!) ?? numbers.size;
    numbers.set(groups[i]!, known);
    return known;
  });
}

/** Per group: n, then per predictor the sums of y, y^2, x, x^2 and x y about the grand means, `[groups, width]`. */
function groupMoments(
  pairs: readonly { x: ArrayLike<number>; y: ArrayLike<number> }[],
  groupOf: Int32Array,
  groups: number,
): Float64Array {
  const width = 1 + MOMENTS * pairs.length;
  const out = new Float64Array(groups * width);
  for (const group of groupOf) out[group * width]!++;
  for (const [p, { x, y }] of pairs.entries()) {
    requireFinite(x, "bootstrap: predictions");
    requireFinite(y, "bootstrap: ratings");
    const meanX = mean(x);
    const meanY = mean(y);
    for (const [i, group] of groupOf.entries()) {
      const at = group * width + 1 + MOMENTS * p;
      const dx = x[i]! - meanX;
      const dy = y[i]! - meanY;
      out[at]! += dy;
      out[at + 1]! += dy * dy;
      out[at + 2]! += dx;
      out[at + 3]! += dx * dx;
      out[at + 4]! += dx * dy;
    }
  }
  return out;
}

/** r from summed moments that start at `at`; 0 where a variance is 0 up to rounding. */
function correlationOf(sums: Float64Array, at: number): number {
  const n = sums[0]!;
  const y = sums[at]!;
  const x = sums[at + 2]!;
  const yy = sums[at + 1]! - (y * y) / n;
  const xx = sums[at + 3]! - (x * x) / n;
  const xy = sums[at + 4]! - (x * y) / n;
  if (yy <= 1e-12 * sums[at + 1]! || xx <= 1e-12 * sums[at + 3]!) return 0;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}
