/** @file A fit's numbers: agreement of circuit and ridge with the ratings, intervals, and their paired difference. */
import type { NdArray } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { members } from "../stimuli/folds.ts";
import { type Bootstrap, bootstrapCorrelations, contrast, type Interval } from "../training/intervals.ts";
import { agreement, columnOfScale, correlation } from "../training/metrics.ts";

/** Agreement of one scale, as `--json` prints it; null where a number does not exist. */
export interface ScaleMetrics {
  readonly r: number;
  readonly ci: readonly [number, number];
  readonly rWithinFolds: number | null;
  /** Mean r of single seeds; of a method without seeds, r. */
  readonly rSeedMean: number;
  readonly rmse: number;
  readonly r2: number;
}

/** A difference of two correlations over the same pictures. */
export interface Difference {
  readonly r: number;
  readonly ci: readonly [number, number];
}

/** Something for each of the two scales. */
export interface BothScales<T> {
  readonly valence: T;
  readonly arousal: T;
}

/** r within one of several sets. */
export interface WithinSet {
  readonly set: string;
  readonly n: number;
  readonly circuit: BothScales<number>;
  readonly ridge: BothScales<number>;
}

/** What a fit or a test reports. */
export interface Comparison {
  /** Of several sets together: each by itself; every r of `metrics` and `ridge` is then their mean. */
  readonly sets?: readonly WithinSet[];
  readonly metrics: BothScales<ScaleMetrics>;
  readonly ridge: BothScales<ScaleMetrics>;
  readonly difference: BothScales<Difference>;
}

const interval = ({ lower, upper }: Interval): [number, number] => [lower, upper];

/**
 * Compares a circuit with ridge on the same pictures.
 * @param predictions the circuit's, `[S, 2]` per seed; what is judged is their mean
 * @param ridge ridge's, `[S, 2]`
 * @param folds where predictions come from several models; absent for an independent test
 * @param sets the set of each picture, where there are several: each r is then that within sets, as Fisher-z mean
 *   weighted by their pictures, since scales, populations and instructions differ between them
 */
export function compare(options: {
  readonly ratings: NdArray<Float64Array>;
  readonly predictions: readonly NdArray[];
  readonly ridge: NdArray<Float32Array | Float64Array>;
  readonly folds?: Int32Array;
  readonly groups?: readonly string[] | undefined;
  readonly sets?: readonly string[] | undefined;
  readonly seed: number;
}): Comparison {
  const ensemble = meanOf(options.predictions);
  const { groups, sets } = options;
  const parts = sets ? partsOf(sets) : undefined;
  const folds = options.folds && sets ? crossed(options.folds, sets) : options.folds;
  const both = <T>(make: (scale: 0 | 1) => T): BothScales<T> => ({ valence: make(0), arousal: make(1) });
  const bootstraps = both((scale) =>
    bootstrapWithin(parts, {
      pairs: [ensemble, options.ridge].map((predicted) => ({
        rated: columnOfScale(options.ratings, scale),
        predicted: [columnOfScale(predicted, scale)],
      })),
      ...(groups && { groups }),
      random: Random.seeded(options.seed).at("bootstrap", scale),
    }),
  );
  const of = (scale: 0 | 1): Bootstrap => (scale === 0 ? bootstraps.valence : bootstraps.arousal);
  const describe = (
    predicted: NdArray<Float32Array | Float64Array>,
    singles: readonly NdArray<Float32Array | Float64Array>[],
    scale: 0 | 1,
    weights: readonly number[],
  ): ScaleMetrics => {
    const rated = columnOfScale(options.ratings, scale);
    const whole = agreement({ rated, predicted: columnOfScale(predicted, scale), ...(folds && { folds }) });
    const rOf = (of: NdArray<Float32Array | Float64Array>, r: number) =>
      parts ? pooled(parts, (at) => correlation(pick(rated, at), pick(columnOfScale(of, scale), at))) : r;
    const seeds = singles.map((single) =>
      rOf(single, agreement({ rated, predicted: columnOfScale(single, scale) }).r),
    );
    return {
      r: rOf(predicted, whole.r),
      ci: interval(contrast(of(scale), weights)),
      rWithinFolds: whole.rWithinFolds ?? null,
      rSeedMean: seeds.reduce((total, r) => total + r, 0) / seeds.length,
      rmse: whole.rmse,
      r2: whole.r2,
    };
  };
  const within = parts?.map(({ set, at }): WithinSet => {
    const r = (predicted: NdArray<Float32Array | Float64Array>) =>
      both((scale) =>
        correlation(
          pick(columnOfScale(options.ratings, scale), at),
          pick(columnOfScale(predicted, scale), at),
        ),
      );
    return { set, n: at.length, circuit: r(ensemble), ridge: r(options.ridge) };
  });
  return {
    ...(within && { sets: within }),
    metrics: both((scale) => describe(ensemble, options.predictions, scale, [1, 0])),
    ridge: both((scale) => describe(options.ridge, [options.ridge], scale, [0, 1])),
    difference: both((scale) => {
      const found = contrast(of(scale), [1, -1]);
      return { r: found.estimate, ci: interval(found) };
    }),
  };
}

