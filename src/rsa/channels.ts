/** @file Which channels (voxels, units) carry a pattern: those that are finite everywhere and not constant. */
import type { NdArray } from "../core/array.ts";
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";

/** Patterns without their useless channels, and how many those were. */
export interface UsableChannels {
  /** `[S, kept.length]` */
  readonly patterns: Matrix;
  /** Columns of the input that stay. */
  readonly kept: Int32Array;
  /** Channels dropped for a NaN or an infinity. */
  readonly notFinite: number;
  /** Channels dropped because all stimuli have one value. */
  readonly constant: number;
}

/**
 * The channels of patterns `[S, V]` that are finite and vary. The caller tells the user how many were dropped.
 * @throws DataError when none is left.
 */
export function usableChannels(
  patterns: NdArray<Float32Array | Float64Array>,
  where = "patterns",
): UsableChannels {
  const [S, V] = matrixShape(patterns, where);
  const { data } = patterns;
  const finite = new Uint8Array(V).fill(1);
  const varies = new Uint8Array(V);
  for (let s = 0; s < S; s++)
    for (let v = 0, at = s * V; v < V; v++, at++) {
      if (!Number.isFinite(data[at])) finite[v] = 0;
      if (data[at] !== data[v]) varies[v] = 1;
    }
  const kept = Int32Array.from(finite.keys()).filter((v) => finite[v] && varies[v]);
  const notFinite = V - finite.reduce((sum, one) => sum + one, 0);
  const constant = V - notFinite - kept.length;
  if (kept.length === 0)
    throw new VcaError(
      "DataError",
      `${where}: a channel that varies was expected, got ${notFinite} that are not finite and ${constant} that are constant. Check the mask and the estimates.`,
    );
  const K = kept.length;
  const out = new Float64Array(S * K);
  for (let s = 0; s < S; s++) for (let k = 0; k < K; k++) out[s * K + k] = data[s * V + kept[k]!]!;
  return { patterns: { shape: [S, K], data: out }, kept, notFinite, constant };
}
