/**
 * @file Whole training steps that are held against PyTorch: which circuit, recipe and sizes, and the numbers
 * that go in. `scripts/fixtures/circuits.py` draws the same numbers by the same formula, so a fixture holds
 * results only.
 */
import type { Circuit, VisualShape } from "../../src/circuits/circuit.ts";
import type { ParameterSpec } from "../../src/circuits/parts.ts";
import { PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { BETA1 } from "../../src/graph/optimizer.ts";
import { findRecipe, type Recipe } from "../../src/training/recipe.ts";
import { buildStep, type StepGraph } from "../../src/training/step-graph.ts";

/** One step. */
export interface StepCase extends VisualShape {
  readonly name: string;
  readonly circuit: Circuit;
  readonly recipe: Recipe;
  readonly replicas: number;
  readonly batch: number;
  /** Without it all masks are ones, which is a model in evaluation mode. */
  readonly dropout: boolean;
  readonly lr: number;
  readonly lossWeights: readonly [number, number];
}

const BLOCKS = { ...PLAIN, blocks: 1, heads: 2, feedForward: 8 };
const EDGE = { sign: "+", density: 1, source: "test" } as const;

/** Every mechanism of the model in a few units. */
export const EVERYTHING: Circuit = {
  name: "everything",
  description: "each mechanism once, for tests",
  visual: "tokens",
  standardise: true,
  nuclei: [
    { ...PLAIN, id: "LA", input: 8, blocks: 1, heads: 2, feedForward: 12, norm: "pre", gate: 0.5 },
    { ...PLAIN, id: "AB", input: 6, rectify: true, dropout: { input: 0, blocks: 0, output: 0.2 } },
    { ...BLOCKS, id: "B", output: 6, dropout: { input: 0, blocks: 0.1, output: 0 } },
    { ...PLAIN, id: "ITC", input: 5, rectify: true },
    { ...PLAIN, id: "MeA", input: 4, summary: { heads: 2, channels: 3, keys: 2 }, rectify: true },
    { ...BLOCKS, id: "CeA", input: 8, output: 5, rectify: true },
  ],
  projections: [
    { ...EDGE, from: "visual", to: "LA" },
    { ...EDGE, from: "LA", to: "AB", density: 0.5 },
    { ...EDGE, from: "LA", to: "B" },
    { ...EDGE, from: "AB", to: "B" },
    { ...EDGE, from: "LA", to: "ITC" },
    { ...EDGE, from: "B", to: "ITC" },
    { ...EDGE, from: "visual", to: "MeA" },
    { ...EDGE, from: "visual", to: "CeA" },
    { ...EDGE, from: "LA", to: "CeA", density: 0.25 },
    { ...EDGE, from: "MeA", to: "CeA" },
    { ...EDGE, from: "ITC", to: "CeA", sign: "-" },
    { ...EDGE, from: "AB", to: "visual" },
  ],
  readout: "CeA",
  untrained: "mean",
  passes: 2,
};

/** What of a recipe a step depends on; the rest is set aside, so that fixtures outlive a change of it. */
function stepPart(name: string, changes: Partial<Recipe> = {}): Recipe {
  const schedule = { kind: "step" as const, every: 1, factor: 1 };
  const steps = { schedule, lr: 1, batch: 6, stepsPerEpoch: 1, epochs: 1, flip: false, views: 0 };
  return { ...findRecipe(name), ...steps, ...changes };
}

const published = stepPart("liu2025", { loss: "published" });
const ours = stepPart("vca");
const pooled = { replicas: 1, batch: 6, tokens: 1, width: 16, hasCls: false, lr: 1e-2 } as const;
const visual = { tokens: 5, width: 12, hasCls: true };
const tokens = { ...visual, replicas: 2, batch: 6, lr: 3e-3, lossWeights: [0.5, 0.5] } as const;

/** The steps, one line each; `python scripts/fixtures/circuits.py` after a change. */
export const STEP_CASES: readonly StepCase[] = [
  preset("liu2025", { ...pooled, recipe: published, dropout: false, lossWeights: [0.3, 0.7] }),
  preset("liu2025", { ...pooled, recipe: momentum(published), dropout: true, lossWeights: [0.4, 0.6] }),
  preset("anatomical-attention", { ...tokens, recipe: ours, dropout: true }),
  preset("vca", { ...tokens, recipe: ours, dropout: true }),
  { ...tokens, name: "everything", circuit: EVERYTHING, recipe: ours, dropout: true },
];

function momentum(recipe: Recipe): Recipe {
  return { ...recipe, optimizer: { kind: "sgd", decay: 0.01, momentum: 0.9 } };
}

function preset(name: string, options: Omit<StepCase, "name" | "circuit">): StepCase {
  const circuit = presetCircuit(name, options.width);
  return { ...options, name: `${name}${options.dropout ? " with dropout" : ""}`, circuit };
}

/** The step's number, counted from 1; its optimizer has state from the steps before. */
export const STEP = 4;

/**
 * Numbers in [-1, 1) that depend on a name and a position: the finalizer of MurmurHash3 (Appleby 2011) on
 * `position + FNV-1a(name)`.
 */
export function hashed(name: string, size: number): Float64Array {
  let key = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) key = Math.imul(key ^ name.charCodeAt(i), 0x01000193);
  return Float64Array.from({ length: size }, (_, i) => {
    let h = (i + key) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

function draw(name: string, shape: readonly number[], of: (u: number) => number): NdArray {
  return { shape, data: Float32Array.from(hashed(name, sizeOf(shape)), of) };
}

/** A parameter's value in every replica: weights of variance 1 / fan-in, the rest around where it begins. */
function parameterValue({ name, shape, initial }: ParameterSpec, { replicas, recipe }: StepCase): NdArray {
  const scaled = recipe.standardiseRatings;
  const bound = Math.sqrt(3 / shape[0]!);
  const of = {
    constant: (u: number) => (initial.kind === "constant" ? initial.value : 0) + 0.2 * u,
    uniform: (u: number) => bound * u,
    normal: (u: number) => bound * u,
    "tokens/center": (u: number) => 0.5 * u,
    "tokens/scale": (u: number) => 1 + 0.3 * u,
    "summary/center": (u: number) => 0.5 * u,
    "summary/scale": (u: number) => 1 + 0.3 * u,
    "ratings/center": (u: number) => (scaled ? 4 + u : 0),
    "ratings/scale": (u: number) => (scaled ? 1.5 + 0.5 * u : 1),
  };
  return draw(name, [replicas, ...shape], of[initial.kind === "statistic" ? initial.of : initial.kind]);
}

/** A step's graph. */
export function stepOf(stepCase: StepCase): StepGraph {
  return buildStep(stepCase.circuit, stepCase.recipe, stepCase);
}

/** Everything that a step is fed. */
export function stepFeeds(stepCase: StepCase, step: StepGraph): Record<string, NdArray> {
  const { replicas: R, batch: B, tokens: T, width: D, recipe, dropout } = stepCase;
  const scalar = (value: number): NdArray => ({ shape: [], data: Float32Array.of(value) });
  const feeds: Record<string, NdArray> = {
    tokens: draw("tokens", [B, T, D], (u) => Math.sqrt(3) * u),
    ratings: draw("ratings", [B, 2], (u) => 5 + 3 * u),
    // Replica r may not see picture r.
    sampleWeights: {
      shape: [R, B],
      data: Float32Array.from({ length: R * B }, (_, i) => (Math.floor(i / B) === i % B ? 0 : 1 / (B - 1))),
    },
    lossWeights: { shape: [2], data: Float32Array.from(stepCase.lossWeights) },
    lr: scalar(stepCase.lr),
  };
  if (recipe.optimizer.kind === "adamw") {
    feeds.c1 = scalar(1 - BETA1 ** STEP);
    feeds.c2 = scalar(1 - recipe.optimizer.beta2 ** STEP);
  }
  for (const spec of step.parameters) feeds[spec.name] = parameterValue(spec, stepCase);
  for (const { name, parameter } of step.state) {
    const square = name.endsWith("moment2");
    feeds[name] = draw(name, [R, ...parameter.shape], (u) => (square ? 1e-3 * (1.5 + u) : 0.01 * u));
  }
  for (const { name, shape, rate } of step.masks)
    feeds[name] = draw(name, shape, (u) => (!dropout ? 1 : (u + 1) / 2 < rate ? 0 : 1 / (1 - rate)));
  return feeds;
}
