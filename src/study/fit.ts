/**
 * @file `vca fit`: cross-validated training of a circuit on rated pictures, ridge on the same tokens and
 * folds beside it, one final model. Interrupted at any moment, the same call goes on where it stopped.
 */
import { exists, freeDisk, packageVersion } from "#files";
import type { NdArray } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import { planFolds } from "../stimuli/folds.ts";
import { groupSize, replicaNeed } from "../training/memory.ts";
import { averageViews, type RidgeResult, ridge } from "../training/ridge.ts";
import { ridgeFeatures } from "../training/ridge-features.ts";
import { writeFinalModel } from "./final-model.ts";
import type { FitConfig } from "./fit-config.ts";
import { type Comparison, columnOfScale, compare, metricRows } from "./metrics.ts";
import { type Prepared, prepareFit, type WorkOptions } from "./prepare.ts";
import { heldOutPredictions, keptEpochs, replicaName, seedsOf, trainReplicas } from "./replicas.ts";
import { type Manifest, RunFolder, readTensors, writeTensors } from "./run-folder.ts";

/** What `vca fit --json` prints. */
export interface FitResult extends Comparison {
  readonly stimuli: { readonly set: string; readonly n: number };
  readonly encoder: string;
  readonly circuit: string;
  readonly folds: number;
  readonly seeds: number;
  readonly grouped: boolean;
  readonly out: string;
  readonly seconds: number;
}

/**
 * Fits a circuit into the folder `out`.
 * @throws ConfigError, DataError, UnsupportedError before work begins; StorageError when the disk is too small.
 */
export async function fitStudy(
  config: FitConfig,
  options: WorkOptions & { readonly out: string },
): Promise<FitResult> {
  const { out } = options;
  const started = performance.now();
  const folder = await RunFolder.begin(out, config);
  const prepared = await prepareFit(config, options);
  await announce(config, prepared, options);
  await writeStimuli(folder, prepared);
  const baseline = await ridgeBaseline(folder, config, prepared, options);
  await trainReplicas(folder, config, prepared, options);

  const predictions: NdArray[] = [];
  for (const seed of seedsOf(config)) predictions.push(await heldOutPredictions(folder, prepared, seed));
  await writePredictions(folder, config, prepared, { predictions, ridge: baseline });
  const { ratings, folds, groups, set, encoder, circuit } = prepared;
  const comparison = compare({ ratings, predictions, ridge: baseline, folds, groups, seed: config.seed });
  await folder.writeTable(
    "metrics.csv",
    ["model", "scale", "measure", "value", "lower", "upper"],
    metricRows(comparison),
  );
  const parameters = await readTensors(
    folder.parametersFile(replicaName(-1, config.seed), prepared.recipe.epochs),
  );
  const trainedOn = { set: set.name, n: set.ids.length, scale: set.scale };
  const model = { parameters: parameters.arrays, config, gains: false };
  await writeFinalModel(folder.finalModel, { ...prepared, trainedOn }, model);
  const seconds = (performance.now() - started) / 1000;
  await writeManifest(folder, config, prepared, seconds);
  return {
    stimuli: { set: set.name, n: set.ids.length },
    encoder: encoder.name,
    circuit: circuit.name,
    folds: new Set(folds).size,
    seeds: config.seeds,
    grouped: config.split === "grouped" || config.split === "leave-one-group-out",
    ...comparison,
    out,
    seconds,
  };
}

