/** @file Ranks with ties, and Spearman's correlation. Definitions follow `scipy.stats.rankdata` and `spearmanr`. */
import { pearson, requireFinite } from "./statistics.ts";

/** Ranks from 1; equal values share the mean of their ranks: `[n] -> [n]`. @throws DataError when not finite. */
export function ranks(values: ArrayLike<number>): Float64Array {
  requireFinite(values, "ranks");
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Float64Array(n);
  for (let first = 0; first < n; ) {
    let last = first;
    while (last + 1 < n && values[order[last + 1]!]! === values[order[first]!]!) last++;
    for (let i = first; i <= last; i++) result[order[i]!] = (first + last) / 2 + 1;
    first = last + 1;
  }
  return result;
}

/** Spearman's correlation: Pearson's of the ranks; NaN when either vector is constant. @throws as `pearson`. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return pearson(ranks(x), ranks(y));
}
