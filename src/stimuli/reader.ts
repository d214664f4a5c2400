/** @file What the readers of picture sets share: paths without `node:path`, ids, pictures of a folder, notes. */
import type { TableRow } from "../core/csv.ts";
import { VcaError } from "../errors.ts";

const PICTURE = /\.(jpe?g|png|bmp|gif|webp|tiff?|avif)$/i;

/** The folder of a path, "." when it names none. */
export function folderOf(path: string): string {
  return /^(.*)[\\/][^\\/]*$/.exec(path)?.[1] ?? ".";
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.replace(/^.*[\\/]/, "");
}

/** `file` as seen from `folder`, unless it is absolute. */
export function joinPath(folder: string, file: string): string {
  return /^([a-z]:)?[\\/]/i.test(file) ? file : `${folder.replace(/[\\/]$/, "")}/${file}`;
}

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
