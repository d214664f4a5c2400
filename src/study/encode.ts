/**
 * @file `vca encode`: voxels of participants predicted from a run's nuclei, trained and untrained, and, as controls that no claim can do without,
 * from the layers of its encoder and from the ratings. Inference is over participants and pictures, on the mean of Fisher's z of a region.
 */
import { spread } from "#cores";
import type { Matrix } from "../core/linear-algebra.ts";
import { type Accuracy, voxelCorrelations } from "../encoding/accuracy.ts";
import type { EncodingMethod } from "../encoding/cross-predict.ts";
import { VcaError } from "../errors.ts";
import { type BrainData, type BrainFiles, type BrainRegion, readBrain, type Trials } from "./brain-data.ts";
import { mapped } from "./brain-maps.ts";
import { type BrainPart, type BrainRunOptions, openBrainRun, warnOfFewSeeds } from "./brain-networks.ts";
import { type BrainTest, withQ } from "./brain-tables.ts";
import {
  type FeatureSet,
  featureSets,
  foldsOf,
  type Plan,
  type PlanOptions,
  type PlanPart,
  planOf,
} from "./encode-plan.ts";
import { type EncodeResult, encodedIn, type Found, rowOf, sideOf, writeEncoding } from "./encode-tables.ts";
import { contrasts, partitionTests } from "./encode-tests.ts";
import { warnOfFew } from "./rsa.ts";
import { tablesFolder } from "./run-folder.ts";

/** Options of `encodeRun`. */
export interface EncodeOptions extends BrainRunOptions, BrainFiles, PlanOptions {
  readonly method: EncodingMethod;
}

/** Brains, and everything that predicts them. */
interface EncodeStudy {
  readonly brain: BrainData;
  readonly parts: readonly BrainPart[];
  readonly sets: readonly FeatureSet[];
  /** Among the sets: the encoder's last layer, the ratings, the nucleus that answers. */
  readonly encoder: FeatureSet;
  readonly ratings: FeatureSet;
  readonly readout: FeatureSet;
}

/**
 * Predicts voxels and writes `encoding.csv`, `encoding-tests.csv`, `encoding-participants.csv`, `regions.csv` and `maps/`.
 * @throws DataError, ConfigError as `readBrain`, `openBrainRun` and `crossPredict`; DataError for one participant.
 */
export async function encodeRun(path: string, options: EncodeOptions): Promise<EncodeResult> {
  const started = performance.now();
  const study = await openStudy(path, options);
  const { found, partitions } = await fitRegions(study, options);
  const { brain, sets } = study;
  const encoded = brain.regions.flatMap((region) => encodedIn(region, { brain, sets, found }));
  const result: EncodeResult = {
    method: methodText(options.method),
    by: options.by,
    folds: options.folds,
    rows: withQ(
      encoded.map((one) => rowOf(one, options)),
      ({ source }) => String(source),
    ),
    tests: withQ([...contrasts(encoded, study.encoder, options), ...partitions], ({ comparison }) =>
      String(comparison),
    ),
    out: tablesFolder(path, { out: options.out }),
    seconds: (performance.now() - started) / 1000,
  };
  await writeEncoding(result, encoded, brain);
  return result;
}

/** Reads brains and run, gathers sets of features, and says what there is. */
async function openStudy(path: string, options: EncodeOptions): Promise<EncodeStudy> {
  const brain = await readBrain(options, options);
  if (brain.participants.length < 2)
    throw new VcaError(
      "DataError",
      `encode: 2 or more participants were expected for a test over them, got ${brain.participants.length}. Pass the betas of all participants to --brain.`,
    );
  const { run, parts } = await openBrainRun(path, brain.ids, options);
  for (const trials of brain.regions[0]!.participants)
    for (const part of parts) foldsOf(part, trials, options); // before anything is computed
  warnOfFewSeeds(run, options.reporter);
  warnOfFew(brain.participants.length, "participants", options.reporter);
  const sets = await featureSets({ run, parts });
  options.reporter.note(
    `${brain.participants.length} participants, ${brain.ids.length} pictures, ${methodText(options.method)}, ${options.folds} folds by ${options.by}; features: ${sets.map(({ name }) => name).join(", ")}.`,
  );
  return {
    brain,
    parts,
    sets,
    encoder: sets.findLast(({ source }) => source === "encoder")!,
    ratings: sets.find(({ source }) => source === "ratings")!,
    readout: sets.find(({ name }) => name === run.manifest.circuit.readout)!,
  };
}

