/**
 * @file A trained network that answers in many settings of its gains. For each nucleus its graph is cut where that
 * nucleus's gain begins to matter: what comes before is computed once, what comes after once per setting.
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
const PIECE = 512;

/** Opens a circuit for tokens of a shape, on one thread, so that results do not depend on how many there are. */
export async function openLesionable(circuit: Circuit, visual: VisualShape): Promise<LesionableNetwork> {
  const { tokens: T, width: D, hasCls } = visual;
  const graph = new Graph();
  const tokens = graph.input("tokens", [BATCH, T, D]);
  const options = { replicas: 1, gains: true, offsets: true };
  const { predictions, activations } = applyCircuit(graph, circuit, { tokens, hasCls }, options);
  graph.output("predictions", reshape(predictions, [BATCH, 2]));
  const units = new Map([...activations].map(([id, value]) => [id, value.shape[2] as number]));
  const model = emitOnnx(graph);
  const open = (part: Model) => openSession(encodeOnnx(part), { threads: 1 });
  const parts = [...units.keys()].map((id) => ({ id, ...downstream(model, [`gain/${id}`, `offset/${id}`]) }));
  const cuts = [...new Set(parts.flatMap(({ cut }) => cut))];
  const whole = await open(pruneTo(model, ["predictions", ...cuts]));
  const after = new Map(
    await Promise.all(parts.map(async ({ id, part }) => [id, await open(part)] as const)),
  );
  return {
    units,
    close: async () => {
      await Promise.all([whole, ...after.values()].map((session) => session.close()));
    },
    load: async (parameters, pictures) => {
      const S = pictures.shape[0]!;
      const rest: Arrays = {
        ...Object.fromEntries(joinReplicas([parameters])),
        ...settingFeeds(circuit, units, {}),
      };
      await whole.hold(only(rest, whole));
      const pieces: Arrays[] = [];
      for (const rows of piecesOf(S)) {
        const seen = { tokens: takeRows(pictures, rows) };
        pieces.push({ ...seen, ...(await whole.run(seen, cuts)) });
      }
      const alone = pieces.length === 1; // then what comes before stays with the engine
      for (const session of after.values())
        await session.hold(only(alone ? { ...rest, ...pieces[0] } : rest, session));
      return async (setting) => {
        const feeds = settingFeeds(circuit, units, setting);
        const session = after.get(onlyNucleus(setting) ?? "") ?? whole;
        const all = zeros([S, 2]);
        for (const [i, piece] of pieces.entries()) {
          const seen = alone && session !== whole ? {} : only(piece, session);
          const { predictions: found } = await session.run({ ...seen, ...only(feeds, session) }, [
            "predictions",
          ]);
          all.data.set(found!.data as Float32Array, i * PIECE * 2);
        }
        return all;
      };
    },
  };
}

/** The nucleus that a setting is of, when it is of one alone. */
function onlyNucleus({ gains, offsets, projections }: Setting): string | undefined {
  const named = new Set([...(gains?.keys() ?? []), ...(offsets?.keys() ?? [])]);
  return projections || named.size !== 1 ? undefined : [...named][0];
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

/** The part of a model that depends on the inputs `varied`, and the tensors `cut` of the rest that it reads. */
function downstream(model: Model, varied: readonly string[]): { part: Model; cut: string[] } {
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
  const part = {
    ...graph,
    node: graph.node.filter(({ output }) => output.some((name) => late.has(name))),
    input: [...graph.input, ...crossing],
  };
  return { part: pruneTo({ ...model, graph: part }, ["predictions"]), cut: [...cut] };
}
