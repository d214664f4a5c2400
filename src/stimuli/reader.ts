/**
 * @file What the readers of picture sets share: ids, pictures of a folder, notes; and the joining of a set's ratings
 * with its pictures, which every published set needs.
 */
import { isFolder, listFolder } from "#files";
import { ndarray } from "../core/array.ts";
import type { TableRow } from "../core/csv.ts";
import { fileName, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { scaleWarnings } from "./scale.ts";
import type { StimulusSet } from "./set.ts";

const PICTURE = /\.(jpe?g|png|bmp|gif|webp|tiff?|avif)$/i;

/** The names that are pictures, by their extension. */
export function pictureNames(names: readonly string[]): string[] {
  return names.filter((name) => PICTURE.test(name));
}

/** Up to ten names and the number of the others, for a note. */
export function listed(names: readonly string[]): string {
  const rest = names.length - 10;
  return names.slice(0, 10).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/**
 * Checks that ids are there and unique.
 * @throws DataError naming the row, and the row that has the same id.
 */
export function checkIds(
  where: string,
  rows: readonly TableRow[],
  ids: readonly string[],
  column: string,
): void {
  const seen = new Map<string, number>();
  for (const [s, { number }] of rows.entries()) {
    const id = ids[s]!;
    const first = seen.get(id);
    if (id === "" || first !== undefined) {
      const got = id === "" ? "an empty cell" : `"${id}" as in row ${first}`;
      throw new VcaError(
        "DataError",
        `${where} row ${number}: ${column} must be unique, got ${got}. Give each row an id of its own.`,
      );
    }
    seen.set(id, number);
  }
}

/** What a set's own files say of one picture. */
export interface Rated {
  readonly id: string;
  /** The picture's name, without its extension. */
  readonly picture: string;
  /** Its extension, as `.jpg`, by which one of several pictures of that name is told. */
  readonly extension?: string;
  /** Mean valence and arousal; NaN where the set gives none. */
  readonly ratings: readonly [valence: number, arousal: number];
  readonly raters?: { readonly sd: readonly [number, number]; readonly n: readonly [number, number] };
  readonly labels?: Readonly<Record<string, string>>;
}

/** Folders within a set's folder that are searched: `images/`, `GAPED/A/`. */
const DEPTH = 2;

/** The paths of all files below a folder. @throws DataError when it is none */
export async function filesBelow(folder: string, depth = DEPTH): Promise<string[]> {
  const found: string[] = [];
  for (const name of await listFolder(folder)) {
    const path = joinPath(folder, name);
    if (!(await isFolder(path))) found.push(path);
    else if (depth > 0) found.push(...(await filesBelow(path, depth - 1)));
  }
  return found;
}

/**
 * The one file of a set whose name fits.
 * @throws DataError when none or several do
 */
export function oneFile(where: string, files: readonly string[], fits: RegExp, example: string): string {
  const found = files.filter((file) => fits.test(fileName(file)));
  if (found.length === 1) return found[0]!;
  throw new VcaError(
    "DataError",
    `${where}: one file such as "${example}" was expected, got ${found.length === 0 ? "none" : listed(found)}. Pass the folder that holds the set, as published.`,
  );
}

const pictureKey = (name: string) => name.normalize("NFC").toLowerCase();

/**
 * A set of the rows that have ratings and a picture among `files`; letter case is not told apart. What is left out is noted.
 * @throws DataError when two pictures have a row's name, and not one of them its extension, or no row has a picture
 */
export function joinPictures(
  about: Pick<StimulusSet, "name" | "citation" | "scale" | "redistribute" | "raterFacts">,
  {
    files,
    rated,
    notes = [],
    scaleDeclared = false,
  }: {
    files: readonly string[];
    rated: readonly Rated[];
    notes?: readonly string[];
    /** Whether the user declares the scale. */
    scaleDeclared?: boolean;
  },
): StimulusSet {
  const pictures = new Map<string, string[]>();
  for (const path of pictureNames(files)) {
    const key = pictureKey(fileName(path).replace(/\.\w+$/, ""));
    pictures.set(key, [...(pictures.get(key) ?? []), path]);
  }
  const pathOf = ({ picture, extension }: Rated) => {
    const named = pictures.get(pictureKey(picture)) ?? [];
    const exact = named.filter((path) => extension && pictureKey(path).endsWith(pictureKey(extension)));
    const found = exact.length > 0 ? exact : named;
    if (found.length < 2) return found[0];
    throw new VcaError(
      "DataError",
      `${about.name}: one picture ${picture} was expected, got ${listed(found)}. Remove all but one.`,
    );
  };
  const unrated = rated.filter(({ ratings }) => ratings.some(Number.isNaN));
  const missing = rated.filter((row) => pathOf(row) === undefined);
  const rows = rated.filter((row) => !unrated.includes(row) && !missing.includes(row));
  if (rows.length === 0) {
    throw new VcaError(
      "DataError",
      `${about.name}: pictures of the rated rows were expected, got none. Put pictures such as "${rated[0]?.picture ?? "1"}.jpg" into the set's folder.`,
    );
  }
  const used = new Set(rated.map(pathOf));
  const strays = pictureNames(files).filter((path) => !used.has(path));
  const pairs = (of: (row: Rated) => readonly [number, number]) =>
    ndarray(Float64Array.from(rows.flatMap(of)), [rows.length, 2]);
  const ratings = pairs((row) => row.ratings);
  const of = (list: readonly Rated[]) =>
    `${list.length} of ${rated.length} (${listed(list.map(({ id }) => id))})`;
  const found = [
    missing.length > 0 ? `Rows without picture, left out: ${of(missing)}.` : undefined,
    unrated.length > 0 ? `Rows without rating, left out: ${of(unrated)}.` : undefined,
    strays.length > 0
      ? `Pictures without row, left out: ${strays.length} (${listed(strays.map(fileName))}).`
      : undefined,
  ];
  return {
    ...about,
    ids: rows.map(({ id }) => id),
    files: rows.map((row) => pathOf(row)!),
    ratings,
    ...(rows.every(({ raters }) => raters) && {
      raters: { sd: pairs((row) => row.raters!.sd), n: pairs((row) => row.raters!.n) },
    }),
    columns: Object.fromEntries(
      Object.keys(rows[0]!.labels ?? {}).map((name) => [name, rows.map((row) => row.labels![name]!)]),
    ),
    notes: [...notes, ...found.filter((note) => note !== undefined)],
    warnings: scaleWarnings(ratings, about.scale, scaleDeclared ? "the scale" : "the file"),
  };
}
