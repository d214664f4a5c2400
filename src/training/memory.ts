/**
 * @file What training needs, before it starts: bytes of one replica, and how many replicas fit at once. The
 * number changes speed only, never results.
 */

import { freeMemory } from "#files";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { sizeOf } from "../core/array.ts";
import { elements } from "../graph/build.ts";
import { batchSize, type Recipe } from "./recipe.ts";
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

/** A visual stream of so many pictures. */
export type TrainingShape = VisualShape & { readonly pictures: number };

/** The need of one replica. */
export function replicaNeed(circuit: Circuit, recipe: Recipe, shape: TrainingShape): Need {
  const batch = batchSize(recipe, shape.pictures);
  const { graph, parameters, carry } = buildStep(circuit, recipe, { ...shape, replicas: 1, batch });
  const carried = new Set(Object.values(carry));
  let computed = 0;
  let state = 0;
  for (const node of graph.nodes) {
    if (node.kind === "op") for (const output of node.outputs) computed += elements(output);
    else if (carried.has(node.name)) state += elements(node.outputs[0]!);
  }
  const count = (specs: typeof parameters) => specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  return {
    parameters: count(parameters.filter(({ trained }) => trained)),
    diskBytes: 4 * count(parameters),
    memoryBytes: 4 * (2 * state + computed),
  };
}

/** How many replicas to train at once: as many as half of the free memory holds, at least one. */
export function groupSize(circuit: Circuit, recipe: Recipe, shape: TrainingShape): number {
  return Math.max(1, Math.floor(freeMemory() / 2 / replicaNeed(circuit, recipe, shape).memoryBytes));
}
