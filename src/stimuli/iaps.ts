/**
 * @file The International Affective Picture System: 1,182 pictures, valence and arousal on 1-9, licensed. Its
 * `AllSubjects_1-20.txt` has a preamble, tabs, "." for missing, ids such as 2375.1, and a row for each picture set
 * (1 to 20) in which a picture was rated.
 * @see Lang, Bradley & Cuthbert (2008), Technical Report A-8, University of Florida
 */
import { readBytes } from "#files";
import { columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import { filesBelow, joinPictures, listed, oneFile, type Rated } from "./reader.ts";
import type { StimulusReader, StimulusSet } from "./set.ts";

const ABOUT = {
  name: "iaps",
  scale: { lo: 1, hi: 9 },
  citation:
    "Lang, Bradley & Cuthbert (2008). International affective picture system (IAPS): Affective ratings of pictures and instruction manual. Technical Report A-8. University of Florida, Gainesville, FL",
  redistribute: false,
} as const;

/**
 * Reads `AllSubjects_1-20.txt` and the pictures `ID.jpg` or `ID.JPG` beside it or in folders. A picture that was rated in
 * several sets takes the mean of its sets' means, each of equal weight: the file says no number of raters.
 */
export const iaps: StimulusReader = {
  ...ABOUT,
  form: "iaps:FOLDER",
  about: "IAPS: a folder with AllSubjects_1-20.txt and its pictures",
  pictures: 1182,
  path: true,
  read,
};

async function read(folder: string): Promise<StimulusSet> {
  const files = await filesBelow(folder);
  const file = oneFile(`iaps: ${folder}`, files, /^AllSubjects_1-20\.txt$/i, "AllSubjects_1-20.txt");
  const table = parseCsv(await readBytes(file), "iaps: AllSubjects_1-20.txt", { after: "IAPS" });
  const [desc, id, valence, arousal, set] = ["desc", "IAPS", "valmn", "aromn", "set"].map((name) =>
    columnIndex(table, name),
  );
  const repeats = new Map<string, Rated[]>();
  for (const row of table.rows) {
    const text = (column: number) => row.cells[column]!.trim();
    const name = text(id!);
    const number = (column: number) =>
      numberCell(table, row, column, { ...ABOUT.scale, id: name, missing: "." });
    const rated: Rated = {
      id: name,
      picture: name,
      ratings: [number(valence!), number(arousal!)],
      labels: { description: text(desc!), iaps_set: text(set!) },
    };
    repeats.set(name, [...(repeats.get(name) ?? []), rated]);
  }
  const several = [...repeats].filter(([, rows]) => rows.length > 1).map(([name]) => name);
  const note = `Rated in several of its sets, their means averaged with equal weight: ${several.length} (${listed(several)}).`;
  return joinPictures(ABOUT, {
    files,
    rated: [...repeats.values()].map(averaged),
    notes: several.length > 0 ? [note] : [],
  });
}

/** One row of a picture's rows: the mean of the ratings that are there, the numbers of its sets joined by "+". */
function averaged(rows: readonly Rated[]): Rated {
  const mean = (k: 0 | 1) => {
    const values = rows.map(({ ratings }) => ratings[k]).filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const sets = rows.map(({ labels }) => labels!.iaps_set);
  return {
    ...rows[0]!,
    ratings: [mean(0), mean(1)],
    labels: { ...rows[0]!.labels, iaps_set: sets.join("+") },
  };
}
