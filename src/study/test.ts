/**
 * @file `vca test`: an independent picture set through a trained model, the paper's design. Stops when a
 * picture of the set was trained on.
 */
import { decodePicture } from "#decode";
import type { NdArray } from "../core/array.ts";
import { columnIndex } from "../core/csv.ts";
import { VcaError } from "../errors.ts";
import { findDuplicates, nearDuplicates } from "../stimuli/duplicates.ts";
import { rescale } from "../stimuli/scale.ts";
import type { StimulusSet } from "../stimuli/set.ts";
import { openInference } from "../training/inference.ts";
import { baselinePredictions } from "./baseline.ts";
import { type Comparison, columnOfScale, compare, meanOf, metricRows } from "./metrics.ts";
import { readStimuli, resamplingGroups, seePictures, type WorkOptions } from "./prepare.ts";
import { finalNetworks } from "./replicas.ts";
import { type Run, RunFolder } from "./run-folder.ts";

/** What `vca test --json` prints. */
export interface TestResult extends Comparison {
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
  options: WorkOptions & { scale?: string; force?: boolean },
): Promise<TestResult> {
  const started = performance.now();
  const opened = await RunFolder.open(run);
  const { folder, config, manifest } = opened;
  const set = await readStimuli(stimuli, options.scale, options.reporter);
  if (!options.force) await refuseTrainedOn(opened, set, options);

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
  const baseline = await baselinePredictions(folder, seen.views, tokens.hasCls);

  const onTestScale = (array: NdArray<Float32Array | Float64Array>): NdArray => {
    const rescaled = rescale(
      { ...array, data: Float64Array.from(array.data) },
      manifest.stimuli.scale,
      set.scale,
    );
    return { shape: array.shape, data: Float32Array.from(rescaled.data) };
  };
  const networks = answers.map(onTestScale);
  const ridgeAnswers = onTestScale(baseline);
  const groups = resamplingGroups(set, undefined);
  const comparison = compare({
    ratings: set.ratings,
    predictions: networks,
    ridge: ridgeAnswers,
    groups,
    seed: config.seed,
  });
  const rows = (model: string, array: NdArray) => {
    const [valence, arousal] = [columnOfScale(array, 0), columnOfScale(array, 1)];
    return set.ids.map((id, s) => [id, model, valence[s]!, arousal[s]!]);
  };
  const name = `tests/${stimuli.replace(/^.*[:\\/]/, "").replace(/\.csv$/i, "")}`;
  await folder.writeTable(
    `${name}/predictions.csv`,
    ["id", "model", "valence", "arousal"],
    [...rows("circuit", meanOf(networks)), ...rows("ridge", ridgeAnswers)],
  );
  await folder.writeTable(
    `${name}/metrics.csv`,
    ["model", "scale", "measure", "value", "lower", "upper"],
    metricRows(comparison),
  );
  return {
    stimuli: { set: set.name, n: set.ids.length },
    encoder: manifest.encoder.name,
    circuit: circuit.name,
    ...comparison,
    out: `${run}/${name}`,
    seconds: (performance.now() - started) / 1000,
  };
}

/** @throws DataError with the pairs of test and training pictures that are equal or near-equal */
async function refuseTrainedOn({ folder }: Run, set: StimulusSet, { reporter }: WorkOptions): Promise<void> {
  const table = await folder.readTable("stimuli.csv");
  const column = (name: string) => {
    const at = columnIndex(table, name);
    return table.rows.map(({ cells }) => cells[at]!);
  };
  const trained = { ids: column("id"), digests: column("sha256"), hashes: column("perceptual_hash") };
  const total = set.ids.length;
  const test = await findDuplicates(set, {
    decode: decodePicture,
    onProgress: (done) => reporter.progress("pictures", done, total),
  });
  const digests = new Map(trained.digests.map((digest, i) => [digest, trained.ids[i]!]));
  const equal = test.digests.flatMap((digest, s) =>
    digests.has(digest) ? [`${set.ids[s]} (${digests.get(digest)})`] : [],
  );
  const boundary = trained.ids.length;
  const near = nearDuplicates([...trained.hashes, ...test.hashes], [...trained.ids, ...set.ids])
    .filter(({ a, b }) => a < boundary && b >= boundary)
    .map(({ ids }) => `${ids[1]} (${ids[0]})`);
  const pairs = [...new Set([...equal, ...near])];
  if (pairs.length === 0) return;
  const shown = pairs.slice(0, 5).join(", ") + (pairs.length > 5 ? ` and ${pairs.length - 5} more` : "");
  throw new VcaError(
    "DataError",
    `test: pictures that were not trained on were expected, got ${shown}. Leave them out of the set, or pass --force to count them.`,
  );
}
