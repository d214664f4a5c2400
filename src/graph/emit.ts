/**
 * @file Writes a graph as an ONNX model. Operators change form between opsets; every such difference from
 * 13 to 21 is in this file or in the rows of `ops.ts`.
 */
import { create } from "@bufbuild/protobuf";
import type { NdArray } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import type { Graph, Node, Value } from "./build.ts";
import { tensorOf } from "./onnx.ts";
import {
  Attribute_Type,
  type Model,
  ModelSchema,
  type Node as NodeMessage,
  NodeSchema,
  Tensor_DataType,
  type Tensor as TensorMessage,
  type ValueInfo,
  ValueInfoSchema,
} from "./onnx_pb.ts";
import { OPS, type Rule } from "./ops.ts";
import type { Shape } from "./shape.ts";

/** How to write a graph. */
export interface EmitOptions {
  /** Version of the standard operators, 13 to 21; default 17. */
  readonly opset?: number;
  /** Parameters by name, stored in the model; without them parameters are inputs. */
  readonly parameters?: ReadonlyMap<string, NdArray>;
  /** Entries of the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The name of a value's tensor, unless it is an output of the graph. */
export function tensorName(value: Value): string {
  return value.index === 0 ? value.node.name : `${value.node.name}:${value.index}`;
}

function valueInfo(name: string, shape: Shape): ValueInfo {
  const dim = shape.map((axis) => ({
    value:
      typeof axis === "number"
        ? { case: "dimValue" as const, value: BigInt(axis) }
        : { case: "dimParam" as const, value: axis === "1B" ? "B" : axis },
  }));
  const tensorType = { elemType: Tensor_DataType.FLOAT, shape: { dim } };
  return create(ValueInfoSchema, { name, type: { value: { case: "tensorType", value: tensorType } } });
}

type AttributeValue = number | readonly number[] | { readonly float: number };

/** Collects the nodes and constants of a model while rules write themselves. */
export class Emitter {
  readonly nodes: NodeMessage[] = [];
  readonly initializers = new Map<string, TensorMessage>();
  readonly opset: number;
  /** Values that are outputs of the graph and so bear the output's name. */
  readonly #names: ReadonlyMap<Value, string>;
  #current = "";
  #intermediates = 0;

  constructor(opset: number, names: ReadonlyMap<Value, string>) {
    if (opset < 13 || opset > 21) {
      throw new VcaError(
        "UnsupportedError",
        `onnx: an opset from 13 to 21 was expected, got ${opset}. Export the encoder with opset 17.`,
      );
    }
    this.opset = opset;
    this.#names = names;
  }

  /** The name of a value's tensor. */
  nameOf(value: Value): string {
    return this.#names.get(value) ?? tensorName(value);
  }

  /** Adds the nodes of one operation. */
  emit(node: Node & { kind: "op" }): void {
    this.#current = node.name;
    this.#intermediates = 0;
    const io = {
      inputs: node.inputs.map((input) => this.nameOf(input)),
      outputs: node.outputs.map((output) => this.nameOf(output)),
      shapes: node.inputs.map((input) => input.shape),
    };
    (OPS[node.op] as Rule<object>).emit(this, io, node.attributes);
  }

  /** One ONNX node with named outputs. */
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
  ): void {
    const attribute = Object.entries(attributes).map(([name, value]) => {
      if (typeof value === "number") return { name, type: Attribute_Type.INT, i: BigInt(value) };
      if ("float" in value) return { name, type: Attribute_Type.FLOAT, f: value.float };
      return { name, type: Attribute_Type.INTS, ints: value.map(BigInt) };
    });
    this.nodes.push(
      create(NodeSchema, {
        opType: type,
        name: outputs[0]!,
        input: [...inputs],
        output: [...outputs],
        attribute,
      }),
    );
  }

  /** One ONNX node whose only output gets a name of its own. */
  intermediate(type: string, inputs: readonly string[]): string {
    const name = `${this.#current}#${++this.#intermediates}`;
    this.node(type, inputs, [name]);
    return name;
  }

  /** The name of a float32 scalar. */
  float(value: number): string {
    return this.#constant(`constant/${value}`, { shape: [], data: Float32Array.of(value) });
  }

