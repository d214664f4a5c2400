import { describe, expect, it } from "vitest";
import { type Circuit, VISUAL } from "../../src/circuits/circuit.ts";
import { applyCircuit } from "../../src/circuits/model.ts";
import { CIRCUIT_NAMES, countParameters, presetCircuit } from "../../src/circuits/presets.ts";
import { Graph } from "../../src/graph/build.ts";

/** Units of each nucleus on 5 tokens of width D. */
function units(circuit: Circuit, width: number): Record<string, unknown> {
  const graph = new Graph();
  const visual = { tokens: graph.input("tokens", [2, 5, width]), hasCls: true };
  const { activations } = applyCircuit(graph, circuit, visual, { replicas: 1 });
  return Object.fromEntries([...activations].map(([id, { shape }]) => [id, shape[2]]));
}

describe.each(CIRCUIT_NAMES)("%s", (name) => {
  const circuit = presetCircuit(name, 48);
  const ids = circuit.nuclei.map(({ id }) => id);

  it("bears its name, reads its last nucleus, and names a source for each projection", () => {
    expect(circuit.name).toBe(name);
    expect(circuit.readout).toBe(ids.at(-1));
    for (const { from, to, source } of circuit.projections) {
      expect([VISUAL, ...ids]).toContain(from);
      expect([VISUAL, ...ids]).toContain(to);
      expect(source.length).toBeGreaterThan(10);
    }
  });

  it("lets vision in through its first nucleus alone", () => {
    const entered = circuit.projections.filter(({ from }) => from === VISUAL).map(({ to }) => to);
    expect(entered).toEqual([ids[0]]);
  });
});

it("the paper's four structures have equally many parameters", () => {
  for (const mode of ["", "-pooled"]) {
    for (const width of [192, 480, 768]) {
      const count = (name: string) => countParameters(presetCircuit(`${name}${mode}`, width), width);
      const whole = count("anatomical-attention");
      for (const name of ["serial-linear", "serial-attention", "anatomical-linear"])
        expect(Math.abs(count(name) / whole - 1), `${name}${mode}, ${width}`).toBeLessThan(0.05);
    }
  }
});

it("the paper's four differ in structure and mechanism only", () => {
  const ids = (name: string) => presetCircuit(name, 48).nuclei.map(({ id }) => id);
  const blocks = (name: string) => presetCircuit(name, 48).nuclei.map((nucleus) => nucleus.blocks);
  for (const mode of ["", "-pooled"]) {
    expect(ids(`serial-linear${mode}`)).toEqual(["stage-1", "stage-2", "stage-3", "stage-4"]);
    expect(ids(`serial-attention${mode}`)).toEqual(ids(`serial-linear${mode}`));
    expect(ids(`anatomical-linear${mode}`)).toEqual(["LA", "AB", "B", "CeA"]);
    expect(ids(`anatomical-attention${mode}`)).toEqual(["LA", "AB", "B", "CeA"]);
    expect(blocks(`serial-linear${mode}`)).toEqual([0, 0, 0, 0]);
    expect(blocks(`anatomical-attention${mode}`)).toEqual([1, 1, 1, 1]);
    expect(presetCircuit(`serial-linear${mode}`, 48).visual).toBe(mode ? "pooled" : "tokens");
  }
});

it("liu2025 has the published sizes at CLIP ViT-L/14's width", () => {
  const circuit = presetCircuit("liu2025", 768);
  expect(units(circuit, 768)).toEqual({ LA: 768, AB: 256, B: 256, CeA: 1280 });
  expect(countParameters(circuit, 768)).toBe(30_401_282);
  expect(circuit.nuclei.map(({ blocks, heads, dropout }) => [blocks, heads, dropout.output])).toEqual([
    [2, 4, 0],
    [1, 1, 0.1],
    [1, 1, 0.1],
    [2, 2, 0.5],
  ]);
  expect([circuit.untrained, presetCircuit("vca", 768).untrained]).toEqual(["random", "mean"]);
});

it("vca keeps the order of human neuron counts, CeA the narrowest of them", () => {
  const { LA, B, AB, CeA } = units(presetCircuit("vca", 48), 48) as Record<string, number>;
  expect([LA, B, AB, CeA]).toEqual([LA, B, AB, CeA].sort((a, b) => b! - a!));
});

it("an unknown name is met with the nearest", () => {
  expect(() => presetCircuit("liu205", 48)).toThrow(
    `circuits: unknown circuit "liu205". Did you mean "liu2025"? Choices: ${CIRCUIT_NAMES.join(", ")}.`,
  );
});
