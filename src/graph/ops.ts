/**
 * @file The table of operations. One row says everything about an operation: the shape of its outputs, how
 * it is written in ONNX (opsets 13 to 21), and its vector-Jacobian product. The table is exhaustive by
 * type: an operation without one of the three does not compile. Idea from jax-js (`src/frontend/jvp.ts`).
 */
import { VcaError } from "../errors.ts";
import {
  add,
  broadcast,
  concat,
  div,
  exp,
  matmul,
  mean,
  mul,
  reshape,
  sign,
  slice,
  sub,
  sum,
  swapLast,
  transpose,
  type Value,
} from "./build.ts";
import type { Emitter } from "./emit.ts";
import { broadcastShape, product, type Shape, sameShape } from "./shape.ts";

type None = Record<never, never>;
type Reduction = { readonly axes: readonly number[]; readonly keep: boolean };

/** The attributes of each operation; the keys are the operations. */
export interface Attributes {
  add: None;
  sub: None;
  mul: None;
  div: None;
  matmul: None;
  transpose: { readonly permutation: readonly number[] };
  reshape: { readonly shape: Shape };
  broadcast: { readonly shape: readonly number[] };
  concat: { readonly axis: number };
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  softmax: None;
  layerNorm: { readonly epsilon: number };
  relu: None;
  gelu: None;
  sigmoid: None;
  exp: None;
  erf: None;
  sqrt: None;
  sign: None;
  sum: Reduction;
  mean: Reduction;
}

/** The name of an operation. */
export type OpName = keyof Attributes;

/** An applied operation as a gradient rule sees it. `cotangent` has the shape of `outputs[0]`. */
export interface Applied<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
  readonly cotangent: Value;
}

/** Everything about one operation. */
export interface Rule<A> {
  /** Shapes of the outputs. @throws ShapeError that names the node `where`. */
  shape(inputs: readonly Shape[], attributes: A, where: string): Shape[];
  /** Writes ONNX nodes; the result has the names `outputs`. */
  emit(
    emitter: Emitter,
    io: { inputs: readonly string[]; outputs: readonly string[]; shapes: readonly Shape[] },
    attributes: A,
  ): void;
  /** One cotangent per input, undefined where the input has none. */
  vjp(applied: Applied<A>): (Value | undefined)[];
}

const SQRT_HALF = Math.SQRT1_2;
const LOG_DENSITY_AT_0 = -0.5 * Math.log(2 * Math.PI);

/** Sums `x` over the axes along which a value of `shape` was broadcast. */
function reduceTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = [...x.shape.keys()].filter(
    (axis) => axis < extra || (shape[axis - extra] === 1 && x.shape[axis] !== 1),
  );
  const summed = axes.length === 1 && axes[0] === x.shape.length - 2 ? sumRows(x) : sum(x, axes);
  return sameShape(summed.shape, shape) ? summed : reshape(summed, shape);
}

/** Sum over the last axis but one, as a product with ones: ReduceSum's last bits depend on how many replicas there are. */
function sumRows(x: Value): Value {
  const one = x.graph.constant({ shape: x.shape.map(() => 1), data: Float32Array.of(1) });
  return matmul(broadcast(one, fixed([...x.shape.slice(0, -2), 1, x.shape.at(-2)!])), x);
}

function elementwise(type: string, vjp: Rule<None>["vjp"]): Rule<None> {
  return {
    shape: ([a, b], _, where) => [b ? broadcastShape(a!, b, where) : a!],
    emit: (e, io) => e.node(type, io.inputs, io.outputs),
    vjp,
  };
}

function reduction(
  type: string,
  vjp: (applied: Applied<Reduction>, cotangent: Value) => Value,
): Rule<Reduction> {
  return {
    shape: ([x], { axes, keep }) => [
      keep
        ? x!.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
        : x!.filter((_, axis) => !axes.includes(axis)),
    ],
    emit: (e, io, { axes, keep }) => e.reduce(type, io.inputs[0]!, axes, keep, io.outputs[0]!),
    vjp: (applied) => {
      const { axes } = applied.attributes;
      const kept = applied.inputs[0]!.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
      const { cotangent } = applied;
      return [vjp(applied, sameShape(cotangent.shape, kept) ? cotangent : reshape(cotangent, kept))];
    },
  };
}

function fixed(shape: Shape): number[] {
  return shape as number[]; // gradients are taken in graphs of fixed shape only
}

function mismatch(where: string, expected: string, shapes: readonly Shape[]): VcaError {
  const got = shapes.map((shape) => `[${shape}]`).join(" and ");
  return new VcaError("ShapeError", `${where}: ${expected}, got ${got}. Reshape or transpose one of them.`);
}

