/**
 * @file Correlation distances of many or of long patterns, 1 - r in float64, with the products on the engine; and patterns that
 * come as a stream, of which a sample is kept. For some hundred short patterns `dissimilarities` needs no engine.
 */
import type { NdArray } from "../core/array.ts";
import { matrixShape } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";
import { flatLength } from "./dissimilarities.ts";
import { centredGram, gramMemory, type Patterns } from "./gram.ts";
import { pairCount } from "./rdm.ts";

/** Bytes that `correlationRdm` holds at its peak, beside the patterns. */
export function correlationRdmMemory(stimuli: number, channels: number): number {
  return gramMemory(stimuli, channels) + 8 * pairCount(stimuli);
}

/**
 * 1 - Pearson's r of each two patterns: `[S, V] -> [M]`.
 * @throws DataError when a pattern is flat or not finite; EngineError when the engine fails.
 */
export async function correlationRdm(
  patterns: Patterns,
  options: { readonly threads?: number } = {},
): Promise<Float64Array> {
  const { gram, means } = await centredGram(patterns, options);
  const [S, V] = patterns.shape as [number, number];
  const lengths = Float64Array.from({ length: S }, (_, i) => Math.sqrt(gram[i * S + i]!));
  const bad = lengths.findIndex(
    (length, i) => !(length > flatLength(means[i]!, V) && length < Number.POSITIVE_INFINITY),
  );
  if (bad >= 0)
    throw new VcaError(
      "DataError",
      `correlationRdm: finite patterns that vary were expected, got one of length ${lengths[bad]} about its mean in row ${bad}. Drop this stimulus, or its channels that are not finite.`,
    );
  const out = new Float64Array(pairCount(S));
  for (let i = 0, m = 0; i < S; i++)
    for (let j = i + 1; j < S; j++, m++) out[m] = 1 - gram[i * S + j]! / lengths[i]! / lengths[j]!;
  return out;
}

/**
 * The chosen rows of patterns that come in blocks `[n, V]` one after the other; of the rest nothing is kept.
 * @param rows positions in the stream, each once; the order of the result `[rows.length, V]`
 * @throws DataError when the stream ends before a row, ShapeError when blocks differ in width.
 */
export async function sampledRows(
  blocks: AsyncIterable<Patterns> | Iterable<Patterns>,
  rows: ArrayLike<number>,
): Promise<NdArray<Float64Array>> {
  const order = Array.from({ length: rows.length }, (_, i) => i).sort((a, b) => rows[a]! - rows[b]!);
  let out: Float64Array | undefined;
  let width = 0;
  let start = 0;
  let next = 0;
  for await (const block of blocks) {
    const [n, V] = matrixShape(block, "sampledRows");
    if (!out) {
      width = V;
      out = new Float64Array(rows.length * width);
    }
    if (V !== width)
      throw new VcaError(
        "ShapeError",
        `sampledRows: ${width} channels were expected, got ${V} from row ${start}. Use the channels that all blocks have.`,
      );
    for (; next < order.length && rows[order[next]!]! < start + n; next++) {
      const from = (rows[order[next]!]! - start) * width;
      out.set(block.data.subarray(from, from + width), order[next]! * width);
    }
    start += n;
  }
  if (!out || next < order.length)
    throw new VcaError(
      "DataError",
      `sampledRows: a row ${rows[order[next]!]} was expected, got ${start} rows. Sample among the rows there are.`,
    );
  return { shape: [rows.length, width], data: out };
}
