import { describe, expect, it } from "vitest";
import { type Circuit, projectionName } from "../../src/circuits/circuit.ts";
import { applyCircuit } from "../../src/circuits/model.ts";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { mean, quantiles } from "../../src/core/statistics.ts";
import { Graph } from "../../src/graph/build.ts";
import { areaUnderCurve, type Judged, worth } from "../../src/lesions/effects.ts";
import { againstDraws, lesion, type Predict, type Setting, treat } from "../../src/lesions/lesion.ts";
import {
  imbalance,
  matchedSets,
  matchedUnits,
  type UnitTraits,
  unitTraits,
} from "../../src/lesions/matched.ts";
import { openLesionable } from "../../src/lesions/network.ts";
import { openInference } from "../../src/training/inference.ts";
import fixture from "../fixtures/neurons/geometry.json" with { type: "json" };
import { EVERYTHING, hashed } from "../support/step-cases.ts";

const [S, T, D] = [7, 5, 12];
const drawn = (name: string, shape: readonly number[], of: (u: number) => number): NdArray => ({
  shape,
  data: Float32Array.from(hashed(name, sizeOf(shape)), of),
});

/** Parameters of one replica that keep variance, and pictures. */
function network(circuit: Circuit) {
  const visual = { tokens: circuit.visual === "tokens" ? T : 1, width: D, hasCls: true };
  const graph = new Graph();
  const tokens = graph.input("tokens", [S, visual.tokens, D]);
  const { parameters } = applyCircuit(graph, circuit, { tokens, hasCls: true }, { replicas: 1 });
  return {
    visual,
    pictures: drawn("pictures", [S, visual.tokens, D], (u) => 2 * u),
    parameters: new Map(
      parameters.map(({ name, shape, initial }) => {
        const scale = initial.kind === "statistic" && initial.of.endsWith("scale");
        const at = initial.kind === "constant" ? initial.value : 0;
        return [name, drawn(name, shape, (u) => (scale ? 1.5 + u : at + Math.sqrt(3 / shape[0]!) * u))];
      }),
    ),
  };
}

/** The answer to one setting. */
const one = (predict: Predict) => async (setting: Setting) => (await predict([setting]))[0]!;

describe("a network with gains", () => {
  it.each([
    ...["vca", "vca-feedback", "anatomical-attention"].map((name) => presetCircuit(name, D)),
    EVERYTHING,
  ])("answers at rest as it was trained: $name", async (circuit) => {
    const { visual, pictures, parameters } = network(circuit);
    const inference = await openInference(circuit, visual);
    const expected = await inference.run(parameters, pictures);
    const opened = await openLesionable(circuit, visual);
    const predict = one(await opened.load(parameters, pictures));
    const rest = await predict({});
    rest.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.predictions.data[i]!, 5);
    });
    const readout = opened.units.get(circuit.readout)!;
    const silent = await predict({ gains: new Map([[circuit.readout, new Float32Array(readout)]]) });
    expect(new Set(silent.data.filter((_, i) => i % 2 === 0)).size).toBe(1); // one answer to all pictures
    await Promise.all([inference.close(), opened.close()]);
  });

  it.each([...["vca", "vca-feedback", "liu2025"].map((name) => presetCircuit(name, D)), EVERYTHING])(
    "answers a nucleus's setting from where that nucleus speaks as from the start: $name",
    async (circuit) => {
      const { visual, pictures, parameters } = network(circuit);
      const opened = await openLesionable(circuit, visual);
      const predict = one(await opened.load(parameters, pictures));
      const everything = new Map(circuit.projections.map((projection) => [projectionName(projection), 1]));
      for (const [id, U] of opened.units) {
        const gains = new Map([[id, Float32Array.from(hashed(`gain of ${id}`, U), (u) => 1 + u)]]);
        const offsets = new Map([[id, Float32Array.from(hashed(`offset of ${id}`, U))]]);
        const own = await predict({ gains, offsets });
        expect(own.data).toEqual((await predict({ gains, offsets, projections: everything })).data);
        expect(own.data).not.toEqual((await predict({})).data);
      }
      await opened.close();
    },
  );

  it("answers many settings at once as one after the other", async () => {
    const circuit = presetCircuit("vca", D);
    const { visual, pictures, parameters } = network(circuit);
    const opened = await openLesionable(circuit, visual);
    const predict = await opened.load(parameters, pictures);
    const settings = Array.from({ length: 23 }, (_, k): Setting => {
      const id = k < 10 ? "LA" : "CeA";
      const gain = Float32Array.from(hashed(`gains ${k}`, opened.units.get(id)!), (u) => 1 + u);
      return k === 5 ? { projections: new Map([["LA->CeA", 0]]) } : { gains: new Map([[id, gain]]) };
    });
    const together = await predict(settings);
    expect(together.length).toBe(23);
    for (const [k, setting] of settings.entries())
      expect(together[k]!.data).toEqual((await one(predict)(setting)).data);
    await opened.close();
  });

  it("replaces units by their mean: a linear readout keeps the mean answer", async () => {
    const circuit = presetCircuit("vca", D);
    const { visual, pictures, parameters } = network(circuit);
    const inference = await openInference(circuit, visual);
    const { predictions, activations } = await inference.run(parameters, pictures);
    const opened = await openLesionable(circuit, visual);
    const predict = one(await opened.load(parameters, pictures));
    const options = { nucleus: "CeA", parameters, units: opened.units };
    const traits = unitTraits(activations.get("CeA")!, circuit, options);
    const all = [...traits.mean.keys()];
    const replaced = await predict(treat("CeA", traits, all, { kind: "mean" }));
    for (const t of [0, 1]) {
      const average = mean(Array.from({ length: S }, (_, s) => predictions.data[2 * s + t]!));
      for (let s = 0; s < S; s++) expect(replaced.data[2 * s + t]).toBeCloseTo(average, 4);
    }
    const enhanced = await predict(treat("CeA", traits, all, { kind: "gain", a: 0 }));
    expect(enhanced.data).toEqual((await predict({})).data);
    const cut = await predict({ projections: new Map([["visual->LA", 0]]) });
    expect(new Set(cut.data.filter((_, i) => i % 2 === 0)).size).toBe(1);
    await Promise.all([inference.close(), opened.close()]);
  });
});

