/**
 * @file Comparisons as inner products: each RDM of a sample becomes a vector of features whose dot product with
 * another's is their comparison. Weights of pairs enter as roots, so one product serves data, models and ceilings.
 */
import { choleskySolve, type Matrix } from "../core/linear-algebra.ts";
import type { Draw } from "./draw.ts";

/** Which values are compared: as they are, or about their mean; plainly, or whitened. */
export interface FeatureRule {
  readonly centered: boolean;
  readonly whitened: boolean;
}

/** Constant up to rounding, relative to its size (as scipy's warning has it). */
const CONSTANT = 1e-13;

/** Features as they come, and the length that each RDM has before centering. */
export interface Features {
  /** `[n, L]`, or `[n, L + S]` when whitened. */
  readonly matrix: Matrix;
  /** `[n]`. */
  readonly sizes: readonly number[];
}

/**
 * Vectors whose dot products are inner products of RDMs in a sample.
 * @param vectors n of `[M]`
 */
export function features(vectors: readonly Float64Array[], draw: Draw, rule: FeatureRule): Features {
  const { count, pairs, weights, roots, total } = draw;
  const data = new Float64Array(vectors.length * count);
  const sizes = vectors.map((vector, k) => {
    let sum = 0;
    let squares = 0;
    for (let slot = 0; slot < count; slot++) {
      const value = vector[pairs[slot]!]!;
      sum += weights[slot]! * value;
      squares += weights[slot]! * value * value;
    }
    const center = rule.centered ? sum / total : 0;
    for (let slot = 0, at = k * count; slot < count; slot++, at++)
      data[at] = roots[slot]! * (vector[pairs[slot]!]! - center);
    return Math.sqrt(squares);
  });
  const plain = { shape: [vectors.length, count], data };
  return { matrix: rule.whitened ? whitened(plain, draw) : plain, sizes };
}

/** Unit vectors, whose dot products are cosines or correlations; zeros for an RDM that is constant up to rounding. */
export function unitFeatures({ matrix: { shape, data }, sizes }: Features): Matrix {
  const [n, width] = shape as [number, number];
  const unit = new Float64Array(n * width);
  for (let k = 0; k < n; k++) {
    let squares = 0;
    for (let i = k * width; i < (k + 1) * width; i++) squares += data[i]! * data[i]!;
    const length = Math.sqrt(squares);
    if (length <= CONSTANT * sizes[k]!) continue;
    for (let i = k * width; i < (k + 1) * width; i++) unit[i] = data[i]! / length;
  }
  return { shape, data: unit };
}

/**
 * The centered second-moment matrix G of each RDM, off-diagonal entries times the root of 2, then the diagonal: in
 * these coordinates the noise of crossnobis distances is white. G_ij = -d_ij / 2 - (b_i + b_j) / 2, G_ii = -b_i, with b
 * such that every row sums to 0 over the pairs that the sample has.
 * @param features roots of weights times dissimilarities, `[n, L]`
 * @see Diedrichsen et al. (2021) Neurons Behav Data Anal Theory 5(3); rsatoolbox `_cov_weighting`
 */
function whitened({ shape, data }: Matrix, draw: Draw): Matrix {
  const [n, count] = shape as [number, number];
  const { stimuli, slots, roots } = draw;
  const present: number[] = [];
  for (let i = 0; i < stimuli.length; i++) if (stimuli[i]! > 0) present.push(i);
  const s = present.length;
  const system = new Float64Array(s * s);
  const sums = new Float64Array(s * n);
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  for (let a = 0; a < s; a++) {
    system[a * s + a]! += stimuli[present[a]!]!;
    for (let b = a + 1; b < s; b++) {
      const [i, j] = [present[a]!, present[b]!];
      const slot = slots[i * stimuli.length - (i * (i + 3)) / 2 + j - 1]!;
      if (slot < 0) continue;
      first[slot] = a;
      second[slot] = b;
      const weight = roots[slot]! ** 2 / 2;
      system[a * s + b] = system[b * s + a] = weight;
      system[a * s + a]! += weight;
      system[b * s + b]! += weight;
      for (let k = 0; k < n; k++) {
        const half = (roots[slot]! * data[k * count + slot]!) / -2;
        sums[a * n + k]! += half;
        sums[b * n + k]! += half;
      }
    }
  }
  const b = choleskySolve({ shape: [s, s], data: system }, { shape: [s, n], data: sums }).data; // [s, n]
  const width = count + s;
  const out = new Float64Array(n * width);
  for (let k = 0; k < n; k++) {
    for (let slot = 0; slot < count; slot++) {
      const effect = b[first[slot]! * n + k]! + b[second[slot]! * n + k]!;
      out[k * width + slot] = -(data[k * count + slot]! + roots[slot]! * effect) / Math.SQRT2;
    }
    for (let a = 0; a < s; a++)
      out[k * width + count + a] = -Math.sqrt(stimuli[present[a]!]!) * b[a * n + k]!;
  }
  return { shape: [n, width], data: out };
}

/**
 * Centered ranks as features: of unit length for Spearman's rho; for rho-a of the length that ranks without ties would
 * have, which is the expectation of rho when ties are broken at random.
 * @param doubled twice the mean ranks of each RDM, n of `[L]`
 * @see Schuett et al. (2023) eLife 12:e82566
 */
export function rankFeatures(doubled: readonly ArrayLike<number>[], draw: Draw, unit: boolean): Matrix {
  const { count, roots, total } = draw;
  const data = new Float64Array(doubled.length * count);
  const scale = unit ? 1 : Math.sqrt(12 / (total ** 3 - total));
  for (const [k, ranks] of doubled.entries())
    for (let slot = 0, at = k * count; slot < count; slot++, at++)
      data[at] = scale * roots[slot]! * ((ranks[slot]! - total - 1) / 2);
  const matrix = { shape: [doubled.length, count], data };
  return unit ? unitFeatures({ matrix, sizes: doubled.map(() => 0) }) : matrix;
}
