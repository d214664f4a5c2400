/** @file Two encoders of a few weights, transformer and convolutional, for tests; pictures are 8 x 8. */
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { Random } from "../../src/core/random.ts";
import { floatsOf, type Model } from "../../src/graph/onnx.ts";
import { Tensor_DataType } from "../../src/graph/onnx_pb.ts";
import { type TinyNode, tinyModel } from "./tiny-onnx.ts";

const PREPROCESSING = {
  size: { height: 8, width: 8 },
  resample: 2,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};

/** The settings of both, as a hub folder holds them. */
export const tinySettings = JSON.stringify(PREPROCESSING);

/** Draws weights, the same at each call of a model's function. */
function drawer(): (...shape: number[]) => NdArray {
  const random = Random.seeded(5);
  return (...shape) => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal() * 0.3),
  });
}
const integers = (...values: number[]) => ({
  shape: [values.length],
  data: BigInt64Array.from(values.map(BigInt)),
});
const scalar = (value: number): NdArray => ({ shape: [], data: Float32Array.of(value) });

/**
 * A pre-norm transformer of width 4 on 2 x 2 patches after `leading` tokens. LayerNorm is written out, as
 * below opset 17, and each branch has a LayerScale, as in DINOv2.
 */
export function tinyTransformer(options: { blocks: number; leading?: number; opset?: number }): Model {
  const { blocks, leading = 1, opset = 13 } = options;
  const T = 4 + leading;
  const weights = drawer();
  const constants: Record<string, NdArray | ReturnType<typeof integers>> = {
    kernel: weights(4, 3, 4, 4),
    "4tokens": integers(0, 4, 4),
    leading: weights(1, leading, 4),
    position: weights(1, T, 4),
    two: scalar(2),
    eps: scalar(1e-6),
  };
  const nodes: TinyNode[] = [
    ["Shape", ["pixel_values"], "size"], // read by nothing, like an exporter's leavings
    ["Conv", ["pixel_values", "kernel"], "patches", { kernel_shape: [4, 4], strides: [4, 4] }],
    ["Reshape", ["patches", "4tokens"], "rows"],
    ["Transpose", ["rows"], "tokens", { perm: [0, 2, 1] }],
  ];
  let stream = "tokens";
  if (leading > 0) {
    nodes.push(["Shape", ["tokens"], "shape"]);
    nodes.push(["Gather", ["shape", "zero"], "count"]);
    nodes.push(["Concat", ["count", "rest"], "expansion", { axis: 0 }]);
    nodes.push(["Expand", ["leading", "expansion"], "first"]);
    nodes.push(["Concat", ["first", "tokens"], "sequence", { axis: 1 }]);
    constants.zero = integers(0);
    constants.rest = integers(leading, 4);
    stream = "sequence";
  }
  nodes.push(["Add", [stream, "position"], "start"]);
  stream = "start";
  const norm = (input: string, name: string): string => {
    nodes.push(
      ["ReduceMean", [input], `${name}/mean`, { axes: [-1] }],
      ["Sub", [input, `${name}/mean`], `${name}/centred`],
      ["Pow", [`${name}/centred`, "two"], `${name}/square`],
      ["ReduceMean", [`${name}/square`], `${name}/variance`, { axes: [-1] }],
      ["Add", [`${name}/variance`, "eps"], `${name}/safe`],
      ["Sqrt", [`${name}/safe`], `${name}/sd`],
      ["Div", [`${name}/centred`, `${name}/sd`], `${name}/normal`],
    );
    return `${name}/normal`;
  };
  const add = (branch: string, name: string): void => {
    constants[`${name}/scale`] = weights(4);
    nodes.push(["Mul", [branch, `${name}/scale`], `${name}/scaled`]);
    nodes.push(["Add", [stream, `${name}/scaled`], name]);
    stream = name;
  };
  for (let k = 0; k < blocks; k++) {
    const x = norm(stream, `${k}/norm1`);
    for (const part of ["query", "key", "value"]) {
      constants[`${k}/${part}/weight`] = weights(4, 4);
      nodes.push(["MatMul", [x, `${k}/${part}/weight`], `${k}/${part}`]);
    }
    nodes.push(
      ["Transpose", [`${k}/key`], `${k}/turned`, { perm: [0, 2, 1] }],
      ["MatMul", [`${k}/query`, `${k}/turned`], `${k}/scores`],
      ["Softmax", [`${k}/scores`], `${k}/shares`, { axis: -1 }],
      ["MatMul", [`${k}/shares`, `${k}/value`], `${k}/mixed`],
    );
    add(`${k}/mixed`, `${k}/attended`);
    constants[`${k}/mlp/weight`] = weights(4, 4);
    nodes.push(["MatMul", [norm(stream, `${k}/norm2`), `${k}/mlp/weight`], `${k}/hidden`]);
    nodes.push(["Relu", [`${k}/hidden`], `${k}/active`]);
    add(`${k}/active`, `${k}/output`);
  }
  nodes.push(["Identity", [norm(stream, "norm")], "last_hidden_state"]);
  return tinyModel({ nodes, constants, outputs: ["last_hidden_state"], opset });
}

/** Convolutions of 4, 6 and 5 channels at 8, 4 and 4 pixels, a residual sum between, and a classifier. */
export function tinyConvolutional(batch: number | "batch" = "batch"): Model {
  const weights = drawer();
  const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  return tinyModel({
    inputs: { pixel_values: [batch, 3, 8, 8] },
    constants: {
      stem: weights(4, 3, 3, 3),
      wide: weights(6, 4, 3, 3),
      inner: weights(6, 6, 3, 3),
      head: weights(5, 6, 1, 1),
      classifier: weights(5, 2),
    },
    nodes: [
      ["Conv", ["pixel_values", "stem"], "a", same],
      ["Relu", ["a"], "a/relu"],
      ["MaxPool", ["a/relu"], "pooled", { kernel_shape: [2, 2], strides: [2, 2] }],
      ["Conv", ["pooled", "wide"], "b", same],
      ["Conv", ["b", "inner"], "c", same],
      ["Add", ["b", "c"], "sum"],
      ["Relu", ["sum"], "sum/relu"],
      ["Conv", ["sum/relu", "head"], "d", { kernel_shape: [1, 1] }],
      ["Relu", ["d"], "d/relu"],
      ["GlobalAveragePool", ["d/relu"], "mean"],
      ["Flatten", ["mean"], "vector"],
      ["MatMul", ["vector", "classifier"], "logits"],
    ],
    outputs: ["logits"],
  });
}

/** The model in half precision, weights and input; numbers below the range of binary16 become 0. Changes its argument. */
export function halved(model: Model): Model {
  const graph = model.graph!;
  for (const tensor of graph.initializer) {
    if (tensor.dataType !== Tensor_DataType.FLOAT) continue;
    const bits = Uint16Array.from(floatsOf(tensor).data, halfBits);
    tensor.dataType = Tensor_DataType.FLOAT16;
    tensor.rawData = new Uint8Array(bits.buffer);
  }
  for (const { type } of graph.input) type!.value.value!.elemType = Tensor_DataType.FLOAT16;
  return model;
}

/** The 16 bits of binary16 nearest below a number in magnitude. */
function halfBits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const exponent = ((bits >>> 23) & 255) - 112;
  const sign = (bits >>> 16) & 0x8000;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >>> 13) & 1023);
}