function methodText(method: EncodingMethod): string {
  if (method.kind === "ridge") return "ridge";
  return `PLS of ${method.choose ? "at most " : ""}${method.components} components`;
}

/** Predicts mask and control masks from every set; hemispheres take the mask's fits. */
async function fitRegions(study: EncodeStudy, options: EncodeOptions) {
  const { brain, encoder, ratings, readout } = study;
  const found = new Map<string, ReadonlyMap<string, Found>>();
  const partitions: Omit<BrainTest, "q">[] = [];
  const byRidge: EncodeOptions = { ...options, method: { kind: "ridge" } };
  for (const region of brain.regions.filter(mapped)) {
    const own = await fitSets(region, study, study.sets, options);
    found.set(region.name, own);
    const alone =
      options.method.kind === "ridge"
        ? own
        : await fitSets(region, study, [ratings, readout, encoder], byRidge);
    for (const set of [ratings, readout]) {
      const bands = set.values.map((values) => [values, encoder.values[0]!]);
      const both = await fitBands(region, study, bands, byRidge);
      const explained = { a: alone.get(set.name)!, b: alone.get(encoder.name)!, both };
      partitions.push(...partitionTests(region.name, set, encoder, explained, options));
    }
  }
  const [mask] = brain.regions;
  const sides = brain.regions.filter(({ kind }) => kind === "left" || kind === "right");
  for (const side of sides) found.set(side.name, sideOf(side, mask!, found.get(mask!.name)!));
  return { found, partitions };
}

/** How well each set of features predicts each voxel of a region, of each seed and participant. */
async function fitSets(
  region: BrainRegion,
  study: EncodeStudy,
  sets: readonly FeatureSet[],
  options: EncodeOptions,
): Promise<ReadonlyMap<string, Found>> {
  const bands = sets.flatMap(({ values }) => values.map((features) => [features]));
  const found = await fitBands(region, study, bands, options);
  let at = 0;
  return new Map(sets.map(({ name, values }) => [name, values.map(() => found[at++]!)]));
}

/** How well each of the features, alone or in bands, predicts each participant's voxels: `[bands][P]`. */
async function fitBands(
  region: BrainRegion,
  study: EncodeStudy,
  bands: readonly (readonly (readonly Matrix[])[])[],
  options: EncodeOptions,
): Promise<Accuracy[][]> {
  const P = region.participants.length;
  const fits = bands.flatMap((each) =>
    region.participants.map((_, participant) => ({ bands: each, participant })),
  );
  const found = await fitAll(fits, region, study, options);
  return bands.map((_, i) => found.slice(i * P, (i + 1) * P));
}

/** Fits over all cores, in their order. */
function fitAll(
  fits: Fits["fits"],
  region: BrainRegion,
  { brain: { ids }, parts }: EncodeStudy,
  { method, pca, by, folds, reliability, seed, signal, threads, reporter }: EncodeOptions,
): Promise<Accuracy[]> {
  const input: Fits = {
    fits,
    participants: region.participants,
    ids,
    parts: parts.map(({ fold, places, pictures: { ids, columns } }) => ({
      fold,
      places,
      pictures: { ids, columns },
    })),
    options: { pca, by, folds, reliability, seed },
    method,
  };
  return spread({ module: import.meta.url, open: fitVoxels }, input, fits.length, {
    signal,
    threads,
    onProgress: (done, total) => reporter.progress(region.name, done, total),
  });
}

/** What is fitted in a region, as plain data for any thread. */
interface Fits {
  /** One or two arrays of features, `[parts]` each. */
  readonly fits: readonly { readonly bands: readonly (readonly Matrix[])[]; readonly participant: number }[];
  readonly participants: readonly Trials[];
  readonly ids: readonly string[];
  readonly parts: readonly PlanPart[];
  readonly options: PlanOptions;
  readonly method: EncodingMethod;
}

/** Correlations of each voxel with its held-out predictions in each fit; in any thread. */
export function fitVoxels({ fits, participants, method, ...plan }: Fits): (fit: number) => Accuracy {
  const plans = new Map<number, Plan>();
  return (fit) => {
    const { bands, participant } = fits[fit]!;
    const own = plans.get(participant) ?? planOf(participants[participant]!, plan, plan);
    plans.set(participant, own);
    const { predictions, patterns, folds } = own.predict(bands, method);
    return voxelCorrelations(predictions, patterns, folds);
  };
}
