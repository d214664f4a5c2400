/**
 * @file A finished run at work, as the lab has it: two sessions, so that a picture is seen once (encoder to tokens) and
 * answered often (tokens and gains to valence, arousal and units). The same files in Node and in a tab.
 */
import { openSession } from "#engine";
import type { Circuit } from "../circuits/circuit.ts";
import { projectionName } from "../circuits/circuit.ts";
import type { Applied } from "../circuits/parts.ts";
import type { NdArray } from "../core/array.ts";
import { columnIndex } from "../core/csv.ts";
import type { Picture } from "../core/picture.ts";
import { mean as meanOf, quantiles } from "../core/statistics.ts";
import { type Preprocessing, preprocess } from "../encoders/preprocess.ts";
import type { Tap } from "../encoders/taps.ts";
import { planTokens, type TokenPlan } from "../encoders/tokens.ts";
import { pruneTo } from "../encoders/trunk.ts";
import { elements, Graph, mean, reshape } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { BATCH, type Dim } from "../graph/shape.ts";
import { addNetworks, joinReplicas } from "../training/inference.ts";
import { openRunEncoder, type TrainedOn } from "./final-model.ts";
import { tokenPlan } from "./prepare.ts";
import { finalNetworks, replicaName } from "./replicas.ts";
import { type Manifest, RunFolder, readArray } from "./run-folder.ts";

/** What is known of a live model beside its two graphs; plain data. */
export interface LiveAbout {
  readonly encoder: { readonly name: string; readonly input: string; readonly batch: number | null };
  readonly preprocessing: Preprocessing;
  readonly taps: readonly Tap[];
  readonly plan: TokenPlan;
  readonly circuit: Circuit;
  /** Networks whose mean is the answer. */
  readonly networks: number;
  /** Units of each nucleus over all networks, R U. */
  readonly units: Readonly<Record<string, number>>;
  /** 5 and 95 % quantiles over held-out pictures of each nucleus's mean activity. */
  readonly typical: Readonly<Record<string, readonly [number, number]>>;
  readonly trainedOn: TrainedOn;
}

/** A live model before it is opened. */
export interface LiveModel {
  readonly about: LiveAbout;
  /** ONNX: normalised pixels `[B, 3, H, W]` to the taps. */
  readonly trunk: Uint8Array;
  /** ONNX: tokens `[B, T, D]` and gains to valence and arousal `[B]` and units `[B, R U]`. */
  readonly network: Uint8Array;
}

/** Gains by nucleus (one for all its units, or `[R U]`) and by projection such as `LA->CeA`; what is not named is 1. */
export type LiveGains = Readonly<Record<string, number | Float32Array>>;

/** What a model makes of one picture. */
export interface LiveAnswer {
  readonly valence: number;
  readonly arousal: number;
  /** Units of each nucleus after gain, `[R U]`. */
  readonly units: Readonly<Record<string, Float32Array>>;
  /** Where each nucleus that attends to the visual tokens looks, `[T]`, summing to 1: mean over networks, heads and queries. */
  readonly attention: Readonly<Record<string, Float32Array>>;
}

/** An open model. */
export interface Live {
  readonly about: LiveAbout;
  /** The tokens of a picture, `[1, T, D]`. */
  see(picture: Picture): Promise<NdArray>;
  /** Answers to several pictures' tokens under the same gains. */
  answer(tokens: readonly NdArray[], gains: LiveGains): Promise<LiveAnswer[]>;
  close(): Promise<void>;
}

/**
 * The live model of a run.
 * @throws DataError when the run is not finished, or its encoder has changed since.
 */
export async function liveModel(run: string): Promise<LiveModel> {
  const { folder, config, manifest } = await RunFolder.open(run);
  const encoder = await openRunEncoder({ config, manifest });
  const { circuit, tokens, stimuli } = manifest;
  const { taps } = manifest.encoder;
  const networks = await finalNetworks(folder, config, manifest);
  const graph = new Graph();
  const input = graph.input("tokens", [BATCH, tokens.T, tokens.D]);
  const applied = addNetworks(
    graph,
    circuit,
    { tokens: input, hasCls: tokens.hasCls },
    { replicas: networks.length, gains: true },
  );
  addAttention(graph, applied, networks.length, tokens.T);
  const units = graph.nodes.flatMap((node) =>
    node.kind === "input" && node.outputs[0]!.shape.length === 1
      ? [[node.name.slice("gain/".length), elements(node.outputs[0]!)] as const]
      : [],
  );
  const trunk = pruneTo(
    encoder.model,
    taps.map(({ tensor }) => tensor),
  );
  return {
    trunk: encodeOnnx(trunk),
    network: encodeOnnx(emitOnnx(graph, { parameters: joinReplicas(networks) })),
    about: {
      encoder: { name: encoder.name, input: encoder.input.name, batch: encoder.input.batch ?? null },
      preprocessing: encoder.preprocessing,
      taps,
      plan: tokenPlan(circuit.visual, config.grid),
      circuit,
      networks: networks.length,
      units: Object.fromEntries(units),
      typical: await typicalActivity(folder, manifest),
      trainedOn: { set: stimuli.set, n: stimuli.n, scale: stimuli.scale },
    },
  };
}

