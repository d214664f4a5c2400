import { beforeAll, describe, expect, it } from "vitest";
import type { Data, NdArray } from "../../src/core/array.ts";
import { gradients } from "../../src/graph/backward.ts";
import {
  add,
  broadcast,
  concat,
  div,
  erf,
  exp,
  Graph,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  sign,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  transpose,
  type Value,
} from "../../src/graph/build.ts";
import { OPS } from "../../src/graph/ops.ts";
import fixture from "../fixtures/graph/ops.json" with { type: "json" };
import { float32, type Numbers, relativeDifference, runGraph } from "../support/graphs.ts";

type Formula = (a: Value, b: Value, c: Value) => Value;

/** Each row is one fixture of scripts/fixtures/graph.py, written in our vocabulary. */
const FORMULAS: Record<keyof typeof fixture.cases, Formula> = {
  add,
  "add broadcast": add,
  sub,
  mul,
  div,
  matmul,
  "matmul batched": matmul,
  transpose: (x) => transpose(x, [2, 0, 3, 1]),
  reshape: (x) => reshape(x, [6, 4]),
  broadcast: (x) => broadcast(x, [2, 3, 4]),
  concat: (a, b, c) => concat([a, b, c], 1),
  slice: (x) => slice(x, 1, 1, 3),
  "slice start": (x) => slice(x, 2, 0, 3),
  softmax,
  layerNorm: (x, scale, shift) => layerNorm(x, scale, shift),
  "layerNorm per replica": (x, scale, shift) => layerNorm(x, scale, shift),
  relu,
  gelu,
  sigmoid,
  exp,
  erf,
  sqrt,
  sign: (x) => add(sign(x), mul(x, 0)),
  sum: (x) => sum(x, [0, 2]),
  "sum dropped": (x) => sum(x, [1], false),
  mean: (x) => mean(x, [2]),
  "mean all": (x) => mean(x, [0, 1, 2], false),
};

describe("every operation equals PyTorch", () => {
  it("and every operation has a fixture", () => {
    expect(new Set(Object.keys(fixture.cases).map((name) => name.split(" ")[0]))).toEqual(
      new Set(Object.keys(OPS)),
    );
  });

  for (const opset of [13, 17, 18, 20]) {
    describe(`at opset ${opset}`, () => {
      let got: Record<string, NdArray<Data>>;

      beforeAll(async () => {
        const graph = new Graph();
        const feeds: Record<string, NdArray> = {};
        const feed = (name: string, array: Numbers) => {
          feeds[name] = float32(array);
          return graph.input(name, array.shape);
        };
        for (const [name, formula] of Object.entries(FORMULAS)) {
          const expected = fixture.cases[name as keyof typeof fixture.cases];
          const inputs = expected.inputs.map((input, i) => feed(`${name}:x${i}`, input));
          const output = formula(inputs[0]!, inputs[1]!, inputs[2]!);
          const cotangent = feed(`${name}:cotangent`, expected.cotangent);
          graph.output(`${name}:y`, output);
          const loss = sum(mul(output, cotangent), [...output.shape.keys()], false);
          gradients(loss, inputs).forEach((gradient, i) => {
            graph.output(`${name}:g${i}`, gradient);
          });
        }
        got = await runGraph(graph, feeds, { opset });
      });

      it.each(Object.entries(fixture.cases))("%s: value and gradients", (name, expected) => {
        expect(relativeDifference(got[`${name}:y`]!, expected.output)).toBeLessThan(1e-6);
        expected.gradients.forEach((gradient, i) => {
          expect(relativeDifference(got[`${name}:g${i}`]!, gradient)).toBeLessThan(1e-5);
        });
      });
    });
  }
});
