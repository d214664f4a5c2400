/**
 * @file Joins ONNX models into one: tensors of a later model that bear the name of an earlier one's are
 * that tensor. An encoder's own names are put under a prefix first, so nothing else can meet by chance.
 */
import { clone, create } from "@bufbuild/protobuf";
import { VcaError } from "../errors.ts";
import { type Model, opsetOf } from "./onnx.ts";
import { type Graph, ModelSchema, type Node } from "./onnx_pb.ts";

/** A copy of a model with `prefix` before the name of every tensor and node. */
export function prefixNames(model: Model, prefix: string): Model {
  const copy = clone(ModelSchema, model);
  renameGraph(copy.graph!, (name) => (name === "" ? "" : `${prefix}${name}`));
  return copy;
}

function renameGraph(graph: Graph, rename: (name: string) => string): void {
  for (const named of [...graph.initializer, ...graph.input, ...graph.output, ...graph.valueInfo]) {
    named.name = rename(named.name);
  }
  for (const node of graph.node) renameNode(node, rename);
}

function renameNode(node: Node, rename: (name: string) => string): void {
  node.name = rename(node.name);
  node.input = node.input.map(rename);
  node.output = node.output.map(rename);
  for (const { g } of node.attribute) if (g) renameGraph(g, rename); // inner graphs see outer names
}

/**
 * One model that runs `models` in order. Inputs that an earlier model makes become inner tensors; the
 * outputs are those of the last model. Further operator domains of any model are kept.
 * @throws UnsupportedError when the models use different versions of the standard operators.
 */
export function mergeModels(models: readonly Model[], metadata: Readonly<Record<string, string>>): Model {
  const opset = opsetOf(models[0]!);
  for (const model of models) {
    if (opsetOf(model) === opset) continue;
    throw new VcaError(
      "UnsupportedError",
      `onnx: models of opset ${opset} were expected, got ${opsetOf(model)}. Emit them with one opset.`,
    );
  }
  const graphs = models.map((model) => model.graph!);
  const made = new Set(
    graphs.flatMap((graph) => [
      ...graph.node.flatMap((node) => node.output),
      ...graph.initializer.map((t) => t.name),
    ]),
  );
  const others = models
    .flatMap((model) => model.opsetImport)
    .filter(({ domain }) => domain !== "" && domain !== "ai.onnx");
  const domains = new Map(others.map((entry) => [entry.domain, entry]));
  const initializers = new Map(
    graphs.flatMap((graph) => graph.initializer).map((tensor) => [tensor.name, tensor]),
  );
  return create(ModelSchema, {
    irVersion: BigInt(Math.max(...models.map(({ irVersion }) => Number(irVersion)))),
    producerName: "vca",
    opsetImport: [{ domain: "", version: BigInt(opset) }, ...domains.values()],
    functions: models.flatMap((model) => model.functions),
    graph: {
      name: "vca",
      node: graphs.flatMap((graph) => graph.node),
      initializer: [...initializers.values()],
      input: graphs.flatMap((graph) => graph.input).filter(({ name }) => !made.has(name)),
      output: graphs.at(-1)!.output,
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}
