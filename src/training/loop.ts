/**
 * @file The training loop. A group of replicas is trained as one graph on shared batches: each replica gives
 * weight 0 to the pictures it may not see. What a replica becomes does not depend on which others are in its
 * group, on threads, or on interruptions.
 *
 * onnxruntime splits a product between threads only when there are fewer products than threads, and a split
 * product may differ in its last bit: so a group never runs on more threads than it has replicas.
 */
import { openSession } from "#engine";
import { coresAvailable } from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import type { MaskSpec, ParameterSpec } from "../circuits/parts.ts";
import { type NdArray, zeros } from "../core/array.ts";
import { Random } from "../core/random.ts";
import type { Session } from "../engine/session.ts";
import { VcaError } from "../errors.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { BETA1 } from "../graph/optimizer.ts";
import { isStoppingState, openStopping } from "./early-stopping.ts";
import { initialValue, statisticsOf } from "./initial.ts";
import { batchSize, learningRate, lossWeights, type Recipe } from "./recipe.ts";
import { buildStep, type StepGraph } from "./step-graph.ts";

/** Beyond, the product that replicas share is cut into pieces so narrow that their last bits may differ. */
const MOST_THREADS = 8;

/** Rated tokens. Row s of every array is the same stimulus. */
export interface TrainingData {
  /** Views of the pictures, `[S, T, D]` each; the first is the picture as it is. */
  readonly views: readonly NdArray[];
  /** Whether token 0 is a CLS token. */
  readonly hasCls: boolean;
  /** `[S, 2]`: valence, arousal. */
  readonly ratings: NdArray<Float64Array>;
}

/** One network to train. */
export interface Replica {
  /** Such as `fold3-seed1`, or `final-seed0` for all pictures. */
  readonly name: string;
  /** -1 for the replica that is trained on all pictures. */
  readonly fold: number;
  /** Draws its first parameters and its dropout. */
  readonly seed: number;
  /** Rows it may learn from. */
  readonly train: Int32Array;
  /** Rows by which early stopping tests it, none of `train`; needed where the recipe has `patience`. */
  readonly inner?: Int32Array | undefined;
  /** What it learns instead of the data's ratings, `[S, 2]`: given to all replicas of a group, or to none. */
  readonly ratings?: NdArray<Float64Array> | undefined;
}

/** A training that can go on from here: what the step carries, after `epoch` epochs. */
export interface TrainingState {
  readonly epoch: number;
  readonly arrays: ReadonlyMap<string, NdArray>;
}

/** Options of `trainGroup`. */
export interface TrainOptions {
  readonly circuit: Circuit;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  /** Draws the order of pictures and their views, which all replicas of the group share. */
  readonly seed: number;
  readonly replicas: readonly Replica[];
  readonly threads?: number | undefined;
  /** Execution provider; default: the engine's. */
  readonly provider?: string | undefined;
  /** Where an earlier call stopped. */
  readonly resume?: TrainingState | undefined;
  /** Called at epoch 0 and after each epoch, with the mean loss per replica and a way to read the state. */
  readonly onEpoch: (epoch: Epoch) => Promise<void>;
  readonly onStep?: (step: number, total: number) => void;
}

/** An epoch's end. */
export interface Epoch {
  readonly epoch: number;
  /** Mean training loss per replica; empty at epoch 0, and once all have stopped early. */
  readonly losses: readonly number[];
  /** Under early stopping the best epoch of each replica so far, otherwise this epoch. */
  readonly best: readonly number[];
  /** The parameters to test, `[R, ...shape]`: the moving averages where the recipe keeps them, the best where it stops early. */
  readonly parameters: () => Promise<ReadonlyMap<string, NdArray>>;
  /** Everything needed to go on. */
  readonly state: () => Promise<TrainingState>;
}

/**
 * Trains a group of replicas to the last epoch of the recipe.
 * @throws EngineError when a loss is not finite, naming replica and epoch.
 */
