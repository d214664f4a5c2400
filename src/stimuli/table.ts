/**
 * @file A user's own picture set: a table with the columns `id`, `file`, `valence`, `arousal` and any others,
 * which become labels. Paths are seen from the table's folder. The scale is declared, every row needs
 * its picture, and nothing may be shown to others unless the user says so.
 */
import { exists, listFolder, readBytes } from "#files";
import { ndarray } from "../core/array.ts";
import { columnCells, columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import { fileName, folderOf, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIds, listed, pictureNames } from "./reader.ts";
import { scaleWarnings } from "./scale.ts";
import type { StimulusOptions, StimulusReader, StimulusSet } from "./set.ts";

const RATINGS = ["valence", "arousal"] as const;
const RATERS = ["valence_sd", "arousal_sd", "valence_n", "arousal_n"] as const;

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
  const parsed = parseCsv(await readBytes(path), where);
  const { header, rows } = parsed;
  const cells = (name: string) => columnCells(parsed, name).map((cell) => cell.trim());
  const ids = cells("id");
  checkIds(where, rows, ids, "id");
  const numbers = (names: readonly string[], lo: number, hi: number) => {
    const columns = names.map((name) => columnIndex(parsed, name));
    const values = rows.flatMap((row, s) =>
      columns.map((column) => numberCell(parsed, row, column, { lo, hi, id: ids[s]! })),
    );
    return ndarray(Float64Array.from(values), [rows.length, 2]);
  };
  const ratings = numbers(RATINGS, scale.lo, scale.hi);
  const rated = RATERS.every((name) => header.includes(name));
  const names = cells("file");
  const files = names.map((name) => joinPath(folderOf(path), name));
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
  const used: readonly string[] = ["id", "file", ...RATINGS, ...(rated ? RATERS : [])];
  const labels = header.filter((name) => name !== "" && !used.includes(name));
  const strays = await unlisted(files);
  return {
    name: "table",
    citation: "",
    ids,
    files,
    ratings,
    scale,
    ...(rated && {
      raters: {
        sd: numbers(["valence_sd", "arousal_sd"], 0, scale.hi - scale.lo),
        n: numbers(["valence_n", "arousal_n"], 1, Number.POSITIVE_INFINITY),
      },
    }),
    columns: Object.fromEntries(labels.map((name) => [name, cells(name)])),
    redistribute: false,
    notes: strays.length > 0 ? [`Pictures without row: ${strays.length} (${listed(strays)}).`] : [],
    warnings: scaleWarnings(ratings, scale),
  };
}

/** The pictures that lie in the folders of `files` without being one of them. */
async function unlisted(files: readonly string[]): Promise<string[]> {
  const known = new Set(files.map((file) => `${folderOf(file)}/${fileName(file)}`));
  const strays: string[] = [];
  for (const folder of new Set(files.map(folderOf))) {
    for (const name of pictureNames(await listFolder(folder))) {
      if (!known.has(`${folder}/${name}`)) strays.push(name);
    }
  }
  return strays;
}
