/**
 * @file A trained replica at work on tokens: predictions and activations. The graph is the one that
 * `export` writes, with gains as inputs or without.
 */
import { openSession } from "#engine";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { applyCircuit } from "../circuits/model.ts";
import type { Applied } from "../circuits/parts.ts";
import { type NdArray, takeRows, zeros } from "../core/array.ts";
import { Graph, mean, reshape, slice, transpose, type Value } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { BATCH } from "../graph/shape.ts";

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

/** Pictures answered at once. */
export const BATCH_SIZE = 64;

/**
 * Adds an ensemble of R networks to `graph`. Outputs: `valence` and `arousal` `[B]`, the mean over networks, and
 * `activation/<nucleus>` `[B, R U]`, the units of each network after the other's. Returns what the circuit made.
 */
export function addNetworks(
  graph: Graph,
  circuit: Circuit,
  visual: { tokens: Value; hasCls: boolean },
  options: { replicas: number; gains: boolean },
): Applied {
  const applied = applyCircuit(graph, circuit, visual, options);
  const { predictions, activations } = applied;
  const batch = visual.tokens.shape[0]!;
  const answer = mean(predictions, [0]); // [1, B, 2]
  for (const [i, name] of ["valence", "arousal"].entries()) {
    graph.output(name, reshape(slice(answer, 2, i, i + 1), [batch]));
  }
  for (const [id, value] of activations) {
    const units = options.replicas * (value.shape[2] as number);
    graph.output(`activation/${id}`, reshape(transpose(value, [1, 0, 2]), [batch, units]));
  }
  return applied;
}

/** Parameters of replicas, `[...shape]` each, side by side as a graph takes them: `[R, ...shape]`. */
export function joinReplicas(replicas: readonly ReadonlyMap<string, NdArray>[]): Map<string, NdArray> {
  return new Map(
    [...replicas[0]!].map(([name, { shape, data: first }]) => {
      const data = new Float32Array(replicas.length * first.length);
      replicas.forEach((parameters, r) => {
        data.set(parameters.get(name)!.data, r * first.length);
      });
      return [name, { shape: [replicas.length, ...shape], data }];
    }),
  );
}

/** Opens a circuit for tokens `[S, T, D]`, S free. On one thread: more might change the last bit of an answer. */
export async function openInference(
  circuit: Circuit,
  { tokens: T, width: D, hasCls }: VisualShape,
): Promise<Inference> {
  const graph = new Graph();
  addNetworks(
    graph,
    circuit,
    { tokens: graph.input("tokens", [BATCH, T, D]), hasCls },
    { replicas: 1, gains: false },
  );
  const session = await openSession(encodeOnnx(emitOnnx(graph)), { threads: 1 });
  return {
    close: () => session.close(),
    run: async (parameters, tokens) => {
      await session.hold(Object.fromEntries(joinReplicas([parameters])));
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
