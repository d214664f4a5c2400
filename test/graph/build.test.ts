/** @file What a graph refuses while it is built, and how it reads as text. */
import { describe, expect, it } from "vitest";
import {
  add,
  concat,
  elements,
  Graph,
  layerNorm,
  matmul,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  transpose,
} from "../../src/graph/build.ts";
import { printGraph } from "../../src/graph/print.ts";
import { BATCH } from "../../src/graph/shape.ts";

describe("shapes that do not fit are refused", () => {
  const graph = new Graph();
  const a = graph.input("a", [2, 3]);
  const b = graph.input("b", [2, 4]);
  const free = graph.input("free", [BATCH, 3]);
  const scoped = <T>(build: () => T) => graph.scope("LA", build);

  it.each<[string, () => unknown, string]>([
    [
      "a sum",
      () => scoped(() => add(a, b)),
      "LA/add: shapes that broadcast were expected, got [2,3] and [2,4]. Reshape one of them.",
    ],
    [
      "a product",
      () => scoped(() => matmul(a, b)),
      "LA/matmul: a product [..., I, J] x [..., J, K] was expected, got [2,3] and [2,4]. Reshape or transpose one of them.",
    ],
    [
      "a reshape",
      () => scoped(() => reshape(a, [4, 2])),
      "LA/reshape: as many elements were expected, got [2,3] and [4,2]. Reshape or transpose one of them.",
    ],
    [
      "a slice",
      () => scoped(() => slice(a, 1, 2, 5)),
      "LA/slice: elements 2 to 5 of axis 1 were expected, got [2,3]. Reshape or transpose one of them.",
    ],
    [
      "a transpose",
      () => scoped(() => transpose(a, [0, 2, 1])),
      "LA/transpose: 3 axes were expected, got [2,3]. Reshape or transpose one of them.",
    ],
    [
      "a norm's scale",
      () => scoped(() => layerNorm(a, graph.input("scale", [4]), graph.input("shift", [3]))),
      "LA/layerNorm: scale and shift that broadcast to the input were expected, got [2,3] and [4] and [3]. Reshape or transpose one of them.",
    ],
    [
      "two batch axes",
      () => reshape(free, [BATCH, "3B"]),
      "graph: at most one batch axis was expected, got [1B,3B]. Give the others fixed lengths.",
    ],
    [
      "a count of a free shape",
      () => elements(free),
      "free: a fixed shape was expected, got [1B,3]. Build the graph for a batch of known size.",
    ],
    [
      "a name given twice",
      () => graph.parameter("a", [2]),
      'graph: names must differ, got "a" twice. Give the second another name.',
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(expect.objectContaining({ tag: "ShapeError", message }));
  });

  it("joined axes that differ are refused", () => {
    expect(() => concat([a, b], 0)).toThrow(expect.objectContaining({ tag: "ShapeError" }));
  });
});

it("reads as text, one line an operation, named by the path of its making", () => {
  const graph = new Graph();
  const x = graph.input("tokens", [BATCH, 5, 4]);
  const w = graph.parameter("LA/weight", [20, 3]);
  const units = graph.scope("LA", () => {
    const flat = reshape(x, [BATCH, 20]);
    return graph.scope("attention", () => softmax(relu(add(matmul(flat, w), 0.5))));
  });
  graph.output("LA", sum(units, [1], false));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "tokens  [1B,5,4] = input
    LA/weight  [20,3] = parameter
    LA/reshape  [1B,20] = reshape(tokens, shape=[1B,20])
    LA/attention/matmul  [1B,3] = matmul(LA/reshape, LA/weight)
    LA/attention/add  [1B,3] = add(LA/attention/matmul, 0.5)
    LA/attention/relu  [1B,3] = relu(LA/attention/add)
    LA/attention/softmax  [1B,3] = softmax(LA/attention/relu)
    sum  [1B] = sum(LA/attention/softmax, axes=[1], keep=false)
    output LA = sum"
  `);
});
