import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sha256 } from "#files";
import { CATALOGUE } from "../../src/encoders/catalogue.ts";
import { openEncoder } from "../../src/encoders/encoder.ts";
import { isVcaError } from "../../src/errors.ts";
import { encodeOnnx, type Model } from "../../src/graph/onnx.ts";
import { Tensor_DataType } from "../../src/graph/onnx_pb.ts";
import { tinyConvolutional, tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";
import { tinyModel } from "../support/tiny-onnx.ts";

const root = await mkdtemp(join(tmpdir(), "vca-encoder-"));
afterAll(() => rm(root, { recursive: true }));

/** Writes files below a fresh folder and returns it. */
let count = 0;
async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = join(root, `${count++}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const bytes = encodeOnnx(tinyConvolutional());

test("a folder in the hub's layout opens, and its vision part before the whole", async () => {
  const vision = encodeOnnx(tinyTransformer({ blocks: 1 }));
  const files = { "config.json": "{}", "preprocessor_config.json": tinySettings, "onnx/model.onnx": bytes };
  const folder = await folderOf(files);
  const encoder = await openEncoder(folder);
  expect(encoder).toMatchObject({
    name: folder.split("/").at(-1),
    id: sha256(bytes),
    source: folder,
    kind: "convolutional",
    input: { name: "pixel_values", height: 8, width: 8 },
    preprocessing: { filter: "bilinear", height: 8, width: 8 },
  });
  expect(encoder.input.batch).toBeUndefined();
  const both = await folderOf({ ...files, "onnx/vision_model.onnx": vision });
  expect(await openEncoder(`${both}/`)).toMatchObject({ id: sha256(vision), kind: "transformer" });
});

test("an .onnx file opens with the settings of its own name, or those beside it", async () => {
  const own = await folderOf({
    "net.onnx": bytes,
    "net.json": tinySettings,
    "preprocessor_config.json": "?",
  });
  expect(await openEncoder(`${own}/net.onnx`)).toMatchObject({ name: "net", source: `${own}/net.onnx` });
  const beside = await folderOf({
    "net.onnx": encodeOnnx(tinyConvolutional(3)),
    "preprocessor_config.json": tinySettings,
  });
  expect(await openEncoder(`${beside}/net.onnx`)).toMatchObject({ name: "net", input: { batch: 3 } });
});

test("the embedded encoder opens by name, its weights in float32", async () => {
  const encoder = await openEncoder("efficientnet-lite0");
  expect(encoder).toMatchObject({ name: "efficientnet-lite0", source: "catalogue", kind: "convolutional" });
  const types = new Set(encoder.model.graph!.initializer.map((tensor) => tensor.dataType));
  expect(types).not.toContain(Tensor_DataType.INT8);
});

async function refusal(nameOrPath: string): Promise<Error> {
  const error = await openEncoder(nameOrPath).catch((thrown: unknown) => thrown);
  expect(isVcaError(error)).toBe(true);
  return error as Error;
}

async function refusalOf(model: Model, settings = tinySettings): Promise<[tag: string, message: string]> {
  const folder = await folderOf({ "net.onnx": encodeOnnx(model), "net.json": settings });
  const { name, message } = await refusal(`${folder}/net.onnx`);
  return [name, message.replaceAll(`${folder}/`, "")];
}

test("an unknown name lists the choices", async () => {
  const { name, message } = await refusal("efficientnet");
  expect(name).toBe("ConfigError");
  expect(message).toBe(
    `encoder: unknown encoder "efficientnet". Did you mean "efficientnet-lite0"? Choices: ${CATALOGUE.map(({ name }) => name).join(", ")}.`,
  );
});

test("missing files are named", async () => {
  const empty = await folderOf({ "config.json": "{}" });
  const lone = await folderOf({ "net.onnx": bytes });
  const broken = await folderOf({ "net.onnx": bytes, "net.json": "{" });
  expect((await refusal(empty)).message).toBe(
    `encoder: ${empty} must hold onnx/vision_model.onnx or onnx/model.onnx or model.onnx, got none of them. Point to a folder in the hub's layout.`,
  );
  expect((await refusal("./no/such")).message).toBe(
    "encoder: ./no/such must be a folder in the hub's layout, an .onnx file or owner/name of the hub, got none of them. Check the path.",
  );
  expect((await refusal(`${lone}/net.onnx`)).message).toBe(
    `encoder: ${lone}/net.onnx must have its preprocessing beside it, got neither net.json nor preprocessor_config.json. Copy the preprocessor_config.json of the model's page there.`,
  );
  expect((await refusal(`${lone}/other.onnx`)).message).toBe(
    `${lone}/other.onnx: a readable file was expected, got no such file. Check the path.`,
  );
  expect((await refusal(`${broken}/net.onnx`)).message).toMatch(
    /net\.json: JSON was expected, got ".*"\. Fetch the file again\.$/,
  );
});

test("models that cannot be used are refused", async () => {
  expect(await refusalOf(tinyTransformer({ blocks: 1, opset: 12 }))).toEqual([
    "UnsupportedError",
    "net.onnx: opset 13 or later was expected, got 12. Export the model again, or convert it with onnx.version_converter.",
  ]);
  const texts = tinyModel({
    nodes: [["Add", ["pixel_values", "input_ids"], "sum"]],
    inputs: { input_ids: ["batch", 77], pixel_values: ["batch", 3, "height", "width"] },
    outputs: ["sum"],
  });
  expect(await refusalOf(texts)).toEqual([
    "UnsupportedError",
    "net.onnx: one float32 input [batch, 3, height, width] was expected, got input_ids [batch, 77], pixel_values [batch, 3, height, width]. Export the vision part of the model alone.",
  ]);
  const quantised = tinyConvolutional();
  quantised.graph!.node[0]!.opType = "QLinearConv";
  expect(await refusalOf(quantised)).toEqual([
    "UnsupportedError",
    "net.onnx: a model in float32 or half precision was expected, got the quantised operator QLinearConv. Take the model's onnx/model.onnx.",
  ]);
  expect(
    await refusalOf(
      tinyConvolutional(),
      tinySettings.replace('"height":8,"width":8', '"height":9,"width":8'),
    ),
  ).toEqual([
    "DataError",
    "net.json: the model takes pictures of 8 x 8, got 9 x 8. Take both files from one model.",
  ]);
});
