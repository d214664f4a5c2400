/**
 * @file Products of many long patterns with one another, X X^T in float64, on the engine: columns go over in
 * chunks and are summed there, so that nothing larger than a chunk and the result is ever copied. Only blocks of rows on
 * and above the diagonal are computed. Choice and timings: `docs/decisions/014-rdm-products.md`.
 */
import { create } from "@bufbuild/protobuf";
import { openSession } from "#engine";
import type { NdArray } from "../core/array.ts";
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { encodeOnnx, tensorOf } from "../graph/onnx.ts";
import { Attribute_Type, ModelSchema, Tensor_DataType } from "../graph/onnx_pb.ts";

/** Patterns of S stimuli over V channels, `[S, V]`. */
export type Patterns = NdArray<Float32Array | Float64Array>;

/** Most rows of a block: low enough to save near half the work. */
const BLOCK_ROWS = 256;
/** Of a chunk in float64: what is sent at once costs memory, not time. */
const CHUNK_BYTES = 2 ** 24;

/** A product of two blocks of rows: `[m, n]`. */
interface Block {
  readonly name: string;
  readonly i: number;
  readonly j: number;
  readonly m: number;
  readonly n: number;
}

/** Bytes that `gramMatrix` of S patterns holds at its peak, beside the patterns themselves. */
export function gramMemory(stimuli: number, channels: number): number {
  const chunk = 8 * stimuli * Math.min(channels, chunkColumns(stimuli));
  const square = 8 * stimuli ** 2;
  return 8 * chunk + 4 * square; // chunk: packed, sent, widened, centred, split, for two runs; square: held, next, sent, returned
}

function chunkColumns(stimuli: number): number {
  return Math.max(64, Math.floor(CHUNK_BYTES / (8 * stimuli)));
}

/**
 * The Gram matrix of patterns, each less a constant: `[S, V] -> [S, S]`.
 * @param offsets to take off each row, `[S]`; default: 0
 * @param threads of the engine; default: the machine's cores
 * @throws EngineError when the engine fails.
 */
export async function gramMatrix(
  patterns: Patterns,
  options: { readonly offsets?: Float64Array; readonly threads?: number } = {},
): Promise<Matrix> {
  const [S, V] = matrixShape(patterns, "gram");
  const { offsets = new Float64Array(S), ...engine } = options;
  const { data } = patterns;
  const single = data instanceof Float32Array;
  const sizes = blockSizes(S);
  const blocks = sizes.flatMap((m, i) =>
    sizes.slice(i).map((n, after): Block => ({ name: `${i},${i + after}`, i, j: i + after, m, n })),
  );
  const carry = Object.fromEntries(blocks.map(({ name }) => [`next/${name}`, name]));
  const session = await openSession(gramModel(sizes, blocks, single), { ...engine, carry });
  try {
    const empty = blocks.map(({ name, m, n }) => [name, { shape: [m, n], data: new Float64Array(m * n) }]);
    await session.hold({ ...Object.fromEntries(empty), offsets: { shape: [S, 1], data: offsets } });
    let running: Promise<unknown> = Promise.resolve();
    for (let from = 0, step = chunkColumns(S); from < V; from += step) {
      const width = Math.min(step, V - from);
      const chunk = single ? new Float32Array(S * width) : new Float64Array(S * width);
      for (let s = 0; s < S; s++) chunk.set(data.subarray(s * V + from, s * V + from + width), s * width);
      const next = session.run({ x: { shape: [S, width], data: chunk } });
      await running; // the engine multiplies one chunk while the next is packed
      running = next;
    }
    await running;
    const gram = new Float64Array(S * S);
    for (const { name, i, j, m, n } of blocks) {
      const block = (await session.held([name]))[name]!.data as Float64Array;
      const [top, left] = [i, j].map((b) => sizes.slice(0, b).reduce((a, c) => a + c, 0)) as [number, number];
      for (let r = 0; r < m; r++)
        for (let c = 0; c < n; c++)
          gram[(top + r) * S + left + c] = gram[(left + c) * S + top + r] = block[r * n + c]!;
    }
    return { shape: [S, S], data: gram };
  } finally {
    await session.close();
  }
}

/** Heights of the blocks of S rows, as even as they can be. */
function blockSizes(S: number): number[] {
  const count = Math.ceil(S / BLOCK_ROWS);
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * S) / count) - Math.floor((i * S) / count),
  );
}

/** Mean of each row `[S]`. */
export function rowMeans(patterns: Patterns): Float64Array {
  const [S, V] = matrixShape(patterns, "rowMeans");
  const { data } = patterns;
  const means = new Float64Array(S);
  for (let s = 0; s < S; s++) {
    let sum = 0;
    for (let p = s * V, to = p + V; p < to; p++) sum += data[p]!;
    means[s] = sum / V;
  }
  return means;
}

/** For each pair of blocks `next = X_i X_j^T + held`, with X the chunk less the offsets. */
function gramModel(sizes: readonly number[], blocks: readonly Block[], single: boolean): Uint8Array {
  const info = (name: string, elemType: Tensor_DataType, dims: readonly (number | string)[]) => ({
    name,
    type: {
      value: {
        case: "tensorType" as const,
        value: {
          elemType,
          shape: {
            dim: dims.map((dim) => ({
              value:
                typeof dim === "number"
                  ? { case: "dimValue" as const, value: BigInt(dim) }
                  : { case: "dimParam" as const, value: dim },
            })),
          },
        },
      },
    },
  });
  const integer = (name: string, value: number) => ({ name, type: Attribute_Type.INT, i: BigInt(value) });
  const { DOUBLE, FLOAT } = Tensor_DataType;
  const S = sizes.reduce((a, b) => a + b, 0);
  return encodeOnnx(
    create(ModelSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: "", version: 17n }],
      graph: {
        name: "gram",
        initializer: [tensorOf("sizes", { shape: [sizes.length], data: BigInt64Array.from(sizes, BigInt) })],
        input: [
          info("x", single ? FLOAT : DOUBLE, [S, "V"]),
          info("offsets", DOUBLE, [S, 1]),
          ...blocks.map(({ name, m, n }) => info(name, DOUBLE, [m, n])),
        ],
        output: blocks.map(({ name, m, n }) => info(`next/${name}`, DOUBLE, [m, n])),
        node: [
          { opType: "Cast", input: ["x"], output: ["wide"], attribute: [integer("to", DOUBLE)] },
          { opType: "Sub", input: ["wide", "offsets"], output: ["less"] },
          {
            opType: "Split",
            input: ["less", "sizes"],
            output: sizes.map((_, i) => `x${i}`),
            attribute: [integer("axis", 0)],
          },
          ...blocks.map(({ name, i, j }) => ({
            opType: "Gemm",
            input: [`x${i}`, `x${j}`, name],
            output: [`next/${name}`],
            attribute: [integer("transB", 1)],
          })),
        ],
      },
    }),
  );
}