  /** The name of a vector of int64. */
  integers(values: readonly number[]): string {
    const array = { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
    return this.#constant(`integers/${values.join(",")}`, array);
  }

  /** A reduction: axes are an input of ReduceSum from 13, of the others from 18. */
  reduce(type: string, input: string, axes: readonly number[], keep: boolean, output: string): void {
    const keepdims = keep ? 1 : 0;
    if (type === "ReduceSum" || this.opset >= 18)
      this.node(type, [input, this.integers(axes)], [output], { keepdims });
    else this.node(type, [input], [output], { keepdims, axes });
  }

  /** LayerNormalization exists from 17; before, its formula is written out. A replica's result does not depend on how many there are. */
  layerNorm(
    io: { inputs: readonly string[]; outputs: readonly string[]; shapes: readonly Shape[] },
    epsilon: number,
  ): void {
    const [x, scale, shift] = io.inputs as [string, string, string];
    if (this.opset >= 17) {
      const attributes = { axis: -1, epsilon: { float: epsilon } };
      if (io.shapes[1]!.length === 1) {
        this.node("LayerNormalization", [x, scale, shift], io.outputs, attributes);
        return;
      }
      // Scales of several replicas take another path in onnxruntime than those of one, and last bits differ.
      const U = io.shapes[0]!.at(-1) as number;
      const ones = this.#constant(`ones/${U}`, { shape: [U], data: new Float32Array(U).fill(1) });
      const normal = `${io.outputs[0]}#normal`;
      this.node("LayerNormalization", [x, ones], [normal, ...io.outputs.slice(1)], attributes);
      this.node("Add", [this.intermediate("Mul", [normal, scale]), shift], [io.outputs[0]!]);
      return;
    }
    const [output, center, inverse] = io.outputs as [string, string, string];
    const last = [io.shapes[0]!.length - 1];
    this.reduce("ReduceMean", x, last, true, center);
    const centered = this.intermediate("Sub", [x, center]);
    const variance = `${output}#variance`;
    this.reduce("ReduceMean", this.intermediate("Mul", [centered, centered]), last, true, variance);
    const deviation = this.intermediate("Sqrt", [this.intermediate("Add", [variance, this.float(epsilon)])]);
    this.node("Reciprocal", [deviation], [inverse]);
    const scaled = this.intermediate("Mul", [this.intermediate("Mul", [centered, inverse]), scale]);
    this.node("Add", [scaled, shift], [output]);
  }

  #constant(name: string, array: Parameters<typeof tensorOf>[1]): string {
    if (!this.initializers.has(name)) this.initializers.set(name, tensorOf(name, array));
    return name;
  }
}

/** The nodes that the graph's outputs depend on, in order. */
function livingNodes(graph: Graph): Node[] {
  const living = new Set<Node>([...graph.outputs.values()].map((value) => value.node));
  for (const node of [...graph.nodes].reverse()) {
    if (node.kind === "op" && living.has(node)) for (const input of node.inputs) living.add(input.node);
  }
  return graph.nodes.filter((node) => living.has(node));
}

/**
 * The ONNX model of a graph: its inputs, its outputs under their names, and nothing that no output needs.
 * @throws UnsupportedError for an opset outside 13 to 21.
 * @throws CheckpointError when a parameter has no value or another shape.
 */
export function emitOnnx(graph: Graph, options: EmitOptions = {}): Model {
  const named = new Map<Value, string>();
  for (const [name, value] of graph.outputs)
    if (value.node.kind === "op" && !named.has(value)) named.set(value, name);
  const emitter = new Emitter(options.opset ?? 17, named);
  const input: ValueInfo[] = [];
  for (const node of livingNodes(graph)) {
    const value = node.outputs[0]!;
    if (node.kind === "op") emitter.emit(node);
    else if (node.kind === "constant") emitter.initializers.set(node.name, tensorOf(node.name, node.array));
    else if (node.kind === "input" || !options.parameters) input.push(valueInfo(node.name, value.shape));
    else
      emitter.initializers.set(
        node.name,
        tensorOf(node.name, storedParameter(options.parameters, node.name, value.shape)),
      );
  }
  const output = [...graph.outputs].map(([name, value]) => {
    if (emitter.nameOf(value) !== name) emitter.node("Identity", [emitter.nameOf(value)], [name]);
    return valueInfo(name, value.shape);
  });
  return create(ModelSchema, {
    irVersion: 8n,
    producerName: "vca",
    opsetImport: [{ domain: "", version: BigInt(emitter.opset) }],
    graph: {
      name: "vca",
      node: emitter.nodes,
      initializer: [...emitter.initializers.values()],
      input,
      output,
    },
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
}

function storedParameter(parameters: ReadonlyMap<string, NdArray>, name: string, shape: Shape): NdArray {
  const array = parameters.get(name);
  if (array && array.shape.join() === shape.join()) return array;
  const got = array ? `[${array.shape}]` : "none";
  throw new VcaError(
    "CheckpointError",
    `parameter ${name}: shape [${shape}] was expected, got ${got}. Use the circuit that was trained.`,
  );
}
