/** @file Graphs with the structure, inputs and outputs of the hub's, tapped; their tensors against PyTorch's hidden states and outputs. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openSession } from "#engine";
import { CATALOGUE } from "../../src/encoders/catalogue.ts";
import { type Encoder, openEncoder } from "../../src/encoders/encoder.ts";
import { extractFeatures } from "../../src/encoders/features.ts";
import { parseHubName } from "../../src/encoders/hub-name.ts";
import { listTaps, resolveTaps } from "../../src/encoders/taps.ts";
import { pruneTo } from "../../src/encoders/trunk.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { vca } from "../cli/run.ts";
import { fixture } from "./pictures.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/hub-encoders", import.meta.url));
const root = await mkdtemp(join(tmpdir(), "vca-catalogue-"));
afterAll(() => rm(root, { recursive: true }));

interface Tensor {
  readonly shape: readonly number[];
  /** Every `n / 40`th of its n numbers. */
  readonly some: readonly number[];
}
interface Expected {
  readonly side: number;
  readonly hidden: readonly Tensor[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}
const expected = JSON.parse(await readFile(join(FIXTURES, "expected.json"), "utf8")) as Record<
  string,
  Expected
>;

async function open(name: string): Promise<Encoder> {
  const { side } = expected[name]!;
  const settings = {
    size: { height: side, width: side },
    resample: 3,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  };
  await writeFile(join(root, `${name}.json`), JSON.stringify(settings));
  await writeFile(join(root, `${name}.onnx`), await readFile(join(FIXTURES, `${name}.onnx`)));
  return openEncoder(join(root, `${name}.onnx`));
}

/** The largest difference from PyTorch's numbers, over their largest magnitude. */
async function distance(
  encoder: Encoder,
  tensors: readonly string[],
  truth: readonly Tensor[],
): Promise<number> {
  const session = await openSession(encodeOnnx(pruneTo(encoder.model, tensors)));
  const { height, width } = encoder.preprocessing;
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) => Math.sin(i / 7));
  const outputs = await session.run({ [encoder.input.name]: { shape: [1, 3, height, width], data } });
  await session.close();
  const errors = truth.map(({ shape, some }, i) => {
    const { shape: found, data: ours } = outputs[tensors[i]!]!;
    expect(found).toEqual(shape);
    const step = Math.max(1, Math.floor(ours.length / 40));
    const largest = Math.max(...some.map(Math.abs));
    return Math.max(...some.map((value, k) => Math.abs(value - Number(ours[k * step])))) / largest;
  });
  return Math.max(...errors);
}

describe.each([
  ["clip", "image_embeds"],
  ["dinov2", "pooler_output"],
  ["siglip", "pooler_output"],
  ["vit", undefined],
])("a graph like that of %s", (name, summary) => {
  test("is tapped at its hidden states, and pooled by its own head", async () => {
    const encoder = await open(name);
    const { hidden, outputs } = expected[name]!;
    expect(encoder).toMatchObject({ kind: "transformer", input: { name: "pixel_values" } });
    const taps = await listTaps(encoder);
    expect(taps.map((tap) => tap.name)).toEqual(hidden.map((_, i) => `depth-${i + 1}`));
    const tensors = taps.map(({ tensor }) => tensor);
    expect(await distance(encoder, tensors, hidden)).toBeLessThan(1e-4);
    const [pooled] = await resolveTaps(encoder, "pooled");
    if (summary === undefined) {
      expect(pooled).toEqual(taps.at(-1));
    } else {
      expect(pooled).toEqual({ name: "pooled", tensor: summary });
      expect(await distance(encoder, [summary], [outputs[summary]!])).toBeLessThan(1e-4);
    }
  });

  test("gives tokens with CLS where it has one, and one pooled vector", async () => {
    const encoder = await open(name);
    const stimuli = { ids: ["scene"], files: [fixture("scene.jpg")] };
    const options = { cacheFolder: root };
    const taps = await resolveTaps(encoder);
    const grid = await extractFeatures(
      { encoder, taps, tokens: { kind: "grid", size: 4 } },
      stimuli,
      options,
    );
    expect(grid).toMatchObject({ T: name === "siglip" ? 16 : 17, D: 16, hasCls: name !== "siglip" });
    const pooled = {
      encoder,
      taps: await resolveTaps(encoder, "pooled"),
      tokens: { kind: "pooled" } as const,
    };
    const features = await extractFeatures(pooled, stimuli, options);
    expect(features).toMatchObject({ T: 1, D: name === "clip" ? 6 : 8 });
    expect([...(await features.load()).data].every(Number.isFinite)).toBe(true);
  });
});

describe.each(["resnet", "convnext"])("a graph like that of %s", (name) => {
  test("is tapped at the ends of its stages", async () => {
    const encoder = await open(name);
    const { hidden } = expected[name]!;
    expect(encoder.kind).toBe("convolutional");
    const taps = await resolveTaps(encoder);
    expect(taps).toHaveLength(4);
    const tensors = taps.map(({ tensor }) => tensor);
    expect(await distance(encoder, tensors, hidden)).toBeLessThan(1e-4);
    expect(await resolveTaps(encoder, "pooled")).toEqual(taps.slice(-1));
  });
});

test("each entry of the hub can be named, says what it is, and gives as many widths as taps", () => {
  for (const entry of CATALOGUE) {
    expect(entry.licence).not.toBe("");
    const taps = /^[\d,]+$/.test(entry.taps) ? entry.taps.split(",").length : 4;
    expect(entry.widths).toHaveLength(taps);
    if (entry.asset === undefined) expect(parseHubName(entry.hub)?.files).toHaveLength(1);
  }
  expect(CATALOGUE.find(({ name }) => name === "clip-vit-large-patch14")).toMatchObject({
    hub: "Xenova/clip-vit-large-patch14:onnx/vision_model.onnx",
    pooled: { what: "projected image embedding", width: 768 },
    widths: [1024, 1024, 1024],
    licence: "MIT",
  });
});

test("the list says which entries the tests never ran", async () => {
  const { out } = await vca("encoders", "list", "--json");
  const list = JSON.parse(out) as { name: string; tested: boolean; hub: string | null }[];
  expect(list.filter(({ tested }) => tested).map(({ name }) => name)).toEqual(["efficientnet-lite0"]);
  expect(list.filter(({ hub }) => hub !== null)).toHaveLength(10);
  expect((await vca("encoders")).out).toMatch(
    /clip-vit-large-patch14 +MIT +12,18,24 +projected image embedding, 768 +hub, untested/,
  );
});
