/** @file Training: learns what is there, and comes out the same however it is grouped, threaded or interrupted. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Circuit } from "../../src/circuits/circuit.ts";
import { PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, row, takeRows } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { pearson } from "../../src/core/statistics.ts";
import { openInference } from "../../src/training/inference.ts";
import { type Replica, type TrainingState, type TrainOptions, trainGroup } from "../../src/training/loop.ts";
import { groupSize, replicaNeed } from "../../src/training/memory.ts";
import { findRecipe, type Recipe } from "../../src/training/recipe.ts";
import { EVERYTHING } from "../support/step-cases.ts";

const [S, T, D] = [90, 3, 6];

/** Pictures of noise, whose first two channels, averaged over tokens, are valence and arousal. */
function pictures(planted: boolean) {
  const random = Random.seeded(11);
  const tokens = { shape: [S, T, D], data: Float32Array.from({ length: S * T * D }, () => random.normal()) };
  const ratings = { shape: [S, 2], data: new Float64Array(S * 2) };
  for (let s = 0; s < S; s++)
    for (const k of [0, 1]) {
      let mean = 0;
      for (let t = 0; t < T; t++) mean += tokens.data[(s * T + t) * D + k]! / T;
      ratings.data[2 * s + k] = 5 + (planted ? 2 * mean : random.normal());
    }
  return { views: [tokens], ratings, hasCls: true };
}

const folds = Int32Array.from({ length: S }, (_, s) => s % 3);
const replica = (fold: number, seed = 0): Replica => ({
  name: `fold${fold}-seed${seed}`,
  fold,
  seed,
  train: Int32Array.from([...folds.keys()].filter((s) => folds[s] !== fold)),
});
const FOLDS = [0, 1, 2].map((fold) => replica(fold));

const LINEAR: Circuit = {
  ...presetCircuit("vca", D),
  nuclei: [
    { ...PLAIN, id: "LA", input: 16, rectify: true, dropout: { input: 0, blocks: 0, output: 0.1 } },
    { ...PLAIN, id: "CeA", input: 8, rectify: true },
  ],
  projections: [
    { from: "visual", to: "LA", sign: "+", density: 1, source: "test" },
    { from: "LA", to: "CeA", sign: "+", density: 1, source: "test" },
  ],
};

const recipe: Recipe = findRecipe("vca", {
  epochs: 4,
  batch: 20,
  lr: 3e-3,
  schedule: { kind: "cosine", warmup: 1 },
  ema: 0.9,
});

type Parameters = ReadonlyMap<string, NdArray>;

/** The last parameters of a training, and the state and losses of every epoch. */
async function train(options: Partial<TrainOptions> = {}) {
  let parameters: Parameters = new Map();
  const states: TrainingState[] = [];
  const losses: (readonly number[])[] = [];
  await trainGroup({
    circuit: EVERYTHING,
    recipe,
    data: pictures(true),
    seed: 0,
    replicas: FOLDS,
    threads: 1,
    onEpoch: async (epoch) => {
      parameters = await epoch.parameters();
      states.push(await epoch.state());
      losses.push(epoch.losses);
    },
    ...options,
  });
  return { parameters, states, losses };
}

describe("a replica becomes the same, bit for bit,", () => {
  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train();
  });

  it("alone as in a group", async () => {
    const alone = await train({ replicas: [replica(1)] });
    for (const [name, array] of alone.parameters)
      expect(row(whole.parameters.get(name)!, 1), name).toEqual(row(array, 0));
  });

  it("whatever the order of its group", async () => {
    const turned = await train({ replicas: [...FOLDS].reverse() });
    for (const [name, array] of turned.parameters)
      expect(row(whole.parameters.get(name)!, 0), name).toEqual(row(array, 2));
  });

  it("on two threads", async () => {
    expect((await train({ threads: 2 })).parameters).toEqual(whole.parameters);
  });

  it.each([0, 2])("interrupted after epoch %i", async (epoch) => {
    const resumed = await train({ resume: whole.states[epoch]! });
    expect(resumed.parameters).toEqual(whole.parameters);
    expect(resumed.losses.slice(epoch === 0 ? 1 : 0)).toEqual(whole.losses.slice(epoch + 1));
  });

  it("and another seed makes another", async () => {
    const other = await train({ replicas: [replica(0, 1)] });
    const [own, others] = [whole, other].map(({ parameters }) => row(parameters.get("readout/weight")!, 0));
    expect(others).not.toEqual(own);
  });

  it("reports every epoch from 0 on, and what the averages start from", () => {
    expect(whole.states.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
    expect(whole.losses.map((epoch) => epoch.length)).toEqual([0, 3, 3, 3, 3]);
    const { arrays } = whole.states[0]!;
    expect(arrays.get("LA/from-visual/weight:average")).toEqual(arrays.get("LA/from-visual/weight"));
  });
});

