/**
 * @file How much the geometry of a nucleus is that of the ratings: its RDM, 1 - correlation of the patterns of two
 * pictures (Liu et al. 2025, fig. 6c; Pearson in the figure, Spearman in the text), compared with behavioural RDMs by
 * Spearman and rho-a, alone or with other RDMs held constant.
 */
import type { NdArray } from "../core/array.ts";
import { matrixShape } from "../core/linear-algebra.ts";
import { independentPart, orthonormalBasis } from "../core/projection.ts";
import { ranks } from "../core/ranks.ts";
import { dissimilarities } from "../rsa/dissimilarities.ts";

/** Activations `[S, U]`. */
export type Activations = NdArray<Float32Array | Float64Array>;

/** Pictures to which not all units answer alike: only these have a pattern that correlates. */
export function patterned(activations: Activations): number[] {
  const [S, U] = matrixShape(activations, "patterns");
  return Array.from({ length: S }, (_, s) => s).filter((s) => {
    const pattern = activations.data.subarray(s * U, (s + 1) * U);
    return pattern.some((value) => value !== pattern[0]);
  });
}

/**
 * The RDM of a nucleus, `[M]`.
 * @param measure default `correlation`, as the paper's figure; its text says `spearman`
 * @throws DataError naming a picture without a pattern.
 */
export function nucleusRdm(
  activations: Activations,
  measure: "correlation" | "spearman" = "correlation",
): Float64Array {
  return dissimilarities({ patterns: activations }, { measure });
}

/** Ranks of an RDM `[M]` about their mean, to be compared many times. */
export function rankedRdm(rdm: ArrayLike<number>): Float64Array {
  const ranked = ranks(rdm);
  const center = (rdm.length + 1) / 2;
  for (let i = 0; i < ranked.length; i++) ranked[i]! -= center;
  return ranked;
}

/** How two RDMs compare. */
export interface Compared {
  /** NaN where one is constant. */
  readonly spearman: number;
  /** Spearman's with ties broken at random, its expectation: 12 a.b / (M^3 - M) (Schuett et al. 2023, eLife 12:e82566). */
  readonly rhoA: number;
}

/** Compares two RDMs given as `rankedRdm`. */
export function compareRanked(a: Float64Array, b: Float64Array): Compared {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return { spearman: ab / Math.sqrt(aa * bb), rhoA: (12 * ab) / (a.length ** 3 - a.length) };
}

/** What the partial correlation of RDMs holds constant: RDMs as `rankedRdm`. @returns a basis for `partialSpearman` */
export function heldConstant(controls: readonly Float64Array[]): Float64Array[] {
  return orthonormalBasis(controls);
}

/**
 * Partial Spearman's correlation of two ranked RDMs, of the residuals of their ranks; NaN where nothing is left of one.
 * @see `pingouin.partial_corr(method="spearman")`
 */
export function partialSpearman(a: Float64Array, b: Float64Array, constant: readonly Float64Array[]): number {
  const [x, y] = [independentPart(a, constant), independentPart(b, constant)];
  return x && y ? compareRanked(x, y).spearman : Number.NaN;
}
