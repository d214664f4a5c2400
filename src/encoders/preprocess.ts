/**
 * @file From a picture to an encoder's input, as `preprocessor_config.json` of the Hugging Face hub says
 * it. Geometry (8-bit pixels, resized and cropped) and normalisation (one affine map per channel) are
 * apart, because an exported model holds the second and its callers do the first.
 * Source: transformers, `image_processing_*.py` (the NumPy ones) and `image_transforms.py`.
 */
import type { Picture } from "../core/picture.ts";
import { VcaError } from "../errors.ts";
import { FILTERS, type Filter, resize } from "./resample.ts";

/** What an encoder wants done to a picture; plain data. */
export interface Preprocessing {
  /** `exact`: to height x width. `shortest`: the shorter edge to `edge`, keeping proportions. */
  readonly resize?:
    | { readonly kind: "exact"; readonly height: number; readonly width: number }
    | { readonly kind: "shortest"; readonly edge: number };
  readonly filter: Filter;
  /** Height and width of the input; cut from the centre, filled with black where the picture is smaller. */
  readonly height: number;
  readonly width: number;
  /** Mean and standard deviation per channel, for pixels 0..1: input = (pixel - mean) / sd. */
  readonly mean: readonly [number, number, number];
  readonly sd: readonly [number, number, number];
}

type Triple = readonly [number, number, number];

/** Processors that read a bare `size` as the shorter edge; the others read it as a square. */
const SHORTEST_EDGE = /^(CLIP|ChineseCLIP|Bit|ConvNext|Levit|PoolFormer|MobileNetV[12]|MobileViT|Flava)/i;

/**
 * Reads `preprocessor_config.json`.
 * @param config its parsed content
 * @param where named in errors, usually the file
 * @throws DataError when a value is missing or malformed, or the input's size is not fixed.
 */
export function readPreprocessing(config: unknown, where: string): Preprocessing {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw fault(where, "the settings", "an object", config);
  const settings = config as Readonly<Record<string, unknown>>;
  const kind = String(settings.image_processor_type ?? settings.feature_extractor_type ?? "");
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = settings[name] ?? otherwise;
    if (typeof value !== "boolean") throw fault(where, name, "true or false", value);
    return value;
  };

  const cut = flag("do_center_crop", false)
    ? sizeOf(settings.crop_size, "crop_size", where, true)
    : undefined;
  let filter: Filter = "bicubic";
  let scaled: Preprocessing["resize"];
  let crop = cut?.kind === "exact" ? cut : undefined;
  if (flag("do_resize", true)) {
    const code = settings.resample;
    const known = typeof code === "number" ? FILTERS[code] : undefined;
    if (!known) throw fault(where, "resample", "an integer from 0 to 5", code);
    filter = known;
    scaled = sizeOf(settings.size, "size", where, !SHORTEST_EDGE.test(kind));
    if (/^ConvNext/i.test(kind) && scaled.kind === "shortest" && !crop) {
      // timm's evaluation crop: below 384 a margin is resized along and cut off.
      const { edge } = scaled;
      crop = { kind: "exact", height: edge, width: edge };
      const share = settings.crop_pct ?? 224 / 256;
      if (typeof share !== "number" || !(share > 0 && share <= 1))
        throw fault(where, "crop_pct", "a number above 0, at most 1", share);
      scaled = edge < 384 ? { kind: "shortest", edge: Math.trunc(edge / share) } : crop;
    }
  }
  const input = crop ?? (scaled?.kind === "exact" ? scaled : undefined);
  if (!input) {
    const fixing = "an input of fixed size (a size of height and width, or do_center_crop with a crop_size)";
    throw fault(where, "the settings", fixing, "a size that depends on the picture");
  }

  const rescale = flag("do_rescale", true);
  const factor = rescale ? (settings.rescale_factor ?? 1 / 255) : 1;
  if (typeof factor !== "number" || !(factor > 0))
    throw fault(where, "rescale_factor", "a number above 0", factor);
  const offset = rescale && flag("rescale_offset", false) ? 1 : 0; // EfficientNet: pixels to -1..1
  const normalize = flag("do_normalize", true);
  const mean = normalize ? triple(settings.image_mean, "image_mean", where) : ([0, 0, 0] as const);
  const sd = normalize ? triple(settings.image_std, "image_std", where) : ([1, 1, 1] as const);
  if (sd.includes(0)) throw fault(where, "image_std", "three numbers other than 0", sd);
  const white = 255 * factor; // (p * white - offset - mean) / sd for p in 0..1
  return {
    ...(scaled ? { resize: scaled } : {}),
    filter,
    height: input.height,
    width: input.width,
    mean: mean.map((value) => (value + offset) / white) as unknown as Triple,
    sd: sd.map((value) => value / white) as unknown as Triple,
  };
}