export const OPS: { readonly [O in OpName]: Rule<Attributes[O]> } = {
  add: elementwise("Add", ({ inputs: [a, b], cotangent: d }) => [
    reduceTo(d, a!.shape),
    reduceTo(d, b!.shape),
  ]),
  sub: elementwise("Sub", ({ inputs: [a, b], cotangent: d }) => [
    reduceTo(d, a!.shape),
    reduceTo(mul(d, -1), b!.shape),
  ]),
  mul: elementwise("Mul", ({ inputs: [a, b], cotangent: d }) => [
    reduceTo(mul(d, b!), a!.shape),
    reduceTo(mul(d, a!), b!.shape),
  ]),
  div: elementwise("Div", ({ inputs: [a, b], outputs: [y], cotangent: d }) => {
    const da = div(d, b!);
    return [reduceTo(da, a!.shape), reduceTo(mul(mul(da, y!), -1), b!.shape)];
  }),
  matmul: {
    shape: ([a, b], _, where) => {
      const fits = a!.length >= 2 && a!.length === b!.length && a!.at(-1) === b!.at(-2);
      if (!fits || !sameShape(a!.slice(0, -2), b!.slice(0, -2))) {
        throw mismatch(where, "a product [..., I, J] x [..., J, K] was expected", [a!, b!]);
      }
      return [[...a!.slice(0, -1), b!.at(-1)!]];
    },
    emit: (e, io) => e.node("MatMul", io.inputs, io.outputs),
    vjp: ({ inputs: [a, b], cotangent: d }) => [matmul(d, swapLast(b!)), matmul(swapLast(a!), d)],
  },
  transpose: {
    shape: ([x], { permutation }, where) => {
      if (permutation.length !== x!.length)
        throw mismatch(where, `${permutation.length} axes were expected`, [x!]);
      return [permutation.map((axis) => x![axis]!)];
    },
    emit: (e, io, { permutation }) => e.node("Transpose", io.inputs, io.outputs, { perm: permutation }),
    vjp: ({ attributes: { permutation }, cotangent }) => [
      transpose(
        cotangent,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ],
  },
  reshape: {
    shape: ([x], { shape }, where) => {
      if (product(x!) !== product(shape))
        throw mismatch(where, "as many elements were expected", [x!, shape]);
      return [shape];
    },
    emit: (e, io, { shape }) =>
      e.node(
        "Reshape",
        [io.inputs[0]!, e.integers(shape.map((dim) => (typeof dim === "number" ? dim : -1)))],
        io.outputs,
      ),
    vjp: ({ inputs: [x], cotangent }) => [reshape(cotangent, x!.shape)],
  },
  broadcast: {
    shape: ([x], { shape }, where) => {
      if (!sameShape(broadcastShape(x!, shape, where), shape))
        throw mismatch(where, "a smaller shape was expected", [x!, shape]);
      return [shape];
    },
    emit: (e, io, { shape }) => e.node("Expand", [io.inputs[0]!, e.integers(shape)], io.outputs),
    vjp: ({ inputs: [x], cotangent }) => [reduceTo(cotangent, x!.shape)],
  },
  concat: {
    shape: (inputs, { axis }, where) => {
      const rest = (shape: Shape) => shape.filter((_, i) => i !== axis);
      if (
        inputs.some(
          (shape) => shape.length !== inputs[0]!.length || !sameShape(rest(shape), rest(inputs[0]!)),
        )
      ) {
        throw mismatch(where, `shapes that agree but in axis ${axis} were expected`, inputs);
      }
      const length = inputs.reduce((total, shape) => total + (shape[axis] as number), 0);
      return [inputs[0]!.map((dim, i) => (i === axis ? length : dim))];
    },
    emit: (e, io, { axis }) => e.node("Concat", io.inputs, io.outputs, { axis }),
    vjp: ({ inputs, attributes: { axis }, cotangent }) => {
      let start = 0;
      return inputs.map((input) => {
        const end = start + (input.shape[axis] as number);
        const part = slice(cotangent, axis, start, end);
        start = end;
        return part;
      });
    },
  },
  slice: {
    shape: ([x], { axis, start, end }, where) => {
      const length = x![axis];
      if (typeof length !== "number" || start < 0 || end > length || start >= end) {
        throw mismatch(where, `elements ${start} to ${end} of axis ${axis} were expected`, [x!]);
      }
      return [x!.map((dim, i) => (i === axis ? end - start : dim))];
    },
    emit: (e, io, { axis, start, end }) =>
      e.node(
        "Slice",
        [io.inputs[0]!, e.integers([start]), e.integers([end]), e.integers([axis])],
        io.outputs,
      ),
    vjp: ({ inputs: [x], attributes: { axis, start, end }, cotangent }) => {
      const length = x!.shape[axis] as number;
      const zeros = (n: number) => {
        const shape = fixed(x!.shape.map((dim, i) => (i === axis ? n : dim)));
        const one = cotangent.graph.constant({ shape: shape.map(() => 1), data: new Float32Array(1) });
        return broadcast(one, shape);
      };
      const parts = [start > 0 && zeros(start), cotangent, end < length && zeros(length - end)];
      return [
        concat(
          parts.filter((part) => part !== false),
          axis,
        ),
      ];
    },
  },
  softmax: {
    shape: ([x]) => [x!],
    emit: (e, io) => e.node("Softmax", io.inputs, io.outputs, { axis: -1 }),
    vjp: ({ outputs: [y], cotangent: d }) => {
      const weighted = mul(d, y!);
      return [sub(weighted, mul(y!, sum(weighted, [y!.shape.length - 1])))];
    },
  },
  // Outputs: the result, and mean and 1 / sqrt(variance + epsilon) for the gradient.
  layerNorm: {
    shape: ([x, scale, shift], _, where) => {
      const fits = (shape: Shape) =>
        shape.at(-1) === x!.at(-1) && sameShape(broadcastShape(x!, shape, where), x!);
      if (!fits(scale!) || !fits(shift!)) {
        throw mismatch(where, "scale and shift that broadcast to the input were expected", [
          x!,
          scale!,
          shift!,
        ]);
      }
      const moments = [...x!.slice(0, -1), 1];
      return [x!, moments, moments];
    },
    emit: (e, io, { epsilon }) => e.layerNorm(io, epsilon),
    vjp: ({ inputs: [x, scale, shift], outputs: [, center, inverse], cotangent: d }) => {
      const last = [x!.shape.length - 1];
      const normal = mul(sub(x!, center!), inverse!);
      const dNormal = mul(d, scale!);
      const dx = mul(
        sub(sub(dNormal, mean(dNormal, last)), mul(normal, mean(mul(dNormal, normal), last))),
        inverse!,
      );
      return [dx, reduceTo(mul(d, normal), scale!.shape), reduceTo(d, shift!.shape)];
    },
  },
  relu: elementwise("Relu", ({ outputs: [y], cotangent }) => [mul(cotangent, sign(y!))]),
  // Outputs: x Phi(x), and Phi(x) = (1 + erf(x / sqrt 2)) / 2 for the gradient Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi).
  // Each pass over the array costs: HardSigmoid is a x + b in one, its bounds 0 and 1 are Phi's own, and the density's
  // constant goes into its exponent.
  gelu: {
    shape: ([x]) => [x!, x!],
    emit: (e, io) => {
      const error = e.intermediate("Erf", [e.intermediate("Mul", [io.inputs[0]!, e.float(SQRT_HALF)])]);
      e.node("HardSigmoid", [error], [io.outputs[1]!], { alpha: { float: 0.5 }, beta: { float: 0.5 } });
      e.node("Mul", [io.inputs[0]!, io.outputs[1]!], [io.outputs[0]!]);
    },
    vjp: ({ inputs: [x], outputs: [, distribution], cotangent }) => {
      const scaled = mul(x!, SQRT_HALF);
      const density = exp(sub(LOG_DENSITY_AT_0, mul(scaled, scaled)));
      return [mul(cotangent, add(distribution!, mul(x!, density)))];
    },
  },
  sigmoid: elementwise("Sigmoid", ({ outputs: [y], cotangent }) => [mul(cotangent, mul(y!, sub(1, y!)))]),
  exp: elementwise("Exp", ({ outputs: [y], cotangent }) => [mul(cotangent, y!)]),
  erf: elementwise("Erf", ({ inputs: [x], cotangent }) => [
    mul(cotangent, mul(exp(mul(mul(x!, x!), -1)), 2 / Math.sqrt(Math.PI))),
  ]),
  sqrt: elementwise("Sqrt", ({ outputs: [y], cotangent }) => [div(mul(cotangent, 0.5), y!)]),
  sign: elementwise("Sign", () => [undefined]),
  sum: reduction("ReduceSum", ({ inputs: [x] }, d) => broadcast(d, fixed(x!.shape))),
  mean: reduction("ReduceMean", ({ inputs: [x], attributes: { axes } }, d) => {
    const count = axes.reduce((n, axis) => n * (x!.shape[axis] as number), 1);
    return broadcast(mul(d, 1 / count), fixed(x!.shape));
  }),
};
