/** @file Models that are broken, hostile or merely unusual: each opens, or is refused with a sentence. */
import { mkdir, mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openEncoder } from "../../src/encoders/encoder.ts";
import { extractFeatures } from "../../src/encoders/features.ts";
import { shrinkWeights } from "../../src/encoders/int8.ts";
import { resolveTaps } from "../../src/encoders/taps.ts";
import { isVcaError } from "../../src/errors.ts";
import { decodeOnnx, encodeOnnx, type Model } from "../../src/graph/onnx.ts";
import { Tensor_DataLocation, Tensor_DataType, ValueInfoSchema } from "../../src/graph/onnx_pb.ts";
import { damage, damaged, share } from "../support/damage.ts";
import { outsideModel } from "../support/outside-model.ts";
import { halved, tinyConvolutional, tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";
import { fixture } from "./pictures.ts";

const root = await mkdtemp(join(tmpdir(), "vca-hostile-"));
afterAll(() => rm(root, { recursive: true }));

let count = 0;
async function fileOf(bytes: Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  const folder = join(root, `${count++}`);
  await mkdir(folder);
  await writeFile(join(folder, "net.onnx"), bytes);
  await writeFile(join(folder, "net.json"), tinySettings);
  for (const [name, data] of Object.entries(beside)) await writeFile(join(folder, name), data);
  return join(folder, "net.onnx");
}

async function refusal(path: string): Promise<[tag: string, message: string]> {
  const error = await openEncoder(path).catch((thrown: unknown) => thrown);
  expect(isVcaError(error)).toBe(true);
  const { name, message } = error as Error;
  return [name, message.replaceAll(`${join(path, "..")}/`, "")];
}

const whole = encodeOnnx(tinyTransformer({ blocks: 2 }));

test.each([
  ["nothing", new Uint8Array()],
  ["a page of a web server", new TextEncoder().encode("<!doctype html><title>Sign in</title>")],
  ["a file cut in half", whole.subarray(0, whole.length / 2)],
  [
    "a git-lfs pointer",
    new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
  ],
])("%s is no model", async (_, bytes) => {
  expect(await refusal(await fileOf(bytes))).toEqual([
    "DataError",
    `net.onnx: an ONNX model was expected, got ${bytes.length} bytes that hold none. Fetch or export the file again.`,
  ]);
});

test("a node without an operator, or without an output, makes no model", async () => {
  for (const damage of [{ opType: "" }, { output: [] }]) {
    const model = tinyTransformer({ blocks: 1 });
    Object.assign(model.graph!.node[3]!, damage);
    expect((await refusal(await fileOf(encodeOnnx(model))))[0]).toBe("DataError");
  }
});

test("graphs inside graphs without end are no model", async () => {
  let bytes: number[] = [];
  const field = (number: number, content: readonly number[]) => {
    const length: number[] = [];
    for (let rest = content.length; ; rest >>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return [(number << 3) | 2, ...length, ...content];
  };
  for (let depth = 0; depth < 3000; depth++) bytes = field(1, field(5, field(6, bytes))); // node, attribute, graph
  const path = await fileOf(Uint8Array.from(field(7, bytes)));
  expect((await refusal(path))[0]).toBe("DataError");
});

test("weights in a file beside the model are read, and hashed with it", async () => {
  const { bytes, data } = outsideModel("net.onnx_data");
  const encoder = await openEncoder(await fileOf(bytes, { "net.onnx_data": data }));
  const inside = await openEncoder(await fileOf(encodeOnnx(tinyConvolutional())));
  const weights = (model: Model) => model.graph!.initializer.map(({ rawData }) => [...rawData]);
  expect(weights(encoder.model)).toEqual(weights(inside.model));
  const changed = data.slice().fill(0, 0, 4);
  expect((await openEncoder(await fileOf(bytes, { "net.onnx_data": changed }))).id).not.toBe(encoder.id);
});

test.each(["../secret", "/etc/passwd", "sub/data", "..", "C:\\data", "", "a\0b"])(
  "weights at %j are refused",
  async (location) => {
    expect(await refusal(await fileOf(outsideModel(location).bytes))).toEqual([
      "DataError",
      `net.onnx: the weights "stem" must lie in a file beside the model, got "${location}". Save the model with its data in its own folder.`,
    ]);
  },
);

test("a missing or short file of weights is named", async () => {
  const { bytes, data } = outsideModel("net.onnx_data");
  expect(await refusal(await fileOf(bytes))).toEqual([
    "DataError",
    "net.onnx_data: a readable file was expected, got no such file. Check the path.",
  ]);
  expect(await refusal(await fileOf(bytes, { "net.onnx_data": data.subarray(0, 500) }))).toEqual([
    "DataError",
    'net.onnx: the weights "wide" must lie within net.onnx_data of 500 bytes, got bytes 432 to 1296. Fetch both files again.',
  ]);
});

test("models above 2 GiB are refused before they are read", async () => {
  const grow = async (path: string) => {
    const file = await openFile(path, "r+");
    await file.truncate(2.5 * 2 ** 30); // a hole: no disk is used
    await file.close();
  };
  const message = "net.onnx: a model of at most 2 GiB was expected, got 2.5 GiB. Choose a smaller encoder.";
  const large = await fileOf(whole);
  await grow(large);
  expect(await refusal(large)).toEqual(["UnsupportedError", message]);
  const { bytes, data } = outsideModel("net.onnx_data");
  const outside = await fileOf(bytes, { "net.onnx_data": data });
  await grow(join(outside, "../net.onnx_data"));
  expect(await refusal(outside)).toEqual(["UnsupportedError", message]);
});

test("half precision is read as float32, and gives the same tokens", async () => {
  const model = tinyTransformer({ blocks: 2, opset: 17 });
  const stimuli = { ids: ["scene"], files: [fixture("scene.jpg")] };
  const tokens = async (of: Model, name: string) => {
    const encoder = await openEncoder(await fileOf(encodeOnnx(of)));
    expect(encoder.model.graph!.initializer.map(({ dataType }) => dataType)).not.toContain(
      Tensor_DataType.FLOAT16,
    );
    const recipe = { encoder, taps: await resolveTaps(encoder), tokens: { kind: "grid", size: 2 } as const };
    const features = await extractFeatures(recipe, stimuli, { cacheFolder: join(root, name) });
    return (await features.load()).data;
  };
  const full = await tokens(model, "full");
  const half = await tokens(halved(model), "half");
  const largest = Math.max(...full.map(Math.abs));
  expect(Math.max(...full.map((value, i) => Math.abs(value - half[i]!))) / largest).toBeLessThan(5e-3);
  expect(half).not.toEqual(full);
  const short = halved(model);
  short.graph!.initializer[0]!.rawData = new Uint8Array(3);
  expect(await refusal(await fileOf(encodeOnnx(short)))).toEqual([
    "DataError",
    'onnx: tensor "kernel" must hold 192 numbers of half precision, got 1.5. Fetch or export the file again.',
  ]);
});

test("the picture's axes may be open, unnamed, or not told at all", async () => {
  for (const axes of [
    ["batch", 3, "height", "width"],
    ["", "", "", ""],
    [0, 3, -1, -1],
  ]) {
    const model = tinyTransformer({ blocks: 1 });
    const type = model.graph!.input[0]!.type!.value.value!;
    for (const [i, dim] of type.shape!.dim.entries()) {
      const axis = axes[i]!;
      dim.value =
        typeof axis === "number"
          ? { case: "dimValue", value: BigInt(axis) }
          : axis === ""
            ? { case: undefined }
            : { case: "dimParam", value: axis };
    }
    const { input } = await openEncoder(await fileOf(encodeOnnx(model)));
    expect(input).toEqual({ name: "pixel_values" });
  }
  const untold = tinyTransformer({ blocks: 1 });
  untold.graph!.input = [create(ValueInfoSchema, { name: "pixel_values" })];
  expect((await openEncoder(await fileOf(encodeOnnx(untold)))).input).toEqual({ name: "pixel_values" });
});

test("a weight whose bytes do not fit its shape is named when it is read", async () => {
  const model = tinyTransformer({ blocks: 1 });
  model.graph!.initializer[0]!.rawData = new Uint8Array(8);
  expect(await refusal(`random:${await fileOf(encodeOnnx(model))}`)).toEqual([
    "DataError",
    'onnx: tensor "kernel" of shape [4, 3, 4, 4] must hold 192 numbers, got 2. Fetch or export the file again.',
  ]);
});

/** A whole message that says nonsense: a field of one weight or node is another value. */
const nonsense = fc.record({
  at: share,
  field: fc.constantFrom("dims", "dataType", "rawData", "name", "location", "input", "output", "opType"),
  value: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -2n, max: 20n })),
});

