/**
 * @file The user's own rated tables: a table and its pictures, kept in this browser until deleted, as `fitStudy` reads
 * them. Pictures may come with the table or later; a row's picture is the one whose path ends as the row's file says.
 */
import { exists, listFolder, readBytes, writeFileAtomic } from "#files";
import { columnCells, columnIndex, parseCsv, type Table } from "../../src/core/csv.ts";
import { removeFolder } from "../../src/core/files.web.ts";
import { fileName, joinPath } from "../../src/core/paths.ts";
import { VcaError } from "../../src/errors.ts";
import { listed } from "../../src/stimuli/reader.ts";
import { ratedRows } from "../../src/stimuli/table.ts";
import { TABLE_FILE } from "./files.ts";
import type { Calls, News, OwnSet } from "./protocol.ts";

const NEEDED = ["id", "file", "valence", "arousal"];
const RATERS = ["valence_sd", "arousal_sd", "valence_n", "arousal_n"];
const ANY = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
const folderOf = (set: string) => `sets/${set}`;

/** How a set is named to `fitStudy`. @throws DataError when it is gone */
export async function stimuliOf(set: string): Promise<string> {
  return `table:${folderOf(set)}/${await tableName(set)}`;
}

/** The set of a run's `stimuli`; undefined for the embedded emoji. */
export function setOf(stimuli: string): string | undefined {
  return /^table:sets\/([^/]+)\//.exec(stimuli)?.[1];
}

async function tableName(set: string): Promise<string> {
  const name = (await listFolder(folderOf(set))).find((each) => TABLE_FILE.test(each));
  if (name !== undefined) return name;
  throw new VcaError(
    "DataError",
    `lab: the table ${set} was expected in this browser, got none. Add it again.`,
  );
}

/**
 * Takes a table in, with or without pictures, or pictures for a table that is here.
 * @throws DataError when a column, a rating or an id is not as it must be; StorageError when the browser is full
 */
export async function addToSet(
  { set, files }: Calls["addToSet"]["in"],
  tell: (news: News) => void,
): Promise<OwnSet> {
  const tables = files.filter(({ name }) => TABLE_FILE.test(name));
  if (tables.length > 1 || (tables.length === 0 && set === undefined)) {
    const got = tables.length === 0 ? "none" : listed(tables.map(({ name }) => name));
    throw new VcaError(
      "DataError",
      `lab: one table was expected, got ${got}. Choose a CSV file with its pictures.`,
    );
  }
  const [table] = tables;
  const name = table ? await keepTable(table) : set!;
  const rows = filesOf(ratedRows(await readTable(name), ANY).rated);
  const pictures = byName(files);
  let done = 0;
  for (const cell of rows) {
    tell({ kind: "progress", stage: "pictures kept", done: ++done, total: rows.length });
    const file = pictureOf(cell, pictures);
    if (file)
      await writeFileAtomic(joinPath(folderOf(name), cell), new Uint8Array(await file.arrayBuffer()), false);
  }
  return describe(name);
}

/** Checks a table and keeps it. */
async function keepTable({ name, file }: { name: string; file: Blob }): Promise<string> {
  const base = fileName(name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  check(parseCsv(bytes, base));
  const set = base.replace(TABLE_FILE, "").replace(/[^\w.-]+/g, "-");
  await writeFileAtomic(`${folderOf(set)}/${base}`, bytes);
  return set;
}

async function readTable(set: string): Promise<Table> {
  const name = await tableName(set);
  return parseCsv(await readBytes(`${folderOf(set)}/${name}`), name);
}

function check(table: Table): void {
  for (const name of NEEDED) columnIndex(table, name);
  const { rated } = ratedRows(table, ANY);
  const ids = columnCells(rated, "id");
  const cells = filesOf(rated);
  rated.rows.forEach(({ number }, s) => {
    const cell = cells[s]!;
    if (cell !== "" && !/^([a-z]:)?[\\/]/i.test(cell) && !cell.split(/[\\/]/).includes("..")) return;
    throw new VcaError(
      "DataError",
      `${table.where} row ${number} (${ids[s]!.trim()}): file must be a path below the table's folder, got "${cell}". Write the picture's name alone.`,
    );
  });
}

const filesOf = (table: Table) => columnCells(table, "file").map((cell) => cell.trim());

type Pictures = ReadonlyMap<string, readonly { name: string; file: Blob }[]>;

function byName(files: readonly { name: string; file: Blob }[]): Pictures {
  const found = new Map<string, { name: string; file: Blob }[]>();
  for (const each of files) {
    const key = fileName(each.name);
    found.set(key, [...(found.get(key) ?? []), each]);
  }
  return found;
}

/** The picture whose path ends as the cell says; one of another folder only where no other has its name. */
function pictureOf(cell: string, pictures: Pictures): Blob | undefined {
  const named = pictures.get(fileName(cell)) ?? [];
  const wanted = `/${cell.replaceAll("\\", "/").replace(/^(\.\/)+/, "")}`;
  const exact = named.find(({ name }) => `/${name}`.endsWith(wanted));
  return (exact ?? (named.length === 1 ? named[0] : undefined))?.file;
}

async function describe(name: string): Promise<OwnSet> {
  const table = await readTable(name);
  const { rated, ratings } = ratedRows(table, ANY);
  const cells = filesOf(rated);
  const missing: string[] = [];
  for (const cell of cells) if (!(await exists(joinPath(folderOf(name), cell)))) missing.push(cell);
  const used = [...NEEDED, ...RATERS];
  return {
    name,
    n: cells.length,
    missing: missing.length,
    firstMissing: listed(missing),
    lowest: Math.min(...ratings.data),
    highest: Math.max(...ratings.data),
    labels: table.header.filter((column) => column !== "" && !used.includes(column)),
  };
}

/** The sets of this browser; one that cannot be read any more is left out. */
export async function ownSets(): Promise<OwnSet[]> {
  const sets: OwnSet[] = [];
  for (const name of await listFolder("sets")) {
    const found = await describe(name).catch(() => undefined);
    if (found) sets.push(found);
  }
  return sets;
}

/** Deletes a set; runs that were trained on it stay. */
export async function removeSet(name: string): Promise<undefined> {
  await removeFolder(folderOf(name));
}
