/**
 * @file A trained replica at work on tokens: predictions and activations. The graph is the one that
 * `export` writes, with gains as inputs or without.
 */
import { openSession } from "#engine";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { type Applied, applyCircuit } from "../circuits/model.ts";
import { type NdArray, takeRows, zeros } from "../core/array.ts";
import { Graph, reshape, slice, type Value } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { BATCH, type Shape } from "../graph/shape.ts";

/** What one replica makes of S pictures. */
export interface Answers {
  /** `[S, 2]`: valence, arousal. */
  readonly predictions: NdArray;
  /** Nucleus to `[S, U]`. */
  readonly activations: ReadonlyMap<string, NdArray>;
}

/** A circuit that is ready to be given parameters and tokens. */
export interface Inference {
  /** Answers of the replica with these parameters to tokens `[S, T, D]`. */
  run(parameters: ReadonlyMap<string, NdArray>, tokens: NdArray): Promise<Answers>;
  close(): Promise<void>;
}

const BATCH_SIZE = 64;

/** Adds a single network to `graph` and makes `valence`, `arousal` and `activation/<nucleus>` its outputs. */
export function addNetwork(
  graph: Graph,
  circuit: Circuit,
  visual: { tokens: Value; hasCls: boolean },
  gains: boolean,
): Applied {
  const applied = applyCircuit(graph, circuit, visual, { replicas: 1, gains });
  const batch = visual.tokens.shape[0]!;
  const flat = (value: Value, shape: Shape) => reshape(value, shape);
  for (const [i, name] of ["valence", "arousal"].entries()) {
    graph.output(name, flat(slice(applied.predictions, 2, i, i + 1), [batch]));
  }
  for (const [id, value] of applied.activations)
    graph.output(`activation/${id}`, flat(value, [batch, value.shape[2]!]));
  return applied;
}

/** Parameters of one replica, `[...shape]`, as a graph of one replica takes them, `[1, ...shape]`. */
export function withReplicaAxis(parameters: ReadonlyMap<string, NdArray>): Map<string, NdArray> {
  return new Map([...parameters].map(([name, array]) => [name, { ...array, shape: [1, ...array.shape] }]));
}

/** Opens a circuit for tokens `[S, T, D]`, S free. */
export async function openInference(
  circuit: Circuit,
  { tokens: T, width: D, hasCls }: VisualShape,
  threads?: number | undefined,
): Promise<Inference> {
  const graph = new Graph();
  addNetwork(graph, circuit, { tokens: graph.input("tokens", [BATCH, T, D]), hasCls }, false);
  const session = await openSession(encodeOnnx(emitOnnx(graph)), threads ? { threads } : {});
  return {
    close: () => session.close(),
    run: async (parameters, tokens) => {
      await session.hold(Object.fromEntries(withReplicaAxis(parameters)));
      const S = tokens.shape[0]!;
      const predictions = zeros([S, 2]);
      const activations = new Map<string, NdArray>();
      for (let start = 0; start < S; start += BATCH_SIZE) {
        const rows = Array.from({ length: Math.min(BATCH_SIZE, S - start) }, (_, i) => start + i);
        const outputs = await session.run({ tokens: takeRows(tokens, rows) });
        for (const [i, name] of ["valence", "arousal"].entries()) {
          outputs[name]!.data.forEach((value, b) => {
            predictions.data[(start + b) * 2 + i] = Number(value);
          });
        }
        for (const [name, array] of Object.entries(outputs)) {
          if (!name.startsWith("activation/")) continue;
          const id = name.slice("activation/".length);
          const all = activations.get(id) ?? zeros([S, array.shape[1]!]);
          all.data.set(array.data as Float32Array, start * array.shape[1]!);
          activations.set(id, all);
        }
      }
      return { predictions, activations };
    },
  };
}
