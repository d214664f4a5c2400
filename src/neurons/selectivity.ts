/**
 * @file The rule of Liu et al. (2025, fig. 6): a unit is selective for a bin of pictures when it answers to it more
 * than to all others, d' > .65 and Welch's t p < .05. Beside it, what the paper does not do: the false discovery
 * rate over all units and bins of a nucleus.
 */
import { studentP, studentUpperP } from "../core/distributions.ts";
import { benjaminiHochberg, benjaminiYekutieli } from "../core/multiple-comparisons.ts";
import { welchDf } from "../core/sample-tests.ts";
import type { Sorted } from "./bins.ts";
import { type Activations, isConstant, momentsByKind, unitResponses } from "./units.ts";

/** Bins with fewer pictures are not tested, as in the paper. */
export const FEWEST_PICTURES = 10;
const LEAST_D_PRIME = 0.65;
const ALPHA = 0.05;

/** Which test decides beside d': the paper's p, or p adjusted by Benjamini & Hochberg or Benjamini & Yekutieli. */
export type Rule = "paper" | "bh" | "by";

/** Every rule. */
export const RULES: readonly Rule[] = ["paper", "bh", "by"];

/** Selectivity of the units of one nucleus at one epoch. Arrays are `[C, U]`, bin by bin. */
export interface Selectivity {
  readonly bins: Sorted;
  /** Whether a bin holds enough pictures, and enough lie outside it, `[C]`. */
  readonly testable: readonly boolean[];
  readonly units: number;
  /** Signed: in minus out, over the root of the mean variance (n - 1); NaN in a bin not testable, 0 for a constant unit. */
  readonly dPrime: Float64Array;
  /** Two-sided p of Welch's t; NaN in a bin not testable, 1 for a constant unit. */
  readonly p: Float64Array;
  /**
   * p adjusted over all units and testable bins, of the one-sided test that the answer to the bin is the larger:
   * d' > .65 asks for that side only, and the other side's discoveries would let in false ones.
   */
  readonly adjusted: { readonly bh: Float64Array; readonly by: Float64Array };
}

/**
 * Selectivity of units `[S, U]` for bins of pictures.
 * @throws ShapeError, DataError as `unitResponses`.
 * @see `scipy.stats.ttest_ind(equal_var=False)`
 */
export function selectivity(activations: Activations, bins: Sorted): Selectivity {
  const S = bins.of.length;
  const C = bins.names.length;
  const responses = unitResponses(activations, S, "selectivity");
  const U = responses.length;
  const testable = bins.counts.map((n) => n >= FEWEST_PICTURES && S - n >= FEWEST_PICTURES);
  const dPrime = new Float64Array(C * U).fill(Number.NaN);
  const p = dPrime.slice();
  const upper = dPrime.slice();
  responses.forEach((unit, u) => {
    const constant = isConstant(unit);
    const { sums, squares } = momentsByKind(unit, bins.of, C);
    const total = sums.reduce((sum, value) => sum + value, 0);
    const totalSquares = squares.reduce((sum, value) => sum + value, 0);
    for (let c = 0; c < C; c++) {
      if (!testable[c]) continue;
      const [nIn, nOut] = [bins.counts[c]!, S - bins.counts[c]!];
      const [meanIn, meanOut] = [sums[c]! / nIn, (total - sums[c]!) / nOut];
      const varianceIn = Math.max(0, squares[c]! - nIn * meanIn ** 2) / (nIn - 1);
      const varianceOut = Math.max(0, totalSquares - squares[c]! - nOut * meanOut ** 2) / (nOut - 1);
      const [errorIn, errorOut] = [varianceIn / nIn, varianceOut / nOut];
      const untestable = constant || errorIn + errorOut === 0;
      const t = (meanIn - meanOut) / Math.sqrt(errorIn + errorOut);
      const df = welchDf(errorIn, nIn, errorOut, nOut);
      dPrime[c * U + u] = untestable ? 0 : (meanIn - meanOut) / Math.sqrt((varianceIn + varianceOut) / 2);
      p[c * U + u] = untestable ? 1 : studentP(t, df);
      upper[c * U + u] = untestable ? 1 : studentUpperP(t, df);
    }
  });
  return {
    bins,
    testable,
    units: U,
    dPrime,
    p,
    adjusted: { bh: overFamily(upper, benjaminiHochberg), by: overFamily(upper, benjaminiYekutieli) },
  };
}

/** Corrects what was tested; NaN stays NaN. */
function overFamily(p: Float64Array, correct: (family: Float64Array) => Float64Array): Float64Array {
  const tested = [...p.keys()].filter((i) => !Number.isNaN(p[i]));
  const corrected = correct(Float64Array.from(tested, (i) => p[i]!));
  const result = new Float64Array(p.length).fill(Number.NaN);
  tested.forEach((place, i) => {
    result[place] = corrected[i]!;
  });
  return result;
}

/** Whether each unit is selective for each bin, `[C, U]` of 0 and 1. */
export function selectiveUnits({ dPrime, p, adjusted }: Selectivity, rule: Rule): Uint8Array {
  const decides = rule === "paper" ? p : adjusted[rule];
  return Uint8Array.from(dPrime, (d, i) => (d > LEAST_D_PRIME && decides[i]! < ALPHA ? 1 : 0));
}

/** The share of units selective for any bin (as in the paper), and how many are for each, `[C]`. */
export function selectiveCounts(found: Selectivity, rule: Rule): { any: number; perBin: number[] } {
  const { units: U, bins } = found;
  const selective = selectiveUnits(found, rule);
  const perBin = bins.names.map((_, c) =>
    selective.subarray(c * U, (c + 1) * U).reduce((sum, is) => sum + is, 0),
  );
  let any = 0;
  for (let u = 0; u < U; u++) if (bins.names.some((_, c) => selective[c * U + u])) any++;
  return { any: any / U, perBin };
}
