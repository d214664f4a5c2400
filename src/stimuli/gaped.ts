/**
 * @file The Geneva Affective Picture Database: 730 BMP pictures in six categories, valence and arousal on 0-100. Each
 * category has a text of its own, whose lines part their cells by tabs and spaces mixed.
 * @see Dan-Glauser & Scherer (2011), Behavior Research Methods 43:468, doi 10.3758/s13428-011-0064-1
 */
import { readBytes } from "#files";
import { decodeText, numberCell, type Table } from "../core/csv.ts";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIds, filesBelow, joinPictures, type Rated } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const ABOUT = {
  name: "gaped",
  scale: { lo: 0, hi: 100 },
  citation:
    "Dan-Glauser & Scherer (2011). The Geneva affective picture database (GAPED). Behavior Research Methods 43, 468-477. doi 10.3758/s13428-011-0064-1",
  redistribute: false,
} as const;

/** Animal mistreatment, human rights violation, neutral, positive, snakes, spiders. */
const CATEGORIES = ["A", "H", "N", "P", "Sn", "Sp"] as const;

/**
 * Reads `A.txt`, ..., `Sp.txt`, or their fuller twins `A_with SD.txt`, ..., and the pictures `A001.bmp`, ... in folders.
 * Assumed layout: a header, then picture, valence, arousal and more; deviations stand in brackets, and are left unread.
 */
export const gaped: StimulusReader = {
  ...ABOUT,
  form: "gaped:FOLDER",
  about: "GAPED: a folder with A.txt, H.txt, N.txt, P.txt, Sn.txt, Sp.txt and folders of .bmp",
  pictures: 730,
  path: true,
  read,
};

async function read(folder: string): Promise<StimulusSet> {
  const files = await filesBelow(folder);
  const rated: Rated[] = [];
  const notes: string[] = [];
  for (const category of CATEGORIES) {
    const named = (suffix: string) =>
      files.find((file) => fileName(file).toLowerCase() === `${category}${suffix}.txt`.toLowerCase());
    const file = named("") ?? named("_with SD");
    if (file) rated.push(...(await readCategory(file, category)));
    else notes.push(`Categories without text, left out: ${category}.txt is missing.`);
  }
  if (notes.length === CATEGORIES.length) {
    throw new VcaError(
      "DataError",
      `gaped: ${folder}: the texts A.txt, H.txt, N.txt, P.txt, Sn.txt, Sp.txt were expected, got none. Pass the folder that holds the set, as published.`,
    );
  }
  return joinPictures(ABOUT, { files, rated, notes });
}

async function readCategory(file: string, category: string): Promise<Rated[]> {
  const where = `gaped: ${fileName(file)}`;
  const header = ["picture", "valence", "arousal"];
  const rows = decodeText(await readBytes(file), where)
    .split(/\r\n?|\n/)
    .map((line, index) => ({
      number: index + 1,
      cells: line
        .replace(/\([^)]*\)/g, " ")
        .trim()
        .split(/\s+/),
    }))
    .slice(1)
    .filter(({ cells }) => cells[0] !== "");
  const short = rows.find(({ cells }) => cells.length < header.length);
  if (short) {
    throw new VcaError(
      "DataError",
      `${where} row ${short.number}: picture, valence and arousal were expected, got "${short.cells.join(" ")}". Fill the row, or remove it.`,
    );
  }
  const table: Table = { where, header, rows };
  const names = rows.map(({ cells }) => cells[0]!.replace(/\.bmp$/i, ""));
  checkIds(where, rows, names, "picture");
  return rows.map((row, s) => {
    const number = (column: number) => numberCell(table, row, column, { ...ABOUT.scale, id: names[s]! });
    return { id: names[s]!, picture: names[s]!, ratings: [number(1), number(2)], labels: { category } };
  });
}