function sizeOf(
  value: unknown,
  name: string,
  where: string,
  square: boolean,
): Preprocessing["resize"] & object {
  const edge = (candidate: unknown): candidate is number =>
    typeof candidate === "number" && Number.isInteger(candidate) && candidate > 0;
  if (edge(value)) {
    return square ? { kind: "exact", height: value, width: value } : { kind: "shortest", edge: value };
  }
  if (typeof value === "object" && value !== null) {
    const { height, width, shortest_edge: shortest, ...rest } = value as Record<string, unknown>;
    const only = Object.keys(rest).length === 0;
    if (only && edge(height) && edge(width)) return { kind: "exact", height, width };
    if (only && edge(shortest) && height === undefined) return { kind: "shortest", edge: shortest };
  }
  throw fault(where, name, "a whole number, {height, width} or {shortest_edge}", value);
}

function triple(value: unknown, name: string, where: string): Triple {
  if (Array.isArray(value) && value.length === 3 && value.every((v) => Number.isFinite(v)))
    return value as unknown as Triple;
  throw fault(where, name, "three numbers", value);
}

function fault(where: string, name: string, expected: string, got: unknown): VcaError {
  const shown = got === undefined ? "nothing" : typeof got === "string" ? got : JSON.stringify(got);
  const message = `${where}: ${name} must be ${expected}, got ${shown}. Correct it after the model's card.`;
  return new VcaError("DataError", message);
}

/** The picture resized and cropped: 8-bit pixels `[height, width, 3]` of the preprocessing's size. */
export function fitPicture(picture: Picture, preprocessing: Preprocessing): Picture {
  const { resize: scaled, filter, height, width } = preprocessing;
  let fitted = picture;
  if (scaled?.kind === "exact") fitted = resize(picture, scaled.width, scaled.height, filter);
  if (scaled?.kind === "shortest") {
    const longer = (edge: number, other: number) => Math.trunc((scaled.edge * edge) / other);
    fitted =
      picture.width <= picture.height
        ? resize(picture, scaled.edge, longer(picture.height, picture.width), filter)
        : resize(picture, longer(picture.width, picture.height), scaled.edge, filter);
  }
  return cropCentre(fitted, width, height);
}

function cropCentre(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  const from = Math.max(0, left);
  const to = Math.min(picture.width, left + width);
  const data = new Uint8Array(width * height * 3);
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + height); y++) {
    const line = picture.data.subarray((y * picture.width + from) * 3, (y * picture.width + to) * 3);
    data.set(line, ((y - top) * width + from - left) * 3);
  }
  return { width, height, data };
}

/** Pixels as numbers from 0 to 1, channels first: `[H, W, 3] -> [3, H, W]`. What an exported model takes. */
export function toUnitRange(picture: Picture): Float32Array {
  const size = picture.width * picture.height;
  const pixels = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < size; i++) pixels[c * size + i] = picture.data[3 * i + c]! / 255;
  }
  return pixels;
}

/** (pixel - mean) / sd per channel of pixels 0..1: `[3, H, W] -> [3, H, W]`. */
export function normalize(pixels: Float32Array, { mean, sd }: Preprocessing): Float32Array {
  const size = pixels.length / 3;
  const result = new Float32Array(pixels.length);
  for (let c = 0; c < 3; c++) {
    for (let i = c * size; i < (c + 1) * size; i++) result[i] = (pixels[i]! - mean[c]!) / sd[c]!;
  }
  return result;
}

/** A fitted picture as an encoder's input `[3, H, W]`: `normalize(toUnitRange(picture))`, each of 256 values computed once. */
export function toInput({ width, height, data }: Picture, preprocessing: Preprocessing): Float32Array {
  const every = {
    width: 256,
    height: 1,
    data: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
  };
  const values = normalize(toUnitRange(every), preprocessing); // [3, 256]
  const size = width * height;
  const pixels = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const channel = values.subarray(c * 256, (c + 1) * 256);
    for (let i = 0, at = c; i < size; i++, at += 3) pixels[c * size + i] = channel[data[at]!]!;
  }
  return pixels;
}

/** An encoder's input from a picture: resized, cropped, normalised, `[3, H, W]`. */
export function preprocess(picture: Picture, preprocessing: Preprocessing): Float32Array {
  return toInput(fitPicture(picture, preprocessing), preprocessing);
}
