/**
 * @file `vca fit`: cross-validated training of a circuit on rated pictures, ridge on the same tokens and
 * folds beside it, one final model. Interrupted at any moment, the same call goes on where it stopped.
 */
import { freeDisk, memoryHeld, packageVersion, runtimeVersion } from "#files";
import { loadCircuit } from "../circuits/load.ts";
import type { NdArray } from "../core/array.ts";
import { writeCsv } from "../core/csv.ts";
import { type ChannelRange, shapeOfChannels } from "../encoders/channels.ts";
import { VcaError } from "../errors.ts";
import { engineBytes, groupSize, type Need, replicaNeed } from "../training/memory.ts";
import { columnOfScale } from "../training/metrics.ts";
import { fitBaseline } from "./baseline.ts";
import { modelParts, writeFinalModel } from "./final-model.ts";
import type { FitConfig } from "./fit-config.ts";
import { type Comparison, compare, metricRows } from "./metrics.ts";
import { type Prepared, prepareFit, type WorkOptions } from "./prepare.ts";
import { finalNetworks, heldOutPredictions, keptEpochs, seedsOf, trainReplicas } from "./replicas.ts";
import { type Manifest, RunFolder } from "./run-folder.ts";

/** What `vca fit --json` prints. */
export interface FitResult extends Comparison {
  readonly stimuli: { readonly set: string; readonly n: number };
  readonly encoder: string;
  readonly circuit: string;
  /** Trained numbers of one network. */
  readonly parameters: number;
  readonly folds: number;
  readonly seeds: number;
  readonly grouped: boolean;
  readonly out: string;
  readonly seconds: number;
}

/**
 * Fits a circuit into the folder `out`.
 * @throws ConfigError, DataError, UnsupportedError before work begins; StorageError when the disk is too small or
 *   another process works in the folder.
 */
export async function fitStudy(
  config: FitConfig,
  options: WorkOptions & { readonly out: string },
): Promise<FitResult> {
  const folder = await RunFolder.begin(options.out, config);
  try {
    return await fitInto(folder, config, options);
  } finally {
    await folder.end();
  }
}

async function fitInto(
  folder: RunFolder,
  config: FitConfig,
  options: WorkOptions & { readonly out: string },
): Promise<FitResult> {
  const { out } = options;
  const started = performance.now();
  const before = memoryHeld();
  const prepared = await prepareFit(config, options);
  const { parameters } = await announce(config, prepared, { ...options, before });
  await folder.writeConfig(config);
  await writeStimuli(folder, prepared);
  await pinInputs(folder, prepared);
  const baseline = await fitBaseline(folder, config, prepared, options);
  await trainReplicas(folder, config, prepared, { ...options, channels: baseline.channels });

  const predictions: NdArray[] = [];
  for (const seed of seedsOf(config)) predictions.push(await heldOutPredictions(folder, prepared, seed));
  await writePredictions(folder, config, prepared, { predictions, ridge: baseline.predictions });
  const { ratings, folds, groups, set } = prepared;
  const comparison = compare({
    ratings,
    predictions,
    ridge: baseline.predictions,
    folds,
    groups,
    sets: set.sets,
    seed: config.seed,
  });
  await folder.writeTable(
    "metrics.csv",
    ["model", "scale", "measure", "value", "lower", "upper"],
    metricRows(comparison),
  );
  const manifest = await describeRun(config, prepared, baseline.channels.get(-1)!);
  const networks = await finalNetworks(folder, config, manifest);
  await writeFinalModel(folder.finalModel, modelParts(prepared.encoder, manifest), {
    networks,
    config,
    gains: false,
  });
  const seconds = (performance.now() - started) / 1000;
  await folder.finish(manifest, seconds);
  return {
    stimuli: { set: set.name, n: set.ids.length },
    encoder: manifest.encoder.name,
    circuit: manifest.circuit.name,
    parameters,
    folds: new Set(folds).size,
    seeds: config.seeds,
    grouped: config.split === "grouped" || config.split === "leave-one-group-out",
    ...comparison,
    out,
    seconds,
  };
}

/** Says what is about to be done and needed, of which it gives back one network's. @throws StorageError when the disk will not hold it. */
async function announce(
  config: FitConfig,
  prepared: Prepared,
  { out, reporter, before }: WorkOptions & { out: string; before: number },
): Promise<Need> {
  const { circuit, recipe, features, folds, set } = prepared;
  const { T: tokens, D: width, hasCls } = features;
  const shape = { tokens, width, hasCls, pictures: folds.length };
  const need = replicaNeed(circuit, recipe, shape);
  const replicas = new Set(folds).size * config.seeds + config.seeds;
  const most = groupSize(circuit, recipe, shape);
  const together = Math.min(Math.max(new Set(folds).size, config.seeds), most);
  const freed = config.seeds > 1 ? together : 1; // the group before: the allocator may keep all of it
  const views = prepared.views.reduce((bytes, view) => bytes + view.data.byteLength, 0);
  const memory = before + views + engineBytes(circuit, recipe, shape) + (together + freed) * need.memoryBytes;
  const disk = replicas * keptEpochs(recipe.epochs).length * need.diskBytes;
  reporter.note(
    `${set.ids.length} pictures, ${features.T} tokens of ${features.D} channels; ${replicas} networks of ${need.parameters} parameters, ${recipe.epochs} epochs, ${together} at once; up to ${gigabytes(memory)} of memory and ${gigabytes(disk)} of disk.`,
  );
  const free = await freeDisk(out);
  if (disk > free) {
    throw new VcaError(
      "StorageError",
      `${out}: ${gigabytes(disk)} of disk are needed, got ${gigabytes(free)} free. Choose another --out, fewer seeds or fewer epochs.`,
    );
  }
  return need;
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
  await folder.pin("stimuli.csv", writeCsv(header, rows), "pictures, ratings and folds");
}

/** What else the run rests on: the encoder's file, the circuit, the recipe. */
async function pinInputs(folder: RunFolder, { encoder, taps, circuit, recipe }: Prepared): Promise<void> {
  const inputs = { vca: await packageVersion(), encoder: encoder.id, taps, circuit, recipe };
  await folder.pin(
    "inputs.json",
    `${JSON.stringify(inputs, null, 2)}\n`,
    "version, encoder, circuit and recipe",
  );
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

/** What the run was made of, as its final model knows it. */
async function describeRun(
  config: FitConfig,
  { encoder, taps, features, recipe, set }: Prepared,
  range: ChannelRange,
): Promise<Omit<Manifest, "finished" | "seconds">> {
  const { T, D, hasCls, channels } = shapeOfChannels(features, range);
  const used = new Set(channels.map(({ tap }) => tap));
  return {
    vca: await packageVersion(),
    node: runtimeVersion(),
    encoder: { name: encoder.name, sha256: encoder.id, taps: taps.filter(({ name }) => used.has(name)) },
    tokens: { T, D, hasCls, channels },
    stimuli: {
      set: set.name,
      n: set.ids.length,
      scale: set.scale,
      citation: set.citation,
      redistribute: set.redistribute,
    },
    seeds: seedsOf(config),
    circuit: await loadCircuit(config.circuit, D),
    recipe,
  };
}
