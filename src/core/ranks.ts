/** @file Ranks with ties, and Spearman's correlation. Definitions follow `scipy.stats.rankdata` and `spearmanr`. */
import { pearson, requireFinite } from "./statistics.ts";

/**
 * Ranks from 1; equal values share the mean of their ranks: `[n] -> [n]`. Each value is looked up among the sorted
 * ones, which is faster than to sort their places by a comparison. @throws DataError when not finite.
 */
export function ranks(values: ArrayLike<number>): Float64Array {
  requireFinite(values, "ranks");
  const sorted = Float64Array.from(values).sort();
  let distinct = 0;
  const shared = new Float64Array(sorted.length); // of each distinct value, which moves to the front of `sorted`
  for (let first = 0, last = 0; first < sorted.length; first = last) {
    while (last < sorted.length && sorted[last] === sorted[first]) last++;
    sorted[distinct] = sorted[first]!;
    shared[distinct++] = (first + last + 1) / 2;
  }
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    let [from, to] = [0, distinct - 1];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (sorted[middle]! < value) from = middle + 1;
      else to = middle;
    }
    result[i] = shared[from]!;
  }
  return result;
}

/** Spearman's correlation: Pearson's of the ranks; NaN when either vector is constant. @throws as `pearson`. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return pearson(ranks(x), ranks(y));
}
