/**
 * @file How units follow a rating: rank correlation, alone or with what else a picture has held constant, and
 * tuning curves.
 */
import { studentP } from "../core/distributions.ts";
import { independentPart, indicators, orthonormalBasis } from "../core/projection.ts";
import { ranks } from "../core/ranks.ts";
import { pearson } from "../core/statistics.ts";
import { type Activations, isConstant, unitResponses } from "./units.ts";

/** What is held constant: labels enter as indicators, numbers as ranks. */
export interface Covariates {
  readonly labels?: readonly string[];
  /** `[S]` each. */
  readonly numbers?: readonly ArrayLike<number>[];
}

/** An orthonormal basis `[S]` each of what is held constant, the mean first. */
export function heldConstant(S: number, { labels, numbers = [] }: Covariates = {}): Float64Array[] {
  return orthonormalBasis([...indicators(labels ?? Array<string>(S).fill("")), ...numbers.map(ranks)]);
}

/** Correlations of units with a rating, `[U]`; 0 and 1 for a constant unit, or where covariates leave nothing to vary. */
export interface RankCorrelations {
  readonly r: Float64Array;
  readonly p: Float64Array;
}

/**
 * Spearman's correlation of each unit `[S, U]` with each of some ratings `[S]`, for each basis of `heldConstant` apart:
 * with covariates it is partial, the correlation of the ranks' residuals. p from Student's t with S - 1 - (rank of the
 * basis) degrees of freedom.
 * @returns by basis, then by rating
 * @throws ShapeError, DataError as `unitResponses`.
 * @see `pingouin.partial_corr(method="spearman")`
 */
export function rankCorrelations(
  activations: Activations,
  ratings: readonly ArrayLike<number>[],
  bases: readonly (readonly Float64Array[])[],
): RankCorrelations[][] {
  const S = ratings[0]!.length;
  const units = unitResponses(activations, S, "rank correlation").map(ranks);
  const U = units.length;
  return bases.map((basis) => {
    const df = S - 1 - basis.length;
    const against = ratings.map((rating) => independentPart(ranks(rating), basis));
    const found = ratings.map(() => ({ r: new Float64Array(U), p: new Float64Array(U).fill(1) }));
    units.forEach((unit, u) => {
      const own = df > 0 ? independentPart(unit, basis) : undefined;
      for (const [k, rating] of against.entries()) {
        if (!own || !rating) continue;
        const r = pearson(own, rating);
        found[k]!.r[u] = r;
        found[k]!.p[u] = studentP(r * Math.sqrt(df / (1 - r ** 2)), df);
      }
    });
    return found;
  });
}

/** A rating cut into parts of as many pictures each, and what units answer there. */
export interface TuningCurves {
  /** Mean rating of each part, `[parts]`. */
  readonly at: Float64Array;
  /** Mean z-scored answer (sd with n - 1), `[parts, U]`; 0 for a constant unit. */
  readonly mean: Float64Array;
  /** Its standard error, `[parts, U]`. */
  readonly error: Float64Array;
}

/**
 * Tuning curves of units `[S, U]` over a rating `[S]`, in parts of equally many pictures by rank.
 * @param parts default 5
 * @throws ShapeError, DataError as `unitResponses`.
 */
export function tuningCurves(activations: Activations, rating: ArrayLike<number>, parts = 5): TuningCurves {
  const S = rating.length;
  const responses = unitResponses(activations, S, "tuning curves");
  const U = responses.length;
  const order = Array.from({ length: S }, (_, s) => s).sort((a, b) => rating[a]! - rating[b]!);
  const members = Array.from({ length: parts }, (_, k) =>
    order.slice(Math.round((k * S) / parts), Math.round(((k + 1) * S) / parts)),
  );
  const average = (values: ArrayLike<number>, of: readonly number[]) =>
    of.reduce((sum, s) => sum + values[s]!, 0) / of.length;
  const curves = { mean: new Float64Array(parts * U), error: new Float64Array(parts * U) };
  const spread = (values: Float64Array, of: readonly number[], center: number) =>
    Math.sqrt(of.reduce((sum, s) => sum + (values[s]! - center) ** 2, 0) / (of.length - 1));
  responses.forEach((unit, u) => {
    if (isConstant(unit)) return;
    const center = average(unit, order);
    const deviation = spread(unit, order, center);
    members.forEach((own, k) => {
      const here = average(unit, own);
      curves.mean[k * U + u] = (here - center) / deviation;
      curves.error[k * U + u] = spread(unit, own, here) / deviation / Math.sqrt(own.length);
    });
  });
  return { at: Float64Array.from(members, (own) => average(rating, own)), ...curves };
}
