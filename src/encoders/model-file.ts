/**
 * @file A model's file read whole: its weights from files beside it (ONNX external data) taken in, so that what
 * follows sees one message. A file is read from the model's own folder only, whatever the model names.
 * Source: onnx, `docs/ExternalData.md`.
 */
import { fileSize, readBytes, sha256 } from "#files";
import { VcaError } from "../errors.ts";
import { decodeOnnx, type Model } from "../graph/onnx.ts";
import { type Tensor, Tensor_DataLocation } from "../graph/onnx_pb.ts";

/** Protobuf messages, and with them the engine's models, end here. */
export const LARGEST_MODEL = 2 ** 31 - 1;

/** The error for a model that is too large. */
export function tooLarge(where: string, bytes: number): VcaError {
  return new VcaError(
    "UnsupportedError",
    `${where}: a model of at most 2 GiB was expected, got ${(bytes / 2 ** 30).toFixed(1)} GiB. Choose a smaller encoder.`,
  );
}

/** The names of the files that hold a model's weights beside it. @throws DataError for one outside its folder. */
export function externalFiles(model: Model, where: string): string[] {
  const names = model.graph!.initializer.filter(isOutside).map((tensor) => placeOf(tensor, where).location);
  return [...new Set(names)];
}

/**
 * The model in a file, and the hash of all its bytes.
 * @throws DataError when a file is missing, cut short, or outside the model's folder, UnsupportedError above 2 GiB.
 */
export async function readModel(path: string): Promise<{ model: Model; id: string }> {
  const own = (await fileSize(path)) ?? 0;
  if (own > LARGEST_MODEL) throw tooLarge(path, own);
  const bytes = await readBytes(path);
  const model = decodeOnnx(bytes, path);
  const folder = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const names = externalFiles(model, path);
  const sizes = await Promise.all(names.map((name) => fileSize(`${folder}${name}`)));
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), own);
  if (total > LARGEST_MODEL) throw tooLarge(path, total);
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, await readBytes(`${folder}${name}`));
  for (const tensor of model.graph!.initializer.filter(isOutside)) takeIn(tensor, files, path);
  return { model, id: modelId([bytes, ...files.values()].map((part) => sha256(part))) };
}

/** What names a model: the sha256 of its file, or of the lines of the sha256 of all its files. */
export function modelId(hashes: readonly string[]): string {
  return hashes.length === 1 ? hashes[0]! : sha256(hashes.join("\n"));
}

function isOutside(tensor: Tensor): boolean {
  return tensor.dataLocation === Tensor_DataLocation.EXTERNAL;
}

function placeOf({ name, externalData }: Tensor, where: string) {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  if (!/^[^/\\:\0]+$/.test(location) || /^\.+$/.test(location)) {
    throw new VcaError(
      "DataError",
      `${where}: the weights "${name}" must lie in a file beside the model, got "${location}". Save the model with its data in its own folder.`,
    );
  }
  return { location, offset: Number(entries.get("offset") ?? 0), length: entries.get("length") };
}

function takeIn(tensor: Tensor, files: ReadonlyMap<string, Uint8Array>, where: string): void {
  const { location, offset, length } = placeOf(tensor, where);
  const data = files.get(location)!;
  const end = length === undefined ? data.length : offset + Number(length);
  if (!(offset >= 0 && offset <= end && end <= data.length)) {
    throw new VcaError(
      "DataError",
      `${where}: the weights "${tensor.name}" must lie within ${location} of ${data.length} bytes, got bytes ${offset} to ${end}. Fetch both files again.`,
    );
  }
  tensor.rawData = data.subarray(offset, end);
  tensor.externalData = [];
  tensor.dataLocation = Tensor_DataLocation.DEFAULT;
}
