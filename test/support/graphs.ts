/** @file Runs small graphs in the engine and compares arrays, for tests. */

import { expect } from "vitest";
import { openSession } from "#engine";
import type { Data, NdArray } from "../../src/core/array.ts";
import type { Graph } from "../../src/graph/build.ts";
import { type EmitOptions, emitOnnx } from "../../src/graph/emit.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";

/** An array as fixtures hold it. */
export interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

export const float32 = ({ shape, data }: Numbers): NdArray => ({ shape, data: Float32Array.from(data) });

/** The outputs of a graph, computed by the engine. */
export async function runGraph(
  graph: Graph,
  feeds: Record<string, NdArray>,
  options?: EmitOptions,
): Promise<Record<string, NdArray<Data>>> {
  const session = await openSession(encodeOnnx(emitOnnx(graph, options)), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** The largest difference, as a share of the largest expected magnitude. */
export function relativeDifference(got: NdArray<Data>, expected: Numbers): number {
  expect(got.shape).toEqual(expected.shape);
  let difference = 0;
  let magnitude = 0;
  expected.data.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(Number(got.data[i]) - value));
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return magnitude === 0 ? difference : difference / magnitude;
}
