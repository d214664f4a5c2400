/**
 * @file Resampling may be handed to threads: its input is plain data, the task is found by its module and name, and a draw
 * depends on nothing but its number. Threads themselves are tested in test/core/spread.test.ts.
 */
import { describe, expect, it, vi } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { SpreadOptions, Task } from "../../src/core/task.ts";
import { evaluate } from "../../src/rsa/evaluate.ts";
import { fixedModels, type Model } from "../../src/rsa/models.ts";
import { partialRsa } from "../../src/rsa/partial.ts";
import { permuteLabels } from "../../src/rsa/permutation.ts";
import { simulateStudy } from "./studies.ts";

/** As two threads would, with `threads: 2`: each has its own copy of the input, and they meet the items out of order. */
vi.mock("#cores", async (importOriginal) => {
  const { spread } = await importOriginal<typeof import("#cores")>();
  return {
    async spread<I, O>(task: Task<I, O>, input: I, items: number, options: SpreadOptions) {
      if (options.threads !== 2) return spread(task, input, items, options);
      const found = (await import(task.module))[task.open.name] as Task<I, O>["open"];
      const opened = [0, 1].map(() => found(structuredClone(input)));
      const results: O[] = [];
      for (let item = items - 1; item >= 0; item--) results[item] = opened[item % 2]!(item);
      return results;
    },
  };
});

const { data, models: rdms } = simulateStudy(
  { participants: 6, pictures: 20, signal: 0.7, models: "true" },
  Random.seeded(3),
);
const models = fixedModels(rdms);
const weighted: Model = { name: "weighted", kind: "weighted", rdms };
const options = (threads: number) => ({ data, draws: 12, random: Random.seeded(5).at("draws"), threads });

const WORK = {
  evaluate: (threads: number) =>
    evaluate({ ...options(threads), models, comparison: "tauA", resample: "both" }),
  "evaluate, cross-validated": (threads: number) =>
    evaluate({
      ...options(threads),
      models: [weighted, ...models],
      comparison: "pearson",
      resample: "both",
      crossValidate: { pictures: 2 },
    }),
  partialRsa: (threads: number) =>
    partialRsa({
      ...options(threads),
      models: models.slice(0, 1),
      nuisances: models.slice(1),
      kind: "rank",
      resample: "both",
    }),
  permuteLabels: (threads: number) => permuteLabels({ ...options(threads), models, comparison: "tauA" }),
};

describe("handed to threads", () => {
  it.each(Object.entries(WORK))("%s gives the same to the last bit", async (_, work) => {
    expect(await work(2)).toEqual(await work(1));
  });
});
