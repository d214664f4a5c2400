import { expect, test } from "vitest";
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { readPreprocessing } from "../../src/encoders/preprocess.ts";
import { tokensInGraph } from "../../src/encoders/token-graph.ts";
import { planTokens, type TokenPlan } from "../../src/encoders/tokens.ts";
import { Graph } from "../../src/graph/build.ts";
import { BATCH } from "../../src/graph/shape.ts";
import { relativeDifference, runGraph } from "../support/graphs.ts";

const preprocessing = readPreprocessing(
  { size: 24, resample: 2, image_mean: [0, 0, 0], image_std: [1, 1, 1] },
  "p.json",
);
const CASES: readonly [what: string, shapes: number[][], plan: TokenPlan][] = [
  ["CLS and patches", [[2, 37, 5]], { kind: "grid", size: 3 }],
  ["registers", [[2, 41, 5]], { kind: "grid", size: 6 }],
  ["no CLS", [[2, 36, 5]], { kind: "grid", size: 2 }],
  [
    "maps, cells that overlap",
    [
      [2, 4, 6, 6],
      [2, 3, 5, 5],
    ],
    { kind: "grid", size: 4 },
  ],
  ["a map of channels last", [[2, 6, 6, 4]], { kind: "grid", size: 3 }],
  ["pooled CLS", [[2, 37, 5]], { kind: "pooled" }],
  [
    "a pooled map and a vector",
    [
      [2, 4, 6, 6],
      [2, 3],
    ],
    { kind: "pooled" },
  ],
];

test.each(CASES)("the graph makes the tokens that the cache holds: %s", async (_, shapes, plan) => {
  const random = Random.seeded(4);
  const taps = shapes.map((_, i) => ({ name: `tap${i}`, tensor: `t${i}` }));
  const arrays = shapes.map(
    (shape): NdArray => ({
      shape,
      data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    }),
  );
  const { shape, read } = planTokens(taps, shapes, plan, preprocessing);
  const graph = new Graph();
  const inputs = shapes.map((dims, i) => graph.input(`t${i}`, [BATCH, ...dims.slice(1)]));
  graph.output("tokens", tokensInGraph(graph, taps, inputs, { plan, preprocessing }));
  const feeds = Object.fromEntries(arrays.map((array, i) => [`t${i}`, array]));
  const { tokens } = await runGraph(graph, feeds);
  const data = [...read(arrays, 0), ...read(arrays, 1)];
  expect(relativeDifference(tokens!, { shape: [2, shape.T, shape.D], data })).toBeLessThan(1e-6);
});
