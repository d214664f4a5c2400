/**
 * @file `vca import`: weights that were trained elsewhere, in the published code's names and layout, as a finished
 * run, from which `predict`, `test` and `export` work. Nothing in the file is executed (`core/torch-file.ts`).
 *
 * Source of the names: `models/VCA.py` of github.com/cswin/VCA_Full, where BA is our AB, BL our B, CE our CeA;
 * blocks are PyTorch's `nn.TransformerEncoderLayer`. PyTorch keeps weights as [out, in], query, key and value one
 * below the other; ours are [in, out], each for itself.
 */
import { parse } from "yaml";
import { z } from "zod";
import { packageVersion, readBytes, readText, sha256 } from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import { loadCircuit } from "../circuits/load.ts";
import { applyCircuit } from "../circuits/model.ts";
import type { ParameterSpec } from "../circuits/parts.ts";
import { type Data, type NdArray, sizeOf } from "../core/array.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { readStateDict } from "../core/torch-file.ts";
import { openEncoder } from "../encoders/encoder.ts";
import { resolveTaps } from "../encoders/taps.ts";
import { planTokens } from "../encoders/tokens.ts";
import { unknownName, VcaError } from "../errors.ts";
import { Graph } from "../graph/build.ts";
import { parseScale } from "../stimuli/scale.ts";
import { findRecipe } from "../training/recipe.ts";
import { modelParts, tapShapes, writeFinalModel } from "./final-model.ts";
import { fitConfig } from "./fit-config.ts";
import { tokenPlan, type WorkOptions } from "./prepare.ts";
import { replicaName } from "./replicas.ts";
import { type Manifest, RunFolder, writeTensors } from "./run-folder.ts";

/** A tensor of the file, read when it is needed. */
interface Weights {
  readonly shape: readonly number[];
  array(): NdArray<Data>;
}

/** Names in the file to our parameters: rows are dealt to them in order; of none, the tensor is left out. */
export type WeightMap = ReadonlyMap<string, readonly string[]>;

/** Nucleus to its blocks and its linear layer in the published code. */
const NUCLEI: Readonly<Record<string, readonly [blocks: string, linear?: string]>> = {
  LA: ["LA.layers"],
  AB: ["BA.0.layers", "BA.1"],
  B: ["BL.0.layers", "BL.1"],
  CeA: ["CE.0.layers", "CE.1"],
};
const READOUT = "LastFC";
/** The frozen encoder, which the published checkpoints hold too. */
const ENCODER = "clip_model.";

/** Inside a block. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "self_attn.in_proj_weight": ["query/weight", "key/weight", "value/weight"],
  "self_attn.in_proj_bias": ["query/bias", "key/bias", "value/bias"],
  "self_attn.out_proj.weight": ["merge/weight"],
  "self_attn.out_proj.bias": ["merge/bias"],
  "linear1.weight": ["expand/weight"],
  "linear1.bias": ["expand/bias"],
  "linear2.weight": ["reduce/weight"],
  "linear2.bias": ["reduce/bias"],
  "norm1.weight": ["norm1/scale"],
  "norm1.bias": ["norm1/shift"],
  "norm2.weight": ["norm2/scale"],
  "norm2.bias": ["norm2/shift"],
};

/** The published names of a circuit's parameters, as far as there are any. */
function publishedNames({ nuclei }: Circuit): WeightMap {
  const names = new Map<string, readonly string[]>();
  const linear = (theirs: string, ours: string) => {
    for (const part of ["weight", "bias"]) names.set(`${theirs}.${part}`, [`${ours}/${part}`]);
  };
  for (const { id, blocks, output } of nuclei) {
    const [layers, out] = NUCLEI[id] ?? [];
    for (let k = 0; layers !== undefined && k < blocks; k++) {
      for (const [theirs, ours] of Object.entries(LAYERS))
        names.set(
          `${layers}.${k}.${theirs}`,
          ours.map((part) => `${id}/block${k + 1}/${part}`),
        );
    }
    if (out !== undefined && output !== "none") linear(out, `${id}/output`);
  }
  linear(READOUT, "readout");
  return names;
}

/** A YAML file of `name in the file: parameter of ours`, a list of them, or `[]` for none. @throws ConfigError */
export function parseWeightMap(text: string, where: string): WeightMap {
  const names = z.union([z.string().transform((name) => [name]), z.array(z.string())]);
  try {
    return new Map(Object.entries(z.record(z.string(), names).parse(parse(text))));
  } catch (cause) {
    throw new VcaError(
      "ConfigError",
      `${where}: lines of a name in the file and a parameter of ours were expected, got others. Write them as \`head.weight: readout/weight\`.`,
      { cause },
    );
  }
}

