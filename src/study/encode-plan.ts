/** @file What `vca encode` predicts from, and how: features of a run's networks, folds of a participant's pictures. */
import type { NdArray } from "../core/array.ts";
import { type Matrix, pickRows, stackRows } from "../core/linear-algebra.ts";
import { Random } from "../core/random.ts";
import { channelsOf } from "../encoders/channels.ts";
import { RANDOM } from "../encoders/encoder.ts";
import { type CrossPrediction, crossPredict, type EncodingMethod } from "../encoding/cross-predict.ts";
import { meanPatterns, splitHalf, stepUp } from "../encoding/reliability.ts";
import { VcaError } from "../errors.ts";
import { planFolds } from "../stimuli/folds.ts";
import { summaryFeatures } from "../training/summary-features.ts";
import type { BrainData, Trials } from "./brain-data.ts";
import type { BrainPart, openBrainRun } from "./brain-networks.ts";

/** How patterns are predicted. */
export interface PlanOptions {
  /** Principal components of the features, learned in the fold; default: all features. */
  readonly pca?: number | undefined;
  /** What stays together in a fold: a picture's repeats, a theme, or pictures shown one after the other. */
  readonly by: "picture" | "theme" | "block";
  readonly folds: number;
  /** Least split-half reliability of a voxel in the training pictures. */
  readonly reliability?: number | undefined;
  readonly seed: number;
}

/** Features of the pictures of each part, `[places, F]`, for each seed; one where seeds do not matter. */
export interface FeatureSet {
  readonly name: string;
  readonly source: "trained" | "untrained" | "encoder" | "random" | "ratings";
  readonly epoch: number | undefined;
  /** `[seeds][parts]` */
  readonly values: readonly (readonly Matrix[])[];
}

/** Nuclei trained and untrained, layers of the encoder, the encoder with shuffled weights, ratings. */
export async function featureSets({
  run,
  parts,
}: Awaited<ReturnType<typeof openBrainRun>>): Promise<FeatureSet[]> {
  const last = run.epochs.at(-1)!;
  const sets: FeatureSet[] = [];
  for (const epoch of last > 0 ? [last, 0] : [0])
    for (const nucleus of run.nuclei) {
      const values: Matrix[][] = [];
      for (const k of parts[0]!.networks.keys())
        values.push(
          await Promise.all(
            parts.map(async ({ networks }) => float64(await networks[k]!.activations(nucleus, epoch))),
          ),
        );
      const source = epoch === last && last > 0 ? "trained" : "untrained";
      sets.push({ name: epoch === last ? nucleus : `${nucleus} epoch 0`, source, epoch, values });
    }
  const sights = (encoder: "own" | "random") =>
    Promise.all(parts.map(({ fold, inRun }) => run.sight({ fold, places: inRun }, encoder)));
  const seen = await sights("own");
  const channels = run.config.tapChoice === "inner" ? [] : run.manifest.tokens.channels;
  const whole = { from: 0, to: seen[0]!.tokens.shape[2]! };
  const layers =
    channels.length > 1
      ? channels.map((range, i) => ({ name: `encoder ${run.manifest.encoder.taps[i]!.name}`, range }))
      : [];
  const summaries = (of: typeof seen, range = whole) =>
    of.map(({ tokens, visual }) =>
      float64(
        summaryFeatures(
          channelsOf(tokens, range === whole ? { from: 0, to: tokens.shape[2]! } : range),
          visual.hasCls,
        ),
      ),
    );
  for (const { name, range } of [...layers, { name: "encoder", range: whole }])
    sets.push({ name, source: "encoder", epoch: undefined, values: [summaries(seen, range)] });
  if (!run.config.encoder.startsWith(RANDOM))
    sets.push({
      name: "random encoder",
      source: "random",
      epoch: undefined,
      values: [summaries(await sights("random"))],
    });
  sets.push({
    name: "ratings",
    source: "ratings",
    epoch: undefined,
    values: [parts.map(({ pictures }) => pictures.ratings)],
  });
  return sets;
}

function float64({ shape, data }: NdArray): Matrix {
  return { shape, data: Float64Array.from(data) };
}

