/**
 * @file The Nencki Affective Picture System: 1,356 photographs, valence and arousal on 1-9. Its table separates cells by
 * semicolons and writes decimal commas.
 * @see Marchewka, Zurawski, Jednorog & Grabowska (2014), Behavior Research Methods 46:596, doi 10.3758/s13428-013-0379-1
 */
import { readBytes } from "#files";
import { columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import { fileName } from "../core/paths.ts";
import { checkIds, filesBelow, joinPictures, oneFile, type Rated } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const ABOUT = {
  name: "naps",
  scale: { lo: 1, hi: 9 },
  citation:
    "Marchewka, Zurawski, Jednorog & Grabowska (2014). The Nencki Affective Picture System (NAPS). Behavior Research Methods 46, 596-610. doi 10.3758/s13428-013-0379-1",
  redistribute: false,
} as const;

/**
 * Reads a folder's one `.csv` (or `.txt`) and the pictures `ID.jpg`. Assumed layout: the columns `ID`, `Category`, `Nr`,
 * `V/H`, `Description`, `M_Valence`, `SD`, `M_arousal`, ... in any letter case; the authors also published it as `.xls`,
 * to be saved as CSV.
 */
export const naps: StimulusReader = {
  ...ABOUT,
  form: "naps:FOLDER",
  about: "NAPS: a folder with its ratings as .csv and its pictures",
  pictures: 1356,
  path: true,
  read,
};

async function read(folder: string): Promise<StimulusSet> {
  const files = await filesBelow(folder);
  const file = oneFile(`naps: ${folder}`, files, /\.(csv|txt)$/i, "NAPS_valence_arousal_2014.csv");
  const raw = parseCsv(await readBytes(file), `naps: ${fileName(file)}`);
  const table = { ...raw, header: raw.header.map((name) => name.toLowerCase()) };
  const [id, category, description, valence, arousal] = [
    "id",
    "category",
    "description",
    "m_valence",
    "m_arousal",
  ].map((name) => columnIndex(table, name));
  const ids = table.rows.map(({ cells }) => cells[id!]!.trim());
  checkIds(table.where, table.rows, ids, "ID");
  const rated = table.rows.map((row, s): Rated => {
    const number = (column: number) =>
      numberCell(table, row, column, { ...ABOUT.scale, id: ids[s]!, decimalComma: true });
    const labels = { category: row.cells[category!]!.trim(), description: row.cells[description!]!.trim() };
    return { id: ids[s]!, picture: ids[s]!, ratings: [number(valence!), number(arousal!)], labels };
  });
  return joinPictures(ABOUT, { files, rated });
}