/** Outputs `attention/<nucleus>` `[B, T]`: the mean over networks, heads and queries of each nucleus's first weights over the visual tokens. */
function addAttention(graph: Graph, { attention }: Applied, R: number, T: number): void {
  if (T === 1) return;
  for (const [id, layers] of attention) {
    const weights = layers.find(({ shape }) => shape[3] === T); // [R B, H, queries, T]
    if (!weights) continue;
    const [, H, queries] = weights.shape as [Dim, number, number];
    const looks = mean(reshape(weights, [R, BATCH, H * queries, T]), [0, 2]); // [1, B, 1, T]
    graph.output(`attention/${id}`, reshape(looks, [BATCH, T]));
  }
}

/** From the last epoch of each network that did not see the pictures. */
async function typicalActivity(
  folder: RunFolder,
  { circuit, seeds, recipe }: Manifest,
): Promise<LiveAbout["typical"]> {
  const stimuli = await folder.readTable("stimuli.csv");
  const fold = columnIndex(stimuli, "fold");
  const folds = new Set(stimuli.rows.map(({ cells }) => Number(cells[fold])));
  const typical: Record<string, readonly [number, number]> = {};
  for (const { id } of circuit.nuclei) {
    const means: number[] = [];
    for (const name of seeds.flatMap((seed) => [...folds].map((f) => replicaName(f, seed)))) {
      const { data, shape } = await readArray(folder.activationsFile(name, id, recipe.epochs));
      const U = shape[1]!;
      for (let at = 0; at < data.length; at += U) means.push(meanOf(data.subarray(at, at + U)));
    }
    typical[id] = quantiles(Float64Array.from(means), [0.05, 0.95]) as [number, number];
  }
  return typical;
}

/** Opens a live model. @throws EngineError */
export async function openLive({ about, trunk, network }: LiveModel, threads?: number): Promise<Live> {
  const { preprocessing, encoder, taps, plan, circuit } = about;
  const { height, width } = preprocessing;
  const [eye, brain] = await Promise.all([
    openSession(trunk, threads === undefined ? {} : { threads }),
    openSession(network, { threads: 1 }),
  ]);
  let held: readonly NdArray[] = []; // with the engine, so that a slider moves only gains
  const attending = brain.outputs.flatMap((name) => /^attention\/(.*)$/.exec(name)?.[1] ?? []);
  return {
    about,
    see: async (picture) => {
      const pixels = preprocess(picture, preprocessing);
      const data = new Float32Array((encoder.batch ?? 1) * pixels.length);
      data.set(pixels);
      const outputs = await eye.run({
        [encoder.input]: { shape: [encoder.batch ?? 1, 3, height, width], data },
      });
      const seen = taps.map(({ tensor }) => outputs[tensor] as NdArray);
      const { read, shape } = planTokens(
        taps,
        seen.map((tap) => tap.shape),
        plan,
        preprocessing,
      );
      return { shape: [1, shape.T, shape.D], data: read(seen, 0) };
    },
    answer: async (tokens, gains) => {
      const isHeld = tokens.length === held.length && tokens.every((each, b) => each === held[b]);
      held = tokens;
      // Both are sent at once: no other answer can come between them.
      const holding = isHeld ? undefined : brain.hold({ tokens: sideBySide(tokens) });
      const [outputs] = await Promise.all([brain.run(gainFeeds(about, gains)), holding]);
      const part = (name: string, b: number) => {
        const all = outputs[name]!.data as Float32Array;
        const size = all.length / tokens.length;
        return all.slice(b * size, (b + 1) * size);
      };
      return tokens.map((_, b) => ({
        valence: part("valence", b)[0]!,
        arousal: part("arousal", b)[0]!,
        units: Object.fromEntries(circuit.nuclei.map(({ id }) => [id, part(`activation/${id}`, b)])),
        attention: Object.fromEntries(attending.map((id) => [id, part(`attention/${id}`, b)])),
      }));
    },
    close: async () => {
      await Promise.all([eye.close(), brain.close()]);
    },
  };
}

/** `[1, T, D]` each to `[B, T, D]`. */
function sideBySide(tokens: readonly NdArray[]): NdArray {
  const [, T, D] = tokens[0]!.shape as [number, number, number];
  const data = new Float32Array(tokens.length * T * D);
  tokens.forEach((each, b) => {
    data.set(each.data, b * T * D);
  });
  return { shape: [tokens.length, T, D], data };
}

function gainFeeds({ circuit, units }: LiveAbout, gains: LiveGains): Record<string, NdArray> {
  const feeds: Record<string, NdArray> = {};
  for (const [id, size] of Object.entries(units)) {
    const gain = gains[id] ?? 1;
    feeds[`gain/${id}`] = {
      shape: [size],
      data: typeof gain === "number" ? new Float32Array(size).fill(gain) : gain,
    };
  }
  for (const name of circuit.projections.map(projectionName))
    feeds[`gain/${name}`] = { shape: [], data: Float32Array.of(Number(gains[name] ?? 1)) };
  return feeds;
}
