/**
 * @file The networks of a run beside pictures that they did not train on: those their fold held out, or an independent
 * set that its final networks see. Units, geometry and lesions are all computed inside one such network, never across.
 */

import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { loadCircuit } from "../circuits/load.ts";
import { type NdArray, takeRows } from "../core/array.ts";
import { columnCells, type Table } from "../core/csv.ts";
import { channelsOf, shapeOfChannels } from "../encoders/channels.ts";
import { RANDOM } from "../encoders/encoder.ts";
import { VcaError } from "../errors.ts";
import { rescale, type Scale } from "../stimuli/scale.ts";
import type { StimulusSet } from "../stimuli/set.ts";
import { type Answers, openInference } from "../training/inference.ts";
import { readStimuli, resamplingGroups, type Seen, seePictures, type WorkOptions } from "./prepare.ts";
import { heldOut, keptEpochs, replicaName } from "./replicas.ts";
import { type Run, RunFolder, readArray, readTensors, tablesFolder } from "./run-folder.ts";
import { type Refusal, refuseTrainedOn } from "./test.ts";

/** Rated pictures. */
export interface Pictures {
  readonly ids: readonly string[];
  /** `[S, 2]`, on `scale`, that of the run's training ratings. */
  readonly ratings: NdArray<Float64Array>;
  readonly scale: Scale;
  /** Labels by column. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Labels of pictures that belong together, such as themes; their ids where there are none. */
  readonly groups: readonly string[];
}

/** One network and the pictures that it did not train on. */
export interface UnseenNetwork {
  readonly name: string;
  /** -1 for a final network. */
  readonly fold: number;
  readonly seed: number;
  /** Places of these pictures among those of `UnseenRun`. */
  readonly places: readonly number[];
  readonly pictures: Pictures;
  /** `[S, U]` of a nucleus, or `[S, 2]` of `readout`. */
  activations(nucleus: string, epoch: number): Promise<NdArray>;
}

/** How a network sees its pictures. */
export interface Sight {
  readonly circuit: Circuit;
  readonly visual: VisualShape;
  /** `[S, T, D]` of the network's pictures. */
  readonly tokens: NdArray;
}

/** A run, opened for analysis. */
export interface UnseenRun extends Run {
  readonly path: string;
  readonly pictures: Pictures;
  readonly networks: readonly UnseenNetwork[];
  /** The networks of the folds beside `pictures`: the same without an independent set. */
  readonly foldNetworks: readonly UnseenNetwork[];
  /** Kept epochs, 0 (untrained) first. */
  readonly epochs: readonly number[];
  readonly nuclei: readonly string[];
  /** Where the pictures lie; undefined, with a warning, when they are not there any more. */
  readonly set: () => Promise<StimulusSet | undefined>;
  /** What a network sees; with `random`, what it would see through its encoder with shuffled weights. */
  readonly sight: (
    network: Pick<UnseenNetwork, "fold" | "places">,
    encoder?: "own" | "random",
  ) => Promise<Sight>;
}

/** Options that the analyses of a run share. */
export interface UnseenOptions extends WorkOptions {
  /** An independent set for the run's final networks, instead of the pictures that were held out. */
  readonly stimuli?: string | undefined;
  readonly scale?: string | undefined;
  /** Where tables are written, instead of into the run. */
  readonly out?: string | undefined;
}

/** The chosen pictures. */
export function picturesAt(
  { ids, ratings, scale, columns, groups }: Pictures,
  at: readonly number[],
): Pictures {
  const of = (labels: readonly string[]) => at.map((s) => labels[s]!);
  return {
    ids: of(ids),
    ratings: {
      shape: [at.length, 2],
      data: Float64Array.from(at.flatMap((s) => [...ratings.data.subarray(2 * s, 2 * s + 2)])),
    },
    scale,
    columns: Object.fromEntries(Object.entries(columns).map(([name, labels]) => [name, of(labels)])),
    groups: of(groups),
  };
}