function twisted(
  model: Model,
  { at, field, value }: typeof nonsense extends fc.Arbitrary<infer T> ? T : never,
): Uint8Array {
  const { initializer, node } = model.graph!;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(at * (list.length - 1))]!;
  const [tensor, one, other] = [pick(initializer), pick(node), pick(node.toReversed())];
  if (field === "dims") tensor.dims = [value, ...tensor.dims.slice(1)];
  if (field === "dataType") tensor.dataType = Number(value % 24n);
  if (field === "rawData") tensor.rawData = tensor.rawData.subarray(0, Number(value % 100n));
  if (field === "name") tensor.name = one.output[0]!;
  if (field === "location") tensor.dataLocation = Tensor_DataLocation.EXTERNAL;
  if (field === "input") one.input = [other.output[0]!, "", "nowhere"];
  if (field === "output") one.output = other.output;
  if (field === "opType") one.opType = other.opType;
  return encodeOnnx(model);
}

/** Opens a model as it is, and with shuffled weights; and finds its taps where that needs no engine. */
async function tryAll(path: string, bytes: Uint8Array): Promise<void> {
  const tagged = (error: unknown) => {
    if (!isVcaError(error)) throw error;
  };
  await writeFile(path, bytes);
  const started = performance.now();
  for (const name of [path, `random:${path}`]) {
    const encoder = await openEncoder(name).catch(tagged);
    if (encoder?.kind === "transformer") await resolveTaps(encoder).catch(tagged);
  }
  expect(performance.now() - started).toBeLessThan(5000);
}

const CASES: readonly [name: string, make: () => Model][] = [
  ["a transformer", () => tinyTransformer({ blocks: 2 })],
  ["half precision", () => halved(tinyTransformer({ blocks: 1 }))],
  ["int8 weights", () => shrinkWeights(tinyConvolutional())],
  ["weights beside", () => decodeOnnx(outsideModel("net.onnx_data").bytes, "")],
];
const BOUNDED = { numRuns: 300, interruptAfterTimeLimit: 10_000 };

test.each(CASES)(
  "%s, damaged or twisted, opens or is refused with a tag, and never hangs",
  async (_, make) => {
    const bytes = encodeOnnx(make());
    const path = await fileOf(bytes, { "net.onnx_data": outsideModel("net.onnx_data").data });
    await fc.assert(
      fc.asyncProperty(damage, (how) => tryAll(path, damaged(bytes, how))),
      BOUNDED,
    );
    await fc.assert(
      fc.asyncProperty(nonsense, (how) => tryAll(path, twisted(make(), how))),
      BOUNDED,
    );
  },
);
