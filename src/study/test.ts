/**
 * @file `vca test`: an independent picture set through a trained model, the paper's design. Stops when a
 * picture of the set was trained on.
 */
import { decodePicture } from "#decode";
import { removeFile, removeTemporaryFiles } from "#files";
import type { NdArray } from "../core/array.ts";
import { columnCells } from "../core/csv.ts";
import { VcaError } from "../errors.ts";
import { findDuplicates, nearDuplicates } from "../stimuli/duplicates.ts";
import { rescale } from "../stimuli/scale.ts";
import { SET_SEPARATOR, type StimulusSet } from "../stimuli/set.ts";
import { openInference } from "../training/inference.ts";
import { columnOfScale } from "../training/metrics.ts";
import { baselinePredictions } from "./baseline.ts";
import { type Comparison, compare, meanOf, metricRows } from "./metrics.ts";
import { readStimuli, resamplingGroups, seePictures, type WorkOptions } from "./prepare.ts";
import { finalNetworks } from "./replicas.ts";
import { type Run, RunFolder, tablesFolder, writeTable } from "./run-folder.ts";

/** A comparison; of an imported network, which has no ridge on its training pictures, the network's own numbers. */
export type Shown = Pick<Comparison, "metrics"> & Partial<Comparison>;

/** What `vca test --json` prints. */
export interface TestResult extends Shown {
  readonly stimuli: { readonly set: string; readonly n: number };
  readonly encoder: string;
  readonly circuit: string;
  readonly out: string;
  readonly seconds: number;
}

/**
 * Tests a run's final networks on a set, ridge beside it; writes `tests/<set>/` in the run.
 * @param options.force go on although pictures were trained on
 * @throws DataError naming the pictures that were trained on.
 */
