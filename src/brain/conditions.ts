/**
 * @file Which stimulus each beta is of: a table with `id` and `run`, and `onset` (seconds in the run) where it is known, one row
 * for each volume in the volumes' order. With a column `participant` one table serves all of them.
 */
import { columnIndex, numberCell, parseCsv, type TableRow } from "../core/csv.ts";
import { VcaError } from "../errors.ts";
import type { Labels } from "./source.ts";

/** The rows of one participant. */
export interface Conditions extends Labels {
  readonly where: string;
  /** The row of the file that each volume's labels come from. */
  readonly rows: readonly number[];
  /** Any other columns, by name. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
}

const OWN = ["id", "run", "onset", "participant"];

/**
 * Reads conditions.
 * @param participant whose rows to take where the table has a column `participant`
 * @throws DataError when a column is missing, a cell empty, an onset no number, or the participant has no rows.
 */
export function parseConditions(
  source: Uint8Array | string,
  where: string,
  participant?: string,
): Conditions {
  const table = parseCsv(source, where);
  const { header } = table;
  const [id, run] = ["id", "run"].map((name) => columnIndex(table, name)) as [number, number];
  const of = header.indexOf("participant");
  const onset = header.indexOf("onset");
  const rows =
    of < 0 || participant === undefined
      ? table.rows
      : table.rows.filter(({ cells }) => cells[of]!.trim() === participant);
  if (rows.length === 0) {
    const names = [...new Set(table.rows.map(({ cells }) => cells[of]!.trim()))];
    throw new VcaError(
      "DataError",
      `${where}: rows of participant "${participant}" were expected, got ${names.slice(0, 10).join(", ")}. Add its rows, or name the folder of its betas as the table does.`,
    );
  }
  const text = (row: TableRow, column: number) => {
    const cell = row.cells[column]!.trim();
    if (cell !== "") return cell;
    throw new VcaError(
      "DataError",
      `${where} row ${row.number}: ${header[column]} was expected, got an empty cell. Fill it, or remove the row with its volume.`,
    );
  };
  const ids = rows.map((row) => text(row, id));
  const others = header.filter((name) => name !== "" && !OWN.includes(name));
  return {
    where,
    ids,
    runs: rows.map((row) => text(row, run)),
    ...(onset >= 0 && {
      onsets: Float64Array.from(rows, (row, n) =>
        numberCell(table, row, onset, { lo: 0, hi: Number.POSITIVE_INFINITY, id: ids[n]! }),
      ),
    }),
    rows: rows.map(({ number }) => number),
    columns: Object.fromEntries(
      others.map((name) => [name, rows.map(({ cells }) => cells[columnIndex(table, name)]!.trim())]),
    ),
  };
}

/**
 * Checks that there is one row for each volume.
 * @throws DataError naming the first row or volume too many.
 */
export function checkConditions({ where, rows, ids }: Conditions, betas: string, volumes: number): void {
  if (rows.length === volumes) return;
  const extra =
    rows.length > volumes
      ? `row ${rows[volumes]} (${ids[volumes]}) has no volume`
      : `volume ${rows.length + 1} has no row after row ${rows.at(-1)}`;
  throw new VcaError(
    "DataError",
    `${where}: one row for each of the ${volumes} volumes of ${betas} was expected, got ${rows.length}: ${extra}. Write one row for each volume, in their order.`,
  );
}