it("alone on two threads as in a group on one, at the size of real work", async () => {
  // onnxruntime adds up large products in stretches that depend on their shape; small ones show nothing of it.
  const [n, tokens, width] = [128, 50, 160];
  const random = Random.seeded(4);
  const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const views = [{ shape: [n, tokens, width], data: draw(n * tokens * width) }];
  const ratings = { shape: [n, 2], data: Float64Array.from(draw(n * 2)) };
  const options = {
    circuit: presetCircuit("vca", width),
    recipe: findRecipe("vca", { epochs: 1, stepsPerEpoch: 1 }),
    data: { views, ratings, hasCls: true },
  };
  const replicas = [0, 1, 2].map((fold) => ({
    ...replica(fold),
    train: Int32Array.from({ length: 96 }, (_, i) => i),
  }));
  const group = await train({ ...options, replicas });
  const alone = await train({ ...options, replicas: replicas.slice(1, 2), threads: 2 });
  for (const [name, array] of alone.parameters)
    expect(row(group.parameters.get(name)!, 1), name).toEqual(row(array, 0));
});

it("pictures that a replica may not see do not touch it", async () => {
  const data = pictures(true);
  const changed = { ...data, views: [{ ...data.views[0]!, data: data.views[0]!.data.slice() }] };
  const ratings = { ...data.ratings, data: data.ratings.data.slice() };
  for (let s = 0; s < S; s++) {
    if (folds[s] !== 0) continue;
    changed.views[0]!.data.fill(7, s * T * D, (s + 1) * T * D);
    ratings.data[2 * s] = 1;
  }
  const replicas = [replica(0)];
  const one = await train({ data, replicas, circuit: LINEAR });
  const other = await train({ data: { ...changed, ratings }, replicas, circuit: LINEAR });
  expect(other.parameters).toEqual(one.parameters);
});

/** r of held-out predictions with ratings, valence and arousal. */
async function heldOut(planted: boolean): Promise<number[]> {
  const data = pictures(planted);
  const { parameters } = await train({ circuit: LINEAR, data, recipe: { ...recipe, epochs: 60, ema: 0 } });
  const inference = await openInference(LINEAR, { tokens: T, width: D, hasCls: true });
  const rated = [0, 1].map((k) => Float64Array.from({ length: S }, (_, s) => data.ratings.data[2 * s + k]!));
  const predicted = [new Float64Array(S), new Float64Array(S)];
  for (const { fold } of FOLDS) {
    const unseen = [...folds.keys()].filter((s) => folds[s] === fold);
    const own = new Map([...parameters].map(([name, array]) => [name, row(array, fold)]));
    const { predictions } = await inference.run(own, takeRows(data.views[0]!, unseen));
    unseen.forEach((s, i) => {
      for (const k of [0, 1]) predicted[k]![s] = predictions.data[2 * i + k]!;
    });
  }
  await inference.close();
  return [0, 1].map((k) => pearson(rated[k]!, predicted[k]!));
}

it("what is planted is found in pictures never seen", async () => {
  for (const r of await heldOut(true)) expect(r).toBeGreaterThan(0.8);
});

it("in noise nothing is found", async () => {
  for (const r of await heldOut(false)) expect(Math.abs(r)).toBeLessThan(3 / Math.sqrt(S));
});

it("an exploding loss stops the training and says where", async () => {
  const exploding: Recipe = {
    ...recipe,
    optimizer: { kind: "sgd", decay: 0, momentum: 0.9 },
    schedule: { kind: "step", every: 1, factor: 1 },
    lr: 1e6,
  };
  await expect(train({ circuit: LINEAR, recipe: exploding })).rejects.toThrow(
    expect.objectContaining({
      tag: "EngineError",
      message: expect.stringMatching(
        /^training: a finite loss was expected, got (NaN|Infinity) in fold\d-seed0 at epoch [12]\. Lower the learning rate\.$/,
      ),
    }),
  );
  await expect(train({ circuit: LINEAR, recipe: { ...recipe, lr: Number.NaN } })).rejects.toThrow(
    "training: a finite loss was expected, got NaN in fold0-seed0 at epoch 1. Lower the learning rate.",
  );
});

describe("what a replica needs", () => {
  const shape = { tokens: 50, width: 384, hasCls: true };

  it("is at least one at a time, however large", () => {
    const huge = presetCircuit("liu2025", 4096);
    const pooled = { tokens: 1, width: 4096, hasCls: false, pictures: 1000 };
    expect(groupSize(huge, findRecipe("liu2025"), pooled)).toBeGreaterThanOrEqual(1);
    expect(groupSize(presetCircuit("vca", 384), recipe, { ...shape, pictures: 80 })).toBeGreaterThan(1);
  });

  it("grows with parameters and with the batch", () => {
    const need = (name: string, batch: number) =>
      replicaNeed(presetCircuit(name, 384), { ...recipe, batch }, { ...shape, pictures: 1000 });
    const small = need("vca", 8);
    expect(small.diskBytes).toBeGreaterThanOrEqual(4 * small.parameters);
    expect(small.memoryBytes).toBeGreaterThan(4 * 4 * small.parameters); // with gradients and two moments
    expect(need("vca", 64).memoryBytes).toBeGreaterThan(small.memoryBytes);
    expect(need("vca", 64).diskBytes).toBe(small.diskBytes);
  });
});