/** One of several sets: its name and its pictures. */
interface Part {
  readonly set: string;
  readonly at: readonly number[];
}

function partsOf(sets: readonly string[]): Part[] {
  return members(sets).map((at) => ({ set: sets[at[0]!]!, at }));
}

const pick = <T>(values: ArrayLike<T>, at: readonly number[]) => at.map((s) => values[s]!);

/** Folds parted by set, so that r within folds is within sets too. */
function crossed(folds: Int32Array, sets: readonly string[]): Int32Array {
  const names = [...new Set(sets)];
  return folds.map((fold, s) => fold * names.length + names.indexOf(sets[s]!));
}

/** tanh(sum n z / sum n) over sets: the Fisher-z mean of their r, weighted by their pictures. */
function pooled(parts: readonly Part[], r: (at: readonly number[], part: number) => number): number {
  let [sum, n] = [0, 0];
  for (const [i, { at }] of parts.entries()) {
    sum += at.length * Math.atanh(Math.max(-1 + 1e-12, Math.min(1 - 1e-12, r(at, i))));
    n += at.length;
  }
  return Math.tanh(sum / n);
}

/** The bootstrap of one set, or of several, each resampled by itself, with their pooled r in each draw. */
function bootstrapWithin(
  parts: readonly Part[] | undefined,
  options: Parameters<typeof bootstrapCorrelations>[0],
): Bootstrap {
  if (!parts) return bootstrapCorrelations(options);
  const { pairs, groups, random } = options;
  const each = parts.map(({ at }, i) =>
    bootstrapCorrelations({
      pairs: pairs.map(({ rated, predicted }) => ({
        rated: pick(rated, at),
        predicted: predicted.map((x) => pick(x, at)),
      })),
      ...(groups && { groups: pick<number | string>(groups, at) }),
      random: random.at("set", i),
    }),
  );
  return {
    estimates: Float64Array.from(pairs, (_, p) => pooled(parts, (_at, i) => each[i]!.estimates[p]!)),
    draws: pairs.map((_, p) =>
      each[0]!.draws[p]!.map((_, d) => pooled(parts, (_at, i) => each[i]!.draws[p]![d]!)),
    ),
  };
}

/** The mean of arrays of one shape: a seed ensemble. */
export function meanOf(arrays: readonly NdArray[]): NdArray {
  const [first] = arrays;
  const data = new Float32Array(first!.data.length);
  for (const array of arrays)
    for (let i = 0; i < data.length; i++) data[i]! += array.data[i]! / arrays.length;
  return { shape: first!.shape, data };
}

/** Rows `model, scale, measure, value, lower, upper` of `metrics.csv`. */
export function metricRows({
  metrics,
  ridge,
  difference,
  sets,
}: Pick<Comparison, "metrics"> & Partial<Comparison>): (string | number | undefined)[][] {
  const scales = ["valence", "arousal"] as const;
  const rows = (model: string, both: BothScales<ScaleMetrics>) =>
    scales.flatMap((scale) => {
      const { r, ci, ...rest } = both[scale];
      const others = Object.entries(rest).map(([measure, value]) => [
        model,
        scale,
        measure,
        value ?? undefined,
        undefined,
        undefined,
      ]);
      return [[model, scale, "r", r, ...ci], ...others];
    });
  const differences = difference
    ? scales.map((scale) => ["circuit - ridge", scale, "r", difference[scale].r, ...difference[scale].ci])
    : [];
  const within = (sets ?? []).flatMap(({ set, ...models }) =>
    (["circuit", "ridge"] as const).flatMap((model) =>
      scales.map((scale) => [model, scale, `r within ${set}`, models[model][scale], undefined, undefined]),
    ),
  );
  return [...rows("circuit", metrics), ...(ridge ? rows("ridge", ridge) : []), ...differences, ...within];
}
