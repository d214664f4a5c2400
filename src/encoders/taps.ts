/**
 * @file Taps: the tensors inside an encoder that become tokens. By number: `depth-k`, the residual stream
 * after block k of a transformer, or `stage-k`, the end of stage k of a convolutional net. By name: any
 * tensor of the graph.
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
 * is wider, or is pooled; the last convolution's map is the last stage. EfficientNet-Lite0: 16, 24, 40,
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

function stagesOf(encoder: Encoder, shapes: readonly (readonly number[])[]): string[] {
  const { height, width } = encoder.preprocessing;
  const maps = encoder.cuts.flatMap(({ tensor, op }, i) => {
    const [, channels, h, w, ...rest] = shapes[i]!;
    if (channels === undefined || h === undefined || w === undefined || rest.length > 0) return [];
    const likePicture = Math.abs(h * width - w * height) < Math.max(height, width);
    return likePicture && h * w > 1 ? [{ tensor, channels, h, pool: op.includes("Pool") }] : [];
  });
  return maps
    .filter(({ channels, h, pool }, i) => {
      const next = maps[i + 1];
      return !pool && (!next || next.channels > channels || (next.pool && next.h < h));
    })
    .map(({ tensor }) => tensor);
}

function isNumber(part: string): boolean {
  return /^\d+$/.test(part);
}

function innerTensors(encoder: Encoder): string[] {
  return encoder.model.graph!.node.flatMap((node) => node.output).filter(Boolean);
}

/**
 * The taps that a text asks for: numbers (`6,9,12`), their names (`depth-6`), `last`, or tensors' names,
 * separated by commas. Default: half, three quarters and all of a transformer's L blocks (6, 9, 12 of 12);
 * a convolutional net's last four stages.
 * @throws ConfigError for a tap that does not exist or is named twice.
 */
export async function resolveTaps(encoder: Encoder, text?: string): Promise<Tap[]> {
  const inner = new Set(innerTensors(encoder));
  const parts = text
    ?.split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts && parts.length > 0 && parts.every((part) => inner.has(part) && !isNumber(part)))
    return unique(
      encoder,
      parts.map((tensor) => ({ name: tensor, tensor })),
    );
  const numbered = await listTaps(encoder);
  if (!parts || parts.length === 0) return defaultTaps(encoder, numbered);
  const word = numbered[0]!.name.split("-")[0]!;
  const taps = parts.map((part) => {
    const wanted = part === "last" ? numbered.at(-1)!.name : isNumber(part) ? `${word}-${part}` : part;
    const tap = numbered.find((candidate) => candidate.name === wanted);
    if (tap) return tap;
    if (inner.has(part)) return { name: part, tensor: part };
    const nearest = closest(part, [...numbered.map((candidate) => candidate.name), ...inner]);
    const hint = isNumber(part) ? "" : ` Did you mean "${nearest}"?`;
    throw new VcaError(
      "ConfigError",
      `encoder ${encoder.name}: unknown tap "${part}".${hint} Choices: 1 to ${numbered.length} (${word}), last, or a tensor's name.`,
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
