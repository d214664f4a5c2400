/**
 * @file Shaped arrays: a typed array and its row-major shape, nothing more. Everything that has axes
 * in this program is one of these; axis letters are those of `docs/glossary.md`.
 */
import { VcaError } from "../errors.ts";

/** The element types that arrays, .npy files and the engine share. */
export type Data = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** A row-major array of any rank; a scalar has shape `[]`. */
export interface NdArray<D extends Data = Float32Array> {
  readonly shape: readonly number[];
  readonly data: D;
}

/** Number of elements of a shape: the product of its axes, 1 for `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/**
 * `data` seen as `shape`, without copying.
 * @throws ShapeError when the number of elements differs.
 */
export function ndarray<D extends Data>(data: D, shape: readonly number[]): NdArray<D> {
  if (sizeOf(shape) !== data.length) {
    throw new VcaError(
      "ShapeError",
      `array: shape [${shape}] holds ${sizeOf(shape)} elements, got ${data.length}. Pass the shape the data has.`,
    );
  }
  return { shape, data };
}

/** A float32 array of zeros. */
export function zeros(shape: readonly number[]): NdArray {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** The same numbers in Float64, without copying where they are already. */
export function toFloat64({ shape, data }: NdArray<Data>): NdArray<Float64Array> {
  if (data instanceof Float64Array) return { shape, data };
  return {
    shape,
    data: data instanceof BigInt64Array ? Float64Array.from(data, Number) : new Float64Array(data),
  };
}

/** An array that lies column by column (its first axis the fastest, as Fortran and MATLAB write it), row by row. */
export function rowMajor<D extends Data>({ shape, data }: NdArray<D>): NdArray<D> {
  const result = data.slice() as D;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  for (let i = 0; i < data.length; i++) {
    let from = 0;
    for (let axis = shape.length - 1, rest = i; axis >= 0; rest = Math.floor(rest / shape[axis]!), axis--)
      from += (rest % shape[axis]!) * strides[axis]!;
    result[i] = data[from]!;
  }
  return { shape, data: result };
}

/** Row `index` of the first axis, as a view on the same memory: `[S, ...] -> [...]`. */
export function row<D extends Data>(array: NdArray<D>, index: number): NdArray<D> {
  const shape = array.shape.slice(1);
  const size = sizeOf(shape);
  return { shape, data: array.data.subarray(index * size, (index + 1) * size) as D };
}

/**
 * The chosen rows of the first axis, copied in the given order: `[S, ...] -> [rows.length, ...]`.
 * @throws ShapeError when a row is not there.
 */
export function takeRows(array: NdArray, rows: ArrayLike<number>): NdArray {
  const [count = 0, ...shape] = array.shape;
  const size = sizeOf(shape);
  const data = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]!;
    if (!(from >= 0 && from < count && Number.isInteger(from)))
      throw new VcaError(
        "ShapeError",
        `array: a row from 0 to ${count - 1} was expected, got ${from}. Count rows from 0.`,
      );
    data.set(array.data.subarray(from * size, (from + 1) * size), i * size);
  }
  return { shape: [rows.length, ...shape], data };
}
