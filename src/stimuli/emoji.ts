/**
 * @file The embedded picture set: 81 emoji with human ratings on 1-7 (Lisbon Emoji and Emoticon Database), in the Noto
 * drawings. The ratings were given for the drawings of two platforms in 2016, so another drawing carries the
 * rating of its meaning. `scripts/emoji.ts` makes the files and says which faces count as near-identical.
 */
import { assetPath, readBytes } from "#files";
import { ndarray } from "../core/array.ts";
import { columnCells, columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const SCALE = { lo: 1, hi: 7 } as const;
const CITATION =
  "Rodrigues, Prada, Gaspar, Garrido & Lopes (2018). Lisbon Emoji and Emoticon Database (LEED). Behavior Research Methods 50, 392-405. doi 10.3758/s13428-017-0878-6";

/** Reads `assets/emoji/`. Its `group` joins near-identical faces: they look alike to any perceptual hash. */
export const emoji: StimulusReader = {
  name: "emoji",
  form: "emoji",
  about: "emoji with human ratings: embedded, for a first look",
  pictures: 81,
  scale: SCALE,
  citation: CITATION,
  redistribute: true,
  path: false,
  read,
};

async function read(): Promise<StimulusSet> {
  const table = parseCsv(await readBytes(assetPath("emoji/emoji.csv")), "emoji: emoji.csv");
  const cells = (name: string) => columnCells(table, name);
  const ids = cells("id");
  const ratings = ["valence", "arousal"].map((name) => columnIndex(table, name));
  const numbers = table.rows.flatMap((row, s) =>
    ratings.map((column) => numberCell(table, row, column, { ...SCALE, id: ids[s]! })),
  );
  return {
    name: "emoji",
    citation: CITATION,
    ids,
    files: cells("file").map((file) => assetPath(`emoji/${file}`)),
    ratings: ndarray(Float64Array.from(numbers), [ids.length, 2]),
    scale: SCALE,
    columns: { group: cells("group"), name: cells("name"), codepoint: cells("codepoint"), n: cells("n") },
    nearEqual: "group",
    redistribute: true,
    notes: [],
    warnings: [],
  };
}
