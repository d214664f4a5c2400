/**
 * @file Tables of text: read with papaparse, written so that R, pandas and spreadsheets read them back.
 * A row keeps its number in the file, as a spreadsheet counts (the header is row 1), because that is
 * what an error must name. Nothing is guessed but the delimiter, which the header shows.
 */
import { closest } from "fastest-levenshtein";
import Papa from "papaparse";
import { VcaError } from "../errors.ts";

/** One row: its number in the file and its cells, as many as the header has. */
export interface TableRow {
  readonly number: number;
  readonly cells: readonly string[];
}

/** A table as read; `where` opens every error about it. */
export interface Table {
  readonly where: string;
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
  /** What parts its cells: `,`, `;` or tab. Undefined where no text was read. */
  readonly delimiter?: string;
}

const DELIMITERS = [",", ";", "\t"] as const;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Where the header of a table stands, when it is not in the first row. */
export interface HeaderRule {
  /** The names of the columns of a file without header: its first row is data. */
  readonly header?: readonly string[];
  /** A cell of the header: the lines before the one that has it are a preamble, and skipped. */
  readonly after?: string;
}

/**
 * Reads a table: UTF-8 with or without a byte order mark; CR, LF or CRLF (within quotes too, where they
 * become LF); whichever of `,` `;` tab is commonest in the header; quoted cells may hold anything.
 * Header names are trimmed, cells are not; rows without any text are skipped, and counted.
 * @param where named in errors, such as `oasis: OASIS.csv`
 * @throws DataError when the text is not UTF-8, has no rows, has a broken quote or a row of another length.
 */
