/**
 * @file The rule of Liu et al. (2024), PLoS Comput Biol 20:e1011943: a unit's preferred emotion category by d', and
 * selective only what prefers the same category over two picture sets. Two halves of one set share its
 * pictures' making and tell reliability, not that.
 */
import type { Sorted } from "./bins.ts";
import { type Activations, isConstant, momentsByKind, unitResponses } from "./units.ts";

/** How the units of a nucleus answer to C categories. */
export interface CategoryTuning {
  /** Mean of the z-scored answers to each category, `[C, U]`; 0 for a constant unit. */
  readonly tuning: Float64Array;
  /** (mean_c - mean of the other categories' means) / sqrt(sum of the categories' variances / 2), `[C, U]`. */
  readonly dPrime: Float64Array;
  /** Selectivity index: the largest d', `[U]`; 0 for a constant unit. */
  readonly index: Float64Array;
  /** The category of the largest d', `[U]`; -1 for a constant unit. */
  readonly preferred: Int32Array;
}

/**
 * Tuning of units `[S, U]` to categories; z-scores and variances with n - 1.
 * @returns undefined when a category has fewer than 2 pictures
 * @throws ShapeError, DataError as `unitResponses`.
 */
export function categoryTuning(activations: Activations, categories: Sorted): CategoryTuning | undefined {
  const { of, counts } = categories;
  if (counts.some((n) => n < 2)) return undefined;
  const responses = unitResponses(activations, of.length, "category tuning");
  const [U, C] = [responses.length, counts.length];
  const tuning = new Float64Array(C * U);
  const dPrime = new Float64Array(C * U);
  const index = new Float64Array(U);
  const preferred = new Int32Array(U).fill(-1);
  responses.forEach((unit, u) => {
    if (isConstant(unit)) return;
    const { sums, squares } = momentsByKind(unit, of, C);
    const deviation = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / (of.length - 1));
    const means = counts.map((n, c) => sums[c]! / n);
    const allMeans = means.reduce((sum, value) => sum + value, 0);
    const within = counts.reduce((sum, n, c) => sum + (squares[c]! - n * means[c]! ** 2) / (n - 1), 0);
    for (let c = 0; c < C; c++) {
      tuning[c * U + u] = means[c]! / deviation;
      const d = (means[c]! - (allMeans - means[c]!) / (C - 1)) / Math.sqrt(within / 2);
      dPrime[c * U + u] = d;
      if (preferred[u]! >= 0 && d <= index[u]!) continue;
      index[u] = d;
      preferred[u] = c;
    }
  });
  return { tuning, dPrime, index, preferred };
}

/** How often units prefer the same category twice. */
export interface Agreement {
  /** Units compared: those that vary in both and whose index is not among the lowest in either. */
  readonly units: number;
  /** Share of them that prefer the same category. */
  readonly share: number;
  /** The share expected if preferences in both were unrelated. */
  readonly chance: number;
  /** Cohen's kappa, (share - chance) / (1 - chance); NaN where chance is 1. */
  readonly kappa: number;
}

/**
 * Agreement of the preferences of the same units over two picture sets.
 * @param options.drop share of units with the lowest index that is left out of each (Liu et al.: .2; default 0)
 * @returns undefined when no unit is left
 */
export function preferenceAgreement(
  a: CategoryTuning,
  b: CategoryTuning,
  options: { readonly drop?: number } = {},
): Agreement | undefined {
  const kept = [a, b].map(({ index, preferred }) => {
    const varying = [...preferred.keys()].filter((u) => preferred[u]! >= 0);
    const byIndex = varying.sort((i, j) => index[i]! - index[j]!);
    return new Set(byIndex.slice(Math.floor(byIndex.length * (options.drop ?? 0))));
  });
  const units = [...kept[0]!].filter((u) => kept[1]!.has(u));
  if (units.length === 0) return undefined;
  const n = units.length;
  const share = units.filter((u) => a.preferred[u] === b.preferred[u]).length / n;
  const times = (preferred: Int32Array, c: number) => units.filter((u) => preferred[u] === c).length / n;
  const C = a.tuning.length / a.index.length;
  let chance = 0;
  for (let c = 0; c < C; c++) chance += times(a.preferred, c) * times(b.preferred, c);
  return { units: n, share, chance, kappa: chance < 1 ? (share - chance) / (1 - chance) : Number.NaN };
}
