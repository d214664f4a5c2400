/**
 * @file ONNX files, read and written with protobuf-es. Everything else in the program sees a `Model`
 * message and never bytes.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Data, type NdArray, ndarray, sizeOf } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import { type Model, ModelSchema, type Tensor, Tensor_DataType, TensorSchema } from "./onnx_pb.ts";

export type { Model } from "./onnx_pb.ts";

/**
 * The model in the bytes of an .onnx file.
 * @throws DataError when the bytes are no ONNX model.
 */
export function decodeOnnx(bytes: Uint8Array, where: string): Model {
  let model: Model | undefined;
  let cause: unknown;
  try {
    model = fromBinary(ModelSchema, bytes);
  } catch (error) {
    cause = error;
  }
  const whole = model?.graph?.node.every(({ opType, output }) => opType !== "" && output.some(Boolean));
  if (!model?.graph || model.graph.node.length === 0 || !whole) {
    throw new VcaError(
      "DataError",
      `${where}: an ONNX model was expected, got ${bytes.length} bytes that hold none. Fetch or export the file again.`,
      { cause },
    );
  }
  return model;
}

/** The bytes of an .onnx file. */
export function encodeOnnx(model: Model): Uint8Array {
  return toBinary(ModelSchema, model);
}

/** The version of the standard operators that a model uses. */
export function opsetOf(model: Model): number {
  return Number(model.opsetImport.find((o) => o.domain === "" || o.domain === "ai.onnx")?.version ?? 0n);
}

/**
 * An .onnx file's bytes with further tensors as outputs, without re-encoding it: protobuf merges an
 * appended second `graph` field into the first.
 */
export function addOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const extra = create(ModelSchema, { graph: { output: names.map((name) => ({ name })) } });
  const tail = toBinary(ModelSchema, extra);
  const joined = new Uint8Array(bytes.length + tail.length);
  joined.set(bytes);
  joined.set(tail, bytes.length);
  return joined;
}

/** The tensor message of a float32 or int64 array, named. */
export function tensorOf(name: string, array: NdArray<Data>): Tensor {
  const { data } = array;
  const dataType =
    data instanceof Float32Array
      ? Tensor_DataType.FLOAT
      : data instanceof BigInt64Array
        ? Tensor_DataType.INT64
        : data instanceof Int32Array
          ? Tensor_DataType.INT32
          : data instanceof Uint8Array
            ? Tensor_DataType.UINT8
            : Tensor_DataType.DOUBLE;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return create(TensorSchema, { name, dims: array.shape.map(BigInt), dataType, rawData });
}

/**
 * The numbers of a float32 tensor message, whichever of the two fields holds them.
 * @throws UnsupportedError when it holds another type or lies in a file of its own, DataError when it holds another
 *   number of them than its shape says.
 */
export function floatsOf(tensor: Tensor): NdArray {
  const shape = tensor.dims.map(Number);
  if (tensor.dataType !== Tensor_DataType.FLOAT || tensor.externalData.length > 0) {
    throw new VcaError(
      "UnsupportedError",
      `onnx: tensor "${tensor.name}" must be float32 inside the file, got data type ${tensor.dataType}. Export the model in float32.`,
    );
  }
  const { floatData, rawData } = tensor;
  const found = floatData.length > 0 ? floatData.length : rawData.length / 4;
  if (found !== sizeOf(shape)) {
    throw new VcaError(
      "DataError",
      `onnx: tensor "${tensor.name}" of shape [${shape.join(", ")}] must hold ${sizeOf(shape)} numbers, got ${found}. Fetch or export the file again.`,
    );
  }
  return ndarray(
    floatData.length > 0 ? Float32Array.from(floatData) : new Float32Array(rawData.slice().buffer),
    shape,
  );
}
