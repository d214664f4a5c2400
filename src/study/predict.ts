/** @file `vca predict`: valence and arousal of pictures, through a run's final model or any exported one. */
import { decodePicture } from "#decode";
import { openSession } from "#engine";
import { isFolder, readBytes } from "#files";
import { type NdArray, sizeOf } from "../core/array.ts";
import { fitPicture, type Preprocessing, toUnitRange } from "../encoders/preprocess.ts";
import { VcaError } from "../errors.ts";
import { decodeOnnx, type Model } from "../graph/onnx.ts";
import type { WorkOptions } from "./prepare.ts";
import { RunFolder } from "./run-folder.ts";

/** A picture's answer, on the scale that the model was trained on. */
export interface Prediction {
  readonly file: string;
  readonly valence: number;
  readonly arousal: number;
}

const BATCH = 8;

/**
 * Predicts pictures.
 * @param runOrModel a run's folder or an exported .onnx file
 * @throws DataError when the model is none of ours, or a file is no picture.
 */
export async function predictPictures(
  runOrModel: string,
  pictures: readonly string[],
  { reporter, threads, signal }: WorkOptions,
): Promise<Prediction[]> {
  const path = (await isFolder(runOrModel))
    ? (await RunFolder.open(runOrModel)).folder.finalModel
    : runOrModel;
  const bytes = await readBytes(path);
  const model = decodeOnnx(bytes, path);
  const preprocessing = preprocessingOf(model, path);
  const inputs = inputShapes(model);
  const batch = inputs.get("pixels")?.[0] || BATCH; // of an encoder with a fixed batch
  const session = await openSession(bytes, threads ? { threads } : {});
  const predictions: Prediction[] = [];
  try {
    await session.hold(gainsAtRest(inputs));
    for (let start = 0; start < pictures.length; start += batch) {
      signal?.throwIfAborted();
      const files = pictures.slice(start, start + batch);
      const pixels = await Promise.all(files.map((file) => readPixels(file, preprocessing)));
      const feeds = { pixels: stack(pixels, inputs.get("pixels")?.[0] || files.length, preprocessing) };
      const { valence, arousal } = await session.run(feeds, ["valence", "arousal"]);
      files.forEach((file, i) => {
        predictions.push({ file, valence: Number(valence!.data[i]), arousal: Number(arousal!.data[i]) });
      });
      reporter.progress("pictures", predictions.length, pictures.length);
    }
  } finally {
    await session.close();
  }
  return predictions;
}

/** The inputs' axes by name; an open one is 0. */
function inputShapes({ graph }: Model): Map<string, number[]> {
  const axes = (type: (typeof graph & object)["input"][number]["type"]) =>
    type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
  return new Map(
    graph!.input.map(({ name, type }) => [
      name,
      axes(type).map(({ value }) => (value.case === "dimValue" ? Number(value.value) : 0)),
    ]),
  );
}

/** Ones for the gains of a model that was exported with them. */
function gainsAtRest(inputs: ReadonlyMap<string, readonly number[]>): Record<string, NdArray> {
  const gains = [...inputs].filter(([name]) => name.startsWith("gain/"));
  return Object.fromEntries(
    gains.map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)).fill(1) }]),
  );
}

function preprocessingOf(model: Model, path: string): Preprocessing {
  const entry = model.metadataProps.find(({ key }) => key === "vca.preprocessing");
  if (entry) return JSON.parse(entry.value) as Preprocessing;
  throw new VcaError(
    "DataError",
    `${path}: a model exported by vca was expected, got one without vca.preprocessing in its metadata. Export it with \`vca export\`.`,
  );
}

async function readPixels(file: string, preprocessing: Preprocessing): Promise<Float32Array> {
  return toUnitRange(fitPicture(await decodePicture(await readBytes(file), file), preprocessing));
}

/** `[B, 3, H, W]`; places left are black. */
function stack(pixels: readonly Float32Array[], B: number, { height, width }: Preprocessing): NdArray {
  const data = new Float32Array(B * 3 * height * width);
  pixels.forEach((picture, b) => {
    data.set(picture, b * picture.length);
  });
  return { shape: [B, 3, height, width], data };
}