/** Of a fold, for a correlation in it. */
const FEWEST_PICTURES = 3;
/** Of the pictures, because inner folds are the other ones. */
const FEWEST_FOLDS = 3;

/** Pictures of one part of a run: plain data for any thread. */
export interface PlanPart extends Pick<BrainPart, "fold" | "places"> {
  readonly pictures: Pick<BrainPart["pictures"], "ids" | "columns">;
}

/** One participant's patterns, folds, and how to predict them. */
export interface Plan {
  /** @param bands one or two arrays of features, `[parts]` each */
  readonly predict: (
    bands: readonly (readonly Matrix[])[],
    method: EncodingMethod,
  ) => CrossPrediction & {
    readonly patterns: Matrix;
    readonly folds: Int32Array;
  };
}

/** How one participant's patterns are predicted. @throws as `crossPredict`; DataError when a fold would have fewer than 3 pictures */
export function planOf(
  trials: Trials,
  { ids }: Pick<BrainData, "ids">,
  { parts, options }: { parts: readonly PlanPart[]; options: PlanOptions },
): Plan {
  const patterns = meanPatterns(trials.data, trials.stimuli, ids.length);
  const pieces = parts.map((part) => ({
    part,
    own: pickRows(patterns, part.places),
    folds: foldsOf(part, trials, options),
  }));
  const stacked: Matrix = stackRows(pieces.map(({ own }) => own));
  const folds = Int32Array.from(
    pieces.flatMap((piece, i) => [...piece.folds].map((fold) => i * options.folds + fold)),
  );
  const { reliability, pca } = options;
  return {
    predict(bands, method) {
      const found = pieces.map(({ part, own, folds: inner }, i) => {
        const voxels =
          reliability === undefined
            ? undefined
            : (train: Int32Array) => {
                const among = new Set(Array.from(train, (s) => part.places[s]!));
                const values = splitHalf(trials.data, trials.stimuli, among);
                return [...values.keys()].filter((v) => stepUp(values[v]!) >= reliability);
              };
        return crossPredict(
          { features: bands.map((band) => band[i]!), patterns: own, folds: inner },
          { method, pca, voxels },
        );
      });
      return {
        predictions: stackRows(found.map(({ predictions }) => predictions)),
        atSmallest: found.reduce((sum, { atSmallest }) => sum + atSmallest / found.length, 0),
        patterns: stacked,
        folds,
      };
    },
  };
}

/** Fold of each of the part's pictures, `[places]`. @throws DataError when a fold would have fewer than 3 pictures; ConfigError without themes. */
export function foldsOf(
  { fold: runFold, pictures, places }: PlanPart,
  trials: Trials,
  { by, folds, seed }: PlanOptions,
): Int32Array {
  const S = pictures.ids.length;
  if (S < FEWEST_PICTURES * folds) {
    const got =
      runFold < 0
        ? `${S}`
        : `${S} in fold ${runFold} of the run, which is encoded by itself as are the others`;
    const most = Math.floor(S / FEWEST_PICTURES);
    const fewer = runFold < 0 ? "Show" : "Fit the run with fewer folds (--folds 2), or show";
    const remedy = most >= FEWEST_FOLDS ? `Pass --folds ${most}, or show` : fewer;
    throw new VcaError(
      "DataError",
      `encode: ${FEWEST_PICTURES} pictures in each of ${folds} folds were expected, got ${got}. ${remedy} more pictures.`,
    );
  }
  const random = Random.seeded(seed).at("encode");
  if (by === "picture") return planFolds({ n: S, folds, method: "random", random });
  if (by === "theme") {
    const groups = pictures.columns.theme;
    if (groups) return planFolds({ n: S, folds, method: "grouped", groups, random });
    throw new VcaError(
      "ConfigError",
      "encode: a column theme was expected for folds by theme, got none. Pass --by picture.",
    );
  }
  const first = places.map((s) => trials.stimuli.indexOf(s));
  const order = [...places.keys()].sort((a, b) => first[a]! - first[b]!);
  const fold = new Int32Array(S);
  for (const [rank, s] of order.entries()) fold[s] = Math.floor((rank * folds) / S);
  return fold;
}