export async function trainGroup(options: TrainOptions): Promise<void> {
  const { circuit, recipe, data, replicas, threads, provider } = options;
  const [S, T, D] = data.views[0]!.shape as [number, number, number];
  const batch = batchSize(recipe, S);
  const step = buildStep(circuit, recipe, {
    replicas: replicas.length,
    batch,
    tokens: T,
    width: D,
    hasCls: data.hasCls,
    ownRatings: replicas.some(({ ratings }) => ratings),
  });
  const opening = openSession(encodeOnnx(emitOnnx(step.graph)), {
    carry: step.carry,
    threads: Math.min(threads ?? coresAvailable(), replicas.length, batch, MOST_THREADS),
    ...(provider && { provider }),
  });
  const first = options.resume?.arrays ?? firstState(step, options); // while the session opens
  const session = await opening;
  const stopping = recipe.patience > 0 ? await openStopping(options, options.resume?.arrays) : undefined;
  try {
    await session.hold(Object.fromEntries([...first].filter(([name]) => !isStoppingState(name))));
    const fixed = step.parameters.filter((parameter) => !parameter.trained).map(({ name }) => name);
    const report = async (epoch: number, losses: readonly number[]) => {
      const tested = () => testedParameters(session, step, recipe);
      await stopping?.see(epoch, await tested());
      const carried = () => read(session, [...Object.values(step.carry), ...fixed]);
      await options.onEpoch({
        epoch,
        losses,
        best: stopping?.best() ?? replicas.map(() => epoch),
        parameters: async () => stopping?.parameters(epoch) ?? (await tested()),
        state: async () => ({ epoch, arrays: new Map([...(await carried()), ...(stopping?.state() ?? [])]) }),
      });
    };
    const start = options.resume?.epoch ?? 0;
    if (start === 0) await report(0, []);
    for (let epoch = start; epoch < recipe.epochs; epoch++) {
      const over = stopping?.done(epoch) ?? false;
      await report(epoch + 1, over ? [] : await runEpoch(session, step, { ...options, batch, S, epoch }));
    }
  } finally {
    await stopping?.close();
    await session.close();
  }
}

async function read(session: Session, names: readonly string[]): Promise<Map<string, NdArray>> {
  return new Map(Object.entries(await session.held(names)) as [string, NdArray][]);
}

async function testedParameters(
  session: Session,
  step: StepGraph,
  recipe: Recipe,
): Promise<Map<string, NdArray>> {
  const held = ({ name, trained }: ParameterSpec) => (trained && recipe.ema > 0 ? `${name}:average` : name);
  const arrays = await read(session, step.parameters.map(held));
  return new Map(step.parameters.map((parameter) => [parameter.name, arrays.get(held(parameter))!]));
}

/** Parameters of all replicas before the first step, and the optimizer's state. */
function firstState(step: StepGraph, { data, replicas, recipe }: TrainOptions): Map<string, NdArray> {
  const arrays = new Map<string, NdArray>();
  for (const { name, shape } of step.parameters) arrays.set(name, zeros([replicas.length, ...shape]));
  const statistics = statisticsOf(data.views[0]!, data.hasCls);
  replicas.forEach(({ train, seed, ratings = data.ratings }, r) => {
    const measured = statistics({ ratings, train });
    const own = recipe.standardiseRatings
      ? measured
      : { ...measured, "ratings/center": new Float32Array(2), "ratings/scale": new Float32Array(2).fill(1) };
    const alike = replicas.findIndex((other) => other.seed === seed); // draws the same numbers
    for (const parameter of step.parameters) {
      const { data } = arrays.get(parameter.name)!;
      const size = data.length / replicas.length;
      if (alike < r && parameter.initial.kind !== "statistic")
        data.copyWithin(r * size, alike * size, (alike + 1) * size);
      else data.set(initialValue(parameter, own, Random.seeded(seed).at("parameters")), r * size);
    }
  });
  for (const { name, parameter, average } of step.state) {
    const value = arrays.get(parameter.name)!;
    arrays.set(name, average ? { shape: value.shape, data: value.data.slice() } : zeros(value.shape));
  }
  return arrays;
}

interface EpochOptions extends TrainOptions {
  readonly batch: number;
  readonly S: number;
  readonly epoch: number;
}

