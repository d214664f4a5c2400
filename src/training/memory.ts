/**
 * @file What training needs, before it starts: bytes of one replica, and how many replicas fit at once. The
 * number changes speed only, never results.
 */

import { freeMemory } from "#files";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { sizeOf } from "../core/array.ts";
import { elements, Graph, type Value } from "../graph/build.ts";
import { addNetworks, BATCH_SIZE } from "./inference.ts";
import { batchSize, type Recipe } from "./recipe.ts";
import { buildStep } from "./step-graph.ts";

// Bounds measured with bench/memory.bench.ts, of circuits from 0.2 to 11 million parameters; what is freed stays with the
// process's allocator for a while, more of it the more groups there are.
/** What a fit holds beside its arrays: two workers, each with an engine, and what the encoder's run leaves. */
const ENGINE_BYTES = 350 * 2 ** 20;
/** The engine's arena doubles as it grows, and plans anew after the first run: bytes taken for each byte alive. */
const ARENA = 2.5;
/** Carried arrays: before and after a step, as they are set, as they are read, and as they are written. */
const STATE_COPIES = 5;
/** Parameters that early stopping keeps: the best ones, those that stand for an epoch, and the best as they are written. */
const STOPPING_COPIES = 3;
/** The worker with an engine in which early stopping tests. */
const STOPPING_ENGINE_BYTES = 100 * 2 ** 20;

/** What one replica of a circuit needs. */
export interface Need {
  /** Trained numbers. */
  readonly parameters: number;
  /** Bytes on disk of its parameters at one epoch. */
  readonly diskBytes: number;
  /** Bytes of memory while it is trained: what a step carries, and what it computes. */
  readonly memoryBytes: number;
}

/** A visual stream of so many pictures. */
export type TrainingShape = VisualShape & { readonly pictures: number };

/** The most numbers that are alive at once while a graph runs: computed, and still to be read. */
export function aliveAtOnce({ nodes, outputs }: Graph): number {
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, i) => {
    if (node.kind === "op") for (const value of [...node.inputs, ...node.outputs]) lastUse.set(value, i);
  });
  for (const value of outputs.values()) lastUse.set(value, nodes.length);
  const freed = nodes.map(() => 0);
  let [alive, most] = [0, 0];
  nodes.forEach((node, i) => {
    const made = node.kind === "op" ? node.outputs : [];
    for (const value of made) {
      alive += elements(value);
      const last = lastUse.get(value)!;
      if (last < nodes.length) freed[last]! += elements(value);
    }
    most = Math.max(most, alive);
    alive -= freed[i]!;
  });
  return most;
}

/** The need of one replica. */
export function replicaNeed(circuit: Circuit, recipe: Recipe, shape: TrainingShape): Need {
  const batch = batchSize(recipe, shape.pictures);
  const { graph, parameters, carry } = buildStep(circuit, recipe, { ...shape, replicas: 1, batch });
  const carried = new Set(Object.values(carry));
  const state = graph.nodes.filter((node) => node.kind !== "op" && carried.has(node.name));
  const stateSize = state.reduce((total, { outputs }) => total + elements(outputs[0]!), 0);
  const count = (specs: typeof parameters) => specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const kept = recipe.patience > 0 ? STOPPING_COPIES * count(parameters) : 0;
  return {
    parameters: count(parameters.filter(({ trained }) => trained)),
    diskBytes: 4 * count(parameters),
    memoryBytes: 4 * (STATE_COPIES * stateSize + kept + ARENA * aliveAtOnce(graph)),
  };
}

/** Bytes that a training takes beside the program, its tokens, and the replicas: engines, and a network's answers, to early stopping too. */
export function engineBytes(
  circuit: Circuit,
  recipe: Recipe,
  { tokens, width, hasCls, pictures }: TrainingShape,
): number {
  const graph = new Graph();
  const batch = Math.min(pictures, BATCH_SIZE);
  const visual = { tokens: graph.input("tokens", [batch, tokens, width]), hasCls };
  addNetworks(graph, circuit, visual, { replicas: 1, gains: false });
  const network = 4 * ARENA * aliveAtOnce(graph);
  return ENGINE_BYTES + network + (recipe.patience > 0 ? STOPPING_ENGINE_BYTES + network : 0);
}

/** How many replicas to train at once: as many as half of the free memory holds, at least one. */
export function groupSize(circuit: Circuit, recipe: Recipe, shape: TrainingShape): number {
  return Math.max(1, Math.floor(freeMemory() / 2 / replicaNeed(circuit, recipe, shape).memoryBytes));
}
