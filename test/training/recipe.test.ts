import { describe, expect, it } from "vitest";
import { batchSize, findRecipe, learningRate, lossWeights, RECIPES } from "../../src/training/recipe.ts";

describe("the learning rate", () => {
  it("warms up step by step, then falls as a cosine to nearly zero", () => {
    const recipe = findRecipe("vca", { lr: 1, epochs: 12, schedule: { kind: "cosine", warmup: 2 } });
    const at = (step: number) => learningRate(recipe, step, 5);
    expect(at(0)).toBeCloseTo(0.1, 12);
    expect(at(9)).toBeCloseTo(1, 12);
    expect(at(10)).toBeCloseTo(1, 12);
    expect(at(35)).toBeCloseTo(0.5, 12); // half of the ten epochs after warm-up
    expect(at(59)).toBeGreaterThan(0);
    expect(at(59)).toBeLessThan(0.001);
  });

  it("without warm-up begins at its largest", () => {
    const recipe = findRecipe("vca", { lr: 1, epochs: 4, schedule: { kind: "cosine", warmup: 0 } });
    expect(learningRate(recipe, 0, 3)).toBe(1);
  });

  it("falls by a factor every so many epochs", () => {
    const recipe = findRecipe("liu2025");
    const at = (step: number) => learningRate(recipe, step, 10);
    expect([at(0), at(399)]).toEqual([1e-4, 1e-4]);
    expect(at(400)).toBeCloseTo(1e-5, 12);
    expect(at(499)).toBeCloseTo(1e-5, 12);
  });

  it("warms up, decays and stays, as in the published code", () => {
    const at = (step: number) => learningRate(findRecipe("liu2025-code"), step, 10);
    expect(at(0)).toBeCloseTo(1e-3 / 50, 12);
    expect(at(49)).toBeCloseTo(1e-3, 12);
    expect(at(50)).toBeCloseTo(1e-3, 12);
    expect(at(175)).toBeCloseTo(0.55e-3, 12);
    expect([at(300), at(499)]).toEqual([at(300), at(300)]);
    expect(at(300)).toBeCloseTo(1e-4, 12);
  });
});

describe("the loss's weights of valence and arousal", () => {
  it("are equal for the mean squared error", () => {
    expect(lossWeights(findRecipe("vca"), 0)).toEqual([0.5, 0.5]);
  });

  it("move from arousal to both at 30 and 70 % of training, as published", () => {
    const recipe = findRecipe("liu2025", { loss: "published" });
    const arousal = [0, 0.2999, 0.3, 0.6999, 0.7, 1].map((progress) => lossWeights(recipe, progress)[1]);
    expect(arousal).toEqual([0.7, 0.7, 0.6, 0.6, 0.5, 0.5]);
    for (const progress of [0, 0.5, 1]) {
      const [valence, other] = lossWeights(recipe, progress);
      expect(valence + other).toBe(1);
    }
  });
});

it("a small set takes smaller batches", () => {
  const recipe = findRecipe("vca", { batch: 64, stepsPerEpoch: 9 });
  expect([1, 9, 81, 575, 577, 5000].map((n) => batchSize(recipe, n))).toEqual([1, 1, 9, 64, 64, 64]);
});

describe("a recipe", () => {
  it("bears its name, and takes changes", () => {
    for (const [name, recipe] of Object.entries(RECIPES)) expect(recipe.name).toBe(name);
    expect(findRecipe("vca", { epochs: 2 })).toEqual({ ...RECIPES.vca, epochs: 2 });
  });

  it("that is unknown is met with the nearest", () => {
    expect(() => findRecipe("liu205")).toThrow(
      `fit: unknown recipe "liu205". Did you mean "liu2025"? Choices: ${Object.keys(RECIPES).join(", ")}.`,
    );
  });
});
