/** @file `evaluate`: objects92, planted geometry, error rates of a few simulated studies, guards. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { mean } from "../../src/core/statistics.ts";
import { compare } from "../../src/rsa/comparisons.ts";
import { evaluate, scoreDifference } from "../../src/rsa/evaluate.ts";
import { fixedModels, type Model } from "../../src/rsa/models.ts";
import { partialRsa } from "../../src/rsa/partial.ts";
import { permuteLabels } from "../../src/rsa/permutation.ts";
import { averageOver, type Rdms, takeRdms } from "../../src/rsa/rdm.ts";
import { readRdms } from "../../src/rsa/read-rdms.ts";
import { shared } from "../support/shared.ts";
import { simulateStudy, type Truth } from "./studies.ts";

const random = () => Random.seeded(7);
const study = (truth: Partial<Truth> = {}, seed = 1) => {
  const all = { participants: 6, pictures: 20, signal: 0.8, models: "true" as const, ...truth };
  const { data, models } = simulateStudy(all, Random.seeded(seed).at("study"));
  return { data, models: fixedModels(models), comparison: "rhoA" as const, random: random() };
};

describe("evaluate", () => {
  it("finds a planted geometry, its ceiling and its rivals", async () => {
    const { models, pairs, ceiling, df, draws } = await evaluate({
      ...study(),
      resample: "both",
      draws: 200,
    });
    const [truth, ...others] = models;
    expect(truth!.p).toBeLessThan(0.01);
    expect(truth!.score).toBeGreaterThan(0.8 * ceiling.lower!);
    for (const { score, p } of others) {
      expect(score).toBeLessThan(truth!.score / 2);
      expect(p).toBeGreaterThan(0.01);
    }
    expect(pairs.filter(({ a }) => a === "1").every(({ pCorrected }) => pCorrected! < 0.05)).toBe(true);
    expect(pairs).toHaveLength(10);
    expect(df).toBe(5);
    expect(draws).toBe(200);
    expect(truth!.ci![1] - truth!.score).toBeCloseTo(truth!.score - truth!.ci![0], 12);
    expect(truth!.perParticipant.reduce((sum, score) => sum + score / 6, 0)).toBeCloseTo(truth!.score, 12);
  });

  it("gives the same numbers for the same seed, whatever runs beside", async () => {
    const once = await evaluate({ ...study(), resample: "both", draws: 20 });
    expect(await evaluate({ ...study(), resample: "both", draws: 20 })).toEqual(once);
  });

  it("tests a model in two regions: more where it is true than in noise, no more in the same", async () => {
    const { data, ...others } = study();
    const noise = study({ signal: 0 }, 2).data;
    const common = { ...others, resample: "both" as const, draws: 200 };
    const [region, control] = [
      await evaluate({ ...common, data }),
      await evaluate({ ...common, data: noise }),
    ];
    const found = scoreDifference(region, control, "1");
    expect(found.estimate).toBeCloseTo(region.models[0]!.score - control.models[0]!.score, 12);
    expect(found.p).toBeLessThan(0.01);
    expect(found.ci![0]).toBeGreaterThan(0);
    expect(scoreDifference(region, control, "2").p).toBeGreaterThan(0.05);
    expect(scoreDifference(region, region, "1")).toEqual({ estimate: 0, se: 0, ci: [0, 0], p: 1, df: 5 });
    const pair = region.pairs.find(({ a, b }) => a === "1" && b === "3")!;
    const { estimate, p } = scoreDifference(region, region, "1", "3");
    expect(estimate).toBeCloseTo(pair.difference, 12);
    expect(p).toBeCloseTo(pair.p!, 12);
    expect(() => scoreDifference(region, control, "6")).toThrow(
      'scoreDifference: a model of the evaluation was expected, got "6". Name one of 1, 2, 3, 4, 5.',
    );
    const fewer = await evaluate({ ...study({ participants: 5 }), resample: "both", draws: 20 });
    expect(() => scoreDifference(region, fewer, "1")).toThrow(
      "got 6 by both and 5 by both. Evaluate both alike.",
    );
    const few = study({ pictures: 8 });
    const df = async (resample: "pictures" | "participants" | "both") => {
      const of = await evaluate({ ...few, resample, draws: 20 });
      return scoreDifference(of, of, "1").df;
    };
    expect([await df("pictures"), await df("participants"), await df("both")]).toEqual([3, 5, 3]);
    const undrawn = await evaluate({ ...common, data, resample: "none" });
    expect(scoreDifference(undrawn, undrawn, "1")).toEqual({
      estimate: 0,
      se: null,
      ci: null,
      p: null,
      df: null,
    });
  });

  it("takes sessions of a participant as one participant", async () => {
    const { data, ...others } = study();
    const twice = takeRdms(data, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    const common = { ...others, resample: "participants" as const, draws: 30 };
    const once = await evaluate({ ...common, data });
    const kept = await evaluate({ ...common, data: { ...twice, labels: { ...twice.labels } } });
    expect(kept.df).toBe(5);
    expect(kept.ceiling.lower).toBeCloseTo(once.ceiling.lower!, 10);
    expect(kept.models[0]!.se).toBeCloseTo(once.models[0]!.se!, 10);
  });

  it("resamples one factor, or none", async () => {
    const pictures = await evaluate({ ...study(), resample: "pictures", draws: 50 });
    expect(pictures.df).toBe(19);
    const none = await evaluate({ ...study(), resample: "none" });
    expect(none.df).toBeNull();
    expect(none.models[0]).toMatchObject({ se: null, ci: null, p: null, pCeiling: null });
    expect(none.pairs[0]).toMatchObject({ p: null, pCorrected: null });
    expect(none.models[0]!.score).toBe(pictures.models[0]!.score);
  });

  it("lives with five pictures and two participants", async () => {
    const { models, draws } = await evaluate({
      ...study({ pictures: 5, participants: 2 }),
      resample: "both",
      draws: 200,
    });
    expect(draws).toBeGreaterThan(100);
    expect(draws).toBeLessThan(200); // samples of fewer than 3 pictures
    for (const { se, p } of models) expect(Number.isFinite(se) && Number.isFinite(p)).toBe(true);
  });

  it("says p = 1 of a model and its copy, and flags a score above its ceiling", async () => {
    const { data, models, ...others } = study({ pictures: 12, signal: 0 });
    const copy = [models[0]!, { ...models[0]!, name: "copy" }];
    const { pairs } = await evaluate({ ...others, data, models: copy, resample: "both", draws: 30 });
    expect(pairs).toEqual([{ a: "1", b: "copy", difference: 0, p: 1, pCorrected: 1 }]);
    const pooled = averageOver(
      {
        ...data,
        labels: { model: data.labels.participant!.map(() => "pool"), at: data.labels.participant! },
      },
      "at",
    );
    const flagged = await evaluate({
      ...others,
      data: { ...data, labels: { participant: ["a", "b", "c", "a", "b", "c"] } },
      models: fixedModels(pooled),
      comparison: "whitenedCosine",
      resample: "none",
    });
    expect(flagged.models[0]!.aboveCeiling).toBe(flagged.models[0]!.score > flagged.ceiling.upper!);
  });

  it("judges fitted models on other pictures and participants", async () => {
    const { models, ...others } = study({ models: "halves", pictures: 24 });
    const both: Rdms = {
      ...models[0]!.rdms,
      vectors: {
        shape: [2, 276],
        data: Float64Array.from(models.flatMap(({ rdms }) => [...rdms.vectors.data])),
      },
      labels: { model: ["1", "2"] },
    };
    const family: Model[] = (["weighted", "interpolate", "select"] as const).map((kind) => ({
      name: kind,
      kind,
      rdms: both,
    }));
    const found = await evaluate({
      ...others,
      comparison: "pearson",
      models: [...models, ...family],
      resample: "both",
      crossValidate: { pictures: 3, participants: 2 },
      draws: 40,
    });
    const [first, second, weighted, between, selected] = found.models.map(({ score }) => score) as [
      number,
      number,
      number,
      number,
      number,
    ];
    expect(weighted).toBeGreaterThan(Math.max(first, second));
    expect(between).toBeGreaterThan(Math.max(first, second));
    expect(selected).toBeLessThanOrEqual(Math.max(first, second) + 0.02);
    expect(found.models.map(({ se }) => se! > 0)).toEqual([true, true, true, true, true]);
    await expect(evaluate({ ...others, models: family, resample: "none" })).rejects.toThrow(
      "evaluate: cross-validation was expected for models that are fitted, got none for weighted, interpolate, select. Set folds over pictures or participants: on the data it was fitted to, a model looks better than it is.",
    );
  });

  it.each([
    [
      { pictures: 2 },
      {},
      "evaluate: 3 or more stimuli were expected, got 2. Add stimuli: two have one dissimilarity, and nothing to compare it with.",
    ],
    [
      { participants: 1 },
      {},
      "evaluate: 2 or more participants to resample were expected, got 1. Pass --resample pictures: with one participant nothing can be said about others.",
    ],
    [{}, { draws: 1 }, "evaluate: two or more draws were expected, got 1. Draw 1000 or more."],
    [
      {},
      { crossValidate: { pictures: 7 } },
      "evaluate: 3 stimuli in each of 7 folds were expected, got 20. Use fewer folds over pictures.",
    ],
    [
      {},
      { crossValidate: { participants: 7 } },
      "evaluate: a participant in each of 7 folds were expected, got 6. Use fewer folds over participants.",
    ],
    [
      {},
      { models: [] },
      "evaluate: models of different names were expected, got none. Name each model once.",
    ],
  ])("explains what is too little (%#)", async (truth: Partial<Truth>, options, message) => {
    const { data, models, ...others } = study({
      ...truth,
      pictures: Math.max(3, truth.pictures ?? 20),
    } as Partial<Truth>);
    const few =
      truth.pictures === 2
        ? { ids: ["a", "b"], labels: {}, vectors: { shape: [2, 1], data: Float64Array.of(1, 2) } }
        : data;
    const known = truth.pictures === 2 ? fixedModels(few) : models;
    await expect(
      evaluate({ ...others, data: few, models: known, resample: "both", ...options }),
    ).rejects.toThrow(message);
  });

  it("refuses a constant model", async () => {
    const { data, models, ...others } = study();
    const flat = { ...models[0]!.rdms, vectors: { shape: [1, 190], data: new Float64Array(190).fill(2) } };
    await expect(
      evaluate({ ...others, data, models: [{ name: "flat", kind: "fixed", rdms: flat }], resample: "none" }),
    ).rejects.toThrow(
      "evaluate: dissimilarities that differ were expected, got a constant model flat. Leave it out.",
    );
  });
});

describe("error rates over simulated studies", () => {
  it("stay at theirs under the null; the standard error is the true spread", async () => {
    const studies = 60;
    const wrong = { zero: 0, family: 0, labels: 0 };
    const scores: number[] = [];
    let squared = 0;
    for (let k = 0; k < studies; k++) {
      const unrelated = { ...study({ models: "unrelated" }, k), comparison: "pearson" as const, draws: 100 };
      const { models, pairs } = await evaluate({ ...unrelated, resample: "both" });
      wrong.zero += models.filter(({ p }) => p! < 0.05).length / (5 * studies);
      wrong.family += pairs.some(({ pCorrected }) => pCorrected! < 0.05) ? 1 / studies : 0;
      const labels = await permuteLabels(unrelated);
      wrong.labels += labels.filter(({ p }) => p < 0.05).length / (5 * studies);
      const planted = await evaluate({
        ...study({}, k),
        comparison: "pearson",
        resample: "both",
        draws: 100,
      });
      scores.push(planted.models[0]!.score);
      squared += planted.models[0]!.se! ** 2 / studies;
    }
    expect(wrong.zero).toBeLessThan(0.08);
    expect(wrong.family).toBeLessThan(0.12);
    expect(wrong.labels).toBeGreaterThan(0.02);
    expect(wrong.labels).toBeLessThan(0.09);
    const center = scores.reduce((sum, score) => sum + score / studies, 0);
    const spread = Math.sqrt(scores.reduce((sum, score) => sum + (score - center) ** 2, 0) / (studies - 1));
    expect(Math.sqrt(squared) / spread).toBeGreaterThan(0.75);
    expect(Math.sqrt(squared) / spread).toBeLessThan(1.35);
  });
});

describe("permuteLabels", () => {
  it("counts the sample itself: p is at least 1 / (1 + draws)", async () => {
    const [truth] = await permuteLabels({ ...study(), comparison: "tauA", draws: 99 });
    expect(truth!.p).toBe(0.01);
  });
});

describe("partialRsa", () => {
  it("gives what a model adds to a nuisance, and nothing for the nuisance itself", async () => {
    const { models, ...others } = study({ models: "halves", signal: 2, pictures: 30 });
    const [first, second] = models as [Model, Model];
    const common = { ...others, kind: "linear" as const, resample: "both" as const, draws: 60 };
    const { models: beside, df } = await partialRsa({ ...common, models: [first], nuisances: [second] });
    expect(df).toBe(5);
    expect(beside[0]!.p).toBeLessThan(0.01);
    expect(beside[0]!.uniqueVariance).toBeGreaterThan(0.1);
    const again = { ...second, name: "again" };
    const { models: itself } = await partialRsa({
      ...common,
      models: [again],
      nuisances: [second],
      kind: "rank",
    });
    expect(itself[0]).toMatchObject({ score: 0, uniqueVariance: 0 });
    await expect(partialRsa({ ...common, models: [first], nuisances: [] })).rejects.toThrow(
      "partialRsa: nuisance RDMs were expected, got none. Use evaluate for models by themselves.",
    );
  });

  it("holds a nuisance of each participant constant in that participant alone", async () => {
    const { models, data, ...others } = study({ models: "halves", pictures: 12 });
    const common = { ...others, models: [models[0]!], nuisances: [models[1]!], resample: "none" as const };
    const amplitude = study({ pictures: 12 }, 2).data;
    const { models: found } = await partialRsa({ ...common, data, own: [amplitude], kind: "rank" });
    for (const p of [0, 3]) {
      const mine: Model = {
        kind: "fixed",
        name: "amplitude",
        rdms: { ...takeRdms(amplitude, [p]), ids: data.ids },
      };
      const { models: alone } = await partialRsa({
        ...common,
        data: takeRdms(data, [p]),
        nuisances: [models[1]!, mine],
        kind: "rank",
      });
      expect(found[0]!.perParticipant[p]).toBeCloseTo(alone[0]!.score, 10);
    }
    expect(found[0]!.perParticipant[0]).not.toBeCloseTo(found[0]!.perParticipant[3]!, 3);
    await expect(
      partialRsa({ ...common, data, own: [takeRdms(amplitude, [0])], kind: "rank" }),
    ).rejects.toThrow(
      "partialRsa: own nuisances of shape [6, 66] were expected, got [1,66]. Make one RDM for each RDM of the data, of the same stimuli.",
    );
  });

  it("leaves nothing of a curved relation: models that are half a nuisance, half chance, by ranks as linearly", async () => {
    const differences: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      const { models, ...others } = study({ models: "true", pictures: 50 }, seed);
      const [known, ...unrelated] = models.map(({ rdms }) => rdms!);
      const half = (rdms: Rdms) => rdms.vectors.data.map((value, pair) => value + known!.vectors.data[pair]!);
      const confounded = fixedModels({
        ids: known!.ids,
        vectors: {
          shape: [4, known!.vectors.data.length],
          data: Float64Array.from(unrelated.flatMap((rdms) => [...half(rdms)])),
        },
        labels: { model: ["a", "b", "c", "d"] },
      });
      const common = { ...others, models: confounded, nuisances: [models[0]!], resample: "none" as const };
      const [rank, linear] = [
        await partialRsa({ ...common, kind: "rank" }),
        await partialRsa({ ...common, kind: "linear" }),
      ];
      differences.push(...rank.models.map(({ score }, k) => score - linear.models[k]!.score));
    }
    expect(Math.abs(mean(differences))).toBeLessThan(0.003); // lines of ranks instead of curves: .014
  });

  it("takes a nuisance of two values, whose square and cube say nothing new", async () => {
    const { models, ...others } = study({ models: "halves" });
    const [first, second] = models as [Model, Model];
    const alike = {
      ...second.rdms!.vectors,
      data: second.rdms!.vectors.data.map((value) => Number(value > 1)),
    };
    const category: Model = { ...second, rdms: { ...second.rdms!, vectors: alike } } as Model;
    const common = { ...others, models: [first], nuisances: [category], resample: "none" as const };
    const { models: found } = await partialRsa({ ...common, kind: "rank" });
    const r = (a: Rdms, b: Rdms) => compare(a, b, "spearman").data;
    const between = r(first.rdms!, category.rdms!)[0]!;
    const [model, nuisance] = [r(others.data, first.rdms!), r(others.data, category.rdms!)];
    for (const [p, score] of found[0]!.perParticipant.entries())
      expect(score).toBeCloseTo(
        (model[p]! - between * nuisance[p]!) / Math.sqrt((1 - between ** 2) * (1 - nuisance[p]! ** 2)),
        10,
      );
  });

  it("is the textbook partial correlation with one nuisance", async () => {
    const { models, ...others } = study({ models: "halves", participants: 1 });
    const scores = await Promise.all(
      [others.data, models[1]!.rdms].map((data) =>
        evaluate({
          ...others,
          data: { ...data, labels: {} },
          models,
          comparison: "pearson",
          resample: "none",
        }),
      ),
    );
    const [xy, yz] = scores[0]!.models.map(({ score }) => score) as [number, number];
    const [xz] = scores[1]!.models.map(({ score }) => score) as [number];
    const { models: found } = await partialRsa({
      ...others,
      models: [models[0]!],
      nuisances: [models[1]!],
      kind: "linear",
      resample: "none",
    });
    expect(found[0]!.score).toBeCloseTo((xy - xz * yz) / Math.sqrt((1 - xz ** 2) * (1 - yz ** 2)), 8);
    expect(found[0]!.uniqueVariance).toBeCloseTo((xy - xz * yz) ** 2 / (1 - xz ** 2), 8);
  });
});

describe.skipIf(shared === undefined)("objects92 (needs the shared data)", () => {
  it("ranks the models as published, four participants with their sessions averaged", async () => {
    const read = (name: string, axes: string[]) =>
      readRdms(readFileSync(`${shared}/data/objects92/${name}`), name, { axes });
    const data = averageOver(read("hit_rdms.npy", ["participant", "session"]), "session");
    const models = fixedModels(read("model_rdms.npz", ["model"]));
    const found = await evaluate({
      data,
      models,
      comparison: "rhoA",
      resample: "both",
      draws: 20,
      random: random(),
    });
    expect(found.df).toBe(3);
    expect(found.ceiling.lower).toBeCloseTo(0.37, 2);
    expect(found.ceiling.upper).toBeCloseTo(0.67, 2);
    const order = [...found.models].sort((a, b) => b.score - a.score).map(({ name }) => name);
    expect(order).toEqual([
      "animacy",
      "monkeyIT",
      "EVA",
      "FaceBodyManmadeNatobj",
      "HMAX",
      "Silhouette",
      "RADON",
      "V1",
    ]);
    expect(found.models[0]!.score).toBeCloseTo(0.33, 2);
  });
});
