/**
 * @file A trained network that answers in many settings of its gains. For each nucleus its graph is cut where that
 * nucleus's gain begins to matter: what comes before is computed once, what comes after once per setting, several at once.
 */
import { create } from "@bufbuild/protobuf";
import { openSession } from "#engine";
import { type Circuit, projectionName, type VisualShape } from "../circuits/circuit.ts";
import { applyCircuit } from "../circuits/model.ts";
import { type NdArray, takeRows, zeros } from "../core/array.ts";
import { pruneTo } from "../encoders/trunk.ts";
import type { Arrays, Session } from "../engine/session.ts";
import { Graph } from "../graph/build.ts";
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
/** Settings of a nucleus run at once, as replicas of the network. */
const TOGETHER = 8;

/** Opens a circuit for tokens of a shape, on one thread, so that results do not depend on how many there are. */
export async function openLesionable(circuit: Circuit, visual: VisualShape): Promise<LesionableNetwork> {
  const { units, model: single } = adjustable(circuit, visual, 1);
  const { model } = adjustable(circuit, visual, TOGETHER);
  const open = (part: Model) => openSession(encodeOnnx(part), { threads: 1 });
  const parts = [...units.keys()].map((id) => ({ id, ...downstream(model, [`gain/${id}`, `offset/${id}`]) }));
  const cuts = [...new Set(parts.flatMap(({ cut }) => cut))];
  const [whole, before, ...opened] = (await Promise.all(
    [single, pruneTo(model, cuts), ...parts.map(({ part }) => part)].map(open),
  )) as [Session, Session, ...Session[]];
  const after = new Map(parts.map(({ id }, i) => [id, opened[i]!]));
  return {
    units,
    close: async () => {
      await Promise.all([whole, before, ...opened].map((session) => session.close()));
    },
    load: async (parameters, pictures) => {
      const S = pictures.shape[0]!;
      const rest = (replicas: number): Arrays => ({
        ...Object.fromEntries(joinReplicas(Array(replicas).fill(parameters))),
        ...settingFeeds(circuit, units, {}, replicas),
      });
      const atRest = rest(TOGETHER);
      await whole.hold(only(rest(1), whole));
      await before.hold(only(atRest, before));
      const pieces: Arrays[] = [];
      for (const rows of piecesOf(S)) {
        const seen = { tokens: takeRows(pictures, rows) };
        pieces.push({ ...seen, ...(await before.run(seen, cuts)) });
      }
      const alone = pieces.length === 1; // then what comes before stays with the engine
      for (const session of opened)
        await session.hold(only(alone ? { ...atRest, ...pieces[0] } : atRest, session));

      /** Predictions of all pictures, `[replicas][S, 2]`. */
      const answers = async (session: Session, feeds: Arrays, replicas: number): Promise<NdArray[]> => {
        const all = Array.from({ length: replicas }, () => zeros([S, 2]));
        for (const [i, piece] of pieces.entries()) {
          const seen = alone && session !== whole ? {} : only(piece, session);
          const { predictions } = await session.run({ ...seen, ...feeds }, ["predictions"]);
          const { shape, data } = predictions as NdArray; // [replicas, pictures of the piece, 2]
          const size = shape[1]! * 2;
          for (const [r, one] of all.entries())
            one.data.set(data.subarray(r * size, (r + 1) * size), i * PIECE * 2);
        }
        return all;
      };
      return async (settings) => {
        const found: NdArray[] = [];
        while (found.length < settings.length) {
          const nucleus = onlyNucleus(settings[found.length]!);
          const session = after.get(nucleus ?? "");
          if (nucleus === undefined || !session) {
            const feeds = settingFeeds(circuit, units, settings[found.length]!, 1);
            found.push(...(await answers(whole, only(feeds, whole), 1)));
            continue;
          }
          const next = settings.slice(found.length, found.length + TOGETHER);
          const other = next.findIndex((setting) => onlyNucleus(setting) !== nucleus);
          const same = other < 0 ? next : next.slice(0, other);
          const feeds = nucleusFeeds(nucleus, units.get(nucleus)!, same);
          found.push(...(await answers(session, feeds, TOGETHER)).slice(0, same.length));
        }
        return found;
      };
    },
  };
}

/** A circuit whose gains and offsets are inputs, in so many replicas. */
function adjustable(circuit: Circuit, { tokens: T, width: D, hasCls }: VisualShape, replicas: number) {
  const graph = new Graph();
  const tokens = graph.input("tokens", [BATCH, T, D]);
  const options = { replicas, gains: true, offsets: true };
  const { predictions, activations } = applyCircuit(graph, circuit, { tokens, hasCls }, options);
  graph.output("predictions", predictions);
  const units = new Map([...activations].map(([id, value]) => [id, value.shape[2] as number]));
  return { model: emitOnnx(graph), units };
}

/** The nucleus that a setting is of, when it is of one alone. */
function onlyNucleus({ gains, offsets, projections }: Setting): string | undefined {
  const named = new Set([...(gains?.keys() ?? []), ...(offsets?.keys() ?? [])]);
  return projections || named.size !== 1 ? undefined : [...named][0];
}

/** Settings of one nucleus, one for each of the first replicas; the others are at rest. */
function nucleusFeeds(id: string, U: number, settings: readonly Setting[]): Arrays {
  const gain = new Float32Array(TOGETHER * U).fill(1);
  const offset = new Float32Array(TOGETHER * U);
  for (const [r, { gains, offsets }] of settings.entries()) {
    gain.set(gains?.get(id) ?? [], r * U);
    offset.set(offsets?.get(id) ?? [], r * U);
  }
  const shape = [TOGETHER * U];
  return { [`gain/${id}`]: { shape, data: gain }, [`offset/${id}`]: { shape, data: offset } };
}

function piecesOf(S: number): number[][] {
  const rows = Array.from({ length: S }, (_, s) => s);
  return Array.from({ length: Math.ceil(S / PIECE) }, (_, i) => rows.slice(i * PIECE, (i + 1) * PIECE));
}

/** Those of `arrays` that a session takes. */
function only(arrays: Arrays, { inputs }: Session): Arrays {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => inputs.includes(name)));
}

/** A setting, the same for all replicas, as the graph takes it; what is not named is at rest. */
function settingFeeds(
  circuit: Circuit,
  units: ReadonlyMap<string, number>,
  { gains, offsets, projections }: Setting,
  replicas: number,
): Arrays {
  const feeds: Record<string, NdArray> = {};
  for (const [id, U] of units) {
    const gain = gains?.get(id) ?? new Float32Array(U).fill(1);
    const offset = offsets?.get(id) ?? new Float32Array(U);
    for (const [kind, values] of Object.entries({ gain, offset })) {
      const data = new Float32Array(replicas * U);
      for (let r = 0; r < replicas; r++) data.set(values, r * U);
      feeds[`${kind}/${id}`] = { shape: [replicas * U], data };
    }
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
