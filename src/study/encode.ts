/**
 * @file `vca encode`: voxels of participants predicted from a run's nuclei, trained and untrained, and, as controls that no claim can do without,
 * from the layers of its encoder and from the ratings. Inference is over participants, on the mean of Fisher's z of a region.
 */
import { voxelCorrelations } from "../encoding/accuracy.ts";
import type { EncodingMethod } from "../encoding/cross-predict.ts";
import { VcaError } from "../errors.ts";
import { type BrainData, type BrainFiles, readBrain } from "./brain-data.ts";
import { mapped } from "./brain-maps.ts";
import { type BrainPart, type BrainRunOptions, openBrainRun } from "./brain-networks.ts";
import { type BrainTest, withQ } from "./brain-tables.ts";
import { type FeatureSet, featureSets, type Plan, type PlanOptions, planOf } from "./encode-plan.ts";
import { type EncodeResult, encodedIn, type Found, rowOf, sideOf, writeEncoding } from "./encode-tables.ts";
import { contrasts, partitionTests } from "./encode-tests.ts";
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
    rows: withQ(encoded.map(rowOf), ({ source }) => String(source)),
    tests: withQ([...contrasts({ brain, sets, found }, study.encoder), ...partitions], ({ comparison }) =>
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
  const { brain, parts, sets, encoder, ratings, readout } = study;
  const found = new Map<string, ReadonlyMap<string, Found>>();
  const partitions: Omit<BrainTest, "q">[] = [];
  const regions = brain.regions.filter(mapped);
  for (const [r, region] of regions.entries()) {
    const plans = region.participants.map((trials) => planOf(trials, brain, { parts, options }));
    const own = new Map<string, Found>();
    for (const [k, set] of sets.entries()) {
      own.set(set.name, await correlationsOf(set, plans, options));
      options.reporter.progress(region.name, r * sets.length + k + 1, regions.length * sets.length);
    }
    found.set(region.name, own);
    for (const set of [ratings, readout])
      partitions.push(...partitionTests(region.name, plans, set, encoder));
  }
  const [mask] = brain.regions;
  const sides = brain.regions.filter(({ kind }) => kind === "left" || kind === "right");
  for (const side of sides) found.set(side.name, sideOf(side, mask!, found.get(mask!.name)!));
  return { found, partitions };
}

/** How well a set of features predicts each voxel, of each seed and participant. */
async function correlationsOf(
  set: FeatureSet,
  plans: readonly Plan[],
  { method, signal }: EncodeOptions,
): Promise<Found> {
  const bySeed: Float64Array[][] = [];
  for (const features of set.values) {
    const each: Float64Array[] = [];
    for (const plan of plans) {
      signal?.throwIfAborted();
      const { predictions, patterns, folds } = plan.predict([features], method);
      each.push(voxelCorrelations(predictions, patterns, folds));
      await new Promise((resolve) => setTimeout(resolve)); // lets progress be drawn
    }
    bySeed.push(each);
  }
  return bySeed;
}
