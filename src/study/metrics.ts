/** @file A fit's numbers: agreement of circuit and ridge with the ratings, intervals, and their paired difference. */
import type { NdArray } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { type Bootstrap, bootstrapCorrelations, contrast, type Interval } from "../training/intervals.ts";
import { agreement } from "../training/metrics.ts";

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

/** What a fit or a test reports. */
export interface Comparison {
  readonly metrics: BothScales<ScaleMetrics>;
  readonly ridge: BothScales<ScaleMetrics>;
  readonly difference: BothScales<Difference>;
}

/** Valence or arousal of `[S, 2]`. */
export function columnOfScale(array: NdArray<Float32Array | Float64Array>, scale: 0 | 1): Float64Array {
  return Float64Array.from({ length: array.shape[0]! }, (_, s) => array.data[2 * s + scale]!);
}

const interval = ({ lower, upper }: Interval): [number, number] => [lower, upper];

/**
 * Compares a circuit with ridge on the same pictures.
 * @param predictions the circuit's, `[S, 2]` per seed; what is judged is their mean
 * @param ridge ridge's, `[S, 2]`
 * @param folds where predictions come from several models; absent for an independent test
 */
export function compare(options: {
  readonly ratings: NdArray<Float64Array>;
  readonly predictions: readonly NdArray[];
  readonly ridge: NdArray<Float32Array | Float64Array>;
  readonly folds?: Int32Array;
  readonly groups?: readonly string[] | undefined;
  readonly seed: number;
}): Comparison {
  const ensemble = meanOf(options.predictions);
  const { folds, groups } = options;
  const both = <T>(make: (scale: 0 | 1) => T): BothScales<T> => ({ valence: make(0), arousal: make(1) });
  const bootstraps = both((scale) =>
    bootstrapCorrelations({
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
    const seeds = singles.map((single) => agreement({ rated, predicted: columnOfScale(single, scale) }).r);
    return {
      r: whole.r,
      ci: interval(contrast(of(scale), weights)),
      rWithinFolds: whole.rWithinFolds ?? null,
      rSeedMean: seeds.reduce((total, r) => total + r, 0) / seeds.length,
      rmse: whole.rmse,
      r2: whole.r2,
    };
  };
  return {
    metrics: both((scale) => describe(ensemble, options.predictions, scale, [1, 0])),
    ridge: both((scale) => describe(options.ridge, [options.ridge], scale, [0, 1])),
    difference: both((scale) => {
      const found = contrast(of(scale), [1, -1]);
      return { r: found.estimate, ci: interval(found) };
    }),
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
export function metricRows({ metrics, ridge, difference }: Comparison): (string | number | undefined)[][] {
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
  const differences = scales.map((scale) => [
    "circuit - ridge",
    scale,
    "r",
    difference[scale].r,
    ...difference[scale].ci,
  ]);
  return [...rows("circuit", metrics), ...rows("ridge", ridge), ...differences];
}
