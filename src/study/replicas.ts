/**
 * @file Trains every replica of a fit, group by group, into the run's folder. What is complete is never
 * computed again; a group that was interrupted goes on from its last checkpoint.
 */
import { exists, removeFile } from "#files";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { loadCircuit } from "../circuits/load.ts";
import { type NdArray, row, takeRows } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { type ChannelRange, channelsOf, shapeOfChannels } from "../encoders/channels.ts";
import { type Inference, openInference } from "../training/inference.ts";
import { type Replica, type TrainingState, trainGroup } from "../training/loop.ts";
import { groupSize } from "../training/memory.ts";
import { batchSize } from "../training/recipe.ts";
import type { Baseline } from "./baseline.ts";
import type { FitConfig } from "./fit-config.ts";
import { innerFolds } from "./inner-folds.ts";
import type { Prepared, WorkOptions } from "./prepare.ts";
import {
  type Manifest,
  type RunFolder,
  readArray,
  readTensors,
  writeArray,
  writeTensors,
} from "./run-folder.ts";

/** Replicas of one seed that are trained together. */
interface Group {
  readonly name: string;
  readonly seed: number;
  readonly replicas: readonly Replica[];
  /** The channels of the tokens that they see, and the circuit built for these. */
  readonly range: ChannelRange;
  readonly circuit: Circuit;
  readonly visual: VisualShape;
}

const SECONDS_BETWEEN_CHECKPOINTS = 20;

/** The name of a replica: `fold3-seed1`, or `final-seed0` of the one that learns from all pictures. */
export function replicaName(fold: number, seed: number): string {
  return fold < 0 ? `final-seed${seed}` : `fold${fold}-seed${seed}`;
}

/** Seeds of a fit, in order. */
export function seedsOf({ seed, seeds }: FitConfig): number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i);
}

/** Epochs whose parameters and activations are kept: 0, 1, 2, 4, 8, ..., and the last. */
export function keptEpochs(epochs: number): number[] {
  const kept = [0];
  for (let epoch = 1; epoch < epochs; epoch *= 2) kept.push(epoch);
  return epochs > 0 ? [...kept, epochs] : kept;
}

/** Indices of the pictures that a fold's replicas learn from. */
function trainedOn(folds: Int32Array, fold: number): Int32Array {
  return Int32Array.from([...folds.keys()].filter((s) => folds[s] !== fold));
}

/** Indices of the pictures of a fold. */
export function heldOut(folds: Int32Array, fold: number): number[] {
  return [...folds.keys()].filter((s) => folds[s] === fold);
}

/**
 * All groups: the folds of each seed that use the same channels, as many at once as memory holds, and for
 * each seed the final replica.
 */
async function planGroups(
  config: FitConfig,
  prepared: Prepared,
  channels: Baseline["channels"],
): Promise<Group[]> {
  const { folds, recipe, features } = prepared;
  const plan = async (range: ChannelRange, members: readonly number[]) => {
    const shape = shapeOfChannels(features, range);
    const circuit = await loadCircuit(config.circuit, shape.D);
    const visual = { tokens: shape.T, width: shape.D, hasCls: shape.hasCls };
    return {
      range,
      circuit,
      visual,
      members,
      most: groupSize(circuit, recipe, { ...visual, pictures: folds.length }),
    };
  };
  const replica = (fold: number, seed: number): Replica => {
    const seen = trainedOn(folds, fold);
    const common = { name: replicaName(fold, seed), fold, seed, ratings: prepared.lines?.(seen).shared };
    if (recipe.patience === 0) return { ...common, train: seen };
    const parts = innerFolds(config, prepared, seen, Random.seeded(seed).at("early stopping", fold + 1));
    return {
      ...common,
      train: seen.filter((_, i) => parts[i] !== 0),
      inner: seen.filter((_, i) => parts[i] === 0),
    };
  };
  const groups: Group[] = [];
  for (const range of new Set(channels.values())) {
    const members = [...channels.keys()].filter((fold) => fold >= 0 && channels.get(fold) === range);
    const { most, ...kind } = await plan(range, members);
    for (const seed of seedsOf(config)) {
      for (let start = 0; start < members.length; start += most) {
        const replicas = members.slice(start, start + most).map((fold) => replica(fold, seed));
        groups.push({ ...kind, name: `${replicas[0]!.name}-and-${replicas.length - 1}`, seed, replicas });
      }
    }
  }
  const final = await plan(channels.get(-1)!, [-1]);
  const finals = seedsOf(config).map((seed) => replica(-1, seed)); // they share the first seed's order of pictures
  for (let start = 0; start < finals.length; start += final.most) {
    const replicas = finals.slice(start, start + final.most);
    groups.push({
      ...final,
      name: `${replicas[0]!.name}-and-${replicas.length - 1}`,
      seed: config.seed,
      replicas,
    });
  }
  return groups;
}

