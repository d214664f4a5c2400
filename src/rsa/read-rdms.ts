/**
 * @file RDMs from files: `.npy` and `.npz` of vectors or squares with named leading axes, `.csv` as a square or as a list
 * of pairs. Arrays carry no stimulus ids: they are given beside the file, or the stimuli are numbered.
 */
import { unzipSync } from "fflate";
import { type NdArray, rowMajor, sizeOf, toFloat64 } from "../core/array.ts";
import { numberCell, parseCsv, type Table } from "../core/csv.ts";
import { decodeMat, type MatValue } from "../core/mat.ts";
import { decodeNpy } from "../core/npy.ts";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { createRdms, pairCount, pairIndex, type Rdms, stimulusCount, vectorForm } from "./rdm.ts";

/** How to read a file. */
export interface ReadOptions {
  /** Names of the leading axes of an array, such as participant and session; of a .npz or .csv, what its entries are. */
  readonly axes: readonly string[];
  /** Ids of an array's stimuli (default: their numbers from 1). */
  readonly ids?: readonly string[] | undefined;
}

/**
 * RDMs from the bytes of a file, by its extension.
 * - `.npy`: `[..., M]` or `[..., S, S]`, a leading axis for each name in `axes`, labels from 1
 * - `.npz`: entries `[M]` or `[S, S]`, labelled by their names; or with further leading axes, for the names after the first
 * - `.mat` (of level 5; of 7.3 see `rdmsOfMatlab`): variables `[S, S, ...]`, whose further axes are named last first, or `[n, M]`; labelled as entries of a .npz
 * - `.csv`: `id` and a column per stimulus; or `first`, `second` and a column per RDM, labelled by its name
 * @param where names the file in errors
 * @throws DataError when it cannot be read, or the axes are not those of the array
 */
export function readRdms(bytes: Uint8Array, where: string, options: ReadOptions): Rdms {
  const extension = /\.(\w+)$/.exec(where)?.[1]?.toLowerCase();
  if (extension === "npy") return rdmsOfArray(toFloat64(decodeNpy(bytes, where)), where, options);
  if (extension === "npz") return fromZip(bytes, where, options);
  if (extension === "mat") return rdmsOfMatlab(decodeMat(bytes, where), where, options);
  if (extension === "csv" || extension === "tsv") return fromTable(parseCsv(bytes, where), options);
  throw new VcaError(
    "DataError",
    `${where}: RDMs in .npy, .npz, .csv, .mat or .h5 were expected, got .${extension ?? ""}. Save them in one of these.`,
  );
}

/** The RDMs of an array `[..., M]` or `[..., S, S]`. @throws as `readRdms` */
export function rdmsOfArray(array: NdArray<Float64Array>, where: string, options: ReadOptions): Rdms {
  return fromArrays([{ array, where, labels: {} }], options);
}

/** RDMs of the variables of a MATLAB file. @throws as `readRdms` */
export function rdmsOfMatlab(
  variables: ReadonlyMap<string, MatValue>,
  where: string,
  { axes, ids }: ReadOptions,
): Rdms {
  const parts = [...variables].flatMap(([name, value]) => {
    if (value.kind !== "numbers") return [];
    const shape = value.shape.filter((length) => length !== 1);
    const isSquare = shape.length > 1 && shape[0] === shape[1];
    const array = isSquare
      ? { shape: shape.toReversed(), data: value.data } // column by column, which symmetry forgives
      : rowMajor({ shape, data: value.data });
    return [{ array, where: `${where} ${name}`, name }];
  });
  const [only] = parts;
  if (!only)
    throw new VcaError(
      "DataError",
      `${where}: a variable of numbers was expected, got none. Save RDMs as arrays.`,
    );
  if (parts.length === 1) return rdmsOfArray(only.array, only.where, { axes, ids });
  const [entryAxis = "model", ...others] = axes;
  return fromArrays(
    parts.map(({ name, ...part }) => ({ ...part, labels: { [entryAxis]: name } })),
    { axes: others, ids },
  );
}

function fromZip(
  bytes: Uint8Array,
  where: string,
  { axes: [entryAxis = "model", ...axes], ids }: ReadOptions,
): Rdms {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (cause) {
    throw new VcaError(
      "DataError",
      `${where}: a .npz archive was expected, got other bytes. Write it again with numpy.savez.`,
      { cause },
    );
  }
  const parts = Object.entries(entries).map(([file, part]) => {
    const name = file.replace(/\.npy$/, "");
    return {
      array: toFloat64(decodeNpy(part, `${where} ${name}`)),
      where: `${where} ${name}`,
      labels: { [entryAxis]: name },
    };
  });
  if (parts.length === 0)
    throw new VcaError(
      "DataError",
      `${where}: one or more arrays were expected, got none. Write it again with numpy.savez.`,
    );
  return fromArrays(parts, { axes, ids });
}

