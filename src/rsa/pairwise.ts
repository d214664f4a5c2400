/**
 * @file Student's tests from bootstrap variances: a score against 0 (one-sided: a model should be better than chance),
 * against the lower noise ceiling and against another model's (two-sided), the last with correction over all pairs.
 */
import { studentP, studentQuantile, studentUpperP } from "../core/distributions.ts";
import { benjaminiHochberg, bonferroni } from "../core/multiple-comparisons.ts";

/** Corrections over a family of pairs. */
const CORRECTIONS = { fdr: benjaminiHochberg, bonferroni } as const;

/** False discovery rate (Benjamini & Hochberg), or Bonferroni. */
export type Correction = keyof typeof CORRECTIONS;

/** What a variance says of an estimate; null where there is none. */
export interface Uncertainty {
  readonly se: number | null;
  /** 95 %, from Student's t. */
  readonly ci: readonly [number, number] | null;
}

/** Standard error and interval of an estimate. */
export function uncertainty(estimate: number, variance: number, df: number): Uncertainty {
  if (!Number.isFinite(variance) || !Number.isFinite(estimate)) return { se: null, ci: null };
  const se = Math.sqrt(variance);
  const half = se * studentQuantile(0.975, df);
  return { se, ci: [estimate - half, estimate + half] };
}

/** t of an estimate; 0 when neither it nor its variance is above 0, as of two equal models. */
function statistic(estimate: number, variance: number): number {
  return estimate === 0 ? 0 : estimate / Math.sqrt(variance);
}

/** One-sided p that an estimate is above 0; null without a variance. */
export function pAboveZero(estimate: number, variance: number, df: number): number | null {
  const t = statistic(estimate, variance);
  return Number.isNaN(t) || Number.isNaN(variance) ? null : studentUpperP(t, df);
}

/** Two-sided p that an estimate differs from 0; null without a variance. */
export function pDifferent(estimate: number, variance: number, df: number): number | null {
  const t = statistic(estimate, variance);
  return Number.isNaN(t) || Number.isNaN(variance) ? null : studentP(t, df);
}

/** Two models. */
export interface Pair {
  readonly a: string;
  readonly b: string;
  /** Score of a minus score of b. */
  readonly difference: number;
  readonly p: number | null;
  readonly pCorrected: number | null;
}

/**
 * All pairs of models, tested and corrected.
 * @param varianceOf the variance of the difference of two models, by their places
 */
export function comparePairs(options: {
  readonly names: readonly string[];
  readonly scores: ArrayLike<number>;
  readonly varianceOf: (a: number, b: number) => number;
  readonly df: number;
  readonly correction: Correction;
}): Pair[] {
  const { names, scores, varianceOf, df, correction } = options;
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).map((b, offset) => {
      const j = i + 1 + offset;
      const difference = scores[i]! - scores[j]!;
      return { a, b, difference, p: pDifferent(difference, varianceOf(i, j), df) };
    }),
  );
  const tested = pairs.flatMap(({ p }) => (p === null ? [] : [p]));
  const corrected = CORRECTIONS[correction](tested);
  let at = 0;
  return pairs.map((pair) => ({ ...pair, pCorrected: pair.p === null ? null : corrected[at++]! }));
}
