/**
 * @file Multidimensional scaling: classical (Torgerson 1952, Psychometrika 17:401), and metric by SMACOF, the
 * majorisation of stress by Guttman transforms (de Leeuw 1977; Borg & Groenen 2005, chapter 8). Written here: packages
 * for the browser offer the classical form only, and the eigenproblem is ours already.
 */
import { eigenSymmetric } from "../core/eigen.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { stimulusCount } from "../rsa/rdm.ts";

/** S points. */
export interface Configuration {
  /** `[S, dimensions]`. */
  readonly points: Matrix;
  /** Kruskal's stress-1: root of sum (d - delta)^2 / sum d^2, 0 for a perfect map. */
  readonly stress: number;
}

const MOST_ITERATIONS = 300;
const LEAST_GAIN = 1e-6;

/**
 * Classical scaling of an RDM `[M]`: eigenvectors of the doubly centred squares, times the roots of their eigenvalues
 * (negative ones count as 0). Each axis points to where its largest coordinate is positive.
 */
export function classicalMds(rdm: ArrayLike<number>, dimensions = 2): Configuration {
  const S = stimulusCount(rdm.length, "mds");
  const b = new Float64Array(S * S);
  let at = 0;
  for (let i = 0; i < S; i++)
    for (let j = i + 1; j < S; j++) b[i * S + j] = b[j * S + i] = -(rdm[at++]! ** 2) / 2;
  const means = Array.from(
    { length: S },
    (_, i) => b.subarray(i * S, (i + 1) * S).reduce((sum, x) => sum + x, 0) / S,
  );
  const grand = means.reduce((sum, x) => sum + x, 0) / S;
  for (let i = 0; i < S; i++) for (let j = 0; j < S; j++) b[i * S + j]! += grand - means[i]! - means[j]!;
  const { values, vectors } = eigenSymmetric({ shape: [S, S], data: b });
  const points = new Float64Array(S * dimensions);
  for (let k = 0; k < Math.min(dimensions, S); k++) {
    const vector = vectors.data.subarray(k * S, (k + 1) * S);
    const largest = vector.reduce((best, x) => (Math.abs(x) > Math.abs(best) + 1e-12 ? x : best), 0);
    const scale = Math.sqrt(Math.max(0, values[k]!)) * Math.sign(largest || 1);
    for (let i = 0; i < S; i++) points[i * dimensions + k] = scale * vector[i]!;
  }
  return configuration({ shape: [S, dimensions], data: points }, rdm);
}

/**
 * Metric scaling of an RDM `[M]` from a configuration, by default the classical one, until stress falls by less than
 * `least` of itself.
 * @see `sklearn.manifold.smacof`
 */
export function smacof(
  rdm: ArrayLike<number>,
  options: { readonly start?: Matrix; readonly iterations?: number; readonly least?: number } = {},
): Configuration {
  const { iterations = MOST_ITERATIONS, least = LEAST_GAIN } = options;
  let best = options.start ? configuration(options.start, rdm) : classicalMds(rdm);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const next = configuration(guttman(best.points, rdm), rdm);
    const done = best.stress - next.stress <= least * best.stress;
    best = next;
    if (done && least > 0) break;
  }
  return best;
}

/** X' = B(X) X / S, with B the ratios of dissimilarities to distances (coinciding points: 1e-5 apart). */
function guttman({ shape, data: x }: Matrix, rdm: ArrayLike<number>): Matrix {
  const [S, K] = shape as [number, number];
  const moved = new Float64Array(S * K);
  let at = 0;
  for (let i = 0; i < S; i++)
    for (let j = i + 1; j < S; j++) {
      const ratio = rdm[at++]! / (distance(x, K, i, j) || 1e-5);
      for (let k = 0; k < K; k++) {
        const step = (ratio * (x[i * K + k]! - x[j * K + k]!)) / S;
        moved[i * K + k]! += step;
        moved[j * K + k]! -= step;
      }
    }
  return { shape, data: moved };
}

function distance(x: Float64Array, K: number, i: number, j: number): number {
  let squares = 0;
  for (let k = 0; k < K; k++) squares += (x[i * K + k]! - x[j * K + k]!) ** 2;
  return Math.sqrt(squares);
}

function configuration(points: Matrix, rdm: ArrayLike<number>): Configuration {
  const [S, K] = points.shape as [number, number];
  let [errors, squares, at] = [0, 0, 0];
  for (let i = 0; i < S; i++)
    for (let j = i + 1; j < S; j++) {
      const d = distance(points.data, K, i, j);
      errors += (d - rdm[at++]!) ** 2;
      squares += d * d;
    }
  return { points, stress: Math.sqrt(errors / squares) };
}