async function runEpoch(session: Session, step: StepGraph, options: EpochOptions): Promise<number[]> {
  const { recipe, replicas, S, batch, epoch, seed } = options;
  const random = Random.seeded(seed);
  const order = random.at("order", epoch).permutation(S);
  const views = random.at("view", epoch);
  const chosen = Int32Array.from({ length: S }, () => views.integer(options.data.views.length));
  const trains = replicas.map(({ train }) => new Set(train));
  const stepsPerEpoch = Math.ceil(S / batch);
  const total = replicas.map(() => 0);
  const feedsOf = (i: number) => {
    const rows = order.subarray(i * batch, (i + 1) * batch);
    const t = epoch * stepsPerEpoch + i;
    return {
      ...batchFeeds(options, rows, chosen),
      ...scheduleFeeds(recipe, t, stepsPerEpoch),
      sampleWeights: sampleWeights(rows, trains, batch),
      ...maskFeeds(step.masks, replicas, t),
    };
  };
  let feeds = feedsOf(0);
  for (let i = 0; i < stepsPerEpoch; i++) {
    const t = epoch * stepsPerEpoch + i;
    const running = session.run(feeds, undefined, { handOver: true });
    if (i + 1 < stepsPerEpoch) feeds = feedsOf(i + 1); // drawn while the step runs
    const { losses } = await running;
    replicas.forEach(({ name }, r) => {
      const loss = Number(losses!.data[r]);
      if (!Number.isFinite(loss)) {
        throw new VcaError(
          "EngineError",
          `training: a finite loss was expected, got ${loss} in ${name} at epoch ${epoch + 1}. Lower the learning rate.`,
        );
      }
      total[r]! += loss / stepsPerEpoch;
    });
    options.onStep?.(t + 1, recipe.epochs * stepsPerEpoch);
  }
  return total;
}

/**
 * Tokens `[B, T, D]` of each row in its view, and ratings `[B, 2]`, or `[R, B, 2]` where replicas have their own; a
 * short batch is filled with zeros.
 */
function batchFeeds(
  { data, batch, replicas }: EpochOptions,
  rows: Int32Array,
  chosen: Int32Array,
): Record<string, NdArray> {
  const [, T, D] = data.views[0]!.shape as [number, number, number];
  const tokens = zeros([batch, T, D]);
  const own = replicas.flatMap((replica) => replica.ratings ?? []);
  const ratings = zeros(own.length > 0 ? [own.length, batch, 2] : [batch, 2]);
  rows.forEach((row, b) => {
    tokens.data.set(data.views[chosen[row]!]!.data.subarray(row * T * D, (row + 1) * T * D), b * T * D);
    for (const [r, from] of (own.length > 0 ? own : [data.ratings]).entries())
      ratings.data.set(from.data.subarray(row * 2, row * 2 + 2), (r * batch + b) * 2);
  });
  return { tokens, ratings };
}

/** Learning rate, loss weights and bias corrections of step `t`, counted from 0. */
function scheduleFeeds(recipe: Recipe, t: number, stepsPerEpoch: number): Record<string, NdArray> {
  const scalar = (value: number): NdArray => ({ shape: [], data: Float32Array.of(value) });
  const { optimizer } = recipe;
  const weights = lossWeights(recipe, t / (recipe.epochs * stepsPerEpoch));
  return {
    lr: scalar(learningRate(recipe, t, stepsPerEpoch)),
    lossWeights: { shape: [2], data: Float32Array.from(weights) },
    ...(optimizer.kind === "adamw" && {
      c1: scalar(1 - BETA1 ** (t + 1)),
      c2: scalar(1 - optimizer.beta2 ** (t + 1)),
    }),
  };
}

/** `[R, B]`: 1 / (pictures of the batch that a replica may see), 0 for the others. */
function sampleWeights(rows: Int32Array, trains: readonly ReadonlySet<number>[], batch: number): NdArray {
  const weights = zeros([trains.length, batch]);
  trains.forEach((train, r) => {
    const seen = rows.reduce((count, row) => count + (train.has(row) ? 1 : 0), 0);
    rows.forEach((row, b) => {
      if (train.has(row)) weights.data[r * batch + b] = 1 / seen;
    });
  });
  return weights;
}

/** Dropout masks `[R, B, ...]` of step t, drawn for each replica from a stream of its own seed and fold. */
function maskFeeds(
  masks: readonly MaskSpec[],
  replicas: readonly Replica[],
  t: number,
): Record<string, NdArray> {
  return Object.fromEntries(
    masks.map(({ name, shape, rate }) => {
      const mask = zeros(shape);
      const size = mask.data.length / replicas.length;
      const words = new Uint32Array(size);
      const threshold = rate * 2 ** 32;
      const kept = 1 / (1 - rate);
      replicas.forEach(({ fold, seed }, r) => {
        Random.seeded(seed)
          .at("mask", t, name, fold + 1)
          .fillBits(words);
        for (let i = 0; i < size; i++) mask.data[r * size + i] = words[i]! < threshold ? 0 : kept;
      });
      return [name, mask];
    }),
  );
}