/** The order of the network's two outputs in the file. */
export type OutputOrder = "arousal,valence" | "valence,arousal";

/**
 * Our parameters from tensors of another program.
 * @param map names in the file to ours; names of `clip_model.` may be absent from it
 * @throws ConfigError for a parameter that the circuit has not; DataError with the names that are missing and
 *   unexpected, and for a shape that differs.
 */
function mapWeights(
  tensors: ReadonlyMap<string, Weights>,
  parameters: readonly ParameterSpec[],
  { map, outputs, where }: { map: WeightMap; outputs: OutputOrder; where: string },
): Map<string, NdArray> {
  const specs = new Map(parameters.map((spec) => [spec.name, spec]));
  const arrays = new Map<string, NdArray>();
  const unknown = [...map.values()].flat().find((own) => !specs.has(own));
  if (unknown !== undefined) throw unknownName(where, "parameter", unknown, [...specs.keys()]);
  const given = new Set([...map].flatMap(([name, ours]) => (tensors.has(name) ? ours : [])));
  const theirs = (own: string) => [...map].find(([, ours]) => ours.includes(own))?.[0] ?? own;
  const lacking = parameters.filter(({ name, trained }) => trained && !given.has(name));
  const missing = [...new Set(lacking.map(({ name }) => theirs(name)))];
  const unexpected = [...tensors.keys()].filter((name) => !map.has(name) && !name.startsWith(ENCODER));
  if (missing.length + unexpected.length > 0) {
    throw new VcaError(
      "DataError",
      `${where}: the circuit's parameters were expected, got a file without ${list(missing)} and with ${list(unexpected)} besides. Name in a --map file what is called otherwise.`,
    );
  }
  for (const [name, ours] of map) {
    const tensor = tensors.get(name);
    if (tensor && ours.length > 0)
      deal(
        tensor,
        ours.map((own) => specs.get(own)!),
        { name, where },
        arrays,
      );
  }
  if (outputs === "arousal,valence")
    for (const part of ["weight", "bias"]) swapOutputs(arrays.get(`readout/${part}`)!);
  for (const { name, shape, initial } of parameters) {
    if (initial.kind !== "statistic" || arrays.has(name)) continue; // published networks standardise nothing
    const value = initial.of.endsWith("scale") ? 1 : 0;
    arrays.set(name, { shape, data: new Float32Array(sizeOf(shape)).fill(value) });
  }
  return new Map(parameters.map(({ name }) => [name, arrays.get(name)!]));
}

const list = (names: readonly string[]) =>
  names.length === 0
    ? "nothing"
    : names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");

/** Deals the rows of a tensor [U, I] or [U] to parameters [I, U] or [1, U], one after the other. */
function deal(
  tensor: Weights,
  specs: readonly ParameterSpec[],
  { name, where }: { name: string; where: string },
  arrays: Map<string, NdArray>,
): void {
  const matrix = specs[0]!.name.endsWith("/weight");
  const I = specs[0]!.shape[0]!;
  const rows = specs.reduce((total, { shape }) => total + shape[1]!, 0);
  const expected = matrix ? [rows, I] : [rows];
  const { shape } = tensor;
  if (shape.join() !== expected.join()) {
    throw new VcaError(
      "DataError",
      `${where}: "${name}" must be [${expected.join(", ")}] for this circuit and encoder, got [${shape.join(", ")}]. Choose the encoder and circuit that it was trained with.`,
    );
  }
  const { data } = tensor.array();
  let row = 0;
  for (const spec of specs) {
    const U = spec.shape[1]!;
    const own = new Float32Array(I * U);
    for (let u = 0; u < U; u++, row++) for (let i = 0; i < I; i++) own[i * U + u] = Number(data[row * I + i]);
    if (!own.every(Number.isFinite)) {
      throw new VcaError(
        "DataError",
        `${where}: "${name}" must hold finite numbers, got NaN or infinity. Take the checkpoint of another epoch.`,
      );
    }
    arrays.set(spec.name, { shape: spec.shape, data: own });
  }
}

/** (arousal, valence) to (valence, arousal), in place: `[I, 2]`. */
function swapOutputs({ data }: NdArray): void {
  for (let i = 0; i < data.length; i += 2) [data[i], data[i + 1]] = [data[i + 1]!, data[i]!];
}

