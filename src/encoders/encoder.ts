/**
 * @file Encoders: an ONNX model of a picture, with the preprocessing it was trained on. One opens by name
 * (the catalogue), from the Hugging Face hub (`owner/name`), as a folder in the hub's layout (`config.json`,
 * `preprocessor_config.json`, `onnx/model.onnx`), or as an .onnx file with its preprocessing beside it.
 */
import { assetPath, exists, isFolder, readBytes, readText, sha256 } from "#files";
import { fileName, folderOf, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { type Model, opsetOf } from "../graph/onnx.ts";
import { widenHalf } from "../graph/widen.ts";
import { catalogueEntry } from "./catalogue.ts";
import { pullEncoder, SETTINGS } from "./hub.ts";
import type { HubOptions } from "./hub-http.ts";
import { type HubName, MODEL_FILES, parseHubName } from "./hub-name.ts";
import { growWeights } from "./int8.ts";
import { LARGEST_MODEL, modelId, readModel, tooLarge } from "./model-file.ts";
import { type Preprocessing, readPreprocessing } from "./preprocess.ts";
import { shuffleWeights } from "./random-weights.ts";
import { type Cut, cutTensors, type PictureInput, pictureInput } from "./trunk.ts";

/** A frozen visual encoder. */
export interface Encoder {
  readonly name: string;
  /** SHA-256 of the .onnx file; with weights in further files, of the lines of all their hashes. */
  readonly id: string;
  /** Where it came from: `catalogue`, a path, or `hub:owner/name@commit:file`. */
  readonly source: string;
  /** `transformer` when attention writes into a residual stream, `convolutional` otherwise. */
  readonly kind: "transformer" | "convolutional";
  /** The graph, float32; it takes normalised pixels `[B, 3, H, W]`. */
  readonly model: Model;
  readonly input: PictureInput;
  /** What everything in the graph passes through, in order. */
  readonly cuts: readonly Cut[];
  readonly preprocessing: Preprocessing;
}

/** Operators' forms change below this version, and our own emission starts at it. */
const OLDEST_OPSET = 13;
const QUANTISED =
  /^(QLinear|DequantizeLinear|QuantizeLinear|DynamicQuantize|MatMulInteger|ConvInteger|MatMulNBits)/;
/** Before a name: that encoder with its weights shuffled within each tensor. */
export const RANDOM = "random:";

/**
 * Opens an encoder: a folder, an .onnx file, a name in the catalogue, or `owner/name@revision:file` of the hub, which
 * is fetched once; with `random:` before it, the same architecture with shuffled weights.
 * @throws ConfigError for an unknown name, DataError when files are missing or malformed, UnsupportedError
 *   for a model below opset 13, quantised, or without a single picture input, NetworkError or StorageError when it
 *   cannot be fetched.
 */
export async function openEncoder(nameOrPath: string, options: HubOptions = {}): Promise<Encoder> {
  if (nameOrPath.startsWith(RANDOM)) {
    const encoder = await openEncoder(nameOrPath.slice(RANDOM.length), options);
    const name = `random-${encoder.name}`;
    return { ...encoder, name, id: sha256(`${RANDOM}${encoder.id}`), model: shuffleWeights(encoder.model) };
  }
  if (await isFolder(nameOrPath)) return openFolder(nameOrPath, fileName(nameOrPath), nameOrPath);
  const hub = parseHubName(nameOrPath);
  if (nameOrPath.endsWith(".onnx") && !(hub && nameOrPath.includes(":"))) return openFile(nameOrPath);
  if (hub) return openHub(hub, fileName(hub.repository), options);
  if (/[\\/]/.test(nameOrPath)) {
    throw new VcaError(
      "DataError",
      `encoder: ${nameOrPath} must be a folder in the hub's layout, an .onnx file or owner/name of the hub, got none of them. Check the path.`,
    );
  }
  const entry = catalogueEntry(nameOrPath);
  if (entry.asset !== undefined) return openFolder(assetPath(entry.asset), entry.name, "catalogue");
  const { sha256: known } = entry;
  return openHub(parseHubName(entry.hub)!, entry.name, { ...options, ...(known && { sha256: known }) });
}

async function openHub(
  hub: HubName,
  name: string,
  options: HubOptions & { readonly sha256?: string },
): Promise<Encoder> {
  const { repository, commit, folder, file, sha256: recorded } = await pullEncoder(hub, options);
  const path = `${folder}/${file}`;
  const source = `hub:${repository}@${commit}:${file}`;
  const encoder = await makeEncoder({ name, source, path, settings: `${folder}/${SETTINGS}` });
  const { [SETTINGS]: _, ...weights } = recorded;
  const expected = modelId(Object.values(weights));
  if (encoder.id === expected) return encoder;
  throw new VcaError(
    "DataError",
    `${path}: the model that was pulled was expected (sha256 ${expected}), got ${encoder.id}. Remove ${folder} and pull it again.`,
  );
}

async function openFolder(folder: string, name: string, source: string): Promise<Encoder> {
  for (const candidate of MODEL_FILES) {
    const path = `${folder}/${candidate}`;
    if (await exists(path)) {
      return makeEncoder({ name, source, path, settings: `${folder}/${SETTINGS}` });
    }
  }
  throw new VcaError(
    "DataError",
    `encoder: ${folder} must hold ${MODEL_FILES.join(" or ")}, got none of them. Point to a folder in the hub's layout.`,
  );
}

async function openFile(path: string): Promise<Encoder> {
  const own = path.replace(/\.onnx$/, ".json");
  const shared = joinPath(folderOf(path), "preprocessor_config.json");
  const name = fileName(path).replace(/\.onnx$/, "");
  for (const settings of [own, shared]) {
    if (await exists(settings)) return makeEncoder({ name, source: path, path, settings });
  }
  await readBytes(path);
  throw new VcaError(
    "DataError",
    `encoder: ${path} must have its preprocessing beside it, got neither ${fileName(own)} nor preprocessor_config.json. Copy the preprocessor_config.json of the model's page there.`,
  );
}

async function makeEncoder(files: {
  name: string;
  source: string;
  path: string;
  settings: string;
}): Promise<Encoder> {
  const { name, source, path, settings } = files;
  const { model: stored, id } = await readModel(path);
  const preprocessing = readPreprocessing(await readJson(settings), settings);
  const model = widenHalf(growWeights(stored));
  refuse(model, path);
  const input = pictureInput(model, path);
  const { height = preprocessing.height, width = preprocessing.width } = input;
  if (height !== preprocessing.height || width !== preprocessing.width) {
    throw new VcaError(
      "DataError",
      `${settings}: the model takes pictures of ${height} x ${width}, got ${preprocessing.height} x ${preprocessing.width}. Take both files from one model.`,
    );
  }
  const cuts = cutTensors(model, input.name);
  const kind = cuts.some((cut) => cut.residual && cut.attention) ? "transformer" : "convolutional";
  return { name, id, source, kind, model, input, cuts, preprocessing };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    const message = `${path}: JSON was expected, got "${got}". Fetch the file again.`;
    throw new VcaError("DataError", message, { cause });
  }
}

function refuse(model: Model, path: string): void {
  const opset = opsetOf(model);
  if (opset < OLDEST_OPSET) {
    throw new VcaError(
      "UnsupportedError",
      `${path}: opset ${OLDEST_OPSET} or later was expected, got ${opset}. Export the model again, or convert it with onnx.version_converter.`,
    );
  }
  const quantised = model.graph!.node.find(({ opType }) => QUANTISED.test(opType));
  if (quantised) {
    throw new VcaError(
      "UnsupportedError",
      `${path}: a model in float32 or half precision was expected, got the quantised operator ${quantised.opType}. Take the model's onnx/model.onnx.`,
    );
  }
  const bytes = model.graph!.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
  if (bytes > LARGEST_MODEL) throw tooLarge(path, bytes);
}