interface Part {
  readonly array: NdArray<Float64Array>;
  readonly where: string;
  /** The same for all RDMs of the part. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The RDMs of arrays with the same axes, one after the other. */
function fromArrays(parts: readonly Part[], { axes, ids }: ReadOptions): Rdms {
  const rows: Float64Array[] = [];
  const labels = new Map<string, string[]>();
  const label = (axis: string, value: string) => labels.set(axis, [...(labels.get(axis) ?? []), value]);
  for (const { array, where, labels: own } of parts) {
    const lead = leadingAxes(array.shape, axes, where);
    const inner = array.shape.slice(lead.length);
    const size = sizeOf(inner);
    for (let k = 0; k < sizeOf(lead); k++) {
      const data = array.data.subarray(k * size, (k + 1) * size);
      const place = axes.map((_, a) => (Math.floor(k / sizeOf(lead.slice(a + 1))) % lead[a]!) + 1);
      const which = place.length > 0 ? ` (${axes.map((axis, a) => `${axis} ${place[a]}`).join(", ")})` : "";
      rows.push(inner.length === 2 ? vectorForm({ shape: inner, data }, `${where}${which}`) : data);
      for (const [axis, value] of Object.entries(own)) label(axis, value);
      for (const [a, axis] of axes.entries()) label(axis, String(place[a]));
    }
  }
  const m = rows[0]?.length ?? 0;
  const s = stimulusCount(m, parts[0]!.where);
  const odd = rows.find((row) => row.length !== m);
  if (odd)
    throw new VcaError(
      "ShapeError",
      `${parts[0]!.where}: RDMs of one size were expected, got ${m} and ${odd.length} pairs. Keep one set of stimuli in a file.`,
    );
  const data = new Float64Array(rows.length * m);
  for (const [k, row] of rows.entries()) data.set(row, k * m);
  return createRdms(
    {
      ids: ids ?? Array.from({ length: s }, (_, i) => String(i + 1)),
      vectors: { shape: [rows.length, m], data },
      labels: Object.fromEntries(labels),
    },
    parts[0]!.where,
  );
}

/** Axes before the RDM, one for each name. @throws DataError when they are more or fewer, or what is left is no RDM. */
function leadingAxes(shape: readonly number[], axes: readonly string[], where: string): readonly number[] {
  const lead = shape.slice(0, axes.length);
  const inner = shape.slice(axes.length);
  const isSquare = inner.length === 2 && inner[0] === inner[1];
  const isVector =
    inner.length === 1 && pairCount(Math.round((1 + Math.sqrt(1 + 8 * inner[0]!)) / 2)) === inner[0];
  if (isSquare || isVector) return lead;
  throw new VcaError(
    "DataError",
    `${where}: axes ${[...axes, "S, S or pairs"].join(", ")} were expected, got shape [${shape}]. Name each axis before the RDM with --axes, such as participant,session.`,
  );
}

function fromTable(table: Table, { axes: [axis = "model"] }: ReadOptions): Rdms {
  const [first, second] = table.header;
  return first === "first" && second === "second" ? fromPairs(table, axis) : fromSquare(table, axis);
}

/** Any number; an empty cell or NaN is a pair that is not there. */
function dissimilarity(table: Table, row: Table["rows"][number], column: number): number {
  if (/^(nan)?$/i.test(row.cells[column]!.trim())) return Number.NaN;
  const rule = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY, id: row.cells[0]! };
  return numberCell(table, row, column, rule);
}

function fromSquare(table: Table, axis: string): Rdms {
  const ids = table.header.slice(1);
  const given = table.rows.map(({ cells }) => cells[0]!);
  const differs = ids.findIndex((id, i) => id !== given[i]);
  if (given.length !== ids.length || differs >= 0)
    throw new VcaError(
      "DataError",
      `${table.where}: rows in the order of the columns were expected, got "${given[differs] ?? `${given.length} rows`}" for "${ids[differs] ?? `${ids.length} columns`}". Name rows and columns alike, or list pairs under first,second.`,
    );
  const s = ids.length;
  const data = new Float64Array(s * s);
  for (const [i, row] of table.rows.entries())
    for (let j = 0; j < s; j++) data[i * s + j] = dissimilarity(table, row, j + 1);
  const vector = vectorForm({ shape: [s, s], data }, table.where);
  const name = fileName(table.where).replace(/\.\w+$/, "");
  return createRdms(
    { ids, vectors: { shape: [1, vector.length], data: vector }, labels: { [axis]: [name] } },
    table.where,
  );
}

function fromPairs(table: Table, axis: string): Rdms {
  const names = table.header.slice(2);
  const ids = [...new Set(table.rows.flatMap(({ cells }) => cells.slice(0, 2)))];
  const places = new Map(ids.map((id, i) => [id, i]));
  const m = pairCount(ids.length);
  const data = new Float64Array(names.length * m).fill(Number.NaN);
  const seen = new Set<number>();
  for (const row of table.rows) {
    const [a, b] = [places.get(row.cells[0]!)!, places.get(row.cells[1]!)!];
    const pair = pairIndex(Math.min(a, b), Math.max(a, b), ids.length);
    if (a === b || seen.has(pair))
      throw new VcaError(
        "DataError",
        `${table.where} row ${row.number}: each pair of two stimuli once was expected, got "${row.cells[0]}" and "${row.cells[1]}"${a === b ? "" : " again"}. Remove the row.`,
      );
    seen.add(pair);
    for (let k = 0; k < names.length; k++) data[k * m + pair] = dissimilarity(table, row, k + 2);
  }
  return createRdms(
    { ids, vectors: { shape: [names.length, m], data }, labels: { [axis]: names } },
    table.where,
  );
}
