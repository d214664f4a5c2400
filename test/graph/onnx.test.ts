/** @file Writing graphs as ONNX, joining models, and reading files that are none. */
import { describe, expect, it } from "vitest";
import { openSession } from "#engine";
import type { NdArray } from "../../src/core/array.ts";
import { add, Graph, matmul, mul, relu, sum } from "../../src/graph/build.ts";
import { emitOnnx } from "../../src/graph/emit.ts";
import { mergeModels, prefixNames } from "../../src/graph/merge.ts";
import { addOutputs, decodeOnnx, encodeOnnx, floatsOf, opsetOf, tensorOf } from "../../src/graph/onnx.ts";
import { BATCH } from "../../src/graph/shape.ts";
import { runGraph } from "../support/graphs.ts";
import { tinyModel } from "../support/tiny-onnx.ts";

const vector = (...data: number[]): NdArray => ({ shape: [data.length], data: Float32Array.from(data) });

describe("a graph as ONNX", () => {
  it("holds nothing that no output needs", () => {
    const graph = new Graph();
    const [x, unused] = [graph.input("x", [2]), graph.input("unused", [2])];
    graph.output("y", relu(x));
    mul(add(unused, 3), x);
    const { node, input, initializer } = emitOnnx(graph).graph!;
    expect(node.map(({ opType }) => opType)).toContain("Relu");
    expect(node.map(({ opType }) => opType)).not.toContain("Mul");
    expect(input.map(({ name }) => name)).toEqual(["x"]);
    expect(initializer).toEqual([]);
  });

  it("stores parameters that have values, and lets the others be fed", async () => {
    const graph = new Graph();
    graph.output("y", mul(graph.input("x", [2]), graph.parameter("w", [2])));
    expect(emitOnnx(graph).graph!.input.map(({ name }) => name)).toEqual(["x", "w"]);
    const stored = await runGraph(graph, { x: vector(1, 2) }, { parameters: new Map([["w", vector(3, 4)]]) });
    expect(Array.from(stored.y!.data, Number)).toEqual([3, 8]);
  });

  it("serves any batch where the axis is open", async () => {
    const graph = new Graph();
    graph.output("y", sum(graph.input("x", [BATCH, 2]), [1], false));
    const model = emitOnnx(graph);
    expect(model.graph!.input[0]!.type!.value).toMatchObject({
      value: { shape: { dim: [{ value: { case: "dimParam", value: "B" } }, { value: { value: 2n } }] } },
    });
    const session = await openSession(encodeOnnx(model), { threads: 1 });
    for (const B of [1, 3]) {
      const { y } = await session.run({ x: { shape: [B, 2], data: new Float32Array(2 * B).fill(2) } });
      expect(y!.shape).toEqual([B]);
    }
    await session.close();
  });

  it.each([12, 22])("is refused at opset %i", (opset) => {
    expect(() => emitOnnx(new Graph(), { opset })).toThrow(
      `onnx: an opset from 13 to 21 was expected, got ${opset}. Export the encoder with opset 17.`,
    );
  });

  it.each([
    [undefined, "none"],
    [vector(1, 2, 3), "[3]"],
  ])("needs each parameter in its shape", (w, got) => {
    const graph = new Graph();
    graph.output("y", graph.parameter("w", [2]));
    expect(() => emitOnnx(graph, { parameters: new Map(w && [["w", w]]) })).toThrow(
      `parameter w: shape [2] was expected, got ${got}. Use the circuit that was trained.`,
    );
  });
});

