/**
 * @file The Bicolor Affective Silhouettes and Shapes: 583 two-tone pictures, valence and arousal on 1-9, rated in the
 * United States and in China. The two agree little in arousal, so they are two readers, never averaged.
 * @see Kawai et al. (2021); columns as in the README of github.com/gasparl/BASS
 */
import { readBytes } from "#files";
import { columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import { checkIds, filesBelow, joinPictures, oneFile, type Rated } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const ABOUT = {
  scale: { lo: 1, hi: 9 },
  citation: "Kawai et al. (2021). Bicolor Affective Silhouettes and Shapes (BASS). github.com/gasparl/BASS",
  redistribute: true,
} as const;

/** Reads `BASS_data.csv` and the pictures of `file_name`, or of the same name and `_bw`, by the ratings of one country. */
function reader(name: string, country: string, suffix: "us" | "ch"): StimulusReader {
  const about = { ...ABOUT, name, raterFacts: { country, number: "per picture, in the set" } };
  return {
    ...about,
    form: `${name}:FOLDER`,
    about: `BASS as rated in ${country}: a folder with BASS_data.csv and images/`,
    pictures: 583,
    path: true,
    read: (folder) => read(folder, about, suffix),
  };
}

/** The ratings of 583 silhouettes from the United States. */
export const bass = reader("bass", "the United States", "us");
/** The same from China. */
export const bassChinese = reader("bass-ch", "China", "ch");

async function read(
  folder: string,
  about: Parameters<typeof joinPictures>[0],
  suffix: string,
): Promise<StimulusSet> {
  const files = await filesBelow(folder);
  const file = oneFile(`${about.name}: ${folder}`, files, /^BASS_data\.csv$/i, "BASS_data.csv");
  const table = parseCsv(await readBytes(file), `${about.name}: BASS_data.csv`);
  const [name, keywords, source] = ["file_name", "keywords", "source"].map((column) =>
    columnIndex(table, column),
  );
  const pair = (what: string) =>
    ["val", "aro"].map((scale) => columnIndex(table, `${scale}_${what}_${suffix}`));
  const [means, deviations, numbers] = [pair("mean"), pair("sd"), pair("n")];
  const ids = table.rows.map(({ cells }) => cells[name!]!.trim().replace(/\.\w+$/, ""));
  checkIds(table.where, table.rows, ids, "file_name");
  const there = new Set(files.map((path) => path.replace(/^.*[\\/]|\.\w+$/g, "")));
  const { lo, hi } = about.scale;
  const rated = table.rows.map((row, s): Rated => {
    const id = ids[s]!;
    const both = (columns: readonly number[], from: number, to: number) =>
      columns.map((column) => numberCell(table, row, column, { lo: from, hi: to, id })) as [number, number];
    return {
      id,
      picture: !there.has(id) && there.has(`${id}_bw`) ? `${id}_bw` : id,
      ratings: both(means!, lo, hi),
      raters: { sd: both(deviations!, 0, hi - lo), n: both(numbers!, 1, Number.POSITIVE_INFINITY) },
      labels: { keywords: row.cells[keywords!]!.trim(), source: row.cells[source!]!.trim() },
    };
  });
  return joinPictures(about, { files, rated });
}
