/** @file The parameters with which a replica begins. */

import type { ParameterSpec, Statistic } from "../circuits/parts.ts";
import type { NdArray } from "../core/array.ts";
import type { Random } from "../core/random.ts";
import { summaryFeatures } from "./summary-features.ts";

/** What parameters take from the training pictures, each `[channels]`. */
export type TrainingStatistics = Readonly<Record<Statistic, Float32Array>>;

/** A channel that hardly varies over the training pictures would answer new ones with enormous values. */
const FLOOR = 0.01;

/**
 * Mean and deviation (n - 1) of each channel, over the first axes of the chosen rows; a deviation is at least a
 * hundredth of the channels' root mean square deviation.
 */
function moments(
  array: NdArray<Float32Array | Float64Array>,
  rows: ArrayLike<number>,
): { mean: Float32Array; sd: Float32Array } {
  const width = array.shape.at(-1)!;
  const rowSize = array.data.length / array.shape[0]!;
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  const count = (rows.length * rowSize) / width;
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * rowSize;
    for (let at = start; at < start + rowSize; at += width)
      for (let k = 0; k < width; k++) mean[k]! += array.data[at + k]!;
  }
  for (let k = 0; k < width; k++) mean[k]! /= count;
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * rowSize;
    for (let at = start; at < start + rowSize; at += width)
      for (let k = 0; k < width; k++) squares[k]! += (array.data[at + k]! - mean[k]!) ** 2;
  }
  const deviations = squares.map((sum) => Math.sqrt(sum / Math.max(1, count - 1)));
  const typical = Math.sqrt(deviations.reduce((sum, sd) => sum + sd * sd, 0) / width);
  const sd = Float32Array.from(deviations, (deviation) => Math.max(deviation, FLOOR * typical) || 1);
  return { mean: Float32Array.from(mean), sd };
}

/** From tokens `[S, T, D]`, the statistics of any training pictures, `train`, and their ratings `[S, 2]`. */
export function statisticsOf(
  tokens: NdArray,
  hasCls: boolean,
): (of: { ratings: NdArray<Float64Array>; train: ArrayLike<number> }) => TrainingStatistics {
  const summaries = summaryFeatures(tokens, hasCls);
  return ({ ratings, train }) => {
    const channels = moments(tokens, train);
    const summary = moments(summaries, train);
    const rated = moments(ratings, train);
    return {
      "tokens/center": channels.mean,
      "tokens/scale": channels.sd,
      "summary/center": summary.mean,
      "summary/scale": summary.sd,
      "ratings/center": rated.mean,
      "ratings/scale": rated.sd,
    };
  };
}

/**
 * A parameter's first value. Each is drawn from a stream of its own name, so a circuit that gains a
 * nucleus leaves the others as they were.
 */
export function initialValue(
  spec: ParameterSpec,
  statistics: TrainingStatistics,
  random: Random,
): Float32Array {
  const { initial, shape, name } = spec;
  const size = shape.reduce((product, axis) => product * axis, 1);
  switch (initial.kind) {
    case "constant":
      return new Float32Array(size).fill(initial.value);
    case "uniform": {
      const stream = random.at(name);
      return Float32Array.from({ length: size }, () => initial.bound * (2 * stream.uniform() - 1));
    }
    case "normal": {
      const stream = random.at(name);
      return Float32Array.from({ length: size }, () => initial.sd * stream.normal());
    }
    case "statistic":
      return statistics[initial.of];
  }
}
