/** @file Lines per set: two sets of one signal on lines of their own, learned by ridge and by a circuit. */
import { describe, expect, it } from "vitest";
import type { Circuit } from "../../src/circuits/circuit.ts";
import { PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, row, takeRows } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { openInference } from "../../src/training/inference.ts";
import { type Replica, trainGroup } from "../../src/training/loop.ts";
import { findRecipe } from "../../src/training/recipe.ts";
import { ridge } from "../../src/training/ridge.ts";
import { setLines } from "../../src/training/set-lines.ts";

const [S, D] = [160, 6];
const sets = Array.from({ length: S }, (_, s) => (s % 2 === 0 ? "one" : "two"));
const folds = Int32Array.from({ length: S }, (_, s) => Math.floor(s / 2) % 4);
const all = Int32Array.from({ length: S }, (_, s) => s);
const trainOf = (fold: number) => all.filter((s) => folds[s] !== fold);

/** Channels 0 and 1 say valence and arousal: of "one" as 5 + z, of "two" as 3 + z / 4 and 6 + 2 z. */
const random = Random.seeded(5);
const tokens = { shape: [S, 1, D], data: Float32Array.from({ length: S * D }, () => random.normal()) };
const ratings = {
  shape: [S, 2],
  data: Float64Array.from({ length: S * 2 }, (_, i) => {
    const z = tokens.data[(i >> 1) * D + (i & 1)]! + 0.1 * random.normal();
    if (sets[i >> 1] === "one") return 5 + z;
    return i % 2 === 0 ? 3 + z / 4 : 6 + 2 * z;
  }),
};
const linesOf = (train: Int32Array) => setLines({ ratings, sets }, train);

/** Share of each set's variance that predictions miss, the worst of sets and scales. */
function missed({ data }: NdArray<Float32Array | Float64Array>): number {
  const share = (set: string, k: number) => {
    const places = [...all].filter((s) => sets[s] === set);
    const rated = places.map((s) => ratings.data[2 * s + k]!);
    const mean = rated.reduce((total, value) => total + value, 0) / rated.length;
    const of = (f: (s: number, i: number) => number) => places.reduce((sum, s, i) => sum + f(s, i) ** 2, 0);
    return of((s, i) => data[2 * s + k]! - rated[i]!) / of((_, i) => rated[i]! - mean);
  };
  return Math.max(share("one", 0), share("one", 1), share("two", 0), share("two", 1));
}

describe("lines", () => {
  const train = trainOf(0);
  const held = all.filter((s) => folds[s] === 0);

  it("leave the first set as it is, and give the others its center and deviation", () => {
    const { shared } = linesOf(train);
    const moments = (set: string, k: number) => {
      const values = [...train].filter((s) => sets[s] === set).map((s) => shared.data[2 * s + k]!);
      const mean = values.reduce((total, value) => total + value, 0) / values.length;
      return [mean, values.reduce((total, value) => total + (value - mean) ** 2, 0)] as const;
    };
    for (const s of all.filter((place) => sets[place] === "one"))
      expect(row(shared, s)).toEqual(row(ratings, s));
    for (const k of [0, 1])
      for (const i of [0, 1]) expect(moments("two", k)[i]).toBeCloseTo(moments("one", k)[i]!, 10);
  });

  it("lead back", () => {
    const { shared, own } = linesOf(train);
    own(shared, all).data.forEach((value, i) => {
      expect(value).toBeCloseTo(ratings.data[i]!, 12);
    });
    const part = own({ shape: [held.length, 2], data: takeRows64(shared, held) }, held).data;
    part.forEach((value, i) => {
      expect(value).toBeCloseTo(ratings.data[2 * held[i >> 1]! + (i & 1)]!, 12);
    });
  });

  it("come from training pictures only", () => {
    const data = ratings.data.slice();
    for (const s of held) data.fill(100, 2 * s, 2 * s + 2);
    const other = setLines({ ratings: { ...ratings, data }, sets }, train);
    for (const s of train) expect(row(other.shared, s)).toEqual(row(linesOf(train).shared, s));
  });

  it("are the first trained set's where a set is not trained on", () => {
    const second = all.filter((s) => sets[s] === "two");
    expect(linesOf(second).shared).toEqual(ratings);
    expect(linesOf(second).own(ratings, all)).toEqual(ratings);
  });

  it("need ratings that differ", () => {
    expect(() => linesOf(Int32Array.of(0, 2, 4, 1))).toThrow(
      "fit: two or more different valence ratings of two were expected in training, got 1 equal. Use a larger set, or leave out --line-per-set.",
    );
  });
});

