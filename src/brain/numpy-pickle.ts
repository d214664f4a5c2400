/**
 * @file A dict of arrays in an .npy file, as `numpy.save(file, dict)` pickles it, read without running anything: of numpy's
 * functions there are only those that make an array, a type of numbers and a number.
 * @see numpy/_core/src/multiarray/methods.c, array_reduce and array_setstate
 */
import { type NdArray, sizeOf } from "../core/array.ts";
import { type Buildable, unpickle } from "../core/pickle.ts";
import { VcaError } from "../errors.ts";

interface View {
  readonly bytes: number;
  readonly read: (buffer: ArrayBuffer) => ArrayLike<number>;
}

const VIEWS: Readonly<Record<string, View>> = {
  f4: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
  i2: { bytes: 2, read: (buffer) => new Int16Array(buffer) },
  i4: { bytes: 4, read: (buffer) => new Int32Array(buffer) },
};

/** A type of numbers; its byte order comes with its state. */
class Dtype implements Buildable {
  readonly name: string;
  order = "<";
  constructor(name: string) {
    this.name = name;
  }
  build(state: unknown): void {
    if (Array.isArray(state)) this.order = String(state[1]);
  }
}

/** An array; its shape and numbers come with its state. */
class PickledArray implements Buildable {
  state: readonly unknown[] = [];
  build(state: unknown): void {
    if (Array.isArray(state)) this.state = state;
  }
  /** The numbers in C order; `undefined` where they are not little-endian numbers that we read. */
  numbers(): NdArray<Float64Array> | undefined {
    const [, shape, dtype, fortran, raw] = this.state;
    const view = dtype instanceof Dtype && dtype.order !== ">" ? VIEWS[dtype.name] : undefined;
    if (!view || fortran !== false || !(raw instanceof Uint8Array) || !Array.isArray(shape)) return undefined;
    const lengths = shape.map(Number);
    const isWhole = lengths.every((length) => Number.isSafeInteger(length) && length >= 0);
    const { bytes, read } = view;
    if (!isWhole || raw.length !== bytes * sizeOf(lengths)) return undefined;
    return { shape: lengths, data: Float64Array.from(read(raw.slice().buffer)) };
  }
}

const MODULES = ["numpy.core.multiarray", "numpy._core.multiarray"]; // before and after numpy 2

const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["numpy.ndarray", PickledArray],
  ["numpy.dtype", (name: unknown) => new Dtype(String(name))],
  ...MODULES.flatMap((module) => [
    [`${module}._reconstruct`, (): PickledArray => new PickledArray()] as const,
    [`${module}.scalar`, (): undefined => undefined] as const,
  ]),
]);

/**
 * The first of the named arrays in a pickled dict.
 * @throws DataError when the file is no such dict, or has none of them as little-endian numbers in C order.
 */
export function readPickledArray(
  bytes: Uint8Array,
  where: string,
  names: readonly string[],
): NdArray<Float64Array> {
  const remedy = "Use the .hdf5 output";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! > 1;
  const start = bytes.length < 12 ? 0 : wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const saved = new TextDecoder("latin1").decode(bytes.subarray(0, start));
  const object = saved.includes("'|O'")
    ? unpickle(bytes.subarray(start), { where, remedy, globals: GLOBALS })
    : undefined;
  const content =
    object instanceof PickledArray && Array.isArray(object.state[4]) ? object.state[4][0] : undefined;
  const dict: ReadonlyMap<unknown, unknown> = content instanceof Map ? content : new Map();
  const array = names.map((name) => dict.get(name)).find((value) => value instanceof PickledArray);
  const numbers = array?.numbers();
  if (numbers) return numbers;
  const got = array ? "another kind of array" : [...dict.keys()].join(", ") || "no dict";
  throw new VcaError(
    "DataError",
    `${where}: an array ${names.map((name) => `"${name}"`).join(" or ")} was expected, got ${got}. ${remedy}.`,
  );
}
