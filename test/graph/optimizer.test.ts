import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/build.ts";
import { adamw, sgd } from "../../src/graph/optimizer.ts";
import fixture from "../fixtures/graph/optimizers.json" with { type: "json" };
import { float32, type Numbers, relativeDifference, runGraph } from "../support/graphs.ts";

const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });

async function step(
  kind: "adamw" | "sgd",
  from: { step: number; parameter: Numbers; gradient: Numbers; moments: Numbers[] },
) {
  const graph = new Graph();
  const { shape } = from.parameter;
  const moments = from.moments.map((_, i) => graph.input(`m${i}`, shape));
  const state = { parameter: graph.input("w", shape), gradient: graph.input("g", shape), moments };
  const lr = graph.input("lr", []);
  const update =
    kind === "adamw"
      ? adamw(state, { lr, c1: graph.input("c1", []), c2: graph.input("c2", []) }, { decay: 0.05 })
      : sgd(state, { lr }, { decay: 1e-4, momentum: 0.9 });
  graph.output("next", update.parameter);
  update.moments.forEach((moment, i) => {
    graph.output(`next m${i}`, moment);
  });
  const rate =
    kind === "adamw" ? { lr: 3e-3, c1: 1 - 0.9 ** from.step, c2: 1 - 0.999 ** from.step } : { lr: 1e-2 };
  return runGraph(graph, {
    w: float32(from.parameter),
    g: float32(from.gradient),
    ...Object.fromEntries(from.moments.map((moment, i) => [`m${i}`, float32(moment)])),
    ...Object.fromEntries(Object.entries(rate).map(([name, value]) => [name, scalar(value)])),
  });
}

describe("optimizers equal PyTorch on the same gradients with primed moments", () => {
  for (const kind of ["adamw", "sgd"] as const) {
    for (const expected of fixture.cases[kind]) {
      it(`${kind}, step ${expected.step}`, async () => {
        const got = await step(kind, expected);
        expect(relativeDifference(got.next!, expected.next)).toBeLessThan(1e-6);
        expected.nextMoments.forEach((moment, i) => {
          expect(relativeDifference(got[`next m${i}`]!, moment)).toBeLessThan(1e-6);
        });
      });
    }
  }
});