describe("traits", () => {
  it("sum the squares of the weights that leave a unit, by every way out", () => {
    for (const [circuit, nucleus, ways] of [
      [presetCircuit("vca", D), "B", ["ITC/from-B", "CeA/from-B"]],
      [presetCircuit("vca", D), "CeA", ["readout"]],
      [
        presetCircuit("liu2025", D),
        "LA",
        [
          "AB/block1/query",
          "AB/block1/key",
          "AB/block1/value",
          "B/block1/query",
          "B/block1/key",
          "B/block1/value",
          "CeA/block1/query",
          "CeA/block1/key",
          "CeA/block1/value",
        ],
      ],
    ] as const) {
      const { parameters } = network(circuit);
      const units = new Map(
        circuit.nuclei.map(({ id, input }) => [
          id,
          typeof input === "number" ? input : id === "LA" ? D : 256,
        ]),
      );
      const U = units.get(nucleus)!;
      const activations = drawn("activations", [S, U], (u) => u);
      const {
        outgoing,
        mean: means,
        variance,
      } = unitTraits(activations, circuit, { nucleus, parameters, units });
      let squares = 0;
      for (const way of ways) {
        const { shape, data } = parameters.get(`${way}/weight`)!;
        const width = shape[1]!;
        for (let k = 0; k < width; k++) squares += data[2 * width + k]! ** 2; // LA comes first among CeA's afferents
      }
      expect(outgoing[2]).toBeCloseTo(Math.sqrt(squares), 6);
      const own = Array.from({ length: S }, (_, s) => activations.data[s * U + 2]!);
      expect(means[2]).toBeCloseTo(mean(own), 6);
      expect(variance[2]).toBeGreaterThan(0);
    }
  });
});

const trait = (values: (u: number) => number) => Float64Array.from({ length: 60 }, (_, u) => values(u));
const traits: UnitTraits = {
  mean: trait((u) => u / 10),
  variance: trait((u) => 1 + (u % 3)),
  outgoing: trait(() => 1),
};