/** Which pictures of `stimuli` may not have been trained on, and what to do when they were. */
export interface UnseenCheck extends Partial<Pick<Refusal, "remedy">> {
  /** Ids of those that matter (default: all). */
  readonly shown?: readonly string[] | undefined;
}

/** Opens a finished run. @throws DataError when there is none, or a picture of `stimuli` that is shown was trained on. */
export async function openUnseen(path: string, options: UnseenOptions & UnseenCheck): Promise<UnseenRun> {
  const run = await RunFolder.open(path);
  const { config, manifest, folder } = run;
  const epochs = keptEpochs(manifest.recipe.epochs);
  const nuclei = manifest.circuit.nuclei.map(({ id }) => id);
  const own = readPictures(await folder.readTable("stimuli.csv"), manifest.stimuli.scale, config.group);
  const folds = [...new Set(own.folds)].sort((a, b) => a - b);
  const common = { ...run, path, epochs, nuclei };
  if (options.stimuli === undefined) {
    const networks = folds.flatMap((fold) => {
      const places = heldOut(own.folds, fold);
      const pictures = picturesAt(own.pictures, places);
      return manifest.seeds.map((seed): UnseenNetwork => {
        const name = replicaName(fold, seed);
        const activations = (nucleus: string, epoch: number) =>
          readArray(folder.activationsFile(name, nucleus, epoch));
        return { name, fold, seed, places, pictures, activations };
      });
    });
    const set = once(() => ownPictures(run, own.pictures, options));
    const sight = sights(run, set, options);
    return { ...common, pictures: own.pictures, networks, foldNetworks: networks, set, sight };
  }
  const given = await readStimuli(options.stimuli, options.scale, options.reporter);
  const {
    remedy = "Leave them out of the set, or leave out --stimuli for the pictures that each fold held out",
  } = options;
  await refuseTrainedOn(run, shownOf(given, options.shown), {
    ...options,
    where: options.stimuli,
    remedy,
    tables: tablesFolder(path, options),
  });
  const set = async () => given;
  const sight = sights(run, set, options);
  const { ids, columns } = given;
  const { scale } = manifest.stimuli;
  const ratings = rescale(given.ratings, given.scale, scale); // on which the predictions are
  const pictures = { ids, ratings, scale, columns, groups: resamplingGroups(given, undefined) ?? ids };
  const places = ids.map((_, s) => s);
  const seeing = (fold: number) =>
    manifest.seeds.map((seed): UnseenNetwork => {
      const name = replicaName(fold, seed);
      const answers = answersOf(run, name, () => sight({ fold, places }));
      const activations = async (nucleus: string, epoch: number) => {
        const found = await answers(epoch);
        return nucleus === "readout" ? found.predictions : found.activations.get(nucleus)!;
      };
      return { name, fold, seed, places, pictures, activations };
    });
  return { ...common, pictures, networks: seeing(-1), foldNetworks: folds.flatMap(seeing), set, sight };
}

function shownOf({ name, ids, files }: StimulusSet, shown: readonly string[] = ids) {
  const known = new Set(shown);
  const of = (labels: readonly string[]) => labels.filter((_, s) => known.has(ids[s]!));
  return { name, ids: of(ids), files: of(files), columns: {} };
}

/**
 * A control's network judged by the ratings of `run`, joined by id.
 * @throws DataError when the run does not know one of its pictures
 */
export function judgedBy({ path, pictures }: UnseenRun, network: UnseenNetwork): UnseenNetwork {
  const at = new Map(pictures.ids.map((id, s) => [id, s]));
  const places = network.pictures.ids.map((id) => {
    const place = at.get(id);
    if (place !== undefined) return place;
    throw new VcaError(
      "DataError",
      `control: pictures of ${path} were expected, got ${id}. Fit the control on the same set.`,
    );
  });
  return { ...network, places, pictures: picturesAt(pictures, places) };
}

