/**
 * @file An encoder's graph seen from its picture: which tensors everything passes through, and the model
 * cut back to what some tensors need. The one idea: walk the nodes in order and keep the set of tensors
 * that are still to be read; where it holds a single tensor, that tensor carries the whole picture. In a
 * pre-norm transformer these are the residual stream, in a convolutional net the ends of its blocks,
 * whatever operators an exporter made of the rest.
 */
import { create } from "@bufbuild/protobuf";
import { VcaError } from "../errors.ts";
import type { Model } from "../graph/onnx.ts";
import { type Node, Tensor_DataType, ValueInfoSchema } from "../graph/onnx_pb.ts";

/** The picture input of a model, and its size where the model fixes it. */
export interface PictureInput {
  readonly name: string;
  /** Pictures in a batch, when the model takes no other number. */
  readonly batch?: number;
  readonly height?: number;
  readonly width?: number;
}

/** A tensor that everything passes through. */
export interface Cut {
  readonly tensor: string;
  /** Operator that makes it. */
  readonly op: string;
  /** Whether it is a sum of two tensors that both depend on the picture. */
  readonly residual: boolean;
  /** Whether attention lies between it and the residual sum before. */
  readonly attention: boolean;
}

const ATTENTION = new Set(["Softmax", "Attention", "MultiHeadAttention"]);
/** Their results depend on a picture's size only, never on its content. */
const SIZE_ONLY = new Set(["Shape", "Size"]);

/**
 * The input of a model that takes a picture `[B, 3, H, W]`.
 * @throws UnsupportedError when the model asks for anything else.
 */
export function pictureInput(model: Model, where: string): PictureInput {
  const graph = model.graph!;
  const constants = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((input) => !constants.has(input.name));
  const type = inputs[0]?.type?.value.value;
  const dims = type?.shape?.dim.map(({ value }) =>
    value.case === "dimValue" && value.value > 0n ? Number(value.value) : undefined,
  );
  const channels = dims?.[1] ?? 3;
  const fits = inputs.length === 1 && (type?.elemType ?? Tensor_DataType.FLOAT) === Tensor_DataType.FLOAT;
  if (!fits || (dims && (dims.length !== 4 || channels !== 3))) {
    const got = inputs.map((input) => {
      const shape = input.type?.value.value?.shape?.dim.map(({ value }) => String(value.value ?? "?"));
      return `${input.name} [${shape?.join(", ") ?? "?"}]`;
    });
    throw new VcaError(
      "UnsupportedError",
      `${where}: one float32 input [batch, 3, height, width] was expected, got ${got.join(", ")}. Export the vision part of the model alone.`,
    );
  }
  const [batch, , height, width] = dims ?? [];
  return {
    name: inputs[0]!.name,
    ...(batch ? { batch } : {}),
    ...(height ? { height } : {}),
    ...(width ? { width } : {}),
  };
}

/** What a node reads, its subgraphs included. */
function readsOf(node: Node): string[] {
  const inner = node.attribute.flatMap((attribute) => attribute.g?.node ?? []);
  return [...node.input, ...inner.flatMap(readsOf)].filter(Boolean);
}

/** The tensors that everything from `input` to the model's end passes through, in order. */
export function cutTensors(model: Model, input: string): Cut[] {
  const nodes = model.graph!.node;
  const lastRead = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    if (!SIZE_ONLY.has(node.opType)) for (const name of readsOf(node)) lastRead.set(name, i);
  }
  const fromPicture = new Set([input]);
  const live = new Set([input]);
  const cuts: Cut[] = [];
  let attention = false;
  for (const [i, node] of nodes.entries()) {
    const dependent = readsOf(node).filter((name) => fromPicture.has(name));
    if (dependent.length === 0 || SIZE_ONLY.has(node.opType)) continue;
    attention ||= ATTENTION.has(node.opType);
    for (const name of node.output) {
      fromPicture.add(name);
      if (lastRead.has(name)) live.add(name);
    }
    for (const name of live) if (lastRead.get(name)! <= i) live.delete(name);
    const tensor = node.output[0]!;
    const alone = live.size === 0 || (live.size === 1 && live.has(tensor));
    if (!alone) continue;
    const residual = node.opType === "Add" && new Set(dependent).size === 2;
    cuts.push({ tensor, op: node.opType, residual, attention });
    if (residual) attention = false;
  }
  return cuts;
}

/** The model with the given tensors as its outputs and without what they do not need. */
export function pruneTo(model: Model, tensors: readonly string[]): Model {
  const graph = model.graph!;
  const needed = new Set(tensors);
  const node: Node[] = [];
  for (const candidate of graph.node.toReversed()) {
    if (!candidate.output.some((name) => needed.has(name))) continue;
    for (const name of readsOf(candidate)) needed.add(name);
    node.push(candidate);
  }
  return {
    ...model,
    graph: {
      ...graph,
      node: node.reverse(),
      initializer: graph.initializer.filter((tensor) => needed.has(tensor.name)),
      input: graph.input.filter((value) => needed.has(value.name)),
      output: tensors.map((name) => create(ValueInfoSchema, { name })),
      valueInfo: [],
    },
  };
}
