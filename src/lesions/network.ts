/**
 * @file A trained network that answers in many settings of its gains. Its graph is cut where the gains of nuclei begin
 * to matter: what comes before (the visual stream, most of the work) is computed once, what comes after per setting.
 */
import { create } from "@bufbuild/protobuf";
import { openSession } from "#engine";
import { type Circuit, projectionName, type VisualShape } from "../circuits/circuit.ts";
import { applyCircuit } from "../circuits/model.ts";
import { type NdArray, takeRows, zeros } from "../core/array.ts";
import { pruneTo } from "../encoders/trunk.ts";
import type { Arrays, Session } from "../engine/session.ts";
import { Graph, reshape } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx, type Model } from "../graph/onnx.ts";
import { Tensor_DataType, ValueInfoSchema } from "../graph/onnx_pb.ts";
import { BATCH } from "../graph/shape.ts";
import { joinReplicas } from "../training/inference.ts";
import type { Predict, Setting } from "./lesion.ts";

/** A circuit with gains, ready for parameters and tokens. */
export interface LesionableNetwork {
  /** Units of each nucleus. */
  readonly units: ReadonlyMap<string, number>;
  /** Gives it a network's parameters and the tokens `[S, T, D]` of the pictures to predict. */
  load(parameters: ReadonlyMap<string, NdArray>, tokens: NdArray): Promise<Predict>;
  close(): Promise<void>;
}

/** Pictures run at once. */
const PIECE = 256;

/** Opens a circuit for tokens of a shape, on one thread, so that results do not depend on how many there are. */
export async function openLesionable(circuit: Circuit, visual: VisualShape): Promise<LesionableNetwork> {
  const { tokens: T, width: D, hasCls } = visual;
  const graph = new Graph();
  const tokens = graph.input("tokens", [BATCH, T, D]);
  const options = { replicas: 1, gains: true, offsets: true };
  const { predictions, activations } = applyCircuit(graph, circuit, { tokens, hasCls }, options);
  graph.output("predictions", reshape(predictions, [BATCH, 2]));
  const units = new Map([...activations].map(([id, value]) => [id, value.shape[2] as number]));
  const { before, after, cut } = divide(
    emitOnnx(graph),
    new Set([...units.keys()].flatMap((id) => [`gain/${id}`, `offset/${id}`])),
  );
  const [first, second] = (await Promise.all(
    [before, after].map((model) => openSession(encodeOnnx(model), { threads: 1 })),
  )) as [Session, Session];
  return {
    units,
    close: async () => {
      await Promise.all([first.close(), second.close()]);
    },
    load: async (parameters, pictures) => {
      const held = Object.fromEntries(joinReplicas([parameters]));
      for (const session of [first, second]) await session.hold(only(held, session));
      const seen = async (feeds: Arrays) => {
        const pieces: Arrays[] = [];
        for (const rows of piecesOf(pictures.shape[0]!))
          pieces.push(await first.run({ ...only(feeds, first), tokens: takeRows(pictures, rows) }, cut));
        return pieces;
      };
      const atRest = await seen(settingFeeds(circuit, units, {}));
      return async (setting) => {
        const feeds = settingFeeds(circuit, units, setting);
        const pieces = setting.projections ? await seen(feeds) : atRest;
        const answers: Float32Array[] = [];
        for (const piece of pieces) {
          const { predictions: found } = await second.run({ ...piece, ...only(feeds, second) });
          answers.push(found!.data as Float32Array);
        }
        const all = zeros([pictures.shape[0]!, 2]);
        answers.forEach((data, i) => {
          all.data.set(data, i * PIECE * 2);
        });
        return all;
      };
    },
  };
}

function piecesOf(S: number): number[][] {
  const rows = Array.from({ length: S }, (_, s) => s);
  return Array.from({ length: Math.ceil(S / PIECE) }, (_, i) => rows.slice(i * PIECE, (i + 1) * PIECE));
}

/** Those of `arrays` that a session takes. */
function only(arrays: Arrays, { inputs }: Session): Arrays {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => inputs.includes(name)));
}

/** A setting as the graph takes it, what is not named at rest. */
function settingFeeds(circuit: Circuit, units: ReadonlyMap<string, number>, setting: Setting): Arrays {
  const { gains, offsets, projections } = setting;
  const feeds: Record<string, NdArray> = {};
  for (const [id, U] of units) {
    feeds[`gain/${id}`] = { shape: [U], data: gains?.get(id) ?? new Float32Array(U).fill(1) };
    feeds[`offset/${id}`] = { shape: [U], data: offsets?.get(id) ?? new Float32Array(U) };
  }
  for (const name of circuit.projections.map(projectionName))
    feeds[`gain/${name}`] = { shape: [], data: Float32Array.of(projections?.get(name) ?? 1) };
  return feeds;
}

/** A model in two: what does not depend on the inputs `varied`, and the rest, which reads the tensors `cut` of the first. */
function divide(model: Model, varied: ReadonlySet<string>): { before: Model; after: Model; cut: string[] } {
  const graph = model.graph!;
  const late = new Set(varied);
  const early = new Set<string>();
  const cut = new Set<string>();
  for (const { input, output } of graph.node) {
    const depends = input.some((name) => late.has(name));
    for (const name of output) (depends ? late : early).add(name);
    if (depends) for (const name of input) if (early.has(name)) cut.add(name);
  }
  const tensor = { value: { case: "tensorType" as const, value: { elemType: Tensor_DataType.FLOAT } } };
  const crossing = [...cut].map((name) => create(ValueInfoSchema, { name, type: tensor }));
  const rest = {
    ...graph,
    node: graph.node.filter(({ output }) => output.some((name) => late.has(name))),
    input: [...graph.input, ...crossing],
  };
  return {
    before: pruneTo(model, [...cut]),
    after: pruneTo({ ...model, graph: rest }, ["predictions"]),
    cut: [...cut],
  };
}
