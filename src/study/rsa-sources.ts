/** @file Where `vca rsa` without betas takes its RDMs from: files of RDMs, tables of patterns, the nuclei of a run. */
import { readBytes } from "#files";
import { namesParticipant, participantOf } from "../brain/paths.ts";
import { type Patterns, readPatterns } from "../brain/patterns.ts";
import { columnCells, parseCsv } from "../core/csv.ts";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { dissimilarities } from "../rsa/dissimilarities.ts";
import { fixedModels, type Model } from "../rsa/models.ts";
import { averageOver, type Rdms } from "../rsa/rdm.ts";
import { type ReadOptions, rdmsOfArray, rdmsOfMatlab, readRdms } from "../rsa/read-rdms.ts";
import { modelsOf } from "./align-models.ts";
import { someOf } from "./brain-data.ts";
import type { BrainMeasure } from "./brain-measures.ts";
import { type BrainRunOptions, openBrainRun } from "./brain-networks.ts";
import { FEWEST_VOXELS, participantRdm, stackedRdms } from "./brain-rdms.ts";
import type { Reporter } from "./reporter.ts";

/** What was measured. */
export interface Measured {
  /** `rdms`: one file. `patterns`: tables of pictures x channels, one for each participant. */
  readonly kind: "rdms" | "patterns";
  readonly files: readonly string[];
  /** Leading axes of a file of RDMs; one is `participant`. */
  readonly axes: readonly string[];
  /** Average over all axes but `participant` (default), or keep such RDMs apart, drawn and left out together. */
  readonly average: boolean;
  /** Table with a column `id`, for files that carry no stimulus ids. */
  readonly stimuli?: string | undefined;
  /** Dissimilarity of patterns; `auto`: crossnobis where every picture has two runs in every table, else correlation. */
  readonly measure?: BrainMeasure | undefined;
}

/** A run as models. */
export interface RunModels extends BrainRunOptions {
  readonly path: string;
  readonly rdm?: "correlation" | "spearman" | undefined;
}

/** Measured RDMs, one or more per participant. @throws as the readers; ConfigError without participants; DataError when pictures differ. */
export async function readMeasured(measured: Measured, reporter: Pick<Reporter, "warn">): Promise<Rdms> {
  return measured.kind === "patterns" ? ofPatterns(measured, reporter) : ofRdms(measured);
}

/** Models of the pictures `ids`, and whether their source names its pictures or takes them in this order. @throws as the readers and `openBrainRun` */
export async function readModels(
  from: string | RunModels,
  ids: readonly string[],
): Promise<{ readonly models: Model[]; readonly named: boolean }> {
  if (typeof from === "string") {
    const { rdms, named } = await readFile(from, { axes: ["model"], ids });
    return { models: fixedModels(rdms), named };
  }
  const opened = await openBrainRun(from.path, ids, from);
  const { candidates, baselines } = await modelsOf(opened, { ids }, from);
  const last = opened.run.epochs.at(-1);
  const models = [...candidates.filter(({ epoch }) => epoch === last), ...baselines].map(
    ({ model }) => model,
  );
  return { models, named: true };
}

async function ofRdms({ files: [file], axes, average, stimuli }: Measured): Promise<Rdms> {
  if (!axes.includes("participant"))
    throw new VcaError(
      "ConfigError",
      `rsa: an axis "participant" was expected, got --axes ${axes.join(",")}. Name the axis over which results shall hold participant.`,
    );
  const ids = await readIds(stimuli);
  let { rdms } = await readFile(file!, { axes, ids });
  if (ids && ids.join() !== rdms.ids.join())
    throw new VcaError(
      "DataError",
      `${stimuli}: the pictures that ${file} names, ${someOf(rdms.ids)}, were expected, got ${someOf(ids)}. Leave out the table: the file knows its pictures.`,
    );
  if (!average) return rdms;
  for (const axis of axes) if (axis !== "participant") rdms = averageOver(rdms, axis);
  const { participant = [] } = rdms.labels;
  const isRepeated = new Set(participant).size < participant.length; // a file may name them without their sessions
  if (isRepeated)
    rdms = averageOver(
      { ...rdms, labels: { participant, rdm: participant.map((_, k) => String(k)) } },
      "rdm",
    );
  return rdms;
}

