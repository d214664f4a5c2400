/**
 * @file How widely a trained network attends: entropy of its attention weights, and exp of it, the number of tokens among
 * which equal weights would be as spread (Hill 1973, "Diversity and evenness", number of order 1). The weights
 * are those of the graph that training and export use.
 */
import { openSession } from "#engine";
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { applyCircuit } from "../circuits/model.ts";
import { type NdArray, row, takeRows } from "../core/array.ts";
import { mean } from "../core/statistics.ts";
import { Graph } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { BATCH } from "../graph/shape.ts";
import { joinReplicas } from "./inference.ts";

/** How widely attention is spread: means over pictures and queries. */
export interface Spread {
  /** In nats. */
  readonly entropy: number;
  /** exp of the entropy, 1 to `tokens`. */
  readonly effectiveTokens: number;
  /** The largest weight. */
  readonly largestWeight: number;
  readonly tokens: number;
}

/** One head of a nucleus; heads of its further blocks count on. */
export interface HeadSpread extends Spread {
  readonly nucleus: string;
  readonly head: number;
}

/** A circuit that is ready to be given parameters and tokens. */
export interface AttentionReader {
  /** Spread of every head of the replica with these parameters over the pictures of tokens `[S, T, D]`. */
  run(parameters: ReadonlyMap<string, NdArray>, tokens: NdArray): Promise<HeadSpread[]>;
  close(): Promise<void>;
}

/** Pictures at once: a block's weights are `[B, H, T, T]`. */
const BATCH_SIZE = 16;

/** Opens a circuit that attends for tokens `[S, T, D]`, on one thread. */
export async function openAttention(
  circuit: Circuit,
  { tokens: T, width: D, hasCls }: VisualShape,
): Promise<AttentionReader> {
  const graph = new Graph();
  const visual = { tokens: graph.input("tokens", [BATCH, T, D]), hasCls };
  const { attention } = applyCircuit(graph, circuit, visual, { replicas: 1 });
  for (const [id, layers] of attention) {
    layers.forEach((weights, layer) => {
      graph.output(`attention/${id}/${layer}`, weights);
    });
  }
  const session = await openSession(encodeOnnx(emitOnnx(graph)), { threads: 1 });
  return {
    close: () => session.close(),
    run: async (parameters, tokens) => {
      await session.hold(Object.fromEntries(joinReplicas([parameters])));
      const S = tokens.shape[0]!;
      const pictures: HeadSpread[][] = []; // [S][heads]
      for (let start = 0; start < S; start += BATCH_SIZE) {
        const rows = Array.from({ length: Math.min(BATCH_SIZE, S - start) }, (_, i) => start + i);
        const outputs = await session.run({ tokens: takeRows(tokens, rows) });
        const headsOf = (b: number) =>
          [...attention].flatMap(([nucleus, layers]) =>
            layers
              .flatMap((_, layer) =>
                spreadOfHeads(row(outputs[`attention/${nucleus}/${layer}`] as NdArray, b)),
              )
              .map((spread, head) => ({ nucleus, head, ...spread })),
          );
        pictures.push(...rows.map((_, b) => headsOf(b)));
      }
      return pictures[0]!.map((head, i) => ({ ...head, ...meanSpread(pictures.map((heads) => heads[i]!)) }));
    },
  };
}

/** Spread of each head of one picture's attention weights `[H, Q, T]`. */
export function spreadOfHeads({ shape, data }: NdArray): Spread[] {
  const [H, Q, T] = shape as [number, number, number];
  return Array.from({ length: H }, (_, h) =>
    meanSpread(
      Array.from({ length: Q }, (_, q) => {
        const start = (h * Q + q) * T;
        const weights = data.subarray(start, start + T);
        const entropy = weights.reduce(
          (sum, weight) => (weight > 0 ? sum - weight * Math.log(weight) : sum),
          0,
        );
        return {
          entropy,
          effectiveTokens: Math.exp(entropy),
          largestWeight: Math.max(...weights),
          tokens: T,
        };
      }),
    ),
  );
}

/** The mean of spreads over equally many pictures. */
export function meanSpread(spreads: readonly Spread[]): Spread {
  const of = (key: keyof Spread) => mean(spreads.map((spread) => spread[key]));
  return {
    entropy: of("entropy"),
    effectiveTokens: of("effectiveTokens"),
    largestWeight: of("largestWeight"),
    tokens: spreads[0]!.tokens,
  };
}
