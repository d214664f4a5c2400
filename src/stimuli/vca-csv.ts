/**
 * @file The tables of the published VCA code (cswin/VCA_Full): no header; file name, extension, arousal, valence, in
 * this order. That arousal comes first is declared by this reader's name, never guessed.
 */
import { readBytes } from "#files";
import { hasDecimalCommas, numberCell, parseCsv } from "../core/csv.ts";
import { fileName, folderOf } from "../core/paths.ts";
import { checkIds, filesBelow, joinPictures, type Rated } from "./reader.ts";
import type { StimulusOptions, StimulusReader, StimulusSet } from "./set.ts";

const HEADER = ["filename", "extension", "arousal", "valence"];

/** Reads a table and the pictures in its folder or below: of several of one name, that of the row's extension. The scale is 1-9, as the code has it, unless declared. */
export const vcaCsv: StimulusReader = {
  name: "vca-csv",
  form: "vca-csv:FILE.csv",
  about: "tables of the published VCA code, no header: filename, extension, arousal, valence",
  scale: { lo: 1, hi: 9 },
  declared: true,
  citation: "",
  redistribute: false,
  path: true,
  read,
};

async function read(path: string, { scale = vcaCsv.scale! }: StimulusOptions): Promise<StimulusSet> {
  const table = parseCsv(await readBytes(path), `vca-csv: ${fileName(path)}`, { header: HEADER });
  const ids = table.rows.map(({ cells }) => cells[0]!.trim());
  checkIds(table.where, table.rows, ids, "filename");
  const decimalComma = hasDecimalCommas(table);
  const rated = table.rows.map((row, s): Rated => {
    const number = (column: number) =>
      numberCell(table, row, column, { ...scale, id: ids[s]!, decimalComma });
    const extension = row.cells[1]!.trim().replace(/^\.?(?=\w)/, ".");
    return { id: ids[s]!, picture: ids[s]!, extension, ratings: [number(3), number(2)] };
  });
  const files = await filesBelow(folderOf(path));
  return joinPictures(
    { name: "vca-csv", citation: "", scale, redistribute: false },
    { files, rated, scaleDeclared: true },
  );
}