async function ofPatterns(
  { files, stimuli, measure = "auto" }: Measured,
  reporter: Pick<Reporter, "warn">,
): Promise<Rdms> {
  const tables: Patterns[] = [];
  for (const file of files) tables.push(await readPatterns(file, stimuli));
  const ids = [...new Set(tables[0]!.ids)];
  const repeated = tables.every((table) => ids.every((id) => runsOf(table, id) > 1));
  const chosen = measure === "auto" ? (repeated ? "crossnobis" : "correlation") : measure;
  if (chosen !== "crossnobis") {
    reporter.warn(
      "Patterns of one run are compared with one another, so that noise near in time looks like geometry. Measure each picture in two runs.",
    );
    checkChannels(tables, chosen);
  }
  const places = new Map(ids.map((id, s) => [id, s]));
  const rows = tables.map((table) => {
    const other = [
      ...ids.filter((id) => !table.ids.includes(id)),
      ...table.ids.filter((id) => !places.has(id)),
    ];
    if (other.length > 0)
      throw new VcaError(
        "DataError",
        `${table.where}: the ${ids.length} pictures of ${tables[0]!.where} were expected, got others: ${someOf(other)}. Give all participants the same pictures.`,
      );
    const participant = participantOf(table.where);
    const trials = {
      ...table,
      participant,
      onsets: undefined,
      stimuli: Int32Array.from(table.ids, (id) => places.get(id)!),
    };
    if (chosen === "crossnobis")
      return participantRdm(trials, ids, { measure: chosen, precision: "pooled" })(table.data);
    return dissimilarities({ patterns: table.data, stimuli: trials.stimuli }, { measure: chosen });
  });
  const names = files.map((file) => (namesParticipant(file) ? participantOf(file) : fileName(file)));
  return stackedRdms(ids, rows, names);
}

/** @throws DataError when patterns are too narrow to be correlated: of two numbers, every correlation is 1 or -1 */
function checkChannels(tables: readonly Patterns[], measure: BrainMeasure): void {
  const few = tables.find(({ data }) => data.shape[1]! < FEWEST_VOXELS);
  if (few && (measure === "correlation" || measure === "spearman"))
    throw new VcaError(
      "DataError",
      `${few.where}: ${FEWEST_VOXELS} or more voxels were expected for the measure ${measure}, got ${few.data.shape[1]}. Pass more voxels, or --measure euclidean.`,
    );
}

function runsOf({ ids, runs }: Patterns, id: string): number {
  return new Set(runs.filter((_, n) => ids[n] === id)).size;
}

/** RDMs of a file, and whether it names its pictures. */
interface ReadFile {
  readonly rdms: Rdms;
  readonly named: boolean;
}

/**
 * RDMs of a file. HDF5, as rsatoolbox saves RDMs, is opened where it lies: descriptors named as axes (of models also `name`) label the RDMs, `id`
 * the pictures, before `options.ids`.
 */
async function readFile(path: string, options: ReadOptions): Promise<ReadFile> {
  const { isMat73, openHdf5 } = await import("#hdf5");
  const isMatlab = /\.mat$/i.test(path) && (await isMat73(path));
  if (!isMatlab && !/\.(h5|hdf5)$/i.test(path))
    return { rdms: readRdms(await readBytes(path), path, options), named: /\.[ct]sv$/i.test(path) };
  const file = await openHdf5(path);
  try {
    if (isMatlab)
      return {
        rdms: rdmsOfMatlab(new Map(file.names.map((name) => [name, file.mat(name)])), path, options),
        named: false,
      };
    const { shape, slice } = file.dataset("dissimilarities");
    const data = Float64Array.from(slice(shape.map((length) => [0, length])));
    const own = file.labels("pattern_descriptors/id");
    const [ids, named] = [own ?? options.ids, own !== undefined];
    const labelsOf = (axis: string) =>
      file.labels(`rdm_descriptors/${axis}`) ??
      (axis === "model" ? file.labels("rdm_descriptors/name") : undefined);
    const described = options.axes.map((axis) => [axis, labelsOf(axis)] as const);
    const labels = described.filter((one): one is [string, string[]] => one[1] !== undefined);
    if (labels.length === 0) return { rdms: rdmsOfArray({ shape, data }, path, { ...options, ids }), named };
    const lacking = described.find(([, values]) => values === undefined);
    if (lacking)
      throw new VcaError(
        "DataError",
        `${path}: rdm_descriptors/${lacking[0]} was expected beside ${labels.map(([axis]) => axis).join(", ")}, got none. Leave it out of --axes.`,
      );
    const rows = rdmsOfArray({ shape, data }, path, { axes: ["rdm"], ids });
    return { rdms: { ...rows, labels: Object.fromEntries(labels) }, named };
  } finally {
    file.close();
  }
}

async function readIds(path: string | undefined): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  return columnCells(parseCsv(await readBytes(path), path), "id");
}
