/**
 * @file How different the patterns of two stimuli are: RDMs in vector form `[M]` from observations `[n, V]`. Every measure is a
 * kernel k(i, j) and the distance k(i, i) + k(j, j) - k(i, j) - k(j, i); crossed measures take the two sides of a
 * kernel from different folds (runs), so that noise adds nothing on average. Definitions are rsatoolbox's 0.3.2 (`rdm/calc.py`,
 * `rdm/calc_unbalanced.py`).
 */
import { type NdArray, toFloat64 } from "../core/array.ts";
import { choleskySolve, type Matrix, matrixShape, timesTransposed } from "../core/linear-algebra.ts";
import { ranks } from "../core/ranks.ts";
import { requireFinite } from "../core/statistics.ts";
import { unknownName, VcaError } from "../errors.ts";
import { matrixPrecision, type Precision } from "./precision.ts";
import { pairCount } from "./rdm.ts";

/** The dissimilarity measures. */
export const MEASURES = [
  "euclidean",
  "correlation",
  "cosine",
  "spearman",
  "mahalanobis",
  "crossnobis",
  "poisson",
  "poissonCv",
] as const;
/** One of `MEASURES`. */
export type Measure = (typeof MEASURES)[number];

/** Patterns of single observations. */
export interface Observations {
  /** `[n, V]`, finite: see `usableChannels`. */
  readonly patterns: NdArray<Float32Array | Float64Array>;
  /** Stimulus of each row, from 0 to S - 1; default: each row its own. */
  readonly stimuli?: ArrayLike<number>;
  /** Fold (run) of each row, for crossed measures. */
  readonly folds?: ArrayLike<number | string>;
}

/** How to measure. */
export interface DissimilarityOptions {
  readonly measure: Measure;
  /** Of the noise, for `mahalanobis` and `crossnobis`; default: the identity. */
  readonly precision?: Precision;
  /**
   * For `crossnobis` by `folds`, instead of `precision`: that of each fold's mean patterns, `[V, V]`. Each two folds are then crossed under
   * the inverse of their mean covariance, as rsatoolbox does with a list of noises.
   */
  readonly foldPrecisions?: ReadonlyMap<number | string, Matrix>;
  /** Take each pattern's mean over channels out first (`euclidean`, `mahalanobis`, `crossnobis`); default false. */
  readonly removeMean?: boolean;
  /** The rate and the weight of the prior of `poisson` and `poissonCv`; default 1 and .1. */
  readonly prior?: { readonly rate: number; readonly weight: number };
  /**
   * Crossed measures only. `folds` (default): each fold's mean against the mean of the other folds, where every fold has every stimulus.
   * `pairs`: the mean over all pairs of observations from different folds, for unequal numbers.
   */
  readonly repeats?: "folds" | "pairs";
}

/**
 * Dissimilarities of stimuli, `[M]`. Rows of one stimulus are averaged, or crossed over folds.
 * - `euclidean`: |x_i - x_j|^2 / V; `mahalanobis`: (x_i - x_j) P (x_i - x_j)^T / V; `crossnobis`: the same across folds, may be negative;
 * - `correlation`, `spearman`, `cosine`: 1 - the coefficient;
 * - `poisson`, `poissonCv`: symmetrised Kullback-Leibler divergence (x_i - x_j)(log x_i - log x_j)^T / V of rates (x + weight rate) / (1 + weight).
 *
 * Differs from rsatoolbox 0.3.2, whose `poisson_cv` returns its last fold alone: here it is the mean over folds.
 * @throws DataError for a number that is not finite, a pattern without variance, counts below 0, one fold; ShapeError when lengths differ.
 */
