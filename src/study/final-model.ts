/**
 * @file The model that leaves the program: pixels in; valence, arousal and every nucleus's activation out.
 * Normalisation, encoder, tokens and circuit in one ONNX file, described in its metadata.
 */
import { openSession } from "#engine";
import { packageVersion, writeFileAtomic } from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import type { NdArray } from "../core/array.ts";
import { type Encoder, openEncoder } from "../encoders/encoder.ts";
import type { Tap } from "../encoders/taps.ts";
import { tokensInGraph } from "../encoders/token-graph.ts";
import { pruneTo } from "../encoders/trunk.ts";
import { VcaError } from "../errors.ts";
import { div, Graph, sub } from "../graph/build.ts";
import { emitOnnx } from "../graph/emit.ts";
import { mergeModels, prefixNames } from "../graph/merge.ts";
import { encodeOnnx, type Model, opsetOf } from "../graph/onnx.ts";
import { BATCH, type Dim } from "../graph/shape.ts";
import type { Scale } from "../stimuli/scale.ts";
import { addNetworks, joinReplicas } from "../training/inference.ts";
import type { FitConfig } from "./fit-config.ts";
import { tokenPlan } from "./prepare.ts";
import { seedsOf } from "./replicas.ts";
import type { Manifest, Run } from "./run-folder.ts";

/** What goes into a final model. */
export interface ModelParts {
  readonly encoder: Encoder;
  readonly taps: readonly Tap[];
  readonly circuit: Circuit;
  /** Whether token 0 is a CLS token. */
  readonly hasCls: boolean;
  readonly trainedOn: TrainedOn;
}

/** The pictures that a model learned from. */
export interface TrainedOn {
  readonly set: string;
  readonly n: number;
  readonly scale: Scale;
}

/** The encoder of a run. @throws DataError when it has changed since; as `openEncoder`. */
export async function openRunEncoder({
  config,
  manifest,
}: Pick<Run, "config" | "manifest">): Promise<Encoder> {
  const encoder = await openEncoder(config.encoder);
  if (encoder.id === manifest.encoder.sha256) return encoder;
  throw new VcaError(
    "DataError",
    `${config.encoder}: the encoder of the run was expected (sha256 ${manifest.encoder.sha256}), got ${encoder.id}. Put the old file back.`,
  );
}

/** The parts of a run's final model. */
export function modelParts(
  encoder: Encoder,
  {
    encoder: { taps },
    circuit,
    tokens,
    stimuli,
  }: Pick<Manifest, "encoder" | "circuit" | "tokens" | "stimuli">,
): ModelParts {
  return { encoder, taps, circuit, hasCls: tokens.hasCls, trainedOn: stimuli };
}

const ENCODER = "encoder/";

/** (pixels - mean) / sd per channel, `[B, 3, H, W]`, from 0..1 to what the encoder was trained on. */
function normalisation(encoder: Encoder, opset: number): Model {
  const { mean, sd, height, width } = encoder.preprocessing;
  const graph = new Graph();
  const pixels = graph.input("pixels", [encoder.input.batch ?? BATCH, 3, height, width]);
  const perChannel = (values: readonly number[]) =>
    graph.constant({ shape: [1, 3, 1, 1], data: Float32Array.from(values) });
  const normalised = graph.scope("normalisation", () => div(sub(pixels, perChannel(mean)), perChannel(sd)));
  graph.output(`${ENCODER}${encoder.input.name}`, normalised);
  return emitOnnx(graph, { opset });
}

/** An encoder's graph up to its taps. */
function trunkOf({ encoder, taps }: Pick<ModelParts, "encoder" | "taps">): Model {
  return pruneTo(
    encoder.model,
    taps.map(({ tensor }) => tensor),
  );
}

/** Shapes of the taps' outputs for a free batch, from one run on a black picture. */
export async function tapShapes(parts: Pick<ModelParts, "encoder" | "taps">): Promise<Dim[][]> {
  const { encoder, taps } = parts;
  const { height, width } = encoder.preprocessing;
  const B = encoder.input.batch ?? 1;
  const session = await openSession(encodeOnnx(trunkOf(parts)));
  try {
    const black = { shape: [B, 3, height, width], data: new Float32Array(B * 3 * height * width) };
    const outputs = await session.run({ [encoder.input.name]: black });
    return taps.map(({ tensor }) => [encoder.input.batch ?? BATCH, ...outputs[tensor]!.shape.slice(1)]);
  } finally {
    await session.close();
  }
}

/**
 * The whole model as an ONNX message.
 * @param gains keep the gain inputs, instead of baking 1 in
 * @param networks the parameters of the replicas whose mean is the answer
 */
async function buildFinalModel(
  parts: ModelParts,
  options: { networks: readonly ReadonlyMap<string, NdArray>[]; config: FitConfig; gains: boolean },
): Promise<Model> {
  const { encoder, taps, circuit } = parts;
  const { config, gains } = options;
  const opset = opsetOf(encoder.model);
  const shapes = await tapShapes(parts);
  const graph = new Graph();
  const outputs = taps.map(({ tensor }, i) => graph.input(`${ENCODER}${tensor}`, shapes[i]!));
  const plan = tokenPlan(circuit.visual, config.grid);
  const tokens = graph.scope("tokens", () =>
    tokensInGraph(graph, taps, outputs, { plan, preprocessing: encoder.preprocessing }),
  );
  addNetworks(graph, circuit, { tokens, hasCls: parts.hasCls }, { replicas: options.networks.length, gains });
  const parameters = joinReplicas(options.networks);
  const network = emitOnnx(graph, { opset, parameters });
  const models = [normalisation(encoder, opset), prefixNames(trunkOf(parts), ENCODER), network];
  return mergeModels(models, await describe(parts, config));
}

async function describe(
  { encoder, taps, circuit, trainedOn }: ModelParts,
  config: FitConfig,
): Promise<Record<string, string>> {
  return {
    "vca.version": await packageVersion(),
    "vca.encoder": JSON.stringify({ name: encoder.name, sha256: encoder.id, taps }),
    "vca.preprocessing": JSON.stringify(encoder.preprocessing),
    "vca.input":
      "pixels: float32 [B, 3, H, W], RGB from 0 to 1, resized and cropped as vca.preprocessing says",
    "vca.scale": JSON.stringify(trainedOn.scale),
    "vca.circuit": JSON.stringify(circuit),
    "vca.trained-on": JSON.stringify({ set: trainedOn.set, n: trainedOn.n, seeds: seedsOf(config) }),
  };
}

/** Writes the model. */
export async function writeFinalModel(
  path: string,
  parts: ModelParts,
  options: Parameters<typeof buildFinalModel>[1],
): Promise<number> {
  const bytes = encodeOnnx(await buildFinalModel(parts, options));
  await writeFileAtomic(path, bytes);
  return bytes.length;
}
