/** @file A small encoder whose weights lie in a file of their own, as exporters write them above 2 GB. */
import { create } from "@bufbuild/protobuf";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { EntrySchema, Tensor_DataLocation } from "../../src/graph/onnx_pb.ts";
import { tinyConvolutional } from "./tiny-encoders.ts";

/** The model's bytes and its weights', which it looks for at `location`. */
export function outsideModel(location: string): { bytes: Uint8Array; data: Uint8Array } {
  const model = tinyConvolutional();
  const parts: number[] = [];
  for (const tensor of model.graph!.initializer) {
    const entries = { location, offset: String(parts.length), length: String(tensor.rawData.length) };
    parts.push(...tensor.rawData);
    tensor.externalData = Object.entries(entries).map(([key, value]) => create(EntrySchema, { key, value }));
    tensor.dataLocation = Tensor_DataLocation.EXTERNAL;
    tensor.rawData = new Uint8Array();
  }
  return { bytes: encodeOnnx(model), data: Uint8Array.from(parts) };
}
