/** @file `vca predict`: valence and arousal of pictures, through a run's final model or any exported one. */
import { decodePicture } from "#decode";
import { openSession } from "#engine";
import { isFolder, readBytes } from "#files";
import { fitPicture, type Preprocessing, toUnitRange } from "../encoders/preprocess.ts";
import { VcaError } from "../errors.ts";
import { decodeOnnx } from "../graph/onnx.ts";
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
  const preprocessing = preprocessingOf(bytes, path);
  const session = await openSession(bytes, threads ? { threads } : {});
  const predictions: Prediction[] = [];
  try {
    for (let start = 0; start < pictures.length; start += BATCH) {
      signal?.throwIfAborted();
      const files = pictures.slice(start, start + BATCH);
      const pixels = await Promise.all(files.map((file) => readPixels(file, preprocessing)));
      const { valence, arousal } = await session.run({ pixels: stack(pixels, preprocessing) }, [
        "valence",
        "arousal",
      ]);
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

function preprocessingOf(bytes: Uint8Array, path: string): Preprocessing {
  const entry = decodeOnnx(bytes, path).metadataProps.find(({ key }) => key === "vca.preprocessing");
  if (entry) return JSON.parse(entry.value) as Preprocessing;
  throw new VcaError(
    "DataError",
    `${path}: a model exported by vca was expected, got one without vca.preprocessing in its metadata. Export it with \`vca export\`.`,
  );
}

async function readPixels(file: string, preprocessing: Preprocessing): Promise<Float32Array> {
  return toUnitRange(fitPicture(await decodePicture(await readBytes(file), file), preprocessing));
}

/** `[B, 3, H, W]` */
function stack(pixels: readonly Float32Array[], { height, width }: Preprocessing) {
  const data = new Float32Array(pixels.length * 3 * height * width);
  pixels.forEach((picture, b) => {
    data.set(picture, b * picture.length);
  });
  return { shape: [pixels.length, 3, height, width], data };
}
