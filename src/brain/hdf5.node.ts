/**
 * @file HDF5 files in Node, opened where they lie: h5wasm reads through the host's file system, so that only the slice
 * that is asked for is in memory. MATLAB's level 7.3 is HDF5 with its axes reversed and its classes in attributes.
 * @see https://github.com/usnistgov/h5wasm
 */
import { open } from "node:fs/promises";
import { Dataset, File, Group, type Reference, ready } from "h5wasm/node";
import { exists } from "#files";
import type { MatValue } from "../core/mat.ts";
import { VcaError } from "../errors.ts";

/** Classes of HDF5's types: H5T_INTEGER, H5T_FLOAT, H5T_REFERENCE. */
const INTEGER = 0;
const FLOAT = 1;
const REFERENCE = 7;

/** Numbers of an HDF5 file, as stored. */
export type Hdf5Numbers = ArrayLike<number>;

/** A dataset: its shape, and slices of it, one `[from, to]` for each axis; the last axis is the fastest. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly slice: (ranges: readonly (readonly [number, number])[]) => Hdf5Numbers;
}

/** An open HDF5 file. */
export interface Hdf5 {
  readonly where: string;
  /** Names at the top. */
  readonly names: readonly string[];
  /** A dataset of numbers by its path. @throws DataError when there is none. */
  readonly dataset: (path: string) => Hdf5Dataset;
  /** Values of a list of strings or numbers by its path, as text; undefined when there is none. */
  readonly labels: (path: string) => string[] | undefined;
  /** A value of a MATLAB file by its path, read whole. @throws DataError when there is none. */
  readonly mat: (path: string) => MatValue;
  readonly close: () => void;
}

/** Whether a .mat file is there and HDF5 (level 7.3), by the mark behind MATLAB's block of 512 bytes; no more is read. */
export async function isMat73(path: string): Promise<boolean> {
  if (!(await exists(path))) return false;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 512);
    return buffer.toString("latin1") === "\x89HDF";
  } finally {
    await file.close();
  }
}

/**
 * Opens a file for reading.
 * @throws DataError when it is missing or no HDF5 file.
 */
export async function openHdf5(path: string): Promise<Hdf5> {
  (await ready).activate_throwing_error_handler(); // else it writes its complaints to stderr
  const fault = (expected: string, got: string, remedy: string, cause?: unknown) =>
    new VcaError("DataError", `${path}: ${expected}, got ${got}. ${remedy}.`, { cause });
  if (!(await exists(path))) throw fault("a readable file was expected", "no such file", "Check the path");
  const broken = (cause?: unknown) =>
    fault("an HDF5 file was expected", "bytes that are none, or cut short", "Copy the file again", cause);
  let file: File;
  try {
    file = new File(path, "r");
  } catch (cause) {
    throw broken(cause);
  }
  const entity = (name: string) => {
    const found = name
      .split("/")
      .reduce<unknown>(
        (at, part) => (at instanceof Group && at.keys().includes(part) ? at.get(part) : undefined),
        file,
      );
    if (found instanceof Dataset || found instanceof Group) return found;
    const names = file.keys().filter((key) => !key.startsWith("#"));
    throw fault(
      `"${name}" was expected`,
      names.join(", ") || "an empty file",
      "Check that it is the right file",
    );
  };
  return {
    where: path,
    names: file.keys().filter((name) => !name.startsWith("#")), // #refs#: MATLAB's store of cells
    dataset: (name) => {
      const found = entity(name);
      const { shape, type, littleEndian } = (found instanceof Dataset ? found.metadata : {}) as Partial<
        Dataset["metadata"]
      >;
      if (!(found instanceof Dataset) || !shape || (type !== INTEGER && type !== FLOAT) || !littleEndian)
        throw fault(
          `little-endian numbers in "${name}" were expected`,
          "something else",
          "Check that it is the right file",
        );
      return {
        shape,
        slice: (ranges) => {
          try {
            return found.slice(ranges.map(([from, to]) => [from, to])) as unknown as Hdf5Numbers;
          } catch (cause) {
            throw broken(cause);
          }
        },
      };
    },
    labels: (name) => {
      const found = file.get(name);
      const values = found instanceof Dataset ? found.to_array() : undefined;
      return Array.isArray(values) ? values.map(String) : undefined;
    },
    mat: (name) => matValue(entity(name)),
    close: () => file.close(),
  };
}

/** A value as `decodeMat` gives those of level 5, but a struct array as a struct whose fields are cells. */
function matValue(entity: Dataset | Group): MatValue {
  if (entity instanceof Group) {
    const fields = entity.keys().flatMap((name) => {
      const value = entity.get(name);
      return value instanceof Dataset || value instanceof Group ? [[name, value] as const] : [];
    });
    const element = Object.fromEntries(fields.map(([name, value]) => [name, matValue(value)]));
    return { kind: "struct", shape: [1, 1], elements: [element] };
  }
  const type = entity.attrs.MATLAB_class?.value;
  const shape = [...(entity.shape ?? [])].reverse();
  const empty = entity.attrs.MATLAB_empty !== undefined;
  if (type === "cell" || entity.metadata.type === REFERENCE)
    return { kind: "cell", shape: empty ? [0, 0] : shape, values: empty ? [] : cells(entity) };
  const values = empty ? [] : entity.value;
  if (typeof values === "string" || values === null || (Array.isArray(values) && values.length > 0))
    return { kind: "other" };
  const data = Float64Array.from(ArrayBuffer.isView(values) ? (values as Float64Array) : [], Number);
  if (type !== "char") return { kind: "numbers", shape: empty ? [0, 0] : shape, data };
  const [rows = 0, columns = 0] = shape;
  const text = (r: number) =>
    Array.from({ length: columns }, (_, c) => String.fromCharCode(data[c * rows + r]!)).join("");
  return { kind: "text", rows: empty ? [""] : Array.from({ length: rows }, (_, r) => text(r).trimEnd()) };
}

function cells(dataset: Dataset): MatValue[] {
  return ([dataset.value].flat() as unknown as Reference[]).map((reference) => {
    const target = dataset.dereference(reference);
    return target instanceof Dataset || target instanceof Group ? matValue(target) : { kind: "other" };
  });
}
