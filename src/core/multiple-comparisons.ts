/**
 * @file Corrections over a family of tests. Each returns adjusted p-values, in the order given, to be compared with
 * alpha itself. NaN is an error: what could not be tested does not belong to the family.
 */
import { requireFinite } from "./statistics.ts";

/** Multiplies by the number of tests. */
export function bonferroni(p: ArrayLike<number>): Float64Array {
  requireFinite(p, "bonferroni");
  return Float64Array.from(p, (value) => Math.min(1, value * p.length));
}

/**
 * False discovery rate of independent or positively dependent tests.
 * @see Benjamini & Hochberg (1995) J R Stat Soc B 57:289; `scipy.stats.false_discovery_control`
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  return stepUp(p, 1);
}

/** False discovery rate under any dependence. @see Benjamini & Yekutieli (2001) Ann Stat 29:1165 */
export function benjaminiYekutieli(p: ArrayLike<number>): Float64Array {
  let harmonic = 0;
  for (let i = 1; i <= p.length; i++) harmonic += 1 / i;
  return stepUp(p, harmonic);
}

function stepUp(p: ArrayLike<number>, factor: number): Float64Array {
  requireFinite(p, "multiple comparisons");
  const n = p.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => p[a]! - p[b]!);
  const adjusted = new Float64Array(n);
  let least = 1;
  for (let i = n - 1; i >= 0; i--) {
    least = Math.min(least, (p[order[i]!]! * n * factor) / (i + 1));
    adjusted[order[i]!] = least;
  }
  return adjusted;
}
