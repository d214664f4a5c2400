/** @file Weights of PyTorch's twin of the published network as a run: its numbers to 1e-5, and what is refused. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { encodeSafetensors } from "../../src/core/safetensors.ts";
import { readStateDict } from "../../src/core/torch-file.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { exportRun } from "../../src/study/export.ts";
import { type ImportOptions, importWeights, parseWeightMap } from "../../src/study/import.ts";
import { predictPictures } from "../../src/study/predict.ts";
import { finalNetworks } from "../../src/study/replicas.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { RunFolder } from "../../src/study/run-folder.ts";
import { testRun } from "../../src/study/test.ts";
import { openInference } from "../../src/training/inference.ts";
import { vca } from "../cli/run.ts";
import expected from "../fixtures/torch-file/expected.json" with { type: "json" };
import { tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";
import { drawPictures, tinyStudy } from "./support.ts";

const WEIGHTS = new URL("../fixtures/torch-file/published.pth", import.meta.url).pathname;
const cache = process.env.VCA_CACHE;
let folder = "";
let pictures: readonly string[] = [];
let options: Omit<ImportOptions, "out">;

beforeAll(async () => {
  ({ folder, pictures } = await tinyStudy());
  process.env.VCA_CACHE = join(folder, "cache");
  const encoder = join(folder, "four-wide");
  await mkdir(encoder);
  await writeFile(join(encoder, "model.onnx"), encodeOnnx(tinyTransformer({ blocks: 1 })));
  await writeFile(join(encoder, "preprocessor_config.json"), tinySettings);
  const { nuclei, ...published } = presetCircuit("liu2025", 4);
  const narrow = nuclei.map(({ output, ...rest }) => ({
    ...rest,
    feedForward: 8,
    output: output === "none" ? output : rest.id === "CeA" ? 16 : 6,
  }));
  const circuit = join(folder, "narrow.yaml");
  await writeFile(circuit, stringify({ ...published, nuclei: narrow }, { aliasDuplicateObjects: false }));
  options = { reporter: SILENT, encoder, circuit, scale: "1-9", outputs: "arousal,valence" };
});
afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(folder, { recursive: true });
});

/** The largest difference between a run's answers to the fixture's vectors and PyTorch's. */
async function largestDifference(run: string): Promise<number> {
  const { folder: files, config, manifest } = await RunFolder.open(run);
  const inference = await openInference(manifest.circuit, { tokens: 1, width: 4, hasCls: false });
  const [network] = await finalNetworks(files, config, manifest);
  const { embeddings, answers } = expected.published;
  const tokens = { shape: [5, 1, 4], data: Float32Array.from(embeddings.flat()) };
  const { predictions } = await inference.run(network!, tokens);
  await inference.close();
  const theirs = answers.flatMap(([arousal, valence]) => [valence!, arousal!]);
  return Math.max(...theirs.map((value, i) => Math.abs(value - predictions.data[i]!)));
}

