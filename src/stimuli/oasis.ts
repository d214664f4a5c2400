/**
 * @file The Open Affective Standardized Image Set: 900 pictures, valence and arousal on 1-7, about 100 raters
 * each. Its table ends lines with a carriage return, two themes end in a space, and copies differ in the spelling
 * of pictures ("Acorns 1.jpg", "Acorns1.jpg"): pictures are matched to rows without spaces and letter case.
 * @see Kurdi, Lozano & Banaji (2017), Behavior Research Methods 49:457, doi 10.3758/s13428-016-0715-3
 */
import { listFolder, readBytes } from "#files";
import { ndarray } from "../core/array.ts";
import { columnIndex, numberCell, parseCsv, type TableRow } from "../core/csv.ts";
import { joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIds, listed, pictureNames } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const SCALE = { lo: 1, hi: 7 } as const;
const CITATION =
  "Kurdi, Lozano & Banaji (2017). Introducing the Open Affective Standardized Image Set (OASIS). Behavior Research Methods 49, 457-470. doi 10.3758/s13428-016-0715-3";

/** Reads `OASIS.csv` and `images/` of a folder. A row without picture is left out and noted, since copies leave pictures out. */
export const oasis: StimulusReader = {
  name: "oasis",
  form: "oasis:FOLDER",
  about: "OASIS: a folder with OASIS.csv and images/",
  pictures: 900,
  scale: SCALE,
  citation: CITATION,
  redistribute: true,
  path: true,
  read,
};

async function read(folder: string): Promise<StimulusSet> {
  const inside = await listFolder(folder);
  const file = part(folder, inside, "OASIS.csv");
  const images = joinPath(folder, part(folder, inside, "images"));
  const table = parseCsv(await readBytes(joinPath(folder, file)), `oasis: ${file}`);
  const [theme, category, source] = ["Theme", "Category", "Source"].map((name) => columnIndex(table, name));
  const label = (row: TableRow, column: number) => row.cells[column]!.trim().replace(/\s+/g, " ");
  checkIds(
    table.where,
    table.rows,
    table.rows.map((row) => label(row, theme!)),
    "Theme",
  );
  const pictures = new Map<string, string>();
  for (const name of pictureNames(await listFolder(images))) {
    const stem = key(name.replace(/\.\w+$/, ""));
    const twin = pictures.get(stem);
    if (twin) {
      throw new VcaError(
        "DataError",
        `oasis: ${images}: one picture for each row was expected, got "${twin}" and "${name}". Remove one of them.`,
      );
    }
    pictures.set(stem, name);
  }
  const keys = new Set(table.rows.map((row) => key(label(row, theme!))));
  const rows = table.rows.filter((row) => pictures.has(key(label(row, theme!))));
  const missing = table.rows.filter((row) => !rows.includes(row)).map((row) => label(row, theme!));
  const strays = [...pictures].filter(([name]) => !keys.has(name)).map(([, name]) => name);
  if (rows.length === 0) {
    throw new VcaError(
      "DataError",
      `oasis: ${images}: pictures of the rows in ${file} were expected, got none. Put pictures such as "Acorns 1.jpg" there.`,
    );
  }
  const ids = rows.map((row) => label(row, theme!));
  const numbers = (suffix: string, lo: number, hi: number) => {
    const columns = ["Valence", "Arousal"].map((rating) => columnIndex(table, `${rating}_${suffix}`));
    const cells = rows.flatMap((row, s) =>
      columns.map((column) => numberCell(table, row, column, { lo, hi, id: ids[s]! })),
    );
    return ndarray(Float64Array.from(cells), [rows.length, 2]);
  };
  const notes: string[] = [];
  if (missing.length > 0) {
    notes.push(
      `Rows without picture, left out: ${missing.length} of ${table.rows.length} (${listed(missing)}).`,
    );
  }
  if (strays.length > 0) notes.push(`Pictures without row, left out: ${strays.length} (${listed(strays)}).`);
  return {
    name: "oasis",
    citation: CITATION,
    raterFacts: { number: "822 in all, about 100 a picture; exact numbers in the set" },
    ids,
    files: ids.map((id) => joinPath(images, pictures.get(key(id))!)),
    ratings: numbers("mean", SCALE.lo, SCALE.hi),
    scale: SCALE,
    raters: { sd: numbers("SD", 0, SCALE.hi - SCALE.lo), n: numbers("N", 1, Number.POSITIVE_INFINITY) },
    columns: {
      theme: ids.map((id) => id.replace(/\s*\d+$/, "")), // "Acorns 1" is a picture of the theme "Acorns"
      category: rows.map((row) => label(row, category!)),
      source: rows.map((row) => label(row, source!)),
    },
    redistribute: true,
    notes,
    warnings: [],
  };
}

/** "Acorns 1", "acorns1" -> "acorns1". */
function key(name: string): string {
  return name.normalize("NFC").replace(/\s+/g, "").toLowerCase();
}

/** The entry of a folder by its name in any letter case. */
function part(folder: string, inside: readonly string[], name: string): string {
  const found = inside.find((entry) => entry.toLowerCase() === name.toLowerCase());
  if (found) return found;
  throw new VcaError(
    "DataError",
    `oasis: ${folder}: OASIS.csv and images/ were expected, got no ${name}. Pass the folder that holds both.`,
  );
}
