/** @file Small ONNX models written by hand, for tests of what reads models. */
import { create } from "@bufbuild/protobuf";
import type { Data, NdArray } from "../../src/core/array.ts";
import { type Model, tensorOf } from "../../src/graph/onnx.ts";
import { Attribute_Type, ModelSchema, Tensor_DataType } from "../../src/graph/onnx_pb.ts";

/** `[operator, inputs, output, attributes]`: an attribute is an integer, integers, or a float in an object. */
export type TinyNode = readonly [
  op: string,
  inputs: readonly string[],
  output: string,
  attributes?: Readonly<Record<string, number | readonly number[] | { readonly float: number }>>,
];

/** A model of one float32 input; a dimension that is a string is open. */
export function tinyModel(options: {
  nodes: readonly TinyNode[];
  constants?: Readonly<Record<string, NdArray<Data>>>;
  inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  outputs: readonly string[];
  opset?: number;
}): Model {
  const {
    nodes,
    constants = {},
    inputs = { pixel_values: ["batch", 3, 8, 8] },
    outputs,
    opset = 17,
  } = options;
  return create(ModelSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph: {
      name: "tiny",
      node: nodes.map(([opType, input, output, attributes = {}]) => ({
        opType,
        name: output,
        input: [...input],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => {
          if (typeof value === "number") return { name, type: Attribute_Type.INT, i: BigInt(value) };
          if ("float" in value) return { name, type: Attribute_Type.FLOAT, f: value.float };
          return { name, type: Attribute_Type.INTS, ints: value.map(BigInt) };
        }),
      })),
      initializer: Object.entries(constants).map(([name, array]) => tensorOf(name, array)),
      input: Object.entries(inputs).map(([name, dims]) => ({
        name,
        type: {
          value: {
            case: "tensorType" as const,
            value: {
              elemType: Tensor_DataType.FLOAT,
              shape: {
                dim: dims.map((dim) => ({
                  value:
                    typeof dim === "number"
                      ? { case: "dimValue" as const, value: BigInt(dim) }
                      : { case: "dimParam" as const, value: dim },
                })),
              },
            },
          },
        },
      })),
      output: outputs.map((name) => ({ name })),
    },
  });
}
