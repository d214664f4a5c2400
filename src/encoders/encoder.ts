/**
 * @file Encoders: an ONNX model of a picture, with the preprocessing it was trained on. One opens by name
 * (the catalogue), as a folder in the hub's layout (`config.json`, `preprocessor_config.json`,
 * `onnx/model.onnx`), or as an .onnx file with its preprocessing beside it.
 */
import { assetPath, exists, isFolder, readBytes, readText, sha256 } from "#files";
import { VcaError } from "../errors.ts";
import { decodeOnnx, type Model, opsetOf } from "../graph/onnx.ts";
import { Tensor_DataLocation, Tensor_DataType } from "../graph/onnx_pb.ts";
import { catalogueEntry } from "./catalogue.ts";
import { growWeights } from "./int8.ts";
import { type Preprocessing, readPreprocessing } from "./preprocess.ts";
import { shuffleWeights } from "./random-weights.ts";
import { type Cut, cutTensors, type PictureInput, pictureInput } from "./trunk.ts";

/** A frozen visual encoder. */
export interface Encoder {
  readonly name: string;
  /** SHA-256 of the .onnx file. */
  readonly id: string;
  /** Where it came from: `catalogue` or a path. */
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
const MODELS = ["onnx/vision_model.onnx", "onnx/model.onnx", "model.onnx"];

const RANDOM = "random:";

/**
 * Opens an encoder: a name in the catalogue, a folder, or an .onnx file; with `random:` before it, the same
 * architecture with shuffled weights.
 * @throws ConfigError for an unknown name, DataError when files are missing or malformed, UnsupportedError
 *   for a model below opset 13, not in float32, or without a single picture input.
 */
export async function openEncoder(nameOrPath: string): Promise<Encoder> {
  if (nameOrPath.startsWith(RANDOM)) {
    const encoder = await openEncoder(nameOrPath.slice(RANDOM.length));
    const name = `random-${encoder.name}`;
    return { ...encoder, name, id: sha256(`${RANDOM}${encoder.id}`), model: shuffleWeights(encoder.model) };
  }
  if (nameOrPath.endsWith(".onnx")) return openFile(nameOrPath);
  if (await isFolder(nameOrPath)) return openFolder(nameOrPath, baseName(nameOrPath), nameOrPath);
  if (/[\\/]/.test(nameOrPath)) {
    throw new VcaError(
      "DataError",
      `encoder: ${nameOrPath} must be a folder in the hub's layout or an .onnx file, got no such folder. Check the path.`,
    );
  }
  const entry = catalogueEntry(nameOrPath);
  return openFolder(assetPath(entry.asset), entry.name, "catalogue");
}

async function openFolder(folder: string, name: string, source: string): Promise<Encoder> {
  for (const candidate of MODELS) {
    const path = `${folder}/${candidate}`;
    if (await exists(path)) {
      return makeEncoder({ name, source, path, settings: `${folder}/preprocessor_config.json` });
    }
  }
  throw new VcaError(
    "DataError",
    `encoder: ${folder} must hold ${MODELS.join(" or ")}, got none of them. Point to a folder in the hub's layout.`,
  );
}

async function openFile(path: string): Promise<Encoder> {
  const own = path.replace(/\.onnx$/, ".json");
  const shared = `${path.slice(0, path.length - baseName(path).length)}preprocessor_config.json`;
  const name = baseName(path).replace(/\.onnx$/, "");
  for (const settings of [own, shared]) {
    if (await exists(settings)) return makeEncoder({ name, source: path, path, settings });
  }
  await readBytes(path);
  throw new VcaError(
    "DataError",
    `encoder: ${path} must have its preprocessing beside it, got neither ${baseName(own)} nor preprocessor_config.json. Copy the preprocessor_config.json of the model's page there.`,
  );
}

function baseName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}

async function makeEncoder(files: {
  name: string;
  source: string;
  path: string;
  settings: string;
}): Promise<Encoder> {
  const { name, source, path, settings } = files;
  const bytes = await readBytes(path);
  const preprocessing = readPreprocessing(await readJson(settings), settings);
  const model = growWeights(decodeOnnx(bytes, path));
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
  return { name, id: sha256(bytes), source, kind, model, input, cuts, preprocessing };
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
  const { initializer, node } = model.graph!;
  const half = initializer.find(
    ({ dataType }) => dataType === Tensor_DataType.FLOAT16 || dataType === Tensor_DataType.BFLOAT16,
  );
  const quantised = node.find(({ opType }) => QUANTISED.test(opType));
  if (half || quantised) {
    throw new VcaError(
      "UnsupportedError",
      `${path}: a float32 model was expected, got ${half ? `the half-precision tensor "${half.name}"` : `the quantised operator ${quantised!.opType}`}. Take the model's onnx/model.onnx.`,
    );
  }
  const outside = initializer.find(({ dataLocation }) => dataLocation === Tensor_DataLocation.EXTERNAL);
  if (outside) {
    throw new VcaError(
      "UnsupportedError",
      `${path}: the weights must lie inside the file, got "${outside.name}" in a file of its own. Save the model without external data.`,
    );
  }
}