describe("an imported run", () => {
  it.each(["published.pth", "parallel.pth"])("of %s answers as PyTorch does", async (file) => {
    const out = join(folder, file);
    const result = await importWeights(WEIGHTS.replace("published.pth", file), { ...options, out });
    expect(result).toEqual({ out, encoder: "four-wide", circuit: "liu2025", parameters: expect.any(Number) });
    expect(await largestDifference(out)).toBeLessThan(1e-5);
  });

  it("of safetensors does too, with names of another program and outputs the other way round", async () => {
    const tensors = readStateDict(new Uint8Array(await readFile(WEIGHTS)), "p");
    const arrays = new Map(
      [...tensors]
        .filter(([name]) => !name.startsWith("clip_model"))
        .map(([name, tensor]) => [name.replace("LastFC", "head"), tensor.array() as never]),
    );
    arrays.set("steps", { shape: [], data: Float32Array.of(7) } as never);
    const weights = join(folder, "other.safetensors");
    await writeFile(weights, encodeSafetensors({ arrays, metadata: {} }));
    const map = join(folder, "names.yaml");
    await writeFile(map, "head.weight: readout/weight\nhead.bias: readout/bias\nsteps: []\n");
    const out = join(folder, "safetensors");
    await importWeights(weights, { ...options, out, map });
    expect(await largestDifference(out)).toBeLessThan(1e-5);
    const swapped = join(folder, "swapped");
    await importWeights(weights, { ...options, out: swapped, map, outputs: "valence,arousal" });
    expect(await largestDifference(swapped)).toBeGreaterThan(0.1);
  });

  it("predicts, exports and is tested, with a warning for the pictures it was trained on", async () => {
    const run = join(folder, "published.pth");
    const own = await predictPictures(run, pictures.slice(0, 3), options);
    const { out } = await exportRun(run, {});
    expect(await predictPictures(out, pictures.slice(0, 3), options)).toEqual(own);
    const table = await drawPictures(join(folder, "pictures"), "new", 12);
    const warnings: string[] = [];
    const reporter = { ...SILENT, warn: (text: string) => warnings.push(text) };
    const tested = await testRun(run, `table:${table}`, { reporter, scale: "1-9" });
    expect(warnings).toEqual([
      `${run}: the pictures that it was trained on are not recorded, so none of them could be looked for. Make sure that the set holds none of them.`,
    ]);
    expect(tested.metrics.valence.r).toEqual(expect.any(Number));
    expect(tested.ridge).toBeUndefined();
    const [header, ...rows] = (await readFile(join(tested.out, "predictions.csv"), "utf8"))
      .trim()
      .split("\n");
    expect(header).toBe("id,model,valence,arousal");
    expect(rows).toHaveLength(12);
  });

  it("comes from the command line, whose table has no ridge", async () => {
    const out = join(folder, "typed");
    const { encoder, circuit } = options;
    const words = ["import", WEIGHTS, "--encoder", encoder, "--circuit", circuit, "--out", out];
    const { code, out: text, err } = await vca(...words, "--quiet");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(text).toMatch(/^.*typed: liu2025 on four-wide, \d+ parameters\.\n$/);
    const table = join(folder, "pictures", "new.csv");
    const tested = await vca("test", out, `table:${table}`, "--scale", "1-9");
    expect(tested.out).toMatch(/\nmodel .*\n\n/);
    expect(tested.out).not.toMatch(/ridge|difference/);
  });
});

describe("weights that do not fit", () => {
  const refused = (changes: Partial<ImportOptions>, weights = WEIGHTS) =>
    importWeights(weights, { ...options, out: join(folder, "refused"), ...changes }).then(
      () => "nothing failed",
      (error) => `${error.tag}: ${error.message}`,
    );

  it("name what is missing and what is unexpected", async () => {
    const file = WEIGHTS.replace("published.pth", "kinds.pt");
    expect(await refused({}, file)).toBe(
      `DataError: ${file}: the circuit's parameters were expected, got a file without LA.layers.0.self_attn.in_proj_weight, LA.layers.0.self_attn.in_proj_bias, LA.layers.0.self_attn.out_proj.weight, LA.layers.0.self_attn.out_proj.bias, LA.layers.0.norm1.weight, LA.layers.0.norm1.bias, LA.layers.0.linear1.weight, LA.layers.0.linear1.bias and 72 more and with float32, transposed, every other, expanded, scalar, empty, parameter, float64 and 8 more besides. Name in a --map file what is called otherwise.`,
    );
  });

  it("name the tensor whose shape differs", async () => {
    expect(await refused({ circuit: "liu2025" })).toBe(
      `DataError: ${WEIGHTS}: "LA.layers.0.linear1.weight" must be [512, 4] for this circuit and encoder, got [8, 4]. Choose the encoder and circuit that it was trained with.`,
    );
  });

  it("are named to parameters that there are", async () => {
    const map = join(folder, "wrong.yaml");
    await writeFile(map, "LastFC.weight: readout/wieght\n");
    expect(await refused({ map })).toMatch(
      /^ConfigError: .*published\.pth: unknown parameter "readout\/wieght"\. Did you mean "readout\/weight"\? Choices: LA\/block1\/query\/weight, /,
    );
  });

  it("leave nothing behind", async () => {
    await expect(readFile(join(folder, "refused", "fit.yaml"))).rejects.toThrow("ENOENT");
  });
});

it.each(["just text", "- a\n- b", "a: 3", "a: [b", ""])("%j is no map of names", (text) => {
  expect(() => parseWeightMap(text, "m.yaml")).toThrow(
    "m.yaml: lines of a name in the file and a parameter of ours were expected, got others. Write them as `head.weight: readout/weight`.",
  );
});
