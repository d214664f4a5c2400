/** @file Gradients of composite graphs against central differences, and what cannot be differentiated. */
import { describe, expect, it } from "vitest";
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { gradients } from "../../src/graph/backward.ts";
import {
  add,
  concat,
  div,
  Graph,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  swapLast,
  type Value,
} from "../../src/graph/build.ts";
import { runGraph } from "../support/graphs.ts";
import { hashed } from "../support/step-cases.ts";

/** A scalar of some sources of the given shapes. */
interface Composite {
  readonly shapes: readonly (readonly number[])[];
  readonly loss: (sources: readonly Value[]) => Value;
}

const total = (x: Value): Value => sum(x, [...x.shape.keys()], false);
const squared = (x: Value): Value => mul(x, x);

const COMPOSITES: Record<string, Composite> = {
  "attention of two heads": {
    shapes: [
      [2, 3, 4],
      [2, 4, 4],
      [2, 4, 4],
    ],
    loss: ([x, query, value]) => {
      const scores = softmax(mul(matmul(matmul(x!, query!), swapLast(x!)), 0.5));
      return total(squared(matmul(scores, matmul(x!, value!))));
    },
  },
  "a gated pre-norm block": {
    shapes: [
      [2, 3, 4],
      [1, 4],
      [1, 4],
      [2, 4, 6],
      [2, 6, 4],
    ],
    loss: ([x, scale, shift, expand, reduce]) => {
      const hidden = gelu(matmul(layerNorm(x!, scale!, shift!), expand!));
      return total(squared(add(x!, mul(sigmoid(scale!), matmul(hidden, reduce!)))));
    },
  },
  "inhibition and a mean": {
    shapes: [
      [2, 3, 4],
      [2, 1, 4],
    ],
    loss: ([x, y]) => total(squared(mean(mul(relu(add(x!, 0.3)), sub(1, sigmoid(y!))), [1]))),
  },
  "one value used many times": {
    shapes: [[2, 6]],
    loss: ([x]) => {
      const parts = concat([slice(x!, 1, 0, 2), slice(x!, 1, 2, 6), x!], 1);
      return total(div(squared(parts), sqrt(add(squared(reshape(concat([x!, x!], 1), [2, 12])), 1))));
    },
  },
};

/**
 * The engine computes in float32, so a central difference of step h has a rounding error of about
 * 2^-24 |loss| / h beside its error of order h^2; h = 2^-6 keeps both near 1e-4 of the largest gradient at these
 * sizes. A wrong rule is off by far more. All shifted copies of the sources are graphs of one session.
 */
const STEP = 2 ** -6;
const TOLERANCE = 2e-3;

describe("gradients equal central differences", () => {
  it.each(Object.entries(COMPOSITES))("%s", async (_, { shapes, loss }) => {
    const values = shapes.map((shape, i): NdArray => {
      return { shape, data: Float32Array.from(hashed(`source ${i}`, sizeOf(shape)), (u) => 0.9 * u) };
    });
    const graph = new Graph();
    const feeds: Record<string, NdArray> = {};
    const sources = (name: string, shifted?: { source: number; at: number; by: number }): Value[] =>
      values.map((value, i) => {
        const data = value.data.slice();
        if (shifted?.source === i) data[shifted.at]! += shifted.by;
        feeds[`${name}/${i}`] = { shape: value.shape, data };
        return graph.input(`${name}/${i}`, value.shape);
      });
    const own = sources("own");
    gradients(loss(own), own).forEach((gradient, i) => {
      graph.output(`gradient ${i}`, gradient);
    });
    values.forEach(({ data }, source) => {
      data.forEach((__, at) => {
        for (const by of [STEP, -STEP]) {
          const name = `${source} ${at} ${by}`;
          graph.output(`loss ${name}`, loss(sources(name, { source, at, by })));
        }
      });
    });
    const got = await runGraph(graph, feeds);
    values.forEach(({ data }, source) => {
      const expected = Array.from(data, (__, at) => {
        const end = (by: number) => Number(got[`loss ${source} ${at} ${by}`]!.data[0]);
        return (end(STEP) - end(-STEP)) / (2 * STEP);
      });
      const largest = Math.max(...expected.map(Math.abs));
      expect(largest).toBeGreaterThan(0.01);
      const off = expected.map((value, at) => Math.abs(Number(got[`gradient ${source}`]!.data[at]) - value));
      expect(Math.max(...off) / largest).toBeLessThan(TOLERANCE);
    });
  });
});

describe("what cannot be differentiated", () => {
  it("is a loss with axes", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    expect(() => gradients(x, [x])).toThrow(
      "gradients: a scalar loss was expected, got shape [2,3]. Sum or average it first.",
    );
  });

  it("is a source that the loss does not depend on", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2]), graph.parameter("y", [2])];
    expect(() => gradients(total(x), [x, y])).toThrow(
      'gradients: the loss must depend on "y", got no path. Remove it from the sources.',
    );
  });
});
