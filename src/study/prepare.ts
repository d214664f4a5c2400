/**
 * @file From a fit's configuration to numbers: stimuli, tokens of every view, folds, circuit, recipe. What
 * `fit` and `test` share.
 */
import { decodePicture } from "#decode";
import { cacheFolder } from "#files";
import type { Circuit } from "../circuits/circuit.ts";
import { loadCircuit } from "../circuits/load.ts";
import { type NdArray, row } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { type Encoder, openEncoder } from "../encoders/encoder.ts";
import { extractFeatures, type Features } from "../encoders/features.ts";
import { resolveTaps, type Tap } from "../encoders/taps.ts";
import type { TokenPlan } from "../encoders/tokens.ts";
import type { View } from "../encoders/views.ts";
import { unknownName, VcaError } from "../errors.ts";
import { type Duplicates, findDuplicates } from "../stimuli/duplicates.ts";
import { planFolds } from "../stimuli/folds.ts";
import { parseScale } from "../stimuli/scale.ts";
import { openStimuli, type StimulusSet } from "../stimuli/set.ts";
import { findRecipe, type Recipe } from "../training/recipe.ts";
import { type SetLines, setLines } from "../training/set-lines.ts";
import type { FitConfig } from "./fit-config.ts";
import type { Reporter } from "./reporter.ts";

/** Options of long work. */
export interface WorkOptions {
  readonly reporter: Reporter;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Execution provider of the training step; default: the engine's. */
  readonly provider?: string | undefined;
  /** Told at each epoch's end of a group of replicas: their mean training losses, in the recipe's units. */
  readonly onEpoch?:
    | ((epoch: { group: string; epoch: number; losses: readonly number[] }) => void)
    | undefined;
}

/** Pictures as the circuit sees them. */
export interface Seen {
  readonly encoder: Encoder;
  readonly taps: readonly Tap[];
  readonly features: Features;
  /** `[S, T, D]` per view, the plain one first. */
  readonly views: readonly NdArray[];
}

/** A fit that can begin. */
export interface Prepared extends Seen {
  readonly set: StimulusSet;
  /** What is learned, `[S, 2]`: the set's ratings, or shuffled ones. */
  readonly ratings: NdArray<Float64Array>;
  readonly duplicates: Duplicates;
  /** Fold of each stimulus. */
  readonly folds: Int32Array;
  /** The label by which intervals resample, where the set has one. */
  readonly groups: readonly string[] | undefined;
  /** Where each set has a line of its own: the lines of so many training pictures. */
  readonly lines: ((train: Int32Array) => SetLines) | undefined;
  readonly circuit: Circuit;
  readonly recipe: Recipe;
}

/** Reads a set and says what its reader noticed. @throws DataError, ConfigError */
export async function readStimuli(
  spec: string,
  scale: string | undefined,
  reporter: Reporter,
): Promise<StimulusSet> {
  const set = await openStimuli(spec, scale === undefined ? {} : { scale: parseScale(scale) });
  for (const note of set.notes) reporter.note(note);
  for (const warning of set.warnings) reporter.warn(warning);
  return set;
}

/** The views that a recipe trains on; the first is the picture as it is. */
function viewsOf({ flip, views }: Recipe, seed: number): View[] {
  const random = Array.from({ length: views }, (_, index): View => ({ kind: "random", seed, index }));
  return [{ kind: "plain" }, ...(flip ? [{ kind: "flip" } as const] : []), ...random];
}

/** The tokens that a circuit takes. */
export function tokenPlan(visual: Circuit["visual"], grid: number): TokenPlan {
  return visual === "tokens" ? { kind: "grid", size: grid } : { kind: "pooled" };
}

/** Tokens of pictures in the given views, from the cache or computed into it. */
export async function seePictures(
  config: Pick<FitConfig, "encoder" | "taps" | "grid">,
  pictures: { readonly ids: readonly string[]; readonly files: readonly string[] },
  {
    visual,
    views,
    reporter,
    threads,
    signal,
  }: WorkOptions & { visual: Circuit["visual"]; views: readonly View[] },
): Promise<Seen> {
  const encoder = await openEncoder(config.encoder, { reporter, ...(signal && { signal }) });
  const taps = await resolveTaps(encoder, config.taps ?? (visual === "embedding" ? "pooled" : undefined));
  const tokens = tokenPlan(visual, config.grid);
  const features = await extractFeatures({ encoder, taps, tokens }, pictures, {
    cacheFolder: cacheFolder(),
    views,
    onProgress: ({ done, total }) => reporter.progress("features", done, total),
    ...(threads && { threads }),
    ...(signal && { signal }),
  });
  const loaded: NdArray[] = [];
  for (const view of views) loaded.push(await features.load(view));
  return { encoder, taps, features, views: loaded };
}

