import { expect, test } from "vitest";
import type { NdArray } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { growWeights, shrinkWeights } from "../../src/encoders/int8.ts";
import { decodeOnnx, encodeOnnx, floatsOf, type Model } from "../../src/graph/onnx.ts";
import { tinyModel } from "../support/tiny-onnx.ts";

const random = Random.seeded(2);
const normal = (...shape: number[]): NdArray => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
});
const model = tinyModel({
  nodes: [["Conv", ["pixel_values", "kernel", "bias"], "map"]],
  constants: { kernel: normal(40, 3, 10, 10), bias: normal(40), small: normal(4, 4) },
  outputs: ["map"],
});
model.graph!.initializer[0]!.rawData.fill(0, 0, 1200); // a dead channel

const weightsOf = ({ graph }: Model, name: string) =>
  floatsOf(graph!.initializer.find((tensor) => tensor.name === name)!).data;

test("weights come back within half a step of their channel, the rest exactly", () => {
  const stored = encodeOnnx(shrinkWeights(model));
  expect(stored.length).toBeLessThan(encodeOnnx(model).length / 3);
  const grown = growWeights(decodeOnnx(stored, "tiny"));
  expect(grown.graph!.initializer.map(({ name }) => name)).toEqual(["kernel", "bias", "small"]);
  expect(grown.metadataProps).toEqual([]);
  for (const name of ["bias", "small"]) expect(weightsOf(grown, name)).toEqual(weightsOf(model, name));
  const [was, is] = [weightsOf(model, "kernel"), weightsOf(grown, "kernel")];
  for (let channel = 0; channel < 40; channel++) {
    const part = was.subarray(channel * 300, (channel + 1) * 300);
    const step = part.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0) / 127;
    const error = part.reduce((most, w, i) => Math.max(most, Math.abs(w - is[channel * 300 + i]!)), 0);
    expect(error).toBeLessThanOrEqual(step * 0.501);
  }
});

test("a model in float32 is left as it is", () => {
  expect(growWeights(model)).toBe(model);
});
