/**
 * @file Tail probabilities of the normal, t and F distributions and quantiles of t, from Moshier's Cephes library,
 * compiled to WebAssembly by the package `cephes`.
 */
import { compiled, erfc, incbet, incbi } from "cephes";
import { VcaError } from "../errors.ts";
import { requireFinite } from "./statistics.ts";

await compiled;

/** A tail too small for a double is 0; Cephes throws there. */
function tail(probability: () => number): number {
  try {
    return probability();
  } catch (error) {
    if (error instanceof Error && error.message.includes("underflow")) return 0;
    throw error;
  }
}

function requirePositive(df: number, where: string): void {
  if (!(df > 0))
    throw new VcaError(
      "DataError",
      `${where}: degrees of freedom above 0 were expected, got ${df}. Pass more observations.`,
    );
}

/** Two-sided p of a standard normal statistic. @throws DataError when not finite. @see `2 * scipy.stats.norm.sf(abs(z))` */
export function normalP(z: number): number {
  requireFinite([z], "normalP");
  return tail(() => erfc(Math.abs(z) / Math.SQRT2));
}

/**
 * Two-sided p of Student's t, real degrees of freedom (Welch); 0 for an infinite t, NaN for NaN.
 * @throws DataError when `df` is not above 0.
 * @see `2 * scipy.stats.t.sf(abs(t), df)`
 */
export function studentP(t: number, df: number): number {
  requirePositive(df, "studentP");
  if (Number.isNaN(t)) return t;
  const square = t * t;
  if (square < 1) return 1 - incbet(0.5, df / 2, square / (df + square)); // df / (df + t^2) would lose digits
  return tail(() => incbet(df / 2, 0.5, df / (df + square)));
}

/** Upper-tail p of Student's t. @throws DataError as `studentP`. @see `scipy.stats.t.sf` */
export function studentUpperP(t: number, df: number): number {
  const p = studentP(t, df) / 2;
  return t >= 0 ? p : 1 - p;
}

/**
 * The value that Student's t exceeds with probability `1 - p`, for p from .5 to 1 without its ends.
 * @throws DataError as `studentP`; ConfigError for another p.
 * @see `scipy.stats.t.ppf`
 */
export function studentQuantile(p: number, df: number): number {
  requirePositive(df, "studentQuantile");
  if (!(p >= 0.5 && p < 1))
    throw new VcaError(
      "ConfigError",
      `studentQuantile: a probability from 0.5 to below 1 was expected, got ${p}. Use the symmetry of t.`,
    );
  const x = incbi(df / 2, 0.5, 2 * (1 - p));
  return Math.sqrt(Math.max(0, (df * (1 - x)) / x));
}

/** Upper-tail p of F. @throws DataError as `studentP`. @see `scipy.stats.f.sf` */
export function fisherP(f: number, df1: number, df2: number): number {
  requirePositive(df1, "fisherP");
  requirePositive(df2, "fisherP");
  if (Number.isNaN(f)) return f;
  return f <= 0 ? 1 : tail(() => incbet(df2 / 2, df1 / 2, df2 / (df2 + df1 * f)));
}