/** Says what is about to be done and needed. @throws StorageError when the disk will not hold it. */
async function announce(
  config: FitConfig,
  prepared: Prepared,
  { out, reporter }: WorkOptions & { out: string },
): Promise<void> {
  const { circuit, recipe, features, folds, set } = prepared;
  const shape = { tokens: features.T, width: features.D };
  const need = replicaNeed(circuit, { ...recipe, batch: Math.min(recipe.batch, folds.length) }, shape);
  const replicas = new Set(folds).size * config.seeds + 1;
  const together = Math.min(
    new Set(folds).size,
    groupSize(circuit, recipe, { ...shape, pictures: folds.length }),
  );
  const memory =
    together * need.memoryBytes + 2 * prepared.views.reduce((bytes, view) => bytes + view.data.byteLength, 0);
  const disk = replicas * keptEpochs(recipe.epochs).length * need.diskBytes;
  reporter.note(
    `${set.ids.length} pictures, ${features.T} tokens of ${features.D} channels; ${replicas} networks of ${need.parameters} parameters, ${recipe.epochs} epochs, ${together} at once; about ${gigabytes(memory)} of memory and ${gigabytes(disk)} of disk.`,
  );
  const free = await freeDisk(out);
  if (disk > free) {
    throw new VcaError(
      "StorageError",
      `${out}: ${gigabytes(disk)} of disk are needed, got ${gigabytes(free)} free. Choose another --out, fewer seeds or fewer epochs.`,
    );
  }
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 2 : 1)} GB`;

async function writeStimuli(folder: RunFolder, { set, folds, duplicates, ratings }: Prepared): Promise<void> {
  const columns = Object.keys(set.columns);
  const header = ["id", "fold", "valence", "arousal", "sha256", "perceptual_hash", ...columns];
  const rows = set.ids.map((id, s) => [
    id,
    folds[s]!,
    ratings.data[2 * s]!,
    ratings.data[2 * s + 1]!,
    duplicates.digests[s]!,
    duplicates.hashes[s]!,
    ...columns.map((column) => set.columns[column]![s]!),
  ]);
  await folder.writeTable("stimuli.csv", header, rows);
}

/** Ridge's held-out predictions `[S, 2]`; its final model stays in the run for `vca test`. */
async function ridgeBaseline(
  folder: RunFolder,
  config: FitConfig,
  prepared: Prepared,
  { reporter, signal }: WorkOptions,
): Promise<NdArray> {
  const file = `${folder.path}/models/ridge.safetensors`;
  if (await exists(file)) return (await readTensors(file)).arrays.get("predictions")!;
  const { views, features, ratings, folds, duplicates, recipe } = prepared;
  const own = recipe.flip ? views.slice(0, 2) : views.slice(0, 1);
  const table = averageViews(own.map((view) => ridgeFeatures(view, features.hasCls)));
  const groups = config.group === undefined ? undefined : prepared.set.columns[config.group];
  const result: RidgeResult = await ridge({
    candidates: [table],
    targets: ratings,
    folds,
    innerFold: (train, random) =>
      planFolds({
        n: train.length,
        folds: 5,
        method: config.split === "grouped" || config.split === "leave-one-group-out" ? "grouped" : "random",
        ...(groups && { groups: [...train].map((s) => groups[s]!) }),
        together: within(duplicates.together, train),
        random,
      }),
    random: Random.seeded(config.seed).at("ridge"),
    onFit: (done, total) => {
      signal?.throwIfAborted();
      reporter.progress("ridge", done, total);
    },
  });
  const predictions: NdArray = { shape: [folds.length, 2], data: Float32Array.from(result.predictions.data) };
  const { weights, intercept, penalty, atEdge } = result.final;
  if (atEdge.some(Boolean)) reporter.warn("ridge: a chosen penalty is at the edge of its grid.");
  const arrays = new Map<string, NdArray>([
    ["predictions", predictions],
    ["weights", { shape: weights.shape, data: Float32Array.from(weights.data) }],
    ["intercept", { shape: [2], data: Float32Array.from(intercept) }],
  ]);
  await writeTensors(file, { arrays, metadata: { penalty: penalty.join(" ") } });
  return predictions;
}

/** Sets of stimuli that stay together, as places in `train`. */
function within(together: readonly (readonly number[])[], train: Int32Array): number[][] {
  const place = new Map([...train].map((s, i) => [s, i]));
  return together.map((set) => set.flatMap((s) => place.get(s) ?? [])).filter((set) => set.length > 1);
}

async function writePredictions(
  folder: RunFolder,
  config: FitConfig,
  { set, folds }: Prepared,
  { predictions, ridge: baseline }: { predictions: readonly NdArray[]; ridge: NdArray },
): Promise<void> {
  const rows = (model: string, seed: number | undefined, array: NdArray) => {
    const [valence, arousal] = [columnOfScale(array, 0), columnOfScale(array, 1)];
    return set.ids.map((id, s) => [id, folds[s]!, model, seed, valence[s]!, arousal[s]!]);
  };
  await folder.writeTable(
    "predictions.csv",
    ["id", "fold", "model", "seed", "valence", "arousal"],
    [
      ...predictions.flatMap((array, i) => rows("circuit", seedsOf(config)[i]!, array)),
      ...rows("ridge", undefined, baseline),
    ],
  );
}

async function writeManifest(
  folder: RunFolder,
  config: FitConfig,
  { encoder, taps, features, circuit, recipe, set }: Prepared,
  seconds: number,
): Promise<void> {
  const { T, D, hasCls, channels } = features;
  const manifest: Manifest = {
    vca: await packageVersion(),
    node: process.version,
    encoder: { name: encoder.name, sha256: encoder.id, taps },
    tokens: { T, D, hasCls, channels },
    stimuli: {
      set: set.name,
      n: set.ids.length,
      scale: set.scale,
      citation: set.citation,
      redistribute: set.redistribute,
    },
    seeds: seedsOf(config),
    circuit,
    recipe,
    finished: new Date().toISOString(),
    seconds,
  };
  await folder.writeJson("manifest.json", manifest);
}