/** Trains what is not yet complete. @throws EngineError, StorageError */
export async function trainReplicas(
  folder: RunFolder,
  config: FitConfig,
  prepared: Prepared,
  { channels, ...work }: WorkOptions & Pick<Baseline, "channels">,
): Promise<void> {
  const { recipe, folds } = prepared;
  const groups = await planGroups(config, prepared, channels);
  const stepsPerGroup = recipe.epochs * Math.ceil(folds.length / batchSize(recipe, folds.length));
  for (const [i, group] of groups.entries()) {
    const onStep = (step: number) =>
      work.reporter.progress("training", i * stepsPerGroup + step, groups.length * stepsPerGroup);
    const complete = folder.parametersFile(group.replicas.at(-1)!.name, recipe.epochs);
    if (!(await exists(complete))) await trainOne(folder, group, { prepared, work, onStep });
  }
  await folder.removeCheckpoints(); // a kill between a group's last file and its checkpoint leaves one
}

interface GroupOptions {
  readonly prepared: Prepared;
  readonly work: WorkOptions;
  readonly onStep: (step: number) => void;
}

async function trainOne(
  folder: RunFolder,
  group: Group,
  { prepared, work, onStep }: GroupOptions,
): Promise<void> {
  const { recipe, ratings, folds } = prepared;
  const { circuit, visual, range, replicas, seed } = group;
  const views = prepared.views.map((view) => channelsOf(view, range));
  const kept = new Set(keptEpochs(recipe.epochs));
  const checkpoint = folder.checkpointFile(group.name);
  const inference = await openInference(circuit, visual);
  let written = performance.now();
  try {
    await trainGroup({
      circuit,
      recipe,
      data: { views, ratings, hasCls: visual.hasCls },
      seed,
      replicas,
      threads: work.threads,
      provider: work.provider,
      resume: await readCheckpoint(checkpoint),
      onStep: (step) => {
        work.signal?.throwIfAborted();
        onStep(step);
      },
      onEpoch: async ({ epoch, losses, best, parameters, state }) => {
        work.onEpoch?.({ group: group.name, epoch, losses });
        if (kept.has(epoch))
          await keepEpoch(folder, group, await parameters(), {
            epoch,
            best,
            folds,
            inference,
            tokens: views[0]!,
          });
        const due = performance.now() - written > SECONDS_BETWEEN_CHECKPOINTS * 1000;
        if (epoch === recipe.epochs || !due) return;
        const { arrays } = await state();
        await writeTensors(checkpoint, { arrays, metadata: { epoch: String(epoch) } });
        written = performance.now();
      },
    });
  } finally {
    await inference.close();
  }
  await removeFile(checkpoint);
}

async function readCheckpoint(file: string): Promise<TrainingState | undefined> {
  if (!(await exists(file))) return undefined;
  const { arrays, metadata } = await readTensors(file);
  return { epoch: Number(metadata.epoch), arrays };
}

interface KeepOptions {
  readonly epoch: number;
  readonly best: readonly number[];
  readonly folds: Int32Array;
  readonly inference: Inference;
  readonly tokens: NdArray;
}

/**
 * Writes each replica's answers to the pictures it did not see, then its parameters: the parameters of the
 * last epoch say that a replica is complete.
 */
async function keepEpoch(
  folder: RunFolder,
  { replicas, seed }: Group,
  parameters: ReadonlyMap<string, NdArray>,
  { epoch, best, folds, inference, tokens }: KeepOptions,
): Promise<void> {
  for (const [r, { name, fold }] of replicas.entries()) {
    const own = new Map([...parameters].map(([key, array]) => [key, row(array, r)]));
    const unseen = heldOut(folds, fold);
    if (unseen.length > 0) {
      const { predictions, activations } = await inference.run(own, takeRows(tokens, unseen));
      for (const [id, array] of activations) await writeArray(folder.activationsFile(name, id, epoch), array);
      await writeArray(folder.activationsFile(name, "readout", epoch), predictions);
    }
    const metadata = {
      replica: name,
      fold: String(fold),
      seed: String(seed),
      epoch: String(epoch),
      best: String(best[r]),
    };
    await writeTensors(folder.parametersFile(name, epoch), { arrays: own, metadata });
  }
}

/** Held-out predictions of one seed, `[S, 2]`, from the last epoch of each of its folds, on each set's own line. */
export async function heldOutPredictions(
  folder: RunFolder,
  prepared: Pick<Prepared, "folds" | "recipe" | "lines">,
  seed: number,
): Promise<NdArray> {
  const { folds, recipe, lines } = prepared;
  const all = new Float32Array(folds.length * 2);
  for (const fold of new Set(folds)) {
    const answers = await readArray(
      folder.activationsFile(replicaName(fold, seed), "readout", recipe.epochs),
    );
    const rows = heldOut(folds, fold);
    const { data } = lines?.(trainedOn(folds, fold)).own(answers, rows) ?? answers;
    rows.forEach((s, i) => {
      all.set(data.subarray(2 * i, 2 * i + 2), 2 * s);
    });
  }
  return { shape: [folds.length, 2], data: all };
}

/** The parameters of the final replicas, one per seed. @throws CheckpointError, DataError */
export async function finalNetworks(
  folder: RunFolder,
  config: FitConfig,
  { recipe }: Pick<Manifest, "recipe">,
): Promise<ReadonlyMap<string, NdArray>[]> {
  const files = seedsOf(config).map((seed) => folder.parametersFile(replicaName(-1, seed), recipe.epochs));
  return Promise.all(files.map(async (file) => (await readTensors(file)).arrays));
}
