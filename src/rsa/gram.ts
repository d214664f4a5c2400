/**
 * @file Products of many long patterns with one another, X X^T of centred rows in float64, on the engine: columns go over in
 * chunks and are summed there, so that nothing larger than a chunk and the result is ever copied. Only blocks of rows on
 * and above the diagonal are computed. Choice and timings: `docs/decisions/014-rdm-products.md`.
 */
import { create } from "@bufbuild/protobuf";
import { openSession } from "#engine";
import type { NdArray } from "../core/array.ts";
import { matrixShape } from "../core/linear-algebra.ts";
import { encodeOnnx } from "../graph/onnx.ts";
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

/** Bytes that `centredGram` of S patterns holds at its peak, beside the patterns themselves. */
export function gramMemory(stimuli: number, channels: number): number {
  const chunk = 8 * stimuli * Math.min(channels, chunkColumns(stimuli));
  const square = 8 * stimuli ** 2;
  return 8 * chunk + 4 * square; // chunk: two under way, the others not yet collected; square: held, next, sent, returned
}

function chunkColumns(stimuli: number): number {
  return Math.max(64, Math.floor(CHUNK_BYTES / (8 * stimuli)));
}

/**
 * The Gram matrix of patterns, each less its mean, and the means: `[S, V] -> [S, S], [S]`.
 * @param threads of the engine; default: the machine's cores
 * @throws EngineError when the engine fails.
 */
export async function centredGram(
  patterns: Patterns,
  options: { readonly threads?: number } = {},
): Promise<{ readonly gram: Float64Array; readonly means: Float64Array }> {
  const [S, V] = matrixShape(patterns, "gram");
  const sizes = blockSizes(S);
  const tops = sizes.map((_, b) => sizes.slice(0, b).reduce((a, c) => a + c, 0));
  const blocks = sizes.flatMap((m, i) =>
    sizes.slice(i).map((n, after): Block => ({ name: `${i},${i + after}`, i, j: i + after, m, n })),
  );
  const carry = Object.fromEntries(blocks.map(({ name }) => [`next/${name}`, name]));
  const opening = openSession(gramModel(sizes, blocks), { ...options, carry });
  const means = rowMeans(patterns); // while the engine starts
  const session = await opening;
  try {
    await session.hold(
      Object.fromEntries(
        blocks.map(({ name, m, n }) => [name, { shape: [m, n], data: new Float64Array(m * n) }]),
      ),
    );
    let running: Promise<unknown> = Promise.resolve();
    for (let from = 0, step = chunkColumns(S); from < V; from += step) {
      const width = Math.min(step, V - from);
      const chunk = Object.fromEntries(
        sizes.map((m, i) => [`x${i}`, packed(patterns, means, { top: tops[i]!, m, from, width })]),
      );
      const next = session.run(chunk, undefined, { handOver: true });
      await running; // the engine multiplies one chunk while the next is packed
      running = next;
    }
    await running;
    const gram = new Float64Array(S * S);
    for (const { name, i, j, m, n } of blocks) {
      const block = (await session.held([name]))[name]!.data as Float64Array;
      const [top, left] = [tops[i]!, tops[j]!];
      for (let r = 0; r < m; r++)
        for (let c = 0; c < n; c++)
          gram[(top + r) * S + left + c] = gram[(left + c) * S + top + r] = block[r * n + c]!;
    }
    return { gram, means };
  } finally {
    await session.close();
  }
}

/** Some columns of a block of rows, each row less its mean: `[m, width]`. */
function packed(
  { shape, data }: Patterns,
  means: Float64Array,
  {
    top,
    m,
    from,
    width,
  }: { readonly top: number; readonly m: number; readonly from: number; readonly width: number },
): NdArray<Float64Array> {
  const V = shape[1]!;
  const out = new Float64Array(m * width);
  for (let r = 0, to = 0; r < m; r++) {
    const mean = means[top + r]!;
    for (let at = (top + r) * V + from, end = at + width; at < end; at++) out[to++] = data[at]! - mean;
  }
  return { shape: [m, width], data: out };
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
function rowMeans({ shape, data }: Patterns): Float64Array {
  const [S, V] = shape as [number, number];
  const means = new Float64Array(S);
  for (let s = 0; s < S; s++) {
    let sum = 0;
    for (let p = s * V, to = p + V; p < to; p++) sum += data[p]!;
    means[s] = sum / V;
  }
  return means;
}

/** For each pair of blocks `next = X_i X_j^T + held`. */
function gramModel(sizes: readonly number[], blocks: readonly Block[]): Uint8Array {
  const double = (name: string, dims: readonly (number | string)[]) => ({
    name,
    type: {
      value: {
        case: "tensorType" as const,
        value: {
          elemType: Tensor_DataType.DOUBLE,
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
  return encodeOnnx(
    create(ModelSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: "", version: 17n }],
      graph: {
        name: "gram",
        input: [
          ...sizes.map((m, i) => double(`x${i}`, [m, "V"])),
          ...blocks.map(({ name, m, n }) => double(name, [m, n])),
        ],
        output: blocks.map(({ name, m, n }) => double(`next/${name}`, [m, n])),
        node: blocks.map(({ name, i, j }) => ({
          opType: "Gemm",
          input: [`x${i}`, `x${j}`, name],
          output: [`next/${name}`],
          attribute: [{ name: "transB", type: Attribute_Type.INT, i: 1n }],
        })),
      },
    }),
  );
}
