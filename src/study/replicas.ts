/**
 * @file Trains every replica of a fit, group by group, into the run's folder. What is complete is never
 * computed again; a group that was interrupted goes on from its last checkpoint.
 */
import { exists, removeFile } from "#files";
import { type NdArray, row, takeRows } from "../core/array.ts";
import { type Inference, openInference } from "../training/inference.ts";
import { type Replica, type TrainingState, trainGroup } from "../training/loop.ts";
import { groupSize } from "../training/memory.ts";
import type { FitConfig } from "./fit-config.ts";
import type { Prepared, WorkOptions } from "./prepare.ts";
import { type RunFolder, readArray, readTensors, writeArray, writeTensors } from "./run-folder.ts";

/** Replicas of one seed that are trained together. */
interface Group {
  readonly name: string;
  readonly seed: number;
  readonly replicas: readonly Replica[];
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

/** Indices of the pictures of a fold. */
export function heldOut(folds: Int32Array, fold: number): number[] {
  return [...folds.keys()].filter((s) => folds[s] === fold);
}

/** All groups: the folds of each seed, as many at once as memory holds, and the final replica. */
function planGroups(config: FitConfig, prepared: Prepared): Group[] {
  const { folds, circuit, recipe, features } = prepared;
  const numbers = [...new Set(folds)].sort((a, b) => a - b);
  const most = groupSize(circuit, recipe, { tokens: features.T, width: features.D, pictures: folds.length });
  const replica = (fold: number, seed: number): Replica => ({
    name: replicaName(fold, seed),
    fold,
    train: Int32Array.from([...folds.keys()].filter((s) => folds[s] !== fold)),
  });
  const groups = seedsOf(config).flatMap((seed) => {
    const parts: Group[] = [];
    for (let start = 0; start < numbers.length; start += most) {
      const replicas = numbers.slice(start, start + most).map((fold) => replica(fold, seed));
      parts.push({ name: `seed${seed}-from-fold${numbers[start]}`, seed, replicas });
    }
    return parts;
  });
  return [...groups, { name: "final", seed: config.seed, replicas: [replica(-1, config.seed)] }];
}

/** Trains what is not yet complete. @throws EngineError, StorageError */
export async function trainReplicas(
  folder: RunFolder,
  config: FitConfig,
  prepared: Prepared,
  work: WorkOptions,
): Promise<void> {
  const { circuit, recipe, features } = prepared;
  const inference = await openInference(circuit, {
    tokens: features.T,
    width: features.D,
    threads: work.threads,
  });
  try {
    const groups = planGroups(config, prepared);
    const stepsPerGroup =
      recipe.epochs * Math.ceil(prepared.folds.length / Math.min(recipe.batch, prepared.folds.length));
    for (const [i, group] of groups.entries()) {
      const last = group.replicas.at(-1)!.name;
      const complete = folder.parametersFile(last, recipe.epochs);
      if (await exists(complete)) continue;
      const onStep = (step: number) =>
        work.reporter.progress("training", i * stepsPerGroup + step, groups.length * stepsPerGroup);
      await trainOne(folder, group, { prepared, work, inference, onStep });
    }
  } finally {
    await inference.close();
  }
}

interface GroupOptions {
  readonly prepared: Prepared;
  readonly work: WorkOptions;
  readonly inference: Inference;
  readonly onStep: (step: number) => void;
}

async function trainOne(
  folder: RunFolder,
  group: Group,
  { prepared, work, inference, onStep }: GroupOptions,
): Promise<void> {
  const { circuit, recipe, views, ratings } = prepared;
  const kept = new Set(keptEpochs(recipe.epochs));
  const checkpoint = folder.checkpointFile(group.name);
  let written = performance.now();
  await trainGroup({
    circuit,
    recipe,
    data: { views, ratings },
    seed: group.seed,
    replicas: group.replicas,
    threads: work.threads,
    resume: await readCheckpoint(checkpoint),
    onStep: (step) => {
      work.signal?.throwIfAborted();
      onStep(step);
    },
    onEpoch: async ({ epoch, parameters, state }) => {
      if (kept.has(epoch)) await keepEpoch(folder, group, epoch, await parameters(), { prepared, inference });
      const due = performance.now() - written > SECONDS_BETWEEN_CHECKPOINTS * 1000;
      if (epoch === recipe.epochs || !due) return;
      const { arrays } = await state();
      await writeTensors(checkpoint, { arrays, metadata: { epoch: String(epoch) } });
      written = performance.now();
    },
  });
  await removeFile(checkpoint);
}

async function readCheckpoint(file: string): Promise<TrainingState | undefined> {
  if (!(await exists(file))) return undefined;
  const { arrays, metadata } = await readTensors(file);
  return { epoch: Number(metadata.epoch), arrays };
}

/**
 * Writes each replica's answers to the pictures it did not see, then its parameters: the parameters of the
 * last epoch say that a replica is complete.
 */
async function keepEpoch(
  folder: RunFolder,
  group: Group,
  epoch: number,
  parameters: ReadonlyMap<string, NdArray>,
  { prepared, inference }: Pick<GroupOptions, "prepared" | "inference">,
): Promise<void> {
  for (const [r, { name, fold }] of group.replicas.entries()) {
    const own = new Map(
      [...parameters].map(([key, array]) => [key, { ...row(array, r), shape: [1, ...array.shape.slice(1)] }]),
    );
    const unseen = heldOut(prepared.folds, fold);
    if (unseen.length > 0) {
      const { predictions, activations } = await inference.run(own, takeRows(prepared.views[0]!, unseen));
      for (const [id, array] of activations) await writeArray(folder.activationsFile(name, id, epoch), array);
      await writeArray(folder.activationsFile(name, "readout", epoch), predictions);
    }
    const arrays = new Map([...own].map(([key, array]) => [key, { ...array, shape: array.shape.slice(1) }]));
    const metadata = { replica: name, fold: String(fold), seed: String(group.seed), epoch: String(epoch) };
    await writeTensors(folder.parametersFile(name, epoch), { arrays, metadata });
  }
}

/** Held-out predictions of one seed, `[S, 2]`, from the last epoch of each of its folds. */
export async function heldOutPredictions(
  folder: RunFolder,
  prepared: Pick<Prepared, "folds" | "recipe">,
  seed: number,
): Promise<NdArray> {
  const { folds, recipe } = prepared;
  const all = new Float32Array(folds.length * 2);
  for (const fold of new Set(folds)) {
    const { data } = await readArray(
      folder.activationsFile(replicaName(fold, seed), "readout", recipe.epochs),
    );
    heldOut(folds, fold).forEach((s, i) => {
      all.set(data.subarray(2 * i, 2 * i + 2), 2 * s);
    });
  }
  return { shape: [folds.length, 2], data: all };
}
