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
 * Mean and deviation (n - 1) of each channel over the first axes, for any rows of `array`; a deviation is at least a
 * hundredth of the channels' root mean square deviation. Each row is summed once, about the channels' first values.
 */
function momentsOf({ shape, data }: NdArray<Float32Array | Float64Array>) {
  const [S, width] = [shape[0]!, shape.at(-1)!];
  const perRow = data.length / S / width;
  const center = Float64Array.from(data.subarray(0, width));
  const sums = new Float64Array(S * width); // of each row
  const squares = new Float64Array(S * width);
  for (let s = 0, at = 0; s < S; s++)
    for (let i = 0; i < perRow; i++, at += width)
      for (let k = 0, to = s * width; k < width; k++, to++) {
        const value = data[at + k]! - center[k]!;
        sums[to]! += value;
        squares[to]! += value * value;
      }
  const total = (of: Float64Array, rows: ArrayLike<number>) => {
    const all = new Float64Array(width);
    for (let i = 0; i < rows.length; i++)
      for (let k = 0, at = rows[i]! * width; k < width; k++, at++) all[k]! += of[at]!;
    return all;
  };
  return (rows: ArrayLike<number>): { mean: Float32Array; sd: Float32Array } => {
    const count = rows.length * perRow;
    const apart = total(sums, rows).map((sum) => sum / count);
    const deviations = total(squares, rows).map((square, k) =>
      Math.sqrt(Math.max(0, square - count * apart[k]! ** 2) / Math.max(1, count - 1)),
    );
    const typical = Math.sqrt(deviations.reduce((sum, sd) => sum + sd * sd, 0) / width);
    return {
      mean: Float32Array.from(apart, (value, k) => center[k]! + value),
      sd: Float32Array.from(deviations, (deviation) => Math.max(deviation, FLOOR * typical) || 1),
    };
  };
}

/** From tokens `[S, T, D]`, the statistics of any training pictures, `train`, and their ratings `[S, 2]`. */
export function statisticsOf(
  tokens: NdArray,
  hasCls: boolean,
): (of: { ratings: NdArray<Float64Array>; train: ArrayLike<number> }) => TrainingStatistics {
  const [ofTokens, ofSummaries] = [momentsOf(tokens), momentsOf(summaryFeatures(tokens, hasCls))];
  return ({ ratings, train }) => {
    const channels = ofTokens(train);
    const summary = ofSummaries(train);
    const rated = momentsOf(ratings)(train);
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
