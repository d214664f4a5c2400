/**
 * @file Graphs of array operations. A `Graph` records nodes in the order in which formulas are evaluated;
 * a `Value` is one output of a node and carries its shape. The functions below are the vocabulary in
 * which the model is written; what each means (shape, ONNX, gradient) stands in `ops.ts`.
 *
 * Names follow the call path: inside `graph.scope("LA", ...)` a softmax is called `LA/softmax`.
 */
import { type Data, type NdArray, sizeOf } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import { type Attributes, OPS, type OpName } from "./ops.ts";
import type { Dim, Shape } from "./shape.ts";

/** Where an array comes from: an operation, or the outside. */
export type Node =
  | {
      readonly kind: "op";
      readonly op: OpName;
      readonly attributes: object;
      readonly inputs: readonly Value[];
      readonly name: string;
      readonly outputs: Value[];
    }
  | { readonly kind: "input" | "parameter"; readonly name: string; readonly outputs: Value[] }
  | {
      readonly kind: "constant";
      readonly name: string;
      readonly array: NdArray<Data>;
      readonly outputs: Value[];
    };

/** One array of a graph: output `index` of `node`. */
export interface Value {
  readonly graph: Graph;
  readonly node: Node;
  readonly index: number;
  readonly shape: Shape;
}

/** A graph under construction. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly #taken = new Set<string>();
  readonly #constants = new Map<string, Value>();
  #path: readonly string[] = [];

  /** Builds with `name` in front of every node's name, and returns what `build` returns. */
  scope<T>(name: string, build: () => T): T {
    const outer = this.#path;
    this.#path = [...outer, name];
    try {
      return build();
    } finally {
      this.#path = outer;
    }
  }

  /** An array that is fed at each run. Its name is used as it is. */
  input(name: string, shape: Shape): Value {
    return this.#source("input", name, shape);
  }

  /** An array that training changes: fed in a training graph, stored in an inference graph. */
  parameter(name: string, shape: readonly number[]): Value {
    return this.#source("parameter", name, shape);
  }

  /** A fixed number or array; equal scalars are one node. */
  constant(value: number | NdArray<Data>): Value {
    if (typeof value !== "number") return this.#constant(this.#unique("constant"), value);
    const key = Object.is(value, -0) ? "-0" : String(value);
    const known = this.#constants.get(key);
    if (known) return known;
    const made = this.#constant(`constant/${key}`, { shape: [], data: Float32Array.of(value) });
    this.#constants.set(key, made);
    return made;
  }

  /** Makes `value` an output of the graph under `name`. @throws ShapeError when something bears the name. */
  output(name: string, value: Value): void {
    this.#take(name);
    this.outputs.set(name, value);
  }

  /** Adds an operation and returns all its outputs. @throws ShapeError when the shapes do not fit. */
  apply<O extends OpName>(op: O, inputs: readonly Value[], attributes: Attributes[O]): Value[] {
    const name = this.#unique(op);
    const shapes = OPS[op].shape(
      inputs.map((input) => input.shape),
      attributes,
      name,
    );
    const node: Node = { kind: "op", op, attributes, inputs, name, outputs: [] };
    node.outputs.push(...shapes.map((shape, index) => ({ graph: this, node, index, shape })));
    this.nodes.push(node);
    return node.outputs;
  }

  #constant(name: string, array: NdArray<Data>): Value {
    const node: Node = { kind: "constant", name, array, outputs: [] };
    return this.#add(node, array.shape);
  }

  #source(kind: "input" | "parameter", name: string, shape: Shape): Value {
    this.#take(name);
    return this.#add({ kind, name, outputs: [] }, shape);
  }

  #take(name: string): void {
    if (this.#taken.has(name)) {
      throw new VcaError(
        "ShapeError",
        `graph: names must differ, got "${name}" twice. Give the second another name.`,
      );
    }
    this.#taken.add(name);
  }

  #add(node: Node, shape: Shape): Value {
    const value: Value = { graph: this, node, index: 0, shape };
    node.outputs.push(value);
    this.nodes.push(node);
    return value;
  }

  #unique(name: string): string {
    const base = [...this.#path, name].join("/");
    let candidate = base;
    for (let i = 2; this.#taken.has(candidate); i++) candidate = `${base}.${i}`;
    this.#taken.add(candidate);
    return candidate;
  }
}

/** A value, or a number that becomes a constant. */
export type Operand = Value | number;

