/**
 * @file Ready patterns, picture by voxel: a CSV with the column `id` (and `run` where a picture comes more than once) and one
 * column of numbers for each voxel, or an .npy `[n, V]` with a table of its rows' `id` beside it.
 */
import { readBytes } from "#files";
import { toFloat64 } from "../core/array.ts";
import { columnIndex, numberCell, parseCsv } from "../core/csv.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { decodeNpy } from "../core/npy.ts";
import { VcaError } from "../errors.ts";
import { checkConditions, parseConditions } from "./conditions.ts";

/** Patterns without a place in space. */
export interface Patterns {
  readonly where: string;
  readonly ids: readonly string[];
  /** `1` throughout where the table names none. */
  readonly runs: readonly string[];
  /** `[n, V]` */
  readonly data: Matrix;
  /** Of the columns; counted from 1 where the file names none. */
  readonly names: readonly string[];
}

/**
 * Reads patterns.
 * @param conditions the table with `id` and `run` of an .npy's rows
 * @throws DataError when numbers are missing, or the rows of an .npy and its table differ in number.
 */
export async function readPatterns(path: string, conditions?: string): Promise<Patterns> {
  const bytes = await readBytes(path);
  if (!/\.npy$/i.test(path)) return fromCsv(bytes, path);
  if (conditions === undefined) {
    throw new VcaError(
      "DataError",
      `${path}: a table with the id of each row was expected, got none. Pass --conditions.`,
    );
  }
  const { shape, data: values } = toFloat64(decodeNpy(bytes, path));
  const [n, voxels] = shape;
  if (n === undefined || voxels === undefined || shape.length !== 2) {
    throw new VcaError(
      "DataError",
      `${path}: rows of voxels were expected, got shape [${shape}]. Save a matrix.`,
    );
  }
  const table = parseConditions(await readBytes(conditions), conditions);
  checkConditions(table, path, n);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    const [row, column] = [Math.floor(at / voxels), at % voxels];
    throw new VcaError(
      "DataError",
      `${path}: finite numbers were expected, got ${values[at]} in row ${row + 1}, column ${column + 1} (${table.ids[row]}). Remove the voxel.`,
    );
  }
  return {
    where: path,
    ids: table.ids,
    runs: table.runs,
    data: { shape: [n, voxels], data: values },
    names: Array.from({ length: voxels }, (_, v) => String(v + 1)),
  };
}

function fromCsv(bytes: Uint8Array, where: string): Patterns {
  const table = parseCsv(bytes, where);
  const id = columnIndex(table, "id");
  const run = table.header.indexOf("run");
  const voxels = table.header.flatMap((_, column) => (column === id || column === run ? [] : [column]));
  if (voxels.length === 0) {
    throw new VcaError(
      "DataError",
      `${where}: a column for each voxel was expected, got none. Add them beside id.`,
    );
  }
  const ids = table.rows.map(({ cells }) => cells[id]!.trim());
  const rule = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
  const data = table.rows.flatMap((row, n) =>
    voxels.map((column) => numberCell(table, row, column, { ...rule, id: ids[n]! })),
  );
  return {
    where,
    ids,
    runs: table.rows.map(({ cells }) => (run < 0 ? "1" : cells[run]!.trim())),
    data: { shape: [ids.length, voxels.length], data: Float64Array.from(data) },
    names: voxels.map((column) => table.header[column]!),
  };
}
