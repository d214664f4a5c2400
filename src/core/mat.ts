/**
 * @file MATLAB's .mat files, level 5 (`save -v6`, `-v7` and the default), as far as data go: numbers, text, cells and
 * structs; objects, function handles and sparse matrices are stepped over. Level 7.3 is HDF5 and is read as that;
 * level 4 is refused. Own code: the format is short, and packages that read it are unmaintained.
 * @see MathWorks, "MAT-File Format" (level 5), https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
 */
import { unzlibSync } from "fflate";
import { VcaError } from "../errors.ts";

/** A value of a .mat file. Arrays are column-major, as MATLAB has them: the first axis is the fastest. */
export type MatValue =
  | { readonly kind: "numbers"; readonly shape: readonly number[]; readonly data: Float64Array }
  | { readonly kind: "text"; readonly rows: readonly string[] }
  | { readonly kind: "cell"; readonly shape: readonly number[]; readonly values: readonly MatValue[] }
  | { readonly kind: "struct"; readonly shape: readonly number[]; readonly elements: readonly MatFields[] }
  | { readonly kind: "other" };

/** The fields of one struct. */
export type MatFields = Readonly<Record<string, MatValue>>;

const COMPRESSED = 15;
const MATRIX = 14;
/** A class of arrays: the only one whose elements need not all be there. */
const SPARSE = 5;

/** Bytes of a number and its reader, by the type of a data element. */
const NUMBERS: Readonly<
  Record<number, readonly [number, (view: DataView, at: number, little: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  16: [1, (view, at) => view.getUint8(at)], // UTF-8
  17: [2, (view, at, little) => view.getUint16(at, little)], // UTF-16
  18: [4, (view, at, little) => view.getUint32(at, little)], // UTF-32
};

/**
 * The variables of a level 5 .mat file; only those that are named, when some are.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no such file, of another level, or cut short.
 */
export function decodeMat(
  bytes: Uint8Array,
  where: string,
  names?: readonly string[],
): Map<string, MatValue> {
  const malformed = (got: string, cause?: unknown) =>
    new VcaError(
      "DataError",
      `${where}: a MATLAB file of level 5 or 7.3 was expected, got ${got}. Save it again with save(..., '-v7').`,
      { cause },
    );
  const levelFour = bytes.subarray(0, 4).includes(0);
  if (bytes.length < 128) throw malformed(levelFour ? "level 4, or no MATLAB file" : `${bytes.length} bytes`);
  const mark = String.fromCharCode(bytes[126]!, bytes[127]!);
  if (mark !== "IM" && mark !== "MI")
    throw malformed(levelFour ? "level 4, or no MATLAB file" : "bytes that are no MATLAB file");
  const little = mark === "IM";
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint16(124, little);
  if (version !== 0x0100) throw malformed(`version 0x${version.toString(16).padStart(4, "0")}`);
  const variables = new Map<string, MatValue>();
  const reader = new Elements(bytes.subarray(128), little);
  try {
    for (let element = reader.next(); element; element = reader.next()) {
      const inner =
        element.type === COMPRESSED ? new Elements(unzlibSync(element.data), little).next() : element;
      if (inner?.type !== MATRIX) continue;
      const named = matrix(inner.data, little, names);
      if (named && named.name !== "") variables.set(named.name, named.value);
    }
  } catch (cause) {
    throw malformed("a file that is cut short or broken", cause);
  }
  return variables;
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/** The data elements of a stretch of bytes: a tag of type and length, then the data, padded to eight bytes. */
class Elements {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
  }

  /** The next element, `undefined` at the end. @throws RangeError when the bytes end within it. */
  next(): Element | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const tag = this.#view.getUint32(this.#at, this.#little);
    const small = tag >>> 16; // the small form: length and type in one word, data in the next
    const length = small || this.#view.getUint32(this.#at + 4, this.#little);
    const start = this.#at + (small ? 4 : 8);
    if (start + length > this.#bytes.length)
      throw new RangeError(`an element ends at byte ${start + length}`);
    const type = small ? tag & 0xffff : tag;
    const padded = type === COMPRESSED ? length : Math.ceil(length / 8) * 8;
    this.#at = small ? this.#at + 8 : start + padded;
    return { type, data: this.#bytes.subarray(start, start + length) };
  }

  /** The next element, which must be there. */
  need(): Element {
    const element = this.next();
    if (!element) throw new RangeError("an element is missing");
    return element;
  }
}

/** A matrix and its name; `undefined` when names are given and this is none of them. */
function matrix(
  data: Uint8Array,
  little: boolean,
  names?: readonly string[],
): { name: string; value: MatValue } | undefined {
  if (data.length === 0)
    return { name: "", value: { kind: "numbers", shape: [0, 0], data: new Float64Array() } };
  const parts = new Elements(data, little);
  const flags = parts.need().data;
  const kind = new DataView(flags.buffer, flags.byteOffset).getUint32(0, little) & 0xff;
  const complex = (new DataView(flags.buffer, flags.byteOffset).getUint32(0, little) & 0x0800) !== 0;
  if (kind > 15) return { name: "", value: { kind: "other" } }; // function handles and opaque objects: no shape
  const shape = [...numbers(parts.need(), little)];
  const name = ascii(parts.need().data);
  if (names && !names.includes(name)) return undefined;
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (size > data.length && kind !== SPARSE) throw new RangeError(`${size} elements in ${data.length} bytes`);
  const nested = () => matrix(parts.need().data, little)!.value;
  if (kind === 1)
    return { name, value: { kind: "cell", shape, values: Array.from({ length: size }, nested) } };
  if (kind === 2) {
    const width = numbers(parts.need(), little)[0]!;
    const text = parts.need().data;
    const fields = Array.from({ length: text.length / width }, (_, f) =>
      ascii(text.subarray(f * width, (f + 1) * width)),
    );
    const elements = Array.from({ length: size }, () =>
      Object.fromEntries(fields.map((field) => [field, nested()])),
    );
    return { name, value: { kind: "struct", shape, elements } };
  }
  if (kind === 4) return { name, value: { kind: "text", rows: textRows(parts.need(), little, shape) } };
  if (kind >= 6 && !complex) {
    const values = numbers(parts.need(), little);
    if (values.length !== size) throw new RangeError(`${values.length} numbers where ${size} belong`);
    return { name, value: { kind: "numbers", shape, data: values } };
  }
  return { name, value: { kind: "other" } }; // objects, sparse and complex matrices
}

function numbers({ type, data }: Element, little: boolean): Float64Array {
  const number = NUMBERS[type];
  if (!number) throw new RangeError(`numbers of type ${type}`);
  const [bytes, read] = number;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from({ length: data.length / bytes }, (_, i) => read(view, i * bytes, little));
}

/** The rows of a char matrix, without the blanks that pad them. */
function textRows(element: Element, little: boolean, [rows = 0, columns = 0]: readonly number[]): string[] {
  const letters =
    element.type === 16
      ? [...new TextDecoder().decode(element.data)]
      : Array.from(numbers(element, little), (code) => String.fromCodePoint(code));
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => letters[c * rows + r] ?? "")
      .join("")
      .trimEnd(),
  );
}

function ascii(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
