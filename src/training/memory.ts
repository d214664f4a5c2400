/**
 * @file What training needs, before it starts: bytes of one replica, and how many replicas fit at once. The
 * number changes speed only, never results.
 */

import { freeMemory } from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import { sizeOf } from "../core/array.ts";
import { elements } from "../graph/build.ts";
import type { Recipe } from "./recipe.ts";
import { buildStep } from "./step-graph.ts";

/** What one replica of a circuit needs. */
export interface Need {
  /** Trained numbers. */
  readonly parameters: number;
  /** Bytes on disk of its parameters at one epoch. */
  readonly diskBytes: number;
  /** Bytes of memory while it is trained: what a step carries, before and after, and what it computes. */
  readonly memoryBytes: number;
}

/** The need of one replica at a recipe's batch. */
export function replicaNeed(
  circuit: Circuit,
  recipe: Recipe,
  { tokens, width }: { tokens: number; width: number },
): Need {
  const { graph, parameters, carry } = buildStep(circuit, recipe, {
    replicas: 1,
    batch: recipe.batch,
    tokens,
    width,
  });
  const carried = new Set(Object.values(carry));
  let computed = 0;
  let state = 0;
  for (const node of graph.nodes) {
    if (node.kind === "op") for (const output of node.outputs) computed += elements(output);
    else if (carried.has(node.name)) state += elements(node.outputs[0]!);
  }
  const all = parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const trained = parameters
    .filter(({ trained }) => trained)
    .reduce((total, { shape }) => total + sizeOf(shape), 0);
  return { parameters: trained, diskBytes: 4 * all, memoryBytes: 4 * (2 * state + computed) };
}

/** How many replicas to train at once: as many as half of the free memory holds, at least one. */
export function groupSize(
  circuit: Circuit,
  recipe: Recipe,
  shape: { tokens: number; width: number; pictures: number },
): number {
  const batch = Math.min(recipe.batch, shape.pictures);
  const { memoryBytes } = replicaNeed(circuit, { ...recipe, batch }, shape);
  return Math.max(1, Math.floor(freeMemory() / 2 / memoryBytes));
}
