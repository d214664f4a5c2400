/**
 * @file Half precision made whole: every float16 and bfloat16 of a model (weights, constants, casts, inputs) becomes
 * float32, because pictures, training and our own nodes are float32. Values are kept exactly.
 */
import { clone } from "@bufbuild/protobuf";
import { bfloatToNumber, halfToNumber } from "../core/half.ts";
import { VcaError } from "../errors.ts";
import type { Model } from "./onnx.ts";
import { type Graph, ModelSchema, type Tensor, Tensor_DataType } from "./onnx_pb.ts";

const { FLOAT, FLOAT16, BFLOAT16 } = Tensor_DataType;
const READERS = new Map<number, (bits: number) => number>([
  [FLOAT16, halfToNumber],
  [BFLOAT16, bfloatToNumber],
]);

/**
 * The model in float32; one without half precision is returned as it is.
 * @throws DataError when a tensor holds more or fewer numbers than its shape says.
 */
export function widenHalf(model: Model): Model {
  if (!usesHalf(model.graph!)) return model;
  const copy = clone(ModelSchema, model);
  widenGraph(copy.graph!);
  return copy;
}

function usesHalf(graph: Graph): boolean {
  return (
    graph.initializer.some(({ dataType }) => READERS.has(dataType)) ||
    graph.input.some(({ type }) => READERS.has(type?.value.value?.elemType ?? FLOAT)) ||
    graph.node.some(({ attribute }) =>
      attribute.some(({ t, g }) => READERS.has(t?.dataType ?? FLOAT) || (g && usesHalf(g))),
    )
  );
}

function widenGraph(graph: Graph): void {
  for (const tensor of graph.initializer) widenTensor(tensor);
  for (const { type } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const tensor = type?.value.value;
    if (tensor && READERS.has(tensor.elemType)) tensor.elemType = FLOAT;
  }
  for (const { opType, attribute } of graph.node) {
    for (const entry of attribute) {
      if (entry.t) widenTensor(entry.t);
      if (entry.g) widenGraph(entry.g);
      const isType = (opType === "Cast" && entry.name === "to") || entry.name === "dtype";
      if (isType && READERS.has(Number(entry.i))) entry.i = BigInt(FLOAT);
    }
  }
}

function widenTensor(tensor: Tensor): void {
  const { name, dims, rawData, int32Data } = tensor;
  const read = READERS.get(tensor.dataType);
  if (!read) return;
  const size = dims.reduce((product, dim) => product * Number(dim), 1);
  const bits =
    rawData.length > 0 ? new DataView(rawData.buffer, rawData.byteOffset, rawData.length) : undefined;
  const found = bits ? bits.byteLength / 2 : int32Data.length;
  if (found !== size) {
    throw new VcaError(
      "DataError",
      `onnx: tensor "${name}" must hold ${size} numbers of half precision, got ${found}. Fetch or export the file again.`,
    );
  }
  const wide = new Float32Array(size);
  for (let i = 0; i < size; i++) wide[i] = read(bits ? bits.getUint16(2 * i, true) : int32Data[i]! & 0xffff);
  tensor.dataType = FLOAT;
  tensor.rawData = new Uint8Array(wide.buffer);
  tensor.int32Data = [];
}
