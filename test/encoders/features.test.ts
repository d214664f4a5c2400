import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeEach, expect, test } from "vitest";
import { readBytes, sha256 } from "#files";
import { Random } from "../../src/core/random.ts";
import { type Encoder, openEncoder } from "../../src/encoders/encoder.ts";
import type { FeatureRecipe } from "../../src/encoders/feature-cache.ts";
import { type ExtractionOptions, extractFeatures } from "../../src/encoders/features.ts";
import { resolveTaps } from "../../src/encoders/taps.ts";
import type { View } from "../../src/encoders/views.ts";
import { isVcaError } from "../../src/errors.ts";
import { encodeOnnx, type Model } from "../../src/graph/onnx.ts";
import { tinyConvolutional, tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";

const root = await mkdtemp(join(tmpdir(), "vca-features-"));
afterAll(() => rm(root, { recursive: true }));
const cacheFolder = join(root, "cache");
beforeEach(() => rm(cacheFolder, { recursive: true, force: true }));

const random = Random.seeded(1);
const files: string[] = [];
await mkdir(join(root, "pictures"));
for (let i = 0; i < 7; i++) {
  const data = Uint8Array.from({ length: 10 * 9 * 3 }, () => random.integer(256));
  const png = sharp(data, { raw: { width: 10, height: 9, channels: 3 } }).png();
  files.push(join(root, "pictures", `${i}.png`));
  await writeFile(files[i]!, await png.toBuffer());
}
const stimuli = { ids: files.map((_, i) => `p${i}`), files };

async function open(name: string, model: Model): Promise<Encoder> {
  await writeFile(join(root, `${name}.onnx`), encodeOnnx(model));
  await writeFile(join(root, `${name}.json`), tinySettings);
  return openEncoder(join(root, `${name}.onnx`));
}
const convolutional = await open("conv", tinyConvolutional());
const recipe: FeatureRecipe = {
  encoder: convolutional,
  taps: await resolveTaps(convolutional),
  tokens: { kind: "grid", size: 2 },
};

async function extract(options: Partial<ExtractionOptions> = {}, what = recipe, which = stimuli) {
  return extractFeatures(what, which, { cacheFolder, batch: 3, ...options });
}

test("tokens lie in the cache as [T, D], one file a picture, and load as [S, T, D]", async () => {
  const progress: string[] = [];
  const features = await extract({
    onProgress: ({ done, total, cached }) => progress.push(`${done}/${total} ${cached}`),
  });
  expect(features).toMatchObject({ ids: stimuli.ids, T: 4, D: 9, hasCls: false });
  expect(features.channels).toEqual([
    { tap: "stage-1", from: 0, to: 4 },
    { tap: "stage-2", from: 4, to: 9 },
  ]);
  expect(progress).toEqual(["3/7 0", "6/7 0", "7/7 0", "7/7 0"]);
  const hash = sha256(await readBytes(files[2]!));
  expect(await readdir(features.folder)).toHaveLength(8);
  expect(await readdir(features.folder)).toContain(`${hash}.plain.npy`);
  const { shape, data } = await features.load();
  expect(shape).toEqual([7, 4, 9]);
  expect(new Set(Array.from({ length: 7 }, (_, i) => data[i * 36])).size).toBe(7);
});

test("batch size, threads and a fixed batch change no bit", async () => {
  const once = (await (await extract({ batch: 1, threads: 1 })).load()).data;
  for (const batch of [2, 8]) {
    await rm(cacheFolder, { recursive: true });
    expect((await (await extract({ batch, threads: 2 })).load()).data).toEqual(once);
  }
  const fixed = { ...recipe, encoder: await open("fixed", tinyConvolutional(4)) };
  expect((await (await extract({}, fixed)).load()).data).toEqual(once);
});

test("what is cached is not computed again, what is broken is", async () => {
  const first = await extract();
  const before = (await first.load()).data;
  const paths = (await readdir(first.folder)).filter((name) => name.endsWith(".npy")).sort();
  const times = () => Promise.all(paths.map(async (name) => (await stat(join(first.folder, name))).mtimeMs));
  const written = await times();
  await rm(join(first.folder, paths[0]!));
  await writeFile(
    join(first.folder, paths[1]!),
    (await readBytes(join(first.folder, paths[2]!))).subarray(0, 99),
  );
  let cached = 0;
  const second = await extract({ onProgress: (progress) => (cached = progress.cached) });
  expect(cached).toBe(5);
  expect((await times()).map((time, i) => time === written[i])).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
    true,
  ]);
  expect((await second.load()).data).toEqual(before);
});

test("a broken picture is one error that names it, and the pictures before it stay", async () => {
  const broken = join(root, "broken.png");
  await writeFile(broken, (await readBytes(files[0]!)).subarray(0, 200));
  const which = { ids: [...stimuli.ids, "broken"], files: [...files.slice(0, 5), broken, ...files.slice(5)] };
  const error = await extract({}, recipe, which).catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "DataError")).toBe(true);
  expect((error as Error).message).toMatch(
    /broken\.png: a whole picture was expected, got ".*"\. Copy or export the file again\.$/,
  );
  let cached = 0;
  await extract({ onProgress: (progress) => (cached = progress.cached) });
  expect(cached).toBe(5);
});

test("an aborted extraction goes on where it stopped", async () => {
  const stop = new AbortController();
  await expect(extract({ signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(/abort/i);
  let cached = 0;
  await extract({ onProgress: (progress) => (cached = progress.cached) });
  expect(cached).toBe(3);
});

test("equal pictures share one file", async () => {
  const which = { ids: ["a", "b"], files: [files[0]!, files[0]!] };
  const { data } = await (await extract({}, recipe, which)).load();
  expect(data.subarray(0, 36)).toEqual(data.subarray(36));
});

test("views are cached side by side and depend on the seed", async () => {
  const views: View[] = [
    { kind: "plain" },
    { kind: "flip" },
    { kind: "random", seed: 1, index: 0 },
    { kind: "random", seed: 1, index: 1 },
  ];
  const features = await extract({ views });
  const loaded = await Promise.all(views.map(async (view) => (await features.load(view)).data.join()));
  expect(new Set(loaded).size).toBe(4);
  expect((await features.load()).data.join()).toBe(loaded[0]);
  expect(await readdir(features.folder)).toHaveLength(4 * 7 + 1);
  const plain = await extract();
  expect(plain.folder).toBe(features.folder);
  expect((await plain.load()).data.join()).toBe(loaded[0]);
});

test("a transformer's CLS comes first; pooled, it is the only token", async () => {
  const encoder = await open("vit", tinyTransformer({ blocks: 2, leading: 3 }));
  const taps = await resolveTaps(encoder);
  const features = await extract({}, { encoder, taps, tokens: { kind: "grid", size: 2 } });
  expect(features).toMatchObject({ T: 5, D: 8, hasCls: true });
  const pooled = await extract({}, { encoder, taps, tokens: { kind: "pooled" } });
  expect(pooled).toMatchObject({ T: 1, D: 8, hasCls: true });
  expect(pooled.folder).not.toBe(features.folder);
  const tokens = (await features.load()).data;
  expect((await pooled.load()).data.subarray(0, 8)).toEqual(tokens.subarray(0, 8));
});

test("ids and files must pair", async () => {
  const error = await extract({}, recipe, { ids: ["a"], files: [] }).catch((thrown: unknown) => thrown);
  expect((error as Error).message).toBe(
    "features: one picture file for each id was expected, got 0 files and 1 ids. Check the stimulus table.",
  );
});