export function dissimilarities(observations: Observations, options: DissimilarityOptions): Float64Array {
  const { patterns, stimuli, folds } = observations;
  const {
    measure,
    precision,
    foldPrecisions,
    removeMean = false,
    prior = { rate: 1, weight: 0.1 },
    repeats = "folds",
  } = options;
  if (!MEASURES.includes(measure)) throw unknownName("dissimilarities", "measure", measure, MEASURES);
  const [n, V] = matrixShape(patterns, "dissimilarities");
  for (const [what, values] of Object.entries({ stimuli, folds }))
    if (values && values.length !== n) throw mismatch(`${n} ${what}`, values.length, "Give one for each row");
  if (precision && precision.channels !== V)
    throw mismatch(`a precision of ${V} channels`, precision.channels, "Estimate it on the same channels");
  if (foldPrecisions && (measure !== "crossnobis" || repeats === "pairs"))
    throw mismatch(
      "measures that take foldPrecisions, crossnobis by folds,",
      `${measure}${repeats === "pairs" ? " by pairs" : ""}`,
      "Pass one precision for all folds",
      "DataError",
    );
  requireFinite(patterns.data, "dissimilarities", (i) => `row ${Math.floor(i / V)}, channel ${i % V}`);
  const rows = { data: toFloat64(patterns), stimuli: stimuli ?? Int32Array.from({ length: n }, (_, i) => i) };
  let S = 0;
  for (let r = 0; r < n; r++) S = Math.max(S, rows.stimuli[r]! + 1);

  const poisson = measure === "poisson" || measure === "poissonCv";
  const kernel = (a: Matrix, b: Matrix = a): Matrix => {
    if (poisson) return timesTransposed(rates(a, prior), logarithms(rates(b, prior)));
    const [left, right] = removeMean ? [centred(a), centred(b)] : [a, b];
    return timesTransposed(precision ? precision.times(left) : left, right);
  };

  if (measure === "crossnobis" || measure === "poissonCv") {
    const each = foldRows(folds, rows.stimuli, S, repeats);
    if (repeats === "pairs") return fromPairs(kernel(rows.data), rows.stimuli, each, { S, V, poisson });
    const out = new Float64Array(pairCount(S));
    if (foldPrecisions) {
      const means = each.names.map((_, fold) =>
        averaged(rows.data, rows.stimuli, S, (r) => each.of[r] === fold),
      );
      const covariances = each.names.map((name) => foldCovariance(foldPrecisions, name, V));
      const crossed = (each.count * (each.count - 1)) / 2;
      for (let a = 0; a < each.count; a++)
        for (let b = a + 1; b < each.count; b++) {
          const { times } = matrixPrecision(inverse(meanOf(covariances[a]!, covariances[b]!)));
          const [left, right] = [means[a]!, means[b]!].map((one) => (removeMean ? centred(one) : one)) as [
            Matrix,
            Matrix,
          ];
          addDistances(out, timesTransposed(times(left), right), V * crossed);
        }
      return out;
    }
    for (let fold = 0; fold < each.count; fold++) {
      const mean = (inside: boolean) =>
        averaged(rows.data, rows.stimuli, S, (r) => (each.of[r] === fold) === inside);
      addDistances(out, kernel(mean(false), mean(true)), V * each.count);
    }
    return out;
  }
  const means = averaged(rows.data, rows.stimuli, S, () => true);
  const out = new Float64Array(pairCount(S));
  if (measure === "correlation" || measure === "spearman" || measure === "cosine") {
    const from = measure === "spearman" ? ranked(means) : means;
    const unit = normalised(from, measure);
    const gram = timesTransposed(unit).data;
    for (let i = 0, m = 0; i < S; i++) for (let j = i + 1; j < S; j++, m++) out[m] = 1 - gram[i * S + j]!;
    return out;
  }
  addDistances(out, kernel(means), V);
  return out;
}

/** Adds k_ii + k_jj - k_ij - k_ji, divided by `divisor`, to each pair of `out` `[M]`. */
function addDistances(out: Float64Array, { shape, data: k }: Matrix, divisor: number): void {
  const S = shape[0]!;
  for (let i = 0, m = 0; i < S; i++)
    for (let j = i + 1; j < S; j++, m++)
      out[m]! += (k[i * S + i]! + k[j * S + j]! - k[i * S + j]! - k[j * S + i]!) / divisor;
}

