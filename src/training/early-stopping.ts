/**
 * @file Early stopping: after each epoch every network is tested on inner pictures, which it does not learn from, and one
 * that has not improved for `patience` epochs stays as it was at its best. Pictures that its fold holds out are
 * never looked at.
 */
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { type NdArray, row, takeRows } from "../core/array.ts";
import { openInference } from "./inference.ts";
import type { Replica, TrainingData } from "./loop.ts";
import type { Recipe } from "./recipe.ts";

/** Parameters of a group, `[R, ...shape]`. */
type Parameters = ReadonlyMap<string, NdArray>;

/** The networks of a group, each as it was at its best epoch so far. */
export interface Stopping {
  /** Tests the networks that have not stopped, as they are after `epoch`. */
  see(epoch: number, parameters: Parameters): Promise<void>;
  /** The parameters that stand for `epoch`, the last one seen: the best ones of a network that stopped, or at the last epoch. */
  parameters(epoch: number): Parameters;
  /** The best epoch of each network. */
  best(): number[];
  /** Whether all have stopped. */
  done(epoch: number): boolean;
  /** What a training that goes on later must know. */
  state(): ReadonlyMap<string, NdArray>;
  close(): Promise<void>;
}

const PREFIX = "best/";

/** Whether an array of a training's state is early stopping's. */
export function isStoppingState(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Watches a group of replicas, each of which has `inner` pictures.
 * @param resume the state of an earlier call
 * @throws EngineError
 */
export async function openStopping(
  { circuit, recipe, data, replicas }: StoppingOptions,
  resume?: ReadonlyMap<string, NdArray>,
): Promise<Stopping> {
  const [, tokens, width] = data.views[0]!.shape as [number, number, number];
  const visual: VisualShape = { tokens, width, hasCls: data.hasCls };
  const inference = await openInference(circuit, visual);
  const numbers = (name: string, before: number) =>
    Float32Array.from(resume?.get(PREFIX + name)?.data ?? replicas.map(() => before), Number);
  const epochs = numbers("epoch", 0);
  const losses = numbers("loss", Number.POSITIVE_INFINITY);
  const best = new Map<string, NdArray>();
  for (const [name, array] of resume ?? [])
    if (isStoppingState(name)) best.set(name.slice(PREFIX.length), array);
  best.delete("epoch");
  best.delete("loss");
  let now: Parameters = best;
  const stopped = (r: number, epoch: number) => epoch - epochs[r]! >= recipe.patience;

  return {
    see: async (epoch, parameters) => {
      now = parameters;
      if (best.size === 0)
        for (const [name, { shape, data }] of parameters)
          best.set(name, { shape, data: Float32Array.from(data) });
      for (const [r, replica] of replicas.entries()) {
        if (stopped(r, epoch - 1)) continue;
        const own = new Map([...parameters].map(([name, array]) => [name, row(array, r)]));
        const { predictions } = await inference.run(own, takeRows(data.views[0]!, [...replica.inner!]));
        const loss = squaredError(predictions, replica, data, own.get("ratings/scale")!);
        if (loss >= losses[r]!) continue;
        losses[r] = loss;
        epochs[r] = epoch;
        for (const [name, array] of own) best.get(name)!.data.set(array.data, r * array.data.length);
      }
    },
    parameters: (epoch) =>
      new Map(
        [...now].map(([name, { shape, data }]) => {
          const mixed = Float32Array.from(data);
          const size = mixed.length / replicas.length;
          for (const r of replicas.keys()) {
            if (epoch < recipe.epochs && !stopped(r, epoch)) continue;
            mixed.set(best.get(name)!.data.subarray(r * size, (r + 1) * size), r * size);
          }
          return [name, { shape, data: mixed }];
        }),
      ),
    best: () => [...epochs],
    done: (epoch) => replicas.every((_, r) => stopped(r, epoch)),
    state: () =>
      new Map<string, NdArray>([
        [`${PREFIX}epoch`, { shape: [replicas.length], data: epochs }],
        [`${PREFIX}loss`, { shape: [replicas.length], data: losses }],
        ...[...best].map(([name, array]) => [PREFIX + name, array] as const),
      ]),
    close: () => inference.close(),
  };
}

interface StoppingOptions {
  readonly circuit: Circuit;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  readonly replicas: readonly Replica[];
}

/** Mean squared error of a replica's inner pictures over both scales, in units of the training ratings' deviation where the recipe uses it. */
function squaredError(
  predictions: NdArray,
  { inner, ratings }: Replica,
  data: TrainingData,
  scale: NdArray,
): number {
  const rated = (ratings ?? data.ratings).data;
  let total = 0;
  inner!.forEach((s, i) => {
    for (const k of [0, 1])
      total += ((predictions.data[2 * i + k]! - rated[2 * s + k]!) / scale.data[k]!) ** 2;
  });
  return total / (2 * inner!.length);
}