export async function testRun(
  run: string,
  stimuli: string,
  options: WorkOptions & { scale?: string; force?: boolean; out?: string },
): Promise<TestResult> {
  const started = performance.now();
  const opened = await RunFolder.open(run);
  const { folder, config, manifest } = opened;
  const set = await readStimuli(stimuli, options.scale, options.reporter);
  const tables = tablesFolder(run, { stimuli, out: options.out });
  if (manifest.weights) {
    const unknown =
      "the pictures that it was trained on are not recorded, so none of them could be looked for";
    options.reporter.warn(`${run}: ${unknown}. Make sure that the set holds none of them.`);
  } else if (!options.force) await refuseTrainedOn(opened, set, { ...options, ...REFUSAL, tables });
  await removeTemporaryFiles(run);

  const { circuit, recipe, tokens } = manifest;
  const views = recipe.flip
    ? ([{ kind: "plain" }, { kind: "flip" }] as const)
    : ([{ kind: "plain" }] as const);
  const taps = manifest.encoder.taps.map(({ name }) => name).join(",");
  const seen = await seePictures({ ...config, taps }, set, { ...options, visual: circuit.visual, views });
  const visual = { tokens: tokens.T, width: tokens.D, hasCls: tokens.hasCls };
  const inference = await openInference(circuit, visual);
  const answers: NdArray[] = [];
  for (const network of await finalNetworks(folder, config, manifest)) {
    answers.push((await inference.run(network, seen.views[0]!)).predictions);
  }
  await inference.close();
  const baseline = manifest.weights
    ? undefined
    : await baselinePredictions(folder, seen.views, tokens.hasCls);

  const onTestScale = (array: NdArray<Float32Array | Float64Array>): NdArray => {
    const rescaled = rescale(
      { ...array, data: Float64Array.from(array.data) },
      manifest.stimuli.scale,
      set.scale,
    );
    return { shape: array.shape, data: Float32Array.from(rescaled.data) };
  };
  const networks = answers.map(onTestScale);
  const ridgeAnswers = baseline && onTestScale(baseline);
  const groups = resamplingGroups(set, undefined);
  const whole = compare({
    ratings: set.ratings,
    predictions: networks,
    ridge: ridgeAnswers ?? meanOf(networks),
    groups,
    sets: set.sets,
    seed: config.seed,
  });
  const comparison: Shown = ridgeAnswers ? whole : { metrics: whole.metrics };
  const rows = (model: string, array: NdArray) => {
    const [valence, arousal] = [columnOfScale(array, 0), columnOfScale(array, 1)];
    return set.ids.map((id, s) => [id, model, valence[s]!, arousal[s]!]);
  };
  await writeTable(
    `${tables}/predictions.csv`,
    ["id", "model", "valence", "arousal"],
    [...rows("circuit", meanOf(networks)), ...(ridgeAnswers ? rows("ridge", ridgeAnswers) : [])],
  );
  await writeTable(
    `${tables}/metrics.csv`,
    ["model", "scale", "measure", "value", "lower", "upper"],
    metricRows(comparison),
  );
  return {
    stimuli: { set: set.name, n: set.ids.length },
    encoder: manifest.encoder.name,
    circuit: circuit.name,
    ...comparison,
    out: tables,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Sets of the user's, where equal ids are no sign of equal pictures. */
const OWN_SETS = ["table", "vca-csv"];

/** Ids of published sets with their set in front, as `combineSets` writes them; undefined for a user's own. */
function qualified(set: string, ids: readonly string[]): (string | undefined)[] {
  const several = set.includes(SET_SEPARATOR);
  return ids
    .map((id) => (several ? id : `${set}:${id}`))
    .map((id) => (OWN_SETS.some((own) => id.startsWith(own)) ? undefined : id));
}

/** How the refusal of pictures that were trained on begins and ends. */
export interface Refusal {
  readonly where: string;
  /** What to do: a sentence without its full stop. */
  readonly remedy: string;
}

const REFUSAL: Refusal = {
  where: "test",
  remedy: "Leave them out of the set, or pass --force to count them",
};

/** Pairs that an error names; where there are more, a table has them all. */
const NAMED_PAIRS = 5;

/**
 * Refuses pictures that have the id of one that was trained on, in one set, or are equal or near-equal to one.
 * @param options.tables where `trained-on.csv` has all pairs, when they are more than five
 * @throws DataError with the pairs
 */
export async function refuseTrainedOn(
  { folder, manifest }: Pick<Run, "folder" | "manifest">,
  set: Pick<StimulusSet, "name" | "ids" | "files" | "columns">,
  { reporter, tables, where, remedy }: WorkOptions & Refusal & { tables: string },
): Promise<void> {
  const table = await folder.readTable("stimuli.csv");
  const column = (name: string) => columnCells(table, name);
  const trained = { ids: column("id"), digests: column("sha256"), hashes: column("perceptual_hash") };
  const known = new Map(qualified(manifest.stimuli.set, trained.ids).map((id, i) => [id, trained.ids[i]!]));
  const same = qualified(set.name, set.ids).flatMap((id, s) =>
    id !== undefined && known.has(id) ? [[set.ids[s]!, known.get(id)!, "same id"]] : [],
  );
  const total = set.ids.length;
  const test = await findDuplicates(set, {
    decode: decodePicture,
    onProgress: (done) => reporter.progress("pictures", done, total),
  });
  const digests = new Map(trained.digests.map((digest, i) => [digest, trained.ids[i]!]));
  const equal = test.digests.flatMap((digest, s) =>
    digests.has(digest) ? [[set.ids[s]!, digests.get(digest)!, "equal"]] : [],
  );
  const boundary = trained.ids.length;
  const near = nearDuplicates([...trained.hashes, ...test.hashes], [...trained.ids, ...set.ids])
    .filter(({ a, b }) => a < boundary && b >= boundary)
    .map(({ ids }) => [ids[1], ids[0], "near-equal"]);
  const pairs = new Map<string, readonly string[]>();
  for (const pair of [...same, ...equal, ...near]) {
    const name = `${pair[0]} (${pair[1]})`;
    if (!pairs.has(name)) pairs.set(name, pair);
  }
  const file = `${tables}/trained-on.csv`;
  const rest = pairs.size - NAMED_PAIRS;
  if (rest > 0) await writeTable(file, ["id", "trained_on", "why"], [...pairs.values()]);
  else await removeFile(file);
  if (pairs.size === 0) return;
  const names = [...pairs.keys()].slice(0, NAMED_PAIRS).join(", ");
  const shown = rest > 0 ? `${names} and ${rest} more, all in ${file}` : names;
  throw new VcaError(
    "DataError",
    `${where}: pictures that were not trained on were expected, got ${shown}. ${remedy}.`,
  );
}