function one<O extends OpName>(op: O, inputs: readonly Value[], attributes: Attributes[O]): Value {
  return inputs[0]!.graph.apply(op, inputs, attributes)[0]!;
}

function pair(a: Operand, b: Operand): [Value, Value] {
  const graph = typeof a === "number" ? (b as Value).graph : a.graph;
  return [typeof a === "number" ? graph.constant(a) : a, typeof b === "number" ? graph.constant(b) : b];
}

/** a + b, broadcast as in NumPy; so are `sub`, `mul` and `div`. */
export const add = (a: Operand, b: Operand): Value => one("add", pair(a, b), {});
/** a - b */
export const sub = (a: Operand, b: Operand): Value => one("sub", pair(a, b), {});
/** a * b, element by element */
export const mul = (a: Operand, b: Operand): Value => one("mul", pair(a, b), {});
/** a / b */
export const div = (a: Operand, b: Operand): Value => one("div", pair(a, b), {});
/** Matrix product over the last two axes, `[..., I, J] x [..., J, K] -> [..., I, K]`; the axes before agree. */
export const matmul = (a: Value, b: Value): Value => one("matmul", [a, b], {});
/** Axis i of the result is axis `permutation[i]` of `x`. */
export const transpose = (x: Value, permutation: readonly number[]): Value =>
  one("transpose", [x], { permutation });
/** The last two axes exchanged. */
export function swapLast(x: Value): Value {
  const n = x.shape.length;
  return transpose(
    x,
    [...x.shape.keys()].map((axis) => (axis === n - 1 ? n - 2 : axis === n - 2 ? n - 1 : axis)),
  );
}
/** The same elements in another shape. */
export const reshape = (x: Value, shape: Shape): Value => one("reshape", [x], { shape });
/** Repeats axes of length 1 up to `shape`. */
export const broadcast = (x: Value, shape: readonly number[]): Value => one("broadcast", [x], { shape });
/** Arrays one after another along `axis`. */
export const concat = (values: readonly Value[], axis: number): Value =>
  values.length === 1 ? values[0]! : one("concat", values, { axis });
/** Elements `start` to `end` (exclusive) of `axis`. */
export const slice = (x: Value, axis: number, start: number, end: number): Value =>
  one("slice", [x], { axis, start, end });
/** exp(x) / sum(exp(x)) over the last axis. */
export const softmax = (x: Value): Value => one("softmax", [x], {});
/** (x - mean) / sqrt(variance + epsilon) over the last axis, times `scale` plus `shift`. @see Ba, Kiros & Hinton 2016 */
export const layerNorm = (x: Value, scale: Value, shift: Value, epsilon = 1e-5): Value =>
  one("layerNorm", [x, scale, shift], { epsilon });
/** max(x, 0) */
export const relu = (x: Value): Value => one("relu", [x], {});
/** x Phi(x) with the exact normal distribution function. @see Hendrycks & Gimpel 2016 */
export function gelu(x: Value): Value {
  return one("gelu", [x], {});
}
/** 1 / (1 + exp(-x)) */
export const sigmoid = (x: Value): Value => one("sigmoid", [x], {});
/** exp(x) */
export const exp = (x: Value): Value => one("exp", [x], {});
/** The error function. */
export const erf = (x: Value): Value => one("erf", [x], {});
/** The square root. */
export const sqrt = (x: Value): Value => one("sqrt", [x], {});
/** -1, 0 or 1; its gradient is 0. */
export const sign = (x: Value): Value => one("sign", [x], {});
/** Sum over `axes`, which stay with length 1 unless `keep` is false. */
export const sum = (x: Value, axes: readonly number[], keep = true): Value => one("sum", [x], { axes, keep });
/** Mean over `axes`, as `sum`. */
export const mean = (x: Value, axes: readonly number[], keep = true): Value =>
  one("mean", [x], { axes, keep });

/** Numeric axes of a shape. @throws ShapeError when one is symbolic. */
function staticShape(shape: Shape, where: string): number[] {
  return shape.map((dim: Dim) => {
    if (typeof dim === "number") return dim;
    throw new VcaError(
      "ShapeError",
      `${where}: a fixed shape was expected, got [${shape}]. Build the graph for a batch of known size.`,
    );
  });
}

/** Number of elements of a fixed shape. */
export const elements = (value: Value): number => sizeOf(staticShape(value.shape, value.node.name));
