/**
 * @file Ridge on the same tokens and folds, the baseline of every fit; where taps compete, its inner folds
 * choose the tap that circuit and ridge then share. Its result stays in the run as `models/ridge.safetensors`.
 */
import { exists } from "#files";
import type { NdArray } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { type ChannelRange, channelsOf } from "../encoders/channels.ts";
import { averageViews, predictRidge, ridge } from "../training/ridge.ts";
import { summaryFeatures } from "../training/summary-features.ts";
import type { FitConfig } from "./fit-config.ts";
import { innerFolds } from "./inner-folds.ts";
import type { Prepared, WorkOptions } from "./prepare.ts";
import { type RunFolder, readTensors, writeTensors } from "./run-folder.ts";

/** The baseline of a run. */
export interface Baseline {
  /** Held out, `[S, 2]`. */
  readonly predictions: NdArray;
  /** The channels that the model of each fold uses; -1 is the model of all pictures. */
  readonly channels: ReadonlyMap<number, ChannelRange>;
}

/** The file of a run's ridge. */
const fileOf = (folder: RunFolder) => `${folder.path}/models/ridge.safetensors`;

/** Fits ridge, or reads what an earlier call fitted. */
export async function fitBaseline(
  folder: RunFolder,
  config: FitConfig,
  prepared: Prepared,
  { reporter, signal }: WorkOptions,
): Promise<Baseline> {
  const { views, features, ratings, folds, recipe } = prepared;
  const ranges: ChannelRange[] =
    config.tapChoice === "inner" ? [...features.channels] : [{ from: 0, to: features.D }];
  const numbers = [...new Set(folds)].sort((a, b) => a - b);
  if (await exists(fileOf(folder))) {
    const { arrays, metadata } = await readTensors(fileOf(folder));
    return {
      predictions: arrays.get("predictions")!,
      channels: chosen(metadata.candidates!.split(" ").map(Number), numbers, ranges),
    };
  }
  const own = recipe.flip ? views.slice(0, 2) : views.slice(0, 1);
  const result = await ridge({
    candidates: ranges.map((range) =>
      averageViews(own.map((view) => summaryFeatures(channelsOf(view, range), features.hasCls))),
    ),
    targets: ratings,
    folds,
    lines: prepared.lines,
    innerFold: (train, random) => innerFolds(config, prepared, train, random),
    random: Random.seeded(config.seed).at("ridge"),
    onFit: (done, total) => {
      signal?.throwIfAborted();
      reporter.progress("ridge", done, total);
    },
  });
  const { final, models } = result;
  if (final.atEdge.some(Boolean))
    reporter.warn("ridge: a chosen penalty is at the edge of its grid, so a wider grid might do better.");
  const predictions: NdArray = { shape: [folds.length, 2], data: Float32Array.from(result.predictions.data) };
  const candidates = [...models, final].map(({ candidate }) => candidate);
  const arrays = new Map<string, NdArray>([
    ["predictions", predictions],
    ["weights", { shape: final.weights.shape, data: Float32Array.from(final.weights.data) }],
    ["intercept", { shape: [2], data: Float32Array.from(final.intercept) }],
  ]);
  await writeTensors(fileOf(folder), {
    arrays,
    metadata: { penalty: final.penalty.join(" "), candidates: candidates.join(" ") },
  });
  return { predictions, channels: chosen(candidates, numbers, ranges) };
}

/** The final ridge's predictions of other pictures, `[S, 2]`, from their views with the final model's channels. */
export async function baselinePredictions(
  folder: RunFolder,
  views: readonly NdArray[],
  hasCls: boolean,
): Promise<NdArray<Float64Array>> {
  const { arrays } = await readTensors(fileOf(folder));
  const double = (name: string) => ({
    ...arrays.get(name)!,
    data: Float64Array.from(arrays.get(name)!.data),
  });
  const features = averageViews(views.map((view) => summaryFeatures(view, hasCls)));
  return predictRidge({ weights: double("weights"), intercept: double("intercept").data }, features);
}

/** Ridge's predictions of the run's own pictures, each by the fold that held it out, `[S, 2]`; undefined where nothing was fitted. */
export async function heldOutBaseline(folder: RunFolder): Promise<NdArray | undefined> {
  if (!(await exists(fileOf(folder)))) return undefined;
  return (await readTensors(fileOf(folder))).arrays.get("predictions")!;
}

function chosen(
  candidates: readonly number[],
  folds: readonly number[],
  ranges: readonly ChannelRange[],
): Map<number, ChannelRange> {
  return new Map([...folds, -1].map((fold, i) => [fold, ranges[candidates[i]!]!]));
}
