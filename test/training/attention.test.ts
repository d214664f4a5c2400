/** @file Spread of attention: known weights, and a whole circuit's heads beside weights worked out by hand. */
import { expect, it } from "vitest";
import { applyCircuit } from "../../src/circuits/model.ts";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { type NdArray, zeros } from "../../src/core/array.ts";
import { Graph } from "../../src/graph/build.ts";
import { BATCH } from "../../src/graph/shape.ts";
import { degenerateHeads } from "../../src/study/attention.ts";
import { openAttention, spreadOfHeads } from "../../src/training/attention.ts";

const weights = (rows: readonly (readonly number[])[]): NdArray => ({
  shape: [1, rows.length, rows[0]!.length],
  data: Float32Array.from(rows.flat()),
});

it("is that of known weights, averaged over queries", () => {
  const [uniform] = spreadOfHeads(weights([[0.25, 0.25, 0.25, 0.25]]));
  expect(uniform!.entropy).toBeCloseTo(Math.log(4), 6);
  expect(uniform!.effectiveTokens).toBeCloseTo(4, 5);
  const [mixed] = spreadOfHeads(
    weights([
      [1, 0, 0, 0],
      [0.5, 0.5, 0, 0],
    ]),
  );
  expect(mixed!.entropy).toBeCloseTo(Math.log(2) / 2, 6);
  expect(mixed!.effectiveTokens).toBeCloseTo(1.5, 5);
  expect(mixed).toMatchObject({ largestWeight: 0.75, tokens: 4 });
});

it("is degenerate with one token, with all alike, with all weight on one", () => {
  const spread = { entropy: 0, effectiveTokens: 3, largestWeight: 0.5, tokens: 4 };
  expect(degenerateHeads([spread])).toBeUndefined();
  expect(degenerateHeads([{ ...spread, tokens: 1 }])).toBe("one token to attend to in 1 of 1 heads");
  expect(
    degenerateHeads([
      spread,
      { ...spread, effectiveTokens: 3.97 },
      { ...spread, effectiveTokens: 1.01, largestWeight: 0.995 },
      { ...spread, effectiveTokens: 3.99 },
    ]),
  ).toBe("all tokens alike in 2 of 4 heads, all weight on one token in 1 of 4 heads");
});

/** Heads of each attending nucleus: `vca` looks once from the summary, liu2025 has blocks in LA and CeA. */
it.each([
  ["vca", 5],
  ["serial-attention", 5],
  ["liu2025", 5],
])("of %s is uniform where all weights are 0, whatever the tokens", async (name, T) => {
  const D = 16;
  const circuit = presetCircuit(name, D);
  const graph = new Graph();
  const { parameters, attention } = applyCircuit(
    graph,
    circuit,
    { tokens: graph.input("tokens", [BATCH, T, D]), hasCls: true },
    { replicas: 1 },
  );
  const set = new Map(
    parameters.map(({ name: parameter, shape }) => {
      const array = zeros(shape);
      if (parameter.endsWith("/scale")) array.data.fill(1);
      return [parameter, array];
    }),
  );
  const data = Float32Array.from({ length: 20 * T * D }, (_, i) => Math.sin(i));
  const reader = await openAttention(circuit, { tokens: T, width: D, hasCls: true });
  const heads = await reader.run(set, { shape: [20, T, D], data });
  await reader.close();
  expect([...attention.keys()].every((id) => heads.some(({ nucleus }) => nucleus === id))).toBe(true);
  expect(heads.length).toBe(
    [...attention.values()].flat().reduce((sum, { shape }) => sum + (shape[1] as number), 0),
  );
  for (const { effectiveTokens, largestWeight, tokens } of heads) {
    expect(effectiveTokens).toBeCloseTo(tokens, 4);
    expect(largestWeight).toBeCloseTo(1 / tokens, 5);
  }
});