describe("matched units", () => {
  it("are as many, others than the chosen, each once, and alike", () => {
    const chosen = [40, 43, 46, 49];
    const found = matchedUnits(traits, chosen, Random.seeded(1))!;
    expect(new Set([...found, ...chosen]).size).toBe(8);
    expect(Math.abs(imbalance(traits, chosen, found).mean)).toBeLessThan(0.4);
    expect(imbalance(traits, chosen, found).outgoing).toBe(0);
    const unmatched = imbalance(traits, chosen, [0, 1, 2, 3]).mean;
    expect(unmatched).toBeLessThan(-2);
    expect(matchedUnits(traits, chosen, Random.seeded(2))).not.toEqual(found);
  });

  it("are none when fewer are left than were chosen", () => {
    expect(
      matchedUnits(
        traits,
        Array.from({ length: 31 }, (_, u) => u),
        Random.seeded(1),
      ),
    ).toBeUndefined();
  });
});

const judged: Judged = {
  ratings: { shape: [6, 2], data: Float64Array.of(1, 5, 2, 4, 4, 2, 4, 3, 6, 4, 7, 6) },
  category: Int32Array.of(0, 0, 1, 1, 2, 2),
  categories: ["unpleasant", "neutral", "pleasant"],
  middle: 4,
};

describe("effects", () => {
  it("have scikit-learn's area under the curve, ties half", () => {
    const { scores, belongs, area } = fixture.auc;
    expect(Math.abs(areaUnderCurve(scores, (s) => belongs[s] === 1) - area)).toBeLessThan(1e-12);
    expect(areaUnderCurve([1, 2], () => true)).toBeNaN();
  });

  it("tell a shifted criterion from a loss of information", () => {
    const shifted = { ...judged.ratings, data: judged.ratings.data.map((value) => value + 1) };
    const found = worth(shifted, judged);
    expect(found.get("r-valence")).toBeCloseTo(1, 12);
    expect(found.get("mean-valence")).toBeCloseTo(5, 12);
    expect(found.get("slope-arousal")).toBeCloseTo(1, 12);
    expect(found.get("auc-unpleasant")).toBe(1);
    expect(found.get("auc-neutral")).toBe(0.875); // the shift moves neutral pictures as far from the middle as unpleasant 3
    const constant = worth({ ...judged.ratings, data: judged.ratings.data.map(() => 4) }, judged);
    expect([constant.get("r-valence"), constant.get("slope-valence")]).toEqual([0, 0]);
    expect(constant.get("auc-pleasant")).toBe(0.5);
  });

  it("of chosen units stand beside those of random ones", async () => {
    const chosen = [3, 4];
    const predict = async ({ gains }: Setting): Promise<NdArray> => {
      const gain = gains?.get("CeA") ?? new Float32Array(60).fill(1);
      const share = (gain[3]! + gain[4]!) / 2; // only these two carry valence
      return { shape: [6, 2], data: Float32Array.from(judged.ratings.data, (value) => value * share) };
    };
    const before = worth(await predict({}), judged);
    const all = (settings: readonly Setting[]) => Promise.all(settings.map(predict));
    const options = {
      nucleus: "CeA",
      traits,
      chosen,
      treatment: { kind: "zero" },
      before,
      matched: matchedSets(traits, chosen, 20, Random.seeded(3)),
    } as const;
    const { effects, imbalance: balance } = await lesion(all, judged, options);
    const r = effects.find(({ measure }) => measure === "r-valence")!;
    expect(r.effect).toBeCloseTo(-1, 6);
    expect([...r.random]).toEqual(Array(20).fill(0));
    expect(againstDraws(r.effect, r.random)).toEqual({ mean: 0, lower: 0, upper: 0, p: 1 / 21 });
    expect(Math.abs(balance!.mean)).toBeLessThan(0.3);
    const alone = await lesion(all, judged, { ...options, matched: [] });
    expect(alone.imbalance).toBeUndefined();
    expect(againstDraws(-1, alone.effects[0]!.random)).toBeUndefined();
  });

  it("are judged two-sided, by distance from the draws' mean", () => {
    const draws = [-1, 0, 1, 2];
    expect(againstDraws(-1.6, draws)).toEqual({
      mean: 0.5,
      lower: quantiles(draws, [0.025])[0],
      upper: quantiles(draws, [0.975])[0],
      p: 1 / 5,
    });
    expect(againstDraws(0.5, draws)!.p).toBe(1);
  });
});