function takeRows64({ data }: NdArray<Float64Array>, rows: Int32Array): Float64Array {
  return Float64Array.from([...rows].flatMap((s) => [data[2 * s]!, data[2 * s + 1]!]));
}

it("ridge predicts each set on its own line, and neither without", async () => {
  const options = {
    candidates: [{ shape: [S, D], data: tokens.data }],
    targets: ratings,
    folds,
    innerFold: (train: Int32Array) => train.map((_, i) => i % 3),
    random: Random.seeded(0),
  };
  const plain = await ridge(options);
  const lined = await ridge({ ...options, lines: linesOf });
  expect(missed(plain.predictions)).toBeGreaterThan(0.5);
  expect(missed(lined.predictions)).toBeLessThan(0.1);
  expect(lined.final.intercept[0]).toBeCloseTo(5, 0); // new pictures: the first set's line
  const slope = lined.final.weights.data[0]!; // 1 or, of "two", 1 times the ratio of two deviations of 80 pictures each
  expect(Math.abs(slope - 1)).toBeLessThan((3 * Math.sqrt(1 / 160 + 1 / 160)) / 2);
});

describe("a circuit", () => {
  const circuit: Circuit = {
    ...presetCircuit("vca", D),
    nuclei: [{ ...PLAIN, id: "LA", input: 16, rectify: true }],
    projections: [{ from: "visual", to: "LA", sign: "+", density: 1, source: "test" }],
    readout: "LA",
  };
  const recipe = findRecipe("vca", { epochs: 80, batch: 20, lr: 1e-2, ema: 0 });
  const data = { views: [tokens], ratings, hasCls: false };
  const replica = (fold: number, lines: boolean): Replica => ({
    name: `fold${fold}`,
    fold,
    seed: 0,
    train: trainOf(fold),
    ...(lines && { ratings: linesOf(trainOf(fold)).shared }),
  });

  async function trained(replicas: readonly Replica[]) {
    let parameters: ReadonlyMap<string, NdArray> = new Map();
    await trainGroup({
      ...{ circuit, recipe, data, seed: 0, replicas, threads: 1 },
      onEpoch: async (epoch) => {
        parameters = await epoch.parameters();
      },
    });
    return replicas.map((_, r) => new Map([...parameters].map(([name, array]) => [name, row(array, r)])));
  }

  async function heldOut(lines: boolean) {
    const replicas = [0, 1, 2, 3].map((fold) => replica(fold, lines));
    const networks = await trained(replicas);
    const inference = await openInference(circuit, { tokens: 1, width: D, hasCls: false });
    const data = new Float64Array(S * 2);
    for (const { fold, train } of replicas) {
      const rows = all.filter((s) => folds[s] === fold);
      const answers = (await inference.run(networks[fold]!, takeRows(tokens, rows))).predictions;
      const own = lines ? linesOf(train).own(answers, rows) : answers;
      rows.forEach((s, i) => {
        data.set(own.data.subarray(2 * i, 2 * i + 2), 2 * s);
      });
    }
    await inference.close();
    return missed({ shape: [S, 2], data });
  }

  it("predicts each set on its own line, and neither without", async () => {
    expect(await heldOut(true)).toBeLessThan(0.2);
    expect(await heldOut(false)).toBeGreaterThan(0.5);
  });

  it("with ratings of its own becomes the same alone as in a group, bit for bit", async () => {
    const group = await trained([0, 1, 2].map((fold) => replica(fold, true)));
    const [alone] = await trained([replica(1, true)]);
    expect(alone).toEqual(group[1]);
  });
});
