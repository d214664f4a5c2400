/**
 * @file A user's own picture set: a table with the columns `id`, `file`, `valence`, `arousal` and any others,
 * which become labels. Paths are seen from the table's folder. The scale is declared, every row needs
 * its picture, and nothing may be shown to others unless the user says so.
 */
import { exists, listFolder, readBytes } from "#files";
import { type NdArray, ndarray } from "../core/array.ts";
import {
  columnCells,
  columnIndex,
  hasDecimalCommas,
  type NumberRule,
  numberCell,
  parseCsv,
  type Table,
} from "../core/csv.ts";
import { fileName, folderOf, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIds, listed, pictureNames } from "./reader.ts";
import { type Scale, scaleWarnings } from "./scale.ts";
import type { StimulusOptions, StimulusReader, StimulusSet } from "./set.ts";

const RATINGS = ["valence", "arousal"] as const;
const RATERS = ["valence_sd", "arousal_sd", "valence_n", "arousal_n"] as const;

/** The rows of a table that have both ratings. */
export interface RatedRows {
  readonly rated: Table;
  /** `[S, 2]`, of `rated`. */
  readonly ratings: NdArray<Float64Array>;
  /** Ids of the rows that were left out. */
  readonly unrated: readonly string[];
}

/**
 * Leaves out the rows whose valence or arousal is ".".
 * @throws DataError when an id comes twice, a rating is no number from `lo` to `hi`, or no row has both
 */
export function ratedRows(table: Table, { lo, hi }: Scale): RatedRows {
  const { where, rows } = table;
  const ids = columnCells(table, "id").map((cell) => cell.trim());
  checkIds(where, rows, ids, "id");
  const columns = RATINGS.map((name) => columnIndex(table, name));
  const rule = { lo, hi, missing: ".", decimalComma: hasDecimalCommas(table) };
  const pairs = rows.map((row, s) =>
    columns.map((column) => numberCell(table, row, column, { ...rule, id: ids[s]! })),
  );
  const isRated = (_: unknown, s: number) => !pairs[s]!.some(Number.isNaN);
  const rated = { ...table, rows: rows.filter(isRated) };
  if (rated.rows.length === 0) {
    throw new VcaError(
      "DataError",
      `${where}: a row with valence and arousal was expected, got none. Write numbers for ".".`,
    );
  }
  return {
    rated,
    ratings: ndarray(Float64Array.from(pairs.filter(isRated).flat()), [rated.rows.length, 2]),
    unrated: ids.filter((id, s) => !isRated(id, s)),
  };
}

/** Reads a table. With all of `valence_sd`, `arousal_sd`, `valence_n`, `arousal_n` it also carries its raters. */
export const table: StimulusReader = {
  name: "table",
  form: "table:FILE.csv",
  declared: true,
  about: "your own ratings: columns id, file, valence, arousal and any others; state their scale",
  citation: "",
  redistribute: false,
  path: true,
  read,
};

async function read(path: string, { scale }: StimulusOptions): Promise<StimulusSet> {
  const where = `table: ${fileName(path)}`;
  if (!scale) {
    throw new VcaError(
      "ConfigError",
      `${where}: the rating scale was expected, got none. State its ends, as in --scale 1-9 or ${fileName(path)}@1-9.`,
    );
  }
  const whole = parseCsv(await readBytes(path), where);
  const { rated, ratings, unrated } = ratedRows(whole, scale);
  const { header, rows } = rated;
  const cells = (name: string) => columnCells(rated, name).map((cell) => cell.trim());
  const ids = cells("id");
  const numbers = (names: readonly string[], rule: Pick<NumberRule, "lo" | "hi" | "decimalComma">) => {
    const columns = names.map((name) => columnIndex(rated, name));
    const values = rows.flatMap((row, s) =>
      columns.map((column) => numberCell(rated, row, column, { ...rule, id: ids[s]! })),
    );
    return ndarray(Float64Array.from(values), [rows.length, 2]);
  };
  const hasRaters = RATERS.every((name) => header.includes(name));
  const names = cells("file");
  const pathOf = (name: string) => joinPath(folderOf(path), name);
  const files = names.map(pathOf);
  const missing: string[] = [];
  for (const [s, file] of files.entries()) {
    if (names[s] === "" || !(await exists(file)))
      missing.push(`row ${rows[s]!.number} (${ids[s]}: ${names[s]})`);
  }
  if (missing.length > 0) {
    throw new VcaError(
      "DataError",
      `${where}: each row needs its picture, got none for ${missing.join(", ")}. Correct the column file, or add the pictures to ${folderOf(path)}.`,
    );
  }
  const used: readonly string[] = ["id", "file", ...RATINGS, ...(hasRaters ? RATERS : [])];
  const labels = header.filter((name) => name !== "" && !used.includes(name));
  const strays = await unlisted(
    files,
    columnCells(whole, "file").map((cell) => pathOf(cell.trim())),
  );
  return {
    name: "table",
    citation: "",
    ids,
    files,
    ratings,
    scale,
    ...(hasRaters && {
      raters: {
        sd: numbers(["valence_sd", "arousal_sd"], {
          lo: 0,
          hi: scale.hi - scale.lo,
          decimalComma: hasDecimalCommas(rated),
        }),
        n: numbers(["valence_n", "arousal_n"], { lo: 1, hi: Number.POSITIVE_INFINITY }), // 1,234 may be thousands
      },
    }),
    columns: Object.fromEntries(labels.map((name) => [name, cells(name)])),
    redistribute: false,
    notes: [
      unrated.length > 0
        ? `Rows without rating, left out: ${unrated.length} of ${whole.rows.length} (${listed(unrated)}).`
        : undefined,
      strays.length > 0 ? `Pictures without row: ${strays.length} (${listed(strays)}).` : undefined,
    ].filter((note) => note !== undefined),
    warnings: scaleWarnings(ratings, scale),
  };
}

/** The pictures that lie in the folders of `files` without being one of `named`. */
async function unlisted(files: readonly string[], named: readonly string[]): Promise<string[]> {
  const known = new Set(named.map((file) => `${folderOf(file)}/${fileName(file)}`));
  const strays: string[] = [];
  for (const folder of new Set(files.map(folderOf))) {
    for (const name of pictureNames(await listFolder(folder))) {
      if (!known.has(`${folder}/${name}`)) strays.push(name);
    }
  }
  return strays;
}
