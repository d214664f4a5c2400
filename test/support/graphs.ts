/** @file Runs small graphs in the engine and compares arrays, for tests. */

import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { openSession } from "#engine";
import type { Data, NdArray } from "../../src/core/array.ts";
import type { Graph } from "../../src/graph/build.ts";
import { type EmitOptions, emitOnnx } from "../../src/graph/emit.ts";
import { prefixNames } from "../../src/graph/merge.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { ModelSchema } from "../../src/graph/onnx_pb.ts";

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

/** A graph and what it is fed; feeds that it does not need are left aside. */
export interface Fed {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, NdArray>>;
}

/** The outputs of several graphs, side by side in one session, because opening one takes longer than small runs. */
export async function runGraphs(fed: readonly Fed[]): Promise<Record<string, NdArray<Data>>[]> {
  const models = fed.map(({ graph }, i) => prefixNames(emitOnnx(graph), `${i}/`));
  const graphs = models.map((model) => model.graph!);
  const joined = create(ModelSchema, {
    irVersion: models[0]!.irVersion,
    opsetImport: models[0]!.opsetImport,
    graph: {
      name: "side by side",
      node: graphs.flatMap(({ node }) => node),
      initializer: graphs.flatMap(({ initializer }) => initializer),
      input: graphs.flatMap(({ input }) => input),
      output: graphs.flatMap(({ output }) => output),
    },
  });
  const session = await openSession(encodeOnnx(joined), { threads: 1 });
  try {
    const feeds = session.inputs.map((name) => {
      const slash = name.indexOf("/");
      return [name, fed[Number(name.slice(0, slash))]!.feeds[name.slice(slash + 1)]!] as const;
    });
    const outputs = Object.entries(await session.run(Object.fromEntries(feeds)));
    return fed.map((_, i) =>
      Object.fromEntries(
        outputs.flatMap(([name, array]) =>
          name.startsWith(`${i}/`) ? [[name.slice(`${i}/`.length), array]] : [],
        ),
      ),
    );
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