/** Distances from the mean similarity of all pairs of rows in different folds; `[n, n] -> [M]`. */
function fromPairs(
  { data: k }: Matrix,
  stimuli: ArrayLike<number>,
  folds: Folds,
  { S, V, poisson }: { readonly S: number; readonly V: number; readonly poisson: boolean },
): Float64Array {
  const n = stimuli.length;
  const sums = new Float64Array(S * S);
  const counts = new Float64Array(S * S);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < n; b++) {
      if (folds.of[a] === folds.of[b]) continue;
      const at = stimuli[a]! * S + stimuli[b]!;
      // a divergence is no product: of two rates it is already the (negative, halved) distance
      const own = poisson ? (k[a * n + a]! + k[b * n + b]!) / 2 : 0;
      sums[at]! += (poisson ? (k[a * n + b]! + k[b * n + a]!) / 2 : k[a * n + b]!) - own;
      counts[at]!++;
    }
  const out = new Float64Array(pairCount(S));
  const mean = (i: number, j: number) => {
    const at = i * S + j;
    if (counts[at]! > 0) return sums[at]! / counts[at]!;
    throw new VcaError(
      "DataError",
      `dissimilarities: stimuli ${i} and ${j} in different folds were expected, got them in one. Drop one of the two, or use a measure that is not crossed.`,
    );
  };
  for (let i = 0, m = 0; i < S; i++)
    for (let j = i + 1; j < S; j++, m++) out[m] = (mean(i, i) + mean(j, j) - 2 * mean(i, j)) / V;
  return out;
}

/** The covariance of a fold's mean patterns. @throws DataError when its precision is not there, ShapeError when it has other channels. */
function foldCovariance(
  precisions: ReadonlyMap<number | string, Matrix>,
  name: number | string,
  V: number,
): Matrix {
  const found = precisions.get(name);
  if (!found)
    throw mismatch(
      "precisions of all folds",
      `none for ${name}`,
      "Estimate one from the residuals of that fold",
      "DataError",
    );
  if (found.shape[0] !== V || found.shape[1] !== V)
    throw mismatch(`precisions of ${V} channels`, `[${found.shape}]`, "Estimate them on the same channels");
  return inverse(found);
}

function inverse(matrix: Matrix): Matrix {
  const V = matrix.shape[0]!;
  const identity = new Float64Array(V * V);
  for (let v = 0; v < V; v++) identity[v * V + v] = 1;
  return choleskySolve(matrix, { shape: [V, V], data: identity });
}

function meanOf(a: Matrix, b: Matrix): Matrix {
  return { shape: a.shape, data: a.data.map((value, at) => (value + b.data[at]!) / 2) };
}

/** The fold of each row, numbered from 0. */
interface Folds {
  readonly names: readonly (number | string)[];
  readonly of: Int32Array;
  readonly count: number;
}

/** Checks that each stimulus stands in two folds, or in all of them. */
function foldRows(
  folds: Observations["folds"],
  stimuli: ArrayLike<number>,
  S: number,
  repeats: "folds" | "pairs",
): Folds {
  const names = [...new Set(Array.from(folds ?? []))];
  const of = Int32Array.from(folds ?? [], (fold) => names.indexOf(fold));
  const seen = Array.from({ length: S }, () => new Set<number>());
  for (let r = 0; r < of.length; r++) seen[stimuli[r]!]!.add(of[r]!);
  const least = repeats === "pairs" ? 2 : Math.max(2, names.length);
  const lacking = seen.findIndex(({ size }) => size < least);
  if (lacking >= 0)
    throw new VcaError(
      "DataError",
      `dissimilarities: repeats of each stimulus in ${least} folds were expected for a crossed measure, got ${seen[lacking]!.size} for stimulus ${lacking}. ${
        seen[lacking]!.size > 1
          ? 'Pass repeats: "pairs" for unequal numbers'
          : "Drop the stimulus, or use a measure that is not crossed, such as mahalanobis"
      }.`,
    );
  return { names, of, count: names.length };
}

