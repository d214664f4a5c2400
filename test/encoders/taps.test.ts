import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Encoder, openEncoder } from "../../src/encoders/encoder.ts";
import { listTaps, resolveTaps } from "../../src/encoders/taps.ts";
import { isVcaError } from "../../src/errors.ts";
import { encodeOnnx, type Model } from "../../src/graph/onnx.ts";
import { shared } from "../support/shared.ts";
import { tinyConvolutional, tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";
import { tinyModel } from "../support/tiny-onnx.ts";

const folder = await mkdtemp(join(tmpdir(), "vca-taps-"));
afterAll(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "preprocessor_config.json"), tinySettings);

async function open(model: Model): Promise<Encoder> {
  await writeFile(join(folder, "tiny.onnx"), encodeOnnx(model));
  return openEncoder(join(folder, "tiny.onnx"));
}

const names = async (encoder: Encoder, text?: string) =>
  (await resolveTaps(encoder, text)).map((tap) => tap.name);

test("a transformer's depths are its residual stream after each block", async () => {
  const encoder = await open(tinyTransformer({ blocks: 4 }));
  expect(encoder.kind).toBe("transformer");
  expect(await listTaps(encoder)).toEqual([
    { name: "depth-1", tensor: "0/output" },
    { name: "depth-2", tensor: "1/output" },
    { name: "depth-3", tensor: "2/output" },
    { name: "depth-4", tensor: "3/output" },
  ]);
  expect(await names(encoder)).toEqual(["depth-2", "depth-3", "depth-4"]);
  expect(await names(encoder, "1, depth-3,last")).toEqual(["depth-1", "depth-3", "depth-4"]);
  expect(await names(encoder, "2,last_hidden_state")).toEqual(["depth-2", "last_hidden_state"]);
  expect(await names(await open(tinyTransformer({ blocks: 1 })))).toEqual(["depth-1"]);
});

test("convolutional stages end before a wider map or a pool", async () => {
  const encoder = await open(tinyConvolutional());
  expect(encoder.kind).toBe("convolutional");
  expect(await listTaps(encoder)).toEqual([
    { name: "stage-1", tensor: "a/relu" },
    { name: "stage-2", tensor: "d/relu" },
  ]);
  expect(await names(encoder)).toEqual(["stage-1", "stage-2"]);
  expect(await names(encoder, "c,a")).toEqual(["c", "a"]);
});

test("a graph without layers says which tensors there are", async () => {
  const nodes = [
    ["GlobalAveragePool", ["pixel_values"], "mean"],
    ["Flatten", ["mean"], "vector"],
  ] as const;
  const encoder = await open(tinyModel({ nodes, outputs: ["vector"] }));
  const error = await resolveTaps(encoder).catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "DataError")).toBe(true);
  expect((error as Error).message).toBe(
    "encoder tiny: transformer blocks or convolutional stages were expected, got none. Name tensors instead, such as mean, vector.",
  );
  expect(await names(encoder, "vector")).toEqual(["vector"]);
});

test.each([
  ["5", 'encoder tiny: unknown tap "5". Choices: 1 to 4 (depth), last, pooled, or a tensor\'s name.'],
  ["0", 'encoder tiny: unknown tap "0". Choices: 1 to 4 (depth), last, pooled, or a tensor\'s name.'],
  [
    "dept-2",
    'encoder tiny: unknown tap "dept-2". Did you mean "depth-2"? Choices: 1 to 4 (depth), last, pooled, or a tensor\'s name.',
  ],
  ["4,last", 'encoder tiny: each tap must be named once, got "depth-4" twice. Remove one of them.'],
])("taps %s are refused", async (text, message) => {
  const encoder = await open(tinyTransformer({ blocks: 4 }));
  const error = await resolveTaps(encoder, text).catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "ConfigError")).toBe(true);
  expect((error as Error).message).toBe(message);
});

test("the embedded encoder is tapped at its last four stages", async () => {
  const encoder = await openEncoder("efficientnet-lite0");
  expect(await listTaps(encoder)).toHaveLength(8);
  expect(await resolveTaps(encoder)).toEqual([
    { name: "stage-5", tensor: "add_530" },
    { name: "stage-6", tensor: "add_728" },
    { name: "stage-7", tensor: "getitem_141" },
    { name: "stage-8", tensor: "relu6_32" },
  ]);
});

test.skipIf(!shared)("DeiT-Tiny is tapped at depths 6, 9 and 12 (needs ../shared)", async () => {
  const encoder = await openEncoder(`${shared}/encoders/deit-tiny-patch16-224`);
  expect(await listTaps(encoder)).toHaveLength(12);
  expect(await resolveTaps(encoder)).toEqual([
    { name: "depth-6", tensor: "add_635" },
    { name: "depth-9", tensor: "add_944" },
    { name: "depth-12", tensor: "add_1253" },
  ]);
});
