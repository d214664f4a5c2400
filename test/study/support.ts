/** @file A tiny study in a temporary folder: drawn pictures, a tiny encoder, a circuit in YAML. */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { stringify } from "yaml";
import { PLAIN } from "../../src/circuits/presets.ts";
import { type NdArray, sizeOf } from "../../src/core/array.ts";
import { writeCsv } from "../../src/core/csv.ts";
import { Random } from "../../src/core/random.ts";
import { decodeOnnx, encodeOnnx } from "../../src/graph/onnx.ts";
import { type FitConfig, fitConfig } from "../../src/study/fit-config.ts";
import { tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";

/** Where everything of a tiny study lies. */
export interface TinyStudy {
  readonly folder: string;
  readonly config: FitConfig;
  /** Files of the trained pictures, in order. */
  readonly pictures: readonly string[];
}

const EDGE = { source: "test" };
const CIRCUIT = {
  name: "tiny",
  nuclei: [
    { id: "LA", input: 6, blocks: 1, heads: 2, feedForward: 8, dropout: { blocks: 0.1 } },
    { id: "ITC", input: 3, rectify: true },
    { id: "CeA", input: 4, rectify: PLAIN.rectify },
  ],
  projections: [
    { ...EDGE, from: "visual", to: "LA" },
    { ...EDGE, from: "LA", to: "ITC" },
    { ...EDGE, from: "LA", to: "CeA" },
    { ...EDGE, from: "ITC", to: "CeA", sign: "-" },
  ],
  readout: "CeA",
};

/** Coloured blocks, 8 x 8, brighter from the first picture to the last; their ratings say how bright they are. */
export async function drawPictures(folder: string, name: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const random = Random.seeded(3).at(name);
  const rows: (string | number)[][] = [];
  for (let i = 0; i < count; i++) {
    const bright = 40 + (120 * ((i * 7) % count)) / count;
    const raw = Uint8Array.from({ length: 8 * 8 * 3 }, () => bright + 90 * (random.uniform() - 0.5));
    const png = sharp(raw, { raw: { width: 8, height: 8, channels: 3 } });
    const file = `${name}-${i}.png`;
    await writeFile(join(folder, file), await png.resize(32, 32, { kernel: "cubic" }).png().toBuffer());
    rows.push([`${name} ${i}`, file, 1 + (8 * bright) / 255, 9 - (8 * bright) / 255, `theme ${i % 4}`]);
  }
  const table = join(folder, `${name}.csv`);
  await writeFile(table, writeCsv(["id", "file", "valence", "arousal", "theme"], rows));
  return table;
}

/** 24 pictures, three folds, two seeds, three epochs. */
export async function tinyStudy(): Promise<TinyStudy> {
  const folder = await mkdtemp(join(tmpdir(), "vca-study-"));
  const table = await drawPictures(join(folder, "pictures"), "trained", 24);
  const encoder = join(folder, "tiny-encoder");
  await mkdir(encoder);
  await writeFile(join(encoder, "model.onnx"), encodeOnnx(tinyTransformer({ blocks: 2 })));
  await writeFile(join(encoder, "preprocessor_config.json"), tinySettings);
  await writeFile(join(folder, "tiny.yaml"), stringify(CIRCUIT));
  const config = fitConfig({
    stimuli: `table:${table}`,
    scale: "1-9",
    encoder,
    taps: "1,2",
    grid: 2,
    circuit: join(folder, "tiny.yaml"),
    epochs: 3,
    folds: 3,
    seeds: 2,
  });
  const pictures = Array.from({ length: 24 }, (_, i) => join(folder, "pictures", `trained-${i}.png`));
  return { folder, config, pictures };
}

/** Every file below a folder, by its path there. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

/** Gains of an exported model: 1, but 0 for the one that is named. */
export function gainsOf(bytes: Uint8Array, silenced?: string): Record<string, NdArray> {
  const gains = decodeOnnx(bytes, "test").graph!.input.filter(({ name }) => name.startsWith("gain/"));
  return Object.fromEntries(
    gains.map(({ name, type }) => {
      const tensor = type!.value.case === "tensorType" ? type!.value.value : undefined;
      const shape = tensor!.shape!.dim.map(({ value }) => Number(value.value));
      return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(name === silenced ? 0 : 1) }];
    }),
  );
}