function readPictures(table: Table, scale: Scale, group: string | undefined) {
  const column = (name: string) => columnCells(table, name);
  const own = new Set(["id", "fold", "valence", "arousal", "sha256", "perceptual_hash"]);
  const columns = Object.fromEntries(
    table.header.filter((name) => !own.has(name)).map((name) => [name, column(name)]),
  );
  const [ids, valence, arousal] = [column("id"), column("valence"), column("arousal")];
  const data = Float64Array.from(ids.flatMap((_, s) => [Number(valence[s]), Number(arousal[s])]));
  const groups = columns[group ?? "theme"] ?? ids;
  const pictures: Pictures = { ids, ratings: { shape: [ids.length, 2], data }, scale, columns, groups };
  return { pictures, folds: Int32Array.from(column("fold"), Number) };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The set that a run was trained on, its rows as in `stimuli.csv`. */
async function ownPictures(
  { config }: Run,
  { ids }: Pictures,
  { reporter }: WorkOptions,
): Promise<StimulusSet | undefined> {
  try {
    const set = await readStimuli(config.stimuli, config.scale, { ...reporter, note: () => {} });
    if (set.ids.length === ids.length && set.ids.every((id, s) => id === ids[s])) return set;
    reporter.warn(
      `${config.stimuli}: its rows are no longer those of the run, so what needs pictures is left out.`,
    );
  } catch (error) {
    if (!(error instanceof VcaError)) throw error;
    reporter.warn(`${error.message} What needs pictures is left out.`);
  }
  return undefined;
}

/** Answers at one epoch after the other; only the last is kept. */
function answersOf(
  { folder }: Run,
  name: string,
  sight: () => Promise<Sight>,
): (epoch: number) => Promise<Answers> {
  let last: { epoch: number; answers: Promise<Answers> } | undefined;
  return (epoch) => {
    if (last?.epoch !== epoch) last = { epoch, answers: answer(epoch) };
    return last.answers;
  };
  async function answer(epoch: number): Promise<Answers> {
    const { circuit, visual, tokens } = await sight();
    const inference = await openInference(circuit, visual);
    try {
      return await inference.run((await readTensors(folder.parametersFile(name, epoch))).arrays, tokens);
    } finally {
      await inference.close();
    }
  }
}

/** How each network sees its pictures, with the channels that its fold's ridge chose. @throws DataError without pictures */
function sights(
  { folder, config, manifest }: Run,
  set: () => Promise<StimulusSet | undefined>,
  work: WorkOptions,
): UnseenRun["sight"] {
  const open = async (encoder: string): Promise<Seen> => {
    const pictures = await set();
    if (!pictures)
      throw new VcaError(
        "DataError",
        `${folder.path}: the pictures of the run were expected, got none. Put ${config.stimuli} back, or pass --stimuli.`,
      );
    return seePictures({ ...config, encoder }, pictures, {
      ...work,
      visual: manifest.circuit.visual,
      views: [{ kind: "plain" }],
    });
  };
  const seen = {
    own: once(() => open(config.encoder)),
    random: once(() => open(`${RANDOM}${config.encoder}`)),
  };
  const candidates = once(async () => {
    const { metadata } = await readTensors(`${folder.path}/models/ridge.safetensors`);
    return metadata.candidates!.split(" ").map(Number); // by fold, the final model last
  });
  return async ({ fold, places }, encoder = "own") => {
    const { features, views } = await seen[encoder]();
    const candidate = (await candidates()).at(fold)!;
    const range = config.tapChoice === "inner" ? features.channels[candidate]! : { from: 0, to: features.D };
    const { T, D, hasCls } = shapeOfChannels(features, range);
    return {
      circuit: D === manifest.tokens.D ? manifest.circuit : await loadCircuit(config.circuit, D),
      visual: { tokens: T, width: D, hasCls },
      tokens: takeRows(channelsOf(views[0]!, range), places),
    };
  };
}