describe("joined models", () => {
  const first = (opset = 17) =>
    tinyModel({
      inputs: { x: ["batch", 2] },
      nodes: [
        ["Add", ["x", "one"], "hidden"],
        ["MatMul", ["hidden", "weight"], "y"],
      ],
      constants: {
        one: vector(1, 1),
        weight: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      },
      outputs: ["y"],
      opset,
    });
  const second = (opset?: number) => {
    const graph = new Graph();
    const y = graph.input("encoder/y", [BATCH, 2]);
    const weight = graph.constant({ shape: [2, 1], data: Float32Array.of(1, -1) });
    graph.output("answer", matmul(y, weight));
    return emitOnnx(graph, opset === undefined ? {} : { opset });
  };

  it("run one after another, names apart", async () => {
    const merged = mergeModels([prefixNames(first(), "encoder/"), second()], { key: "value" });
    expect(merged.graph!.input.map(({ name }) => name)).toEqual(["encoder/x"]);
    expect(merged.graph!.output.map(({ name }) => name)).toEqual(["answer"]);
    expect(merged.metadataProps.map(({ key, value }) => [key, value])).toEqual([["key", "value"]]);
    const session = await openSession(encodeOnnx(merged), { threads: 1 });
    const { answer } = await session.run({ "encoder/x": { shape: [1, 2], data: Float32Array.of(1, 2) } });
    await session.close();
    expect(Array.from(answer!.data, Number)).toEqual([2 * 1 + 3 * 3 - (2 * 2 + 3 * 4)]);
  });

  it("leaves the model that got a prefix as it was", () => {
    const model = first();
    const copy = prefixNames(model, "encoder/");
    expect(copy.graph!.node.map(({ name, input }) => [name, ...input])).toEqual([
      ["encoder/hidden", "encoder/x", "encoder/one"],
      ["encoder/y", "encoder/hidden", "encoder/weight"],
    ]);
    expect(model.graph!.node[0]!.name).toBe("hidden");
  });

  it("are of one opset", () => {
    expect(() => mergeModels([first(13), second(17)], {})).toThrow(
      "onnx: models of opset 13 were expected, got 17. Emit them with one opset.",
    );
  });
});

describe("an ONNX file", () => {
  const bytes = encodeOnnx(
    tinyModel({
      inputs: { x: [2] },
      nodes: [
        ["Relu", ["x"], "inner"],
        ["Neg", ["inner"], "y"],
      ],
      outputs: ["y"],
    }),
  );

  it("comes back as it went", () => {
    const model = decodeOnnx(bytes, "tiny.onnx");
    expect(opsetOf(model)).toBe(17);
    expect(encodeOnnx(model)).toEqual(bytes);
  });

  it("shows inner tensors without being written again", async () => {
    const session = await openSession(addOutputs(bytes, ["inner"]), { threads: 1 });
    expect(session.outputs).toEqual(["y", "inner"]);
    const { inner, y } = await session.run({ x: vector(-1, 2) });
    await session.close();
    expect([Array.from(inner!.data, Number), Array.from(y!.data, Number)]).toEqual([
      [0, 2],
      [-0, -2],
    ]);
  });

  it.each([
    ["empty", new Uint8Array(0)],
    ["text", new TextEncoder().encode("<html>not found</html>")],
    ["cut short", bytes.subarray(0, 40)],
  ])("that is %s is refused", (_, broken) => {
    expect(() => decodeOnnx(broken, "net.onnx")).toThrow(
      `net.onnx: an ONNX model was expected, got ${broken.length} bytes that hold none. Fetch or export the file again.`,
    );
  });

  it("keeps numbers in either of two fields, in float32", () => {
    const array = { shape: [2, 1], data: Float32Array.of(1.5, -2) };
    expect(floatsOf(tensorOf("w", array))).toEqual(array);
    const fields = { ...tensorOf("w", array), rawData: new Uint8Array(0), floatData: [1.5, -2] };
    expect(floatsOf(fields)).toEqual(array);
    const integers = tensorOf("w", { shape: [1], data: BigInt64Array.of(1n) });
    expect(() => floatsOf(integers)).toThrow(
      'onnx: tensor "w" must be float32 inside the file, got data type 7. Export the model in float32.',
    );
  });
});
