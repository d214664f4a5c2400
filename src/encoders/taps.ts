/**
 * @file Taps: the tensors inside an encoder that become tokens. By number: `depth-k`, the residual stream
 * after block k of a transformer, or `stage-k`, the end of stage k of a convolutional net. By name: any
 * tensor of the graph; `pooled` is the output that sums the picture up.
 */

import { closest } from "fastest-levenshtein";
import { openSession } from "#engine";
import { type NdArray, sizeOf } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import type { Encoder } from "./encoder.ts";
import { type Cut, pruneTo } from "./trunk.ts";

/** A tensor to read. */
export interface Tap {
  /** `depth-6`, `stage-4`, or the tensor's name. */
  readonly name: string;
  readonly tensor: string;
}

/**
 * The numbered taps of an encoder, first to last.
 *
 * A transformer's block is an attention branch and what follows it up to the next one; its depth is the
 * last residual sum. A convolutional stage ends where everything passes through one map and the next map
 * is wider, or is pooled, and before the norm there, as in ConvNeXt; the last convolution's map is the last stage. EfficientNet-Lite0: 16, 24, 40,
 * 80, 112, 192, 320 and 1,280 channels.
 * @throws DataError when the graph has none.
 */
export async function listTaps(encoder: Encoder): Promise<Tap[]> {
  const tensors =
    encoder.kind === "transformer" ? depthsOf(encoder.cuts) : stagesOf(encoder, await mapShapes(encoder));
  if (tensors.length === 0) {
    const some = innerTensors(encoder).slice(-5).join(", ");
    throw new VcaError(
      "DataError",
      `encoder ${encoder.name}: transformer blocks or convolutional stages were expected, got none. Name tensors instead, such as ${some}.`,
    );
  }
  const word = encoder.kind === "transformer" ? "depth" : "stage";
  return tensors.map((tensor, i) => ({ name: `${word}-${i + 1}`, tensor }));
}

function depthsOf(cuts: readonly Cut[]): string[] {
  const depths: string[] = [];
  for (const { tensor, residual, attention } of cuts) {
    if (attention && !residual) break; // a head that pools by attention, as SigLIP's, and writes into no stream
    if (!residual) continue;
    if (attention) depths.push(tensor);
    else if (depths.length > 0) depths[depths.length - 1] = tensor;
  }
  return depths;
}

/** The shapes of all cuts, from one run on a black picture: no shape rules of ONNX are repeated here. */
async function mapShapes(encoder: Encoder): Promise<(readonly number[])[]> {
  const names = encoder.cuts.map((cut) => cut.tensor);
  const session = await openSession(encodeOnnx(pruneTo(encoder.model, names)));
  try {
    const outputs = await session.run({ [encoder.input.name]: blackPicture(encoder) }, names);
    return names.map((name) => outputs[name]!.shape);
  } finally {
    await session.close();
  }
}

function blackPicture({ input, preprocessing: { height, width } }: Encoder): NdArray {
  const shape = [input.batch ?? 1, 3, height, width];
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** What a norm between two stages is made of: the stage is its sum before that. */
const NORMALISING = new Set(["LayerNormalization", "Transpose", "Sub", "Div", "Mul", "Add"]);

function stagesOf(encoder: Encoder, shapes: readonly (readonly number[])[]): string[] {
  const { height, width } = encoder.preprocessing;
  const maps = encoder.cuts.flatMap((cut, i) => {
    const [, channels, h, w, ...rest] = shapes[i]!;
    if (channels === undefined || h === undefined || w === undefined || rest.length > 0) return [];
    const likePicture = Math.abs(h * width - w * height) < Math.max(height, width);
    return likePicture && h * w > 1 ? [{ ...cut, channels, h, pool: cut.op.includes("Pool") }] : [];
  });
  return maps.flatMap(({ tensor, channels, h, pool }, i) => {
    const next = maps[i + 1];
    const ends = !pool && (!next || next.channels > channels || (next.pool && next.h < h));
    if (!ends) return [];
    const sum = maps.slice(0, i + 1).findLast(({ op, residual }) => residual || !NORMALISING.has(op));
    return [sum?.residual ? sum.tensor : tensor];
  });
}

/**
 * The output that sums a picture up, first found: CLIP's projected embedding, a pooling head's vector, the normalised
 * tokens (of which CLS, or the mean, is the vector). Without one, `pooled` is the last tap.
 */
const SUMMARIES = ["image_embeds", "pooler_output", "last_hidden_state"];

function summaryOf({ model }: Encoder): string | undefined {
  const outputs = new Set(model.graph!.output.map(({ name }) => name));
  return SUMMARIES.find((name) => outputs.has(name));
}

function isNumber(part: string): boolean {
  return /^\d+$/.test(part);
}

function innerTensors(encoder: Encoder): string[] {
  return encoder.model.graph!.node.flatMap((node) => node.output).filter(Boolean);
}

/**
 * The taps that a text asks for: numbers (`6,9,12`), their names (`depth-6`), `last`, `pooled`, or tensors' names,
 * separated by commas. Default: half, three quarters and all of a transformer's L blocks (6, 9, 12 of 12);
 * a convolutional net's last four stages.
 * @throws ConfigError for a tap that does not exist or is named twice.
 */
export async function resolveTaps(encoder: Encoder, text?: string): Promise<Tap[]> {
  const inner = new Set(innerTensors(encoder));
  const summary = summaryOf(encoder);
  const parts = text
    ?.split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  const named = (part: string): Tap | undefined => {
    if (part === "pooled" && summary) return { name: part, tensor: summary };
    return inner.has(part) && !isNumber(part) ? { name: part, tensor: part } : undefined;
  };
  const byName = (parts ?? []).flatMap((part) => named(part) ?? []);
  if (parts && parts.length > 0 && byName.length === parts.length) return unique(encoder, byName);
  const numbered = await listTaps(encoder);
  if (!parts || parts.length === 0) return defaultTaps(encoder, numbered);
  const word = numbered[0]!.name.split("-")[0]!;
  const taps = parts.map((part) => {
    const wanted =
      part === "last" || (part === "pooled" && !summary)
        ? numbered.at(-1)!.name
        : isNumber(part)
          ? `${word}-${part}`
          : part;
    const tap = numbered.find((candidate) => candidate.name === wanted);
    const found = tap ?? named(part);
    if (found) return found;
    const nearest = closest(part, [...numbered.map((candidate) => candidate.name), ...inner]);
    const hint = isNumber(part) ? "" : ` Did you mean "${nearest}"?`;
    throw new VcaError(
      "ConfigError",
      `encoder ${encoder.name}: unknown tap "${part}".${hint} Choices: 1 to ${numbered.length} (${word}), last, pooled, or a tensor's name.`,
    );
  });
  return unique(encoder, taps);
}

function defaultTaps(encoder: Encoder, numbered: readonly Tap[]): Tap[] {
  if (encoder.kind === "convolutional") return numbered.slice(-4);
  const blocks = numbered.length;
  const depths = new Set([Math.ceil(blocks / 2), Math.ceil((blocks * 3) / 4), blocks]);
  return [...depths].map((depth) => numbered[depth - 1]!);
}

function unique(encoder: Encoder, taps: Tap[]): Tap[] {
  const twice = taps.find((tap, i) => taps.findIndex((other) => other.tensor === tap.tensor) !== i);
  if (!twice) return taps;
  throw new VcaError(
    "ConfigError",
    `encoder ${encoder.name}: each tap must be named once, got "${twice.name}" twice. Remove one of them.`,
  );
}
