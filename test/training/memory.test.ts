import { describe, expect, it } from "vitest";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { add, Graph, matmul, relu } from "../../src/graph/build.ts";
import { aliveAtOnce, engineBytes, replicaNeed } from "../../src/training/memory.ts";
import { findRecipe } from "../../src/training/recipe.ts";

describe("numbers alive at once", () => {
  it("counts what is computed and still read, and not what is fed", () => {
    const graph = new Graph();
    const x = graph.input("x", [10, 4]);
    const wide = matmul(x, graph.input("w", [4, 100])); // 1000, read once
    const narrow = matmul(relu(wide), graph.input("v", [100, 1])); // relu 1000 beside it, then 10
    graph.output("y", add(narrow, narrow));
    expect(aliveAtOnce(graph)).toBe(2000);
  });

  it("keeps outputs to the end, and an array for its last reader", () => {
    const graph = new Graph();
    const x = graph.input("x", [100]);
    const [a, b] = [relu(x), relu(x)];
    graph.output("a", a);
    const c = relu(b); // a, b, c
    graph.output("d", add(c, b)); // a, b, c, d
    expect(aliveAtOnce(graph)).toBe(400);
  });

  it("does not grow with a chain's length", () => {
    const chain = (length: number) => {
      const graph = new Graph();
      let x = graph.input("x", [50]);
      for (let i = 0; i < length; i++) x = relu(x);
      graph.output("y", x);
      return aliveAtOnce(graph);
    };
    expect(chain(40)).toBe(chain(4));
  });
});

describe("what a fit takes", () => {
  const recipe = findRecipe("vca");
  const shape = { tokens: 50, width: 384, hasCls: true, pictures: 800 };
  const vca = presetCircuit("vca", 384);

  it("holds more than parameters, gradients and moments, and less than every array of a step", () => {
    const { parameters, memoryBytes } = replicaNeed(vca, recipe, shape);
    expect(memoryBytes).toBeGreaterThan(4 * 4 * parameters);
    expect(memoryBytes).toBeLessThan(2 ** 28);
  });

  it("holds early stopping's copies of the parameters and its engine", () => {
    const stopping = { ...recipe, patience: 5 };
    const [plain, more] = [recipe, stopping].map((each) => replicaNeed(vca, each, shape));
    expect(more!.memoryBytes - plain!.memoryBytes).toBe(3 * plain!.diskBytes);
    expect(engineBytes(vca, stopping, shape)).toBeGreaterThan(
      engineBytes(vca, recipe, shape) + 100 * 2 ** 20,
    );
  });

  it("grows with tokens, and answers no more pictures at once than there are", () => {
    expect(engineBytes(vca, recipe, shape)).toBeGreaterThan(
      engineBytes(vca, recipe, { ...shape, tokens: 10 }),
    );
    expect(engineBytes(vca, recipe, shape)).toBeGreaterThan(
      engineBytes(vca, recipe, { ...shape, pictures: 8 }),
    );
    expect(engineBytes(vca, recipe, shape)).toBe(engineBytes(vca, recipe, { ...shape, pictures: 8000 }));
  });
});
