/**
 * @file How alike two RDMs are: eight comparisons, each defined once, for whole RDMs as for bootstrap samples. What a
 * sample needs of an RDM is prepared in it once (unit features, or ranks) and shared by all models, participants and
 * noise ceilings. Numbers are those of rsatoolbox 0.3.2 (`rsatoolbox.rdm.compare`).
 */
import { type Matrix, timesTransposed } from "../core/linear-algebra.ts";
import { unknownName, VcaError } from "../errors.ts";
import { type Draw, wholeSample } from "./draw.ts";
import { features, rankFeatures, unitFeatures } from "./features.ts";
import { type Countable, countable, scratchFor, tauA, tauB } from "./kendall.ts";
import { joinByStimulus, type Rdms } from "./rdm.ts";
import { doubledRanks, type Sorted, sortedIn, sortIntegers, sortVector } from "./sorting.ts";

/** Comparisons, by their names in code. */
export const COMPARISONS = [
  "cosine",
  "pearson",
  "spearman",
  "tauA",
  "tauB",
  "rhoA",
  "whitenedCosine",
  "whitenedCorrelation",
] as const;

/** A way to compare RDMs. */
export type Comparison = (typeof COMPARISONS)[number];

/** The name on the command line: `rho-a` for `rhoA`. */
export function comparisonName(comparison: Comparison): string {
  return comparison.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The comparison of a command-line name. @throws ConfigError for another name. */
export function comparisonOf(name: string): Comparison {
  const found = COMPARISONS.find((comparison) => comparisonName(comparison) === name);
  if (found) return found;
  throw unknownName("rsa", "comparison", name, COMPARISONS.map(comparisonName));
}

/** What unit features need; a comparison of ranks has none. */
export const FEATURES = {
  cosine: { centered: false, whitened: false },
  pearson: { centered: true, whitened: false },
  whitenedCosine: { centered: false, whitened: true },
  whitenedCorrelation: { centered: true, whitened: true },
  spearman: undefined,
  rhoA: undefined,
  tauA: undefined,
  tauB: undefined,
} as const;

/** Vectors ready for many samples. */
export interface Prepared {
  readonly vectors: readonly Float64Array[];
  /** For comparisons of ranks: the vectors sorted. */
  readonly sorted: readonly Sorted[] | undefined;
}

/** Sorts what has to be sorted once. */
export function prepare(vectors: readonly Float64Array[], comparison: Comparison): Prepared {
  return { vectors, sorted: FEATURES[comparison] ? undefined : vectors.map(sortVector) };
}

/** Vectors as they are in one sample. */
export interface Sampled {
  /** Their number. */
  readonly count: number;
  /** Dot products of these are comparisons; undefined for tau. */
  readonly features: Matrix | undefined;
  /** For tau, per vector. */
  readonly countables: readonly Countable[];
  /** For comparisons of ranks: twice their ranks, per vector. */
  readonly ranks: readonly Int32Array[];
}

/** The vectors in a sample. */
export function sample({ vectors, sorted }: Prepared, draw: Draw, comparison: Comparison): Sampled {
  const rule = FEATURES[comparison];
  if (rule) {
    const unit = unitFeatures(features(vectors, draw, rule));
    return { count: vectors.length, features: unit, countables: [], ranks: [] };
  }
  return ranked(
    sorted!.map((whole) => sortedIn(whole, draw)),
    draw,
    comparison,
  );
}

function ranked(sorted: readonly Sorted[], draw: Draw, comparison: Comparison): Sampled {
  const tau = comparison === "tauA" || comparison === "tauB";
  const ranks = sorted.map((one) => doubledRanks(one, draw.weights));
  return {
    count: sorted.length,
    features: tau ? undefined : rankFeatures(ranks, draw, comparison === "spearman"),
    countables: tau ? sorted.map((one) => countable(one, draw.weights)) : [],
    ranks,
  };
}

/** Some of the vectors, in the given order. */
export function takeSampled({ features: all, countables, ranks }: Sampled, rows: readonly number[]): Sampled {
  const width = all?.shape[1] ?? 0;
  const data = new Float64Array(rows.length * width);
  if (all)
    for (const [k, row] of rows.entries())
      data.set(all.data.subarray(row * width, (row + 1) * width), k * width);
  return {
    count: rows.length,
    features: all && { shape: [rows.length, width], data },
    countables: countables.length > 0 ? rows.map((row) => countables[row]!) : [],
    ranks: ranks.length > 0 ? rows.map((row) => ranks[row]!) : [],
  };
}

/** The comparisons of all vectors of `a` with all of `b` in one sample: `[a, b]`. */
export function similarities(a: Sampled, b: Sampled, comparison: Comparison): Float64Array {
  if (a.features && b.features) return timesTransposed(a.features, b.features).data;
  const tau = comparison === "tauA" ? tauA : tauB;
  const scratch = scratchFor(a.countables[0]!.order.length);
  const result = new Float64Array(a.count * b.count);
  for (let i = 0; i < a.count; i++)
    for (let j = 0; j < b.count; j++)
      result[i * b.count + j] = tau(a.countables[i]!, b.countables[j]!, scratch);
  return result;
}

/** Sums of doubled ranks, to which those of `rows` are added, or with -1 taken away: `[L]`; whole numbers. */
export function addRanks(
  sums: Int32Array,
  { ranks }: Sampled,
  rows: readonly number[],
  times: 1 | -1 = 1,
): Int32Array {
  const result = sums.slice();
  for (const row of rows)
    for (let slot = 0; slot < result.length; slot++) result[slot]! += times * ranks[row]![slot]!;
  return result;
}

/** Sums of ranks as a vector of the sample, to be compared; for comparisons of ranks only. */
export function rankedSums(sums: Int32Array, draw: Draw, comparison: Comparison): Sampled {
  const sorted = sortIntegers(sums);
  if (comparison !== "tauA" && comparison !== "tauB") return ranked([sorted], draw, comparison);
  return { count: 1, features: undefined, countables: [countable(sorted, draw.weights)], ranks: [] };
}

/** The rows of RDMs as vectors on the same memory. */
export function vectorsOf({ vectors }: Rdms): Float64Array[] {
  const [n, m] = vectors.shape as [number, number];
  return Array.from({ length: n }, (_, k) => vectors.data.subarray(k * m, (k + 1) * m));
}

/** 1 for pairs that are NaN in one of the vectors, `[M]`; undefined when there are none. */
export function missingPairs(vectors: readonly Float64Array[]): Uint8Array | undefined {
  const missing = new Uint8Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let pair = 0; pair < missing.length; pair++) if (Number.isNaN(vector[pair])) missing[pair] = 1;
  return missing.includes(1) ? missing : undefined;
}

/**
 * Compares each RDM of `a` with each of `b`, joined by stimulus id: `[a, b]`. A pair of stimuli that is NaN in one RDM
 * is left out of all. An RDM that is constant compares as 0.
 * @throws DataError when stimuli differ or fewer than 3 pairs are left.
 * @see rsatoolbox `compare`: cosine, corr, spearman, tau-a, tau-b, rho-a, cosine_cov, corr_cov
 */
export function compare(a: Rdms, b: Rdms, comparison: Comparison): Matrix {
  const left = vectorsOf(a);
  const right = vectorsOf(joinByStimulus(a, b, "compare"));
  const draw = wholeSample(a.ids.length, missingPairs([...left, ...right]));
  if (draw.count < 3)
    throw new VcaError(
      "DataError",
      `compare: 3 pairs of stimuli that no RDM lacks were expected, got ${draw.count}. Add stimuli, or mend missing dissimilarities.`,
    );
  const of = (vectors: Float64Array[]) => sample(prepare(vectors, comparison), draw, comparison);
  return { shape: [left.length, right.length], data: similarities(of(left), of(right), comparison) };
}