export function parseCsv(source: Uint8Array | string, where: string, rule: HeaderRule = {}): Table {
  const whole = decodeText(source, where).replace(/\r\n?/g, "\n");
  const skipped = preambleLines(whole, rule.after);
  const text = whole.split("\n").slice(skipped).join("\n");
  const delimiter = delimiterOf(text);
  const parsed = Papa.parse<string[]>(text, { delimiter, newline: "\n" });
  const records = parsed.data
    .map((cells, index) => ({ number: skipped + index + 1, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  const broken = parsed.errors[0];
  if (broken) {
    const got = broken.message.charAt(0).toLowerCase() + broken.message.slice(1);
    throw new VcaError(
      "DataError",
      `${where} row ${skipped + (broken.row ?? 0) + 1}: a quoted cell must be closed by one quote, got ${got}. Double each quote inside a quoted cell.`,
    );
  }
  const [first, ...rows] = rule.header ? [{ number: 0, cells: [...rule.header] }, ...records] : records;
  if (!first || rows.length === 0) {
    throw new VcaError(
      "DataError",
      `${where}: a header and at least one row were expected, got ${first && !rule.header ? "a header only" : "an empty file"}. Check the file.`,
    );
  }
  const header = first.cells.map((name) => name.trim());
  for (const { number, cells } of rows) {
    if (cells.length === header.length) continue;
    throw new VcaError(
      "DataError",
      `${where} row ${number}: ${header.length} cells as in the header were expected, got ${cells.length}. Quote cells that hold the delimiter, and fill the row.`,
    );
  }
  return { where, header, rows, delimiter };
}

/** The number of lines before the one that has the cell `name`; 0 where none has, or none is asked for. */
function preambleLines(text: string, name: string | undefined): number {
  if (name === undefined) return 0;
  const lines = text.split("\n");
  return Math.max(
    0,
    lines.findIndex((line) => line.split(/[,;\t]/).some((cell) => cell.trim() === name)),
  );
}

/** The text of UTF-8 bytes, without a byte order mark. @throws DataError when they are another encoding. */
export function decodeText(source: Uint8Array | string, where: string): string {
  if (typeof source === "string") return source.replace(/^\ufeff/, "");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(source);
    if (!text.includes("\0")) return text;
  } catch (cause) {
    throw notUtf8(where, cause);
  }
  throw notUtf8(where);
}

function notUtf8(where: string, cause?: unknown): VcaError {
  return new VcaError(
    "DataError",
    `${where}: the text must be UTF-8, got another encoding. Save it as "CSV UTF-8".`,
    cause === undefined ? undefined : { cause },
  );
}

/** The delimiter that occurs most in the header, outside quotes; a comma when none does. */
function delimiterOf(text: string): string {
  const start = text.replace(/^\s*\n/, "");
  const header = start.replace(/"[^"]*"/g, "").split("\n", 1)[0]!;
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/**
 * Where a named column stands; letter case counts.
 * @throws DataError when the header has no such column, or two.
 */
export function columnIndex(table: Table, name: string): number {
  const index = table.header.indexOf(name);
  if (index < 0) {
    throw new VcaError(
      "DataError",
      `${table.where}: a column "${name}" was expected, got ${table.header.map((column) => `"${column}"`).join(", ")}. Rename "${closest(name, [...table.header])}", or add the column.`,
    );
  }
  if (table.header.indexOf(name, index + 1) >= 0) {
    throw new VcaError(
      "DataError",
      `${table.where}: one column "${name}" was expected, got two. Rename one of them.`,
    );
  }
  return index;
}

/** The cells of a named column, from the first row to the last. @throws as `columnIndex` */
export function columnCells(table: Table, name: string): string[] {
  const index = columnIndex(table, name);
  return table.rows.map(({ cells }) => cells[index]!);
}

/** Whether 4,5 in a cell can only be 4.5: no comma parts the cells. */
export function hasDecimalCommas({ delimiter }: Table): boolean {
  return delimiter === ";" || delimiter === "\t";
}

/** What a number must be: its range, and who the row is about, for the error. */
export interface NumberRule {
  readonly lo: number;
  readonly hi: number;
  /** The row's id, as `Alcohol 3`. */
  readonly id: string;
  /** A cell that stands for no number, such as "."; it gives NaN. */
  readonly missing?: string;
  /** Whether 4,5 is 4.5; a point is read as well. */
  readonly decimalComma?: boolean;
}

/**
 * The number in a cell, from `lo` to `hi`, both included (either may be infinite).
 * @throws DataError when the cell is empty, is no number, or lies outside; a decimal comma is no number unless declared.
 * @example numberCell(table, row, 4, { lo: 1, hi: 7, id: "Alcohol 3" })
 */
export function numberCell(table: Table, row: TableRow, column: number, rule: NumberRule): number {
  const { lo, hi, id } = rule;
  const text = row.cells[column]!.trim();
  if (text === rule.missing) return Number.NaN;
  const plain = rule.decimalComma ? text.replace(/^([+-]?\d+),(\d+)$/, "$1.$2") : text;
  const value = NUMBER.test(plain) ? Number(plain) : Number.NaN;
  if (value >= lo && value <= hi && Number.isFinite(value)) return value;
  const remedy =
    !rule.decimalComma && /^[+-]?\d+,\d+$/.test(text)
      ? "Write it with a decimal point"
      : "Correct the cell, or remove the row";
  throw new VcaError(
    "DataError",
    `${table.where} row ${row.number} (${id}): ${table.header[column]} must be a number${rangeText(lo, hi)}, got "${text}". ${remedy}.`,
  );
}

function rangeText(lo: number, hi: number): string {
  const from = Number.isFinite(lo) ? ` from ${lo}` : "";
  return Number.isFinite(hi) ? `${from}${from ? " " : " up "}to ${hi}` : from;
}

/**
 * The text of a table: commas, LF, quotes where needed. A number takes the shortest form that reads back as the same
 * number; `undefined` is an empty cell.
 * @throws ShapeError when a row is not as long as the header.
 */
export function writeCsv(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const ragged = rows.findIndex((cells) => cells.length !== header.length);
  if (ragged >= 0) {
    throw new VcaError(
      "ShapeError",
      `csv: row ${ragged + 2} must have ${header.length} cells, got ${rows[ragged]!.length}. Pass one cell per column.`,
    );
  }
  return `${Papa.unparse({ fields: [...header], data: rows.map((cells) => [...cells]) }, { newline: "\n" })}\n`;
}