/** Mean of the chosen rows of each stimulus: `[n, V] -> [S, V]`. @throws DataError when a stimulus has none. */
function averaged(
  { shape, data }: Matrix,
  stimuli: ArrayLike<number>,
  S: number,
  chosen: (row: number) => boolean,
): Matrix {
  const [n, V] = shape as [number, number];
  const out = new Float64Array(S * V);
  const counts = new Float64Array(S);
  for (let r = 0; r < n; r++) {
    if (!chosen(r)) continue;
    const to = stimuli[r]! * V;
    counts[stimuli[r]!]!++;
    for (let v = 0; v < V; v++) out[to + v]! += data[r * V + v]!;
  }
  const empty = counts.indexOf(0);
  if (empty >= 0)
    throw mismatch(
      `rows of each of ${S} stimuli`,
      `none of stimulus ${empty}`,
      "Number stimuli without gaps",
      "DataError",
    );
  for (let at = 0; at < out.length; at++) out[at]! /= counts[Math.floor(at / V)]!;
  return { shape: [S, V], data: out };
}

/** Rows less their means. */
function centred({ shape, data }: Matrix): Matrix {
  const V = shape[1]!;
  const out = data.slice();
  for (let from = 0; from < out.length; from += V) {
    const row = out.subarray(from, from + V);
    const mean = row.reduce((a, b) => a + b, 0) / V;
    for (let v = 0; v < V; v++) row[v]! -= mean;
  }
  return { shape, data: out };
}

/** The length about its mean up to which a pattern of V channels is flat: what rounding leaves. */
export function flatLength(mean: number, channels: number): number {
  return 1e-13 * Math.abs(mean) * Math.sqrt(channels);
}

/** Rows less their means (but for cosine) and divided by their lengths. @throws DataError for a flat row. */
function normalised(rows: Matrix, measure: Measure): Matrix {
  const V = rows.shape[1]!;
  const out = measure === "cosine" ? { ...rows, data: rows.data.slice() } : centred(rows);
  for (let from = 0; from < out.data.length; from += V) {
    const row = out.data.subarray(from, from + V);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
    const flat = measure === "cosine" ? 0 : flatLength(rows.data[from]!, V);
    if (length <= flat)
      throw new VcaError(
        "DataError",
        `dissimilarities: a pattern that varies was expected for ${measure}, got a flat one for stimulus ${from / V}. Drop this stimulus, or use euclidean.`,
      );
    for (let v = 0; v < V; v++) row[v]! /= length;
  }
  return out;
}

function ranked({ shape, data }: Matrix): Matrix {
  const V = shape[1]!;
  const out = new Float64Array(data.length);
  for (let from = 0; from < data.length; from += V) out.set(ranks(data.subarray(from, from + V)), from);
  return { shape, data: out };
}

function rates(
  { shape, data }: Matrix,
  { rate, weight }: { readonly rate: number; readonly weight: number },
): Matrix {
  const out = data.map((value) => (value + rate * weight) / (1 + weight));
  const at = out.findIndex((value) => !(value > 0));
  if (at >= 0)
    throw new VcaError(
      "DataError",
      `dissimilarities: counts of 0 or more were expected for poisson, got ${data[at]}. Pass counts or rates, not differences.`,
    );
  return { shape, data: out };
}

function logarithms({ shape, data }: Matrix): Matrix {
  return { shape, data: data.map(Math.log) };
}

function mismatch(
  expected: string,
  got: number | string,
  remedy: string,
  tag: "ShapeError" | "DataError" = "ShapeError",
): VcaError {
  return new VcaError(tag, `dissimilarities: ${expected} were expected, got ${got}. ${remedy}.`);
}
