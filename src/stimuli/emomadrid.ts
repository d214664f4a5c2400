/**
 * @file EmoMadrid: about 800 pictures, valence and arousal on -2 to 2, in three texts whose lines run in parallel:
 * pictures, valence, arousal.
 * @see Carretie, Tapia, Lopez-Martin & Albert (2019), Motivation and Emotion 43:929, doi 10.1007/s11031-019-09780-y
 */
import { readBytes } from "#files";
import { decodeText, numberCell, type Table } from "../core/csv.ts";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIds, filesBelow, joinPictures, oneFile, type Rated } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const ABOUT = {
  name: "emomadrid",
  scale: { lo: -2, hi: 2 },
  citation:
    "Carretie, Tapia, Lopez-Martin & Albert (2019). EmoMadrid: An emotional pictures database for affect research. Motivation and Emotion 43, 929-939. doi 10.1007/s11031-019-09780-y",
  redistribute: false,
  raterFacts: { country: "Spain", number: "768 in all, 146 a session on average" },
} as const;

/**
 * Reads a folder with three texts. Assumed layout: one line per picture and no header; the texts of valence and arousal
 * are known by these words in their names, the third names the pictures (`EM0001`, with or without extension). A sign
 * may be a minus or a hyphen, a number may have a decimal comma.
 */
export const emomadrid: StimulusReader = {
  ...ABOUT,
  form: "emomadrid:FOLDER",
  about: "EmoMadrid: a folder with three parallel texts (pictures, valence, arousal) and its pictures",
  pictures: 813,
  path: true,
  read,
};

async function read(folder: string): Promise<StimulusSet> {
  const files = await filesBelow(folder);
  const where = `emomadrid: ${folder}`;
  const texts = [
    oneFile(where, files, /^(?!.*(valence|arousal)).*\.txt$/i, "pictures.txt"),
    oneFile(where, files, /valence.*\.txt$/i, "valence.txt"),
    oneFile(where, files, /arousal.*\.txt$/i, "arousal.txt"),
  ];
  const columns: string[][] = [];
  for (const file of texts) columns.push(linesOf(await readBytes(file), `emomadrid: ${fileName(file)}`));
  const [names, valence, arousal] = columns as [string[], string[], string[]];
  if (valence.length !== names.length || arousal.length !== names.length) {
    throw new VcaError(
      "DataError",
      `${where}: three texts of as many lines were expected, got ${columns.map(({ length }, i) => `${length} in ${fileName(texts[i]!)}`).join(", ")}. Copy the files again.`,
    );
  }
  const rows = names.map((name, s) => ({ number: s + 1, cells: [name, valence[s]!, arousal[s]!] }));
  const table: Table = { where: "emomadrid", header: ["picture", "valence", "arousal"], rows };
  const ids = names.map((name) => name.replace(/\.(jpe?g|png|bmp)$/i, ""));
  checkIds("emomadrid", rows, ids, "picture");
  const rated = rows.map((row, s): Rated => {
    const number = (column: number) =>
      numberCell(table, row, column, { ...ABOUT.scale, id: ids[s]!, decimalComma: true });
    return { id: ids[s]!, picture: ids[s]!, ratings: [number(1), number(2)] };
  });
  return joinPictures(ABOUT, { files, rated });
}

/** Lines without the empty ones at the end; a minus sign becomes a hyphen. */
function linesOf(bytes: Uint8Array, where: string): string[] {
  const text = decodeText(bytes, where).replace(/\u2212/g, "-");
  return text
    .trimEnd()
    .split(/\r\n?|\n/)
    .map((line) => line.trim());
}
