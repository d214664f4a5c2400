/** @file The random-encoder control: the same architecture, its weights shuffled, so that nothing it learned is left. */
import { clone } from "@bufbuild/protobuf";
import { ndarray } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { floatsOf, type Model, tensorOf } from "../graph/onnx.ts";
import { ModelSchema, Tensor_DataType } from "../graph/onnx_pb.ts";

/** A model whose float32 matrices and kernels each hold their own values in a random order: scales stay, knowledge goes. */
export function shuffleWeights(model: Model): Model {
  const copy = clone(ModelSchema, model);
  const graph = copy.graph!;
  graph.initializer = graph.initializer.map((tensor) => {
    if (tensor.dataType !== Tensor_DataType.FLOAT || tensor.dims.length < 2) return tensor;
    const { shape, data } = floatsOf(tensor);
    const order = Random.seeded(0).at("random encoder", tensor.name).permutation(data.length);
    return tensorOf(
      tensor.name,
      ndarray(
        Float32Array.from(order, (i) => data[i]!),
        shape,
      ),
    );
  });
  return copy;
}
