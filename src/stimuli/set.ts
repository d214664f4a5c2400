/**
 * @file A picture set as the rest of the program knows it, and the registry of its readers. A reader turns
 * one set's own files into a `StimulusSet`; nothing else knows those formats. To add a set, write one file
 * and one row here.
 */
import type { NdArray } from "../core/array.ts";
import { unknownName, VcaError } from "../errors.ts";
import { bass, bassChinese } from "./bass.ts";
import { combineSets } from "./combine.ts";
import { emoji } from "./emoji.ts";
import { emomadrid } from "./emomadrid.ts";
import { gaped } from "./gaped.ts";
import { iaps } from "./iaps.ts";
import { naps } from "./naps.ts";
import { oasis } from "./oasis.ts";
import { type Scale, splitScale } from "./scale.ts";
import { table } from "./table.ts";
import { vcaCsv } from "./vca-csv.ts";

/** Rated pictures. Row `s` of every array is stimulus `ids[s]`, in the order of the set's table. */
export interface StimulusSet {
  /** The reader's name: "oasis", "emoji", "table"; of several sets together, "iaps + naps". */
  readonly name: string;
  /** Whom to cite; empty where the set does not say. */
  readonly citation: string;
  /** Unique. */
  readonly ids: readonly string[];
  /** The path of each picture. */
  readonly files: readonly string[];
  /** `[S, 2]`: mean valence, mean arousal, on the set's own scale. */
  readonly ratings: NdArray<Float64Array>;
  /** The scale of both ratings. */
  readonly scale: Scale;
  /** Standard deviation over raters and number of raters, `[S, 2]` each, where the set gives them. */
  readonly raters?: { readonly sd: NdArray<Float64Array>; readonly n: NdArray<Float64Array> };
  /** Who rated, and how, as far as it is published: country, number, instruction. */
  readonly raterFacts?: Readonly<Record<string, string>>;
  /** Of several sets together: the set of each stimulus. */
  readonly sets?: readonly string[];
  /** Labels by column, such as theme and category: one per stimulus. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** The column whose equal labels mean near-equal pictures, where the set's maker judged it better than a hash. */
  readonly nearEqual?: string;
  /** Whether pictures and single ratings may leave the computer in a report or an export. */
  readonly redistribute: boolean;
  /** What the reader noticed: rows without picture, pictures without row. */
  readonly notes: readonly string[];
  /** What may be wrong: a scale wider than its ratings. */
  readonly warnings: readonly string[];
}

/** What a user declares beside the path. */
export interface StimulusOptions {
  /** The rating scale, for sets that do not fix it. */
  readonly scale?: Scale;
}

/** One kind of picture set. */
export interface StimulusReader {
  readonly name: string;
  /** How it is written, such as `oasis:FOLDER`. */
  readonly form: string;
  /** One line for `vca data list`. */
  readonly about: string;
  /** How many pictures the published set has; undefined for one of the user's. */
  readonly pictures?: number;
  /** The scale of its ratings; undefined where the user declares it. */
  readonly scale?: Scale;
  /** Whether a scale that the user declares counts. */
  readonly declared?: boolean;
  readonly citation: string;
  readonly redistribute: boolean;
  /** Whether `form` has a path after the colon. */
  readonly path: boolean;
  /** Reads the set; `path` is "" where `form` has none. */
  read(path: string, options: StimulusOptions): Promise<StimulusSet>;
}

/** Every picture set that can be read. */
export const STIMULUS_READERS: readonly StimulusReader[] = [
  oasis,
  iaps,
  naps,
  gaped,
  emomadrid,
  bass,
  bassChinese,
  emoji,
  vcaCsv,
  table,
];

/** Between several sets of one description; a path may hold the sign where no reader's name follows it. */
export const SET_SEPARATOR = " + ";

/** The sets that a description such as `iaps:A + naps:B` names, in order. */
export function splitSets(spec: string): string[] {
  const names = STIMULUS_READERS.map(({ name }) => name).join("|");
  return spec.split(new RegExp(` \\+ (?=(?:${names})(?:[:@]|$| \\+ ))`));
}

/**
 * Opens `oasis:FOLDER`, `iaps:FOLDER`, `emoji`, `table:FILE.csv`, or several together: `iaps:FOLDER + naps:FOLDER`. A scale at
 * the end of one, `table:FILE.csv@0-100`, is that set's own and goes before `options.scale`.
 * @throws ConfigError when the set is unknown, or its path or scale is missing or superfluous.
 * @throws DataError when a file, row or picture of the set is missing or malformed.
 */
export async function openStimuli(spec: string, options: StimulusOptions = {}): Promise<StimulusSet> {
  const parts = splitSets(spec).map(parsePart);
  const [first] = parts;
  if (options.scale && parts.every(({ reader }) => isFixed(reader)))
    throw superfluous(first!.reader, options.scale);
  const sets: StimulusSet[] = [];
  for (const { reader, path, scale } of parts)
    sets.push(await reader.read(path, scale ? { scale } : options));
  return parts.length === 1 ? sets[0]! : combineSets(sets);
}

const isFixed = ({ scale, declared }: StimulusReader) => scale !== undefined && !declared;

function superfluous({ name, scale }: StimulusReader, { lo, hi }: Scale): VcaError {
  return new VcaError(
    "ConfigError",
    `stimuli: no scale was expected for ${name}, which is rated on ${scale!.lo} to ${scale!.hi}, got ${lo} to ${hi}. Leave it out.`,
  );
}

/** One set of a description, with the scale that is declared for it alone. */
function parsePart(spec: string): { reader: StimulusReader; path: string; scale?: Scale } {
  const { set, scale } = splitScale(spec);
  const colon = set.indexOf(":");
  const name = colon < 0 ? set : set.slice(0, colon);
  const path = colon < 0 ? "" : set.slice(colon + 1);
  const reader = STIMULUS_READERS.find((candidate) => candidate.name === name);
  if (!reader) {
    throw unknownName(
      "stimuli",
      "picture set",
      name,
      STIMULUS_READERS.map((candidate) => candidate.name),
    );
  }
  if (reader.path === (path === "")) {
    throw new VcaError(
      "ConfigError",
      `stimuli: ${reader.path ? "a path after the colon" : "no path"} was expected, got "${spec}". Write it as ${reader.form}.`,
    );
  }
  if (scale && isFixed(reader)) throw superfluous(reader, scale);
  return { reader, path, ...(scale && { scale }) };
}
