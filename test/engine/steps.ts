/** @file What the tests of both engines compute, so that a tab and Node can be held against each other. */
import { openSession } from "#engine";
import { projectionName } from "../../src/circuits/circuit.ts";
import type { NdArray } from "../../src/core/array.ts";
import type { Session, SessionOptions } from "../../src/engine/session.ts";
import { add, Graph, matmul, softmax } from "../../src/graph/build.ts";
import { emitOnnx } from "../../src/graph/emit.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { BETA1 } from "../../src/graph/optimizer.ts";
import { STEP, STEP_CASES, type StepCase, stepFeeds, stepOf } from "../support/step-cases.ts";

/** The .onnx file of a graph. */
export const onnx = (graph: Graph): Uint8Array => encodeOnnx(emitOnnx(graph));

/** A float32 scalar. */
export const scalar = (value: number): NdArray => ({ shape: [], data: Float32Array.of(value) });

/** Adds `x` to `sum` at each run; `next` is what a session carries into `sum`. Gives out `twice`, 2 x, too. */
export function counter(): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  graph.output("next", add(graph.input("sum", [2]), x));
  graph.output("twice", add(x, x));
  return onnx(graph);
}

/** softmax([1, 2] + [0, 0]), which is 1 / (1 + e) and e / (1 + e). */
export async function knownNumbers(options: SessionOptions): Promise<number[]> {
  const graph = new Graph();
  const identity = graph.constant({ shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) });
  graph.output("y", softmax(matmul(graph.input("x", [1, 2]), identity)));
  const session = await openSession(onnx(graph), options);
  const { y } = await session.run({ x: { shape: [1, 2], data: Float32Array.of(1, 2) } });
  await session.close();
  return Array.from(y!.data as Float32Array);
}

const everything = STEP_CASES.find(({ name }) => name === "everything")!;

/** Two nuclei of attention in a few units with AdamW: a tab opens it in a second. */
const TWO_BLOCKS: StepCase = {
  ...everything,
  circuit: {
    ...everything.circuit,
    nuclei: everything.circuit.nuclei.filter(({ id }) => id === "LA" || id === "CeA"),
    projections: everything.circuit.projections.filter((projection) =>
      ["visual->LA", "LA->CeA"].includes(projectionName(projection)),
    ),
    passes: 1,
  },
};

/** Training steps: their losses `[steps][R]`, the arrays they end with, and how long one took. */
export interface Steps {
  readonly losses: readonly number[][];
  readonly state: Readonly<Record<string, NdArray>>;
  /** Milliseconds of the fastest step. */
  readonly time: number;
}

/** How to take training steps. */
export interface StepOptions extends SessionOptions {
  readonly stepCase?: StepCase;
  readonly steps?: number;
  /** Take these steps with one replica of the case alone. */
  readonly replica?: number;
}

/** Takes steps on one batch; what training changes is held and carried by the engine. */
export async function takeSteps({
  stepCase = TWO_BLOCKS,
  steps = 5,
  replica,
  ...options
}: StepOptions): Promise<Steps> {
  const group = stepOf(stepCase);
  const all = stepFeeds(stepCase, group);
  const step = replica === undefined ? group : stepOf({ ...stepCase, replicas: 1 });
  const { beta2 } = stepCase.recipe.optimizer as { beta2: number };
  const feeds = replica === undefined ? all : alone(all, replica);
  const session = await openSession(onnx(step.graph), { ...options, carry: step.carry });
  try {
    await session.hold(feeds);
    const losses: number[][] = [];
    let time = Number.POSITIVE_INFINITY;
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      const out = await session.run({
        c1: scalar(1 - BETA1 ** (STEP + i)),
        c2: scalar(1 - beta2 ** (STEP + i)),
      });
      time = Math.min(time, performance.now() - start);
      losses.push(Array.from(out.losses!.data, Number));
    }
    return { losses, state: await heldState(session, Object.values(step.carry)), time };
  } finally {
    await session.close();
  }
}

async function heldState(session: Session, names: readonly string[]): Promise<Record<string, NdArray>> {
  return (await session.held(names)) as Record<string, NdArray>;
}

/** What one replica is fed: its part of every array that has a replica axis. */
export function alone(feeds: Readonly<Record<string, NdArray>>, replica: number): Record<string, NdArray> {
  const shared = new Set(["tokens", "ratings", "lossWeights", "lr", "c1", "c2"]);
  return Object.fromEntries(
    Object.entries(feeds).map(([name, array]) => [name, shared.has(name) ? array : part(array, replica)]),
  );
}

/** Row `r` of the first axis, which stays: `[R, ...] -> [1, ...]`. */
export function part({ shape, data }: NdArray, r: number): NdArray {
  const size = data.length / shape[0]!;
  return { shape: [1, ...shape.slice(1)], data: data.slice(r * size, (r + 1) * size) };
}