/** What to import. */
export interface ImportOptions extends WorkOptions {
  readonly out: string;
  readonly encoder: string;
  readonly circuit: string;
  readonly taps?: string | undefined;
  /** The scale of the ratings that the network learned, such as `1-9`. */
  readonly scale: string;
  readonly outputs: OutputOrder;
  /** A YAML file of names, see `parseWeightMap`. */
  readonly map?: string | undefined;
}

/** What `vca import --json` prints. */
export interface ImportResult {
  readonly out: string;
  readonly encoder: string;
  readonly circuit: string;
  /** Numbers in the circuit. */
  readonly parameters: number;
}

/**
 * Writes weights as a finished run's folder.
 * @param weights a file of `torch.save`, or .safetensors
 * @throws DataError, UnsupportedError, CheckpointError for the file; ConfigError for names; StorageError.
 */
export async function importWeights(weights: string, options: ImportOptions): Promise<ImportResult> {
  const started = performance.now();
  const { encoder: named, circuit: wanted, taps: asked, scale, out, reporter, signal } = options;
  const config = fitConfig({
    stimuli: `import:${weights}`,
    encoder: named,
    circuit: wanted,
    scale,
    seeds: 1,
    ...(asked !== undefined && { taps: asked }),
  });
  const recipe = findRecipe(config.recipe);
  const ratingScale = parseScale(scale);
  const { visual } = await loadCircuit(wanted, 64); // how pictures enter does not depend on the width
  const bytes = await readBytes(weights);
  const tensors = readWeights(bytes, weights); // before an encoder is pulled for it
  const encoder = await openEncoder(named, { reporter, ...(signal && { signal }) });
  const taps = await resolveTaps(encoder, asked ?? (visual === "embedding" ? "pooled" : undefined));
  const plan = tokenPlan(visual, config.grid);
  const shapes = (await tapShapes({ encoder, taps })).map((axes) => [1, ...axes.slice(1)].map(Number));
  const { shape: tokens } = planTokens(taps, shapes, plan, encoder.preprocessing);
  const circuit = await loadCircuit(wanted, tokens.D);
  const graph = new Graph();
  const input = graph.input("tokens", [1, tokens.T, tokens.D]);
  const { parameters } = applyCircuit(
    graph,
    circuit,
    { tokens: input, hasCls: tokens.hasCls },
    { replicas: 1 },
  );

  const ours = options.map === undefined ? [] : parseWeightMap(await readText(options.map), options.map);
  const map = new Map([...publishedNames(circuit), ...ours]);
  const network = mapWeights(tensors, parameters, {
    map,
    outputs: options.outputs,
    where: weights,
  });

  const folder = await RunFolder.begin(out, config);
  try {
    await folder.writeConfig(config);
    const metadata = {
      replica: replicaName(-1, config.seed),
      fold: "-1",
      seed: String(config.seed),
      epoch: String(recipe.epochs),
    };
    await writeTensors(folder.parametersFile(metadata.replica, recipe.epochs), { arrays: network, metadata });
    const manifest: Omit<Manifest, "finished" | "seconds"> = {
      vca: await packageVersion(),
      node: process.version,
      encoder: { name: encoder.name, sha256: encoder.id, taps },
      tokens,
      stimuli: { set: config.stimuli, n: 0, scale: ratingScale, citation: "unknown", redistribute: false },
      seeds: [config.seed],
      circuit,
      recipe,
      weights: { file: weights, sha256: sha256(bytes) },
    };
    await writeFinalModel(folder.finalModel, modelParts(encoder, manifest), {
      networks: [network],
      config,
      gains: false,
    });
    await folder.finish(manifest, (performance.now() - started) / 1000);
  } finally {
    await folder.end();
  }
  reporter.note(
    `Pictures are normalised as ${encoder.name} asks. The published code leaves CLIP's mean and deviation out: to do so too, set image_mean to [0, 0, 0] and image_std to [1, 1, 1] in a copy of the encoder's preprocessor_config.json.`,
  );
  const count = parameters.reduce((total, { trained, shape }) => total + (trained ? sizeOf(shape) : 0), 0);
  return { out, encoder: encoder.name, circuit: circuit.name, parameters: count };
}

function readWeights(bytes: Uint8Array, where: string): ReadonlyMap<string, Weights> {
  if (!where.endsWith(".safetensors")) return readStateDict(bytes, where);
  const { arrays } = decodeSafetensors(bytes, where, "Fetch it again, or save it again in float32");
  return new Map([...arrays].map(([name, array]) => [name, { shape: array.shape, array: () => array }]));
}