/** The labels of a column. @throws ConfigError when the set has no such column. */
export function columnOf(set: StimulusSet, name: string): readonly string[] {
  const column = set.columns[name];
  if (column) return column;
  throw unknownName(set.name, "column", name, Object.keys(set.columns));
}

/** The labels by which intervals resample whole groups: the asked column, themes, or near-equal pictures. */
export function resamplingGroups(set: StimulusSet, group: string | undefined): readonly string[] | undefined {
  if (group !== undefined) return columnOf(set, group);
  return set.columns.theme ?? (set.nearEqual === undefined ? undefined : set.columns[set.nearEqual]);
}

/** The ratings of permuted pictures; with groups, whole groups change places. */
export function shuffledRatings(
  ratings: NdArray<Float64Array>,
  groups: readonly string[] | undefined,
  random: Random,
): NdArray<Float64Array> {
  const S = ratings.shape[0]!;
  const labels = groups ?? Array.from({ length: S }, (_, s) => String(s));
  const names = [...new Set(labels)];
  const members = new Map(names.map((name) => [name, [] as number[]]));
  labels.forEach((label, s) => {
    members.get(label)!.push(s);
  });
  const from = [...random.permutation(names.length)].flatMap((i) => members.get(names[i]!)!);
  const to = names.flatMap((name) => members.get(name)!);
  const data = new Float64Array(S * 2);
  to.forEach((s, i) => {
    data.set(row(ratings, from[i]!).data, s * 2);
  });
  return { shape: ratings.shape, data };
}

/** Everything that a fit needs before its first step. @throws DataError, ConfigError, UnsupportedError */
export async function prepareFit(config: FitConfig, work: WorkOptions): Promise<Prepared> {
  const { reporter } = work;
  const { epochs, batch, lr, views, patience } = config;
  const changes = { epochs, batch, lr, views, patience };
  const recipe = findRecipe(
    config.recipe,
    Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  );
  const { visual } = await loadCircuit(config.circuit, 64); // how pictures enter does not depend on the width
  const set = await readStimuli(config.stimuli, config.scale, reporter);
  const { sets } = set;
  if (config.linePerSet && !sets)
    throw new VcaError(
      "ConfigError",
      `fit: several sets were expected with --line-per-set, got ${set.name}. Name them together, or leave it out.`,
    );
  const groups = resamplingGroups(set, config.group);
  const S = set.ids.length;
  const duplicates = await findDuplicates(set, {
    decode: decodePicture,
    onProgress: (done) => reporter.progress("pictures", done, S),
  });
  for (const { ids } of [...duplicates.equal, ...duplicates.near])
    reporter.note(`${ids.join(" and ")} look the same: they share a fold.`);
  const random = Random.seeded(config.seed);
  const folds = planFolds({
    n: S,
    folds: config.folds,
    method: config.split,
    ...(config.group !== undefined && { groups: columnOf(set, config.group) }),
    together: duplicates.together,
    valence: Float64Array.from({ length: S }, (_, s) => set.ratings.data[2 * s]!),
    random: random.at("folds"),
  });
  const seen = await seePictures(config, set, { ...work, visual, views: viewsOf(recipe, config.seed) });
  const circuit = await loadCircuit(config.circuit, seen.features.D);
  const { T } = seen.features;
  if (T === 1 && circuit.nuclei.some(({ blocks }) => blocks > 0)) {
    reporter.warn(
      `${circuit.name}: its nuclei attend over one token, so attention weighs nothing. Use a circuit in token mode to let it.`,
    );
  }
  const ratings = config.shuffleRatings
    ? shuffledRatings(set.ratings, groups, random.at("shuffled ratings"))
    : set.ratings;
  const lines =
    config.linePerSet && sets ? (train: Int32Array) => setLines({ ratings, sets }, train) : undefined;
  if (lines)
    reporter.note(`Each set has an intercept and slope of its own; new pictures get those of ${sets![0]}.`);
  return { ...seen, set, ratings, duplicates, folds, groups, lines, circuit, recipe };
}
