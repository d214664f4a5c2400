/** @file Early stopping: networks stay at their best by inner pictures, in any grouping and over interruptions. */
import { describe, expect, it } from "vitest";
import type { Circuit } from "../../src/circuits/circuit.ts";
import { PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, row, takeRows } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { openInference } from "../../src/training/inference.ts";
import { type Replica, type TrainingState, type TrainOptions, trainGroup } from "../../src/training/loop.ts";
import { findRecipe } from "../../src/training/recipe.ts";

const [S, T, D, EPOCHS] = [60, 2, 8, 12];
const random = Random.seeded(3);
const tokens = { shape: [S, T, D], data: Float32Array.from({ length: S * T * D }, () => random.normal()) };
const ratings = { shape: [S, 2], data: Float64Array.from({ length: S * 2 }, () => 5 + random.normal()) };
const data = { views: [tokens], ratings, hasCls: false };

const replica = (fold: number): Replica => {
  const seen = [...Array(S).keys()].filter((s) => s % 3 !== fold);
  return {
    name: `fold${fold}-seed0`,
    fold,
    seed: 0,
    train: Int32Array.from(seen.slice(8)),
    inner: Int32Array.from(seen.slice(0, 8)),
  };
};

const circuit: Circuit = {
  ...presetCircuit("vca", D),
  nuclei: [{ ...PLAIN, id: "CeA", input: 16, rectify: true }],
  projections: [{ from: "visual", to: "CeA", sign: "+", density: 1, source: "test" }],
};
/** Noise is learnt by heart, so that inner pictures soon get worse. */
const recipe = findRecipe("vca", { epochs: EPOCHS, batch: 10, lr: 2e-2, flip: false, patience: 3 });

async function train(options: Partial<TrainOptions> = {}) {
  const epochs: { parameters: ReadonlyMap<string, NdArray>; best: readonly number[]; trained: boolean }[] =
    [];
  const states: TrainingState[] = [];
  await trainGroup({
    circuit,
    recipe,
    data,
    seed: 0,
    replicas: [0, 1, 2].map(replica),
    threads: 1,
    onEpoch: async ({ parameters, best, losses, state }) => {
      epochs.push({ parameters: await parameters(), best, trained: losses.length > 0 });
      states.push(await state());
    },
    ...options,
  });
  return { epochs, states, last: epochs.at(-1)! };
}

/** Squared errors of a replica's inner pictures, in deviations of its training ratings, from its parameters. */
async function innerLoss(parameters: ReadonlyMap<string, NdArray>, r: number): Promise<number> {
  const own = new Map([...parameters].map(([name, array]) => [name, row(array, r)]));
  const inference = await openInference(circuit, { tokens: T, width: D, hasCls: false });
  const inner = [...replica(r).inner!];
  const { predictions } = await inference.run(own, takeRows(tokens, inner));
  await inference.close();
  const scale = own.get("ratings/scale")!.data;
  const errors = inner.flatMap((s, i) =>
    [0, 1].map((k) => ((predictions.data[2 * i + k]! - ratings.data[2 * s + k]!) / scale[k]!) ** 2),
  );
  return errors.reduce((total, error) => total + error, 0) / errors.length;
}

describe("early stopping", () => {
  it("keeps each network as it was at its best epoch", async () => {
    const free = await train({ recipe: { ...recipe, patience: EPOCHS + 1 } });
    const plain = await train({ recipe: { ...recipe, patience: 0 } });
    const { last } = free;
    for (const r of [0, 1, 2]) {
      const losses = await Promise.all(plain.epochs.map(({ parameters }) => innerLoss(parameters, r)));
      const best = losses.indexOf(Math.min(...losses));
      expect(last.best[r]).toBe(best);
      expect(best).toBeLessThan(EPOCHS); // otherwise nothing was there to be stopped
      for (const [name, array] of plain.epochs[best]!.parameters)
        expect(row(last.parameters.get(name)!, r), name).toEqual(row(array, r));
    }
  });

  it("trains no further once all networks have stopped, and leaves them as they were", async () => {
    const { epochs, last } = await train();
    expect(epochs).toHaveLength(EPOCHS + 1);
    expect(last.trained).toBe(false);
    const stop = Math.max(...last.best) + recipe.patience;
    expect(epochs.map(({ trained }) => trained)).toEqual(epochs.map((_, e) => e > 0 && e <= stop));
    for (const { parameters } of epochs.slice(stop)) expect(parameters).toEqual(last.parameters);
  });

  it("does not depend on the group", async () => {
    const group = await train();
    const alone = await train({ replicas: [replica(1)] });
    for (const [name, array] of alone.last.parameters)
      expect(row(group.last.parameters.get(name)!, 1), name).toEqual(row(array, 0));
  });

  it.each([1, 4, 9])("goes on after an interruption at epoch %i to the same bits", async (epoch) => {
    const whole = await train();
    const resumed = await train({ resume: whole.states[epoch]! });
    expect(resumed.last).toEqual(whole.last);
  });

  it("never looks at pictures outside training and inner split", async () => {
    const changed = { ...tokens, data: tokens.data.slice() };
    for (let s = 0; s < S; s += 3) changed.data.fill(7, s * T * D, (s + 1) * T * D);
    const one = await train({ replicas: [replica(0)] });
    const other = await train({ replicas: [replica(0)], data: { ...data, views: [changed] } });
    expect(other.last).toEqual(one.last);
  });
});
