/**
 * @file NumPy's .npy format, versions 1 to 3 (NEP 1): a magic string, a header that is a Python dict
 * literal, then raw numbers, little-endian only. Written in C order, read in either.
 */
import { VcaError } from "../errors.ts";
import { type Data, type NdArray, ndarray, rowMajor, sizeOf } from "./array.ts";

type Constructor = (buffer: ArrayBuffer) => Data;

const TYPES: Readonly<Record<string, { bytes: number; view: Constructor }>> = {
  "<f4": { bytes: 4, view: (b) => new Float32Array(b) },
  "<f8": { bytes: 8, view: (b) => new Float64Array(b) },
  "<i4": { bytes: 4, view: (b) => new Int32Array(b) },
  "<i8": { bytes: 8, view: (b) => new BigInt64Array(b) },
  "|u1": { bytes: 1, view: (b) => new Uint8Array(b) },
};

function descriptor(data: Data): string {
  if (data instanceof Float32Array) return "<f4";
  if (data instanceof Float64Array) return "<f8";
  if (data instanceof Int32Array) return "<i4";
  if (data instanceof BigInt64Array) return "<i8";
  return "|u1";
}

/** The bytes of a .npy file (version 1.0) that holds `array`. */
export function encodeNpy(array: NdArray<Data>): Uint8Array {
  const comma = array.shape.length === 1 ? "," : "";
  const dict = `{'descr': '${descriptor(array.data)}', 'fortran_order': False, 'shape': (${array.shape.join(", ")}${comma}), }`;
  const padding = 64 - ((10 + dict.length + 1) % 64);
  const header = `${dict}${" ".repeat(padding)}\n`;
  const bytes = new Uint8Array(10 + header.length + array.data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(
    new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength),
    10 + header.length,
  );
  return bytes;
}

/**
 * The array in the bytes of a .npy file, row by row.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no .npy file, are cut short, or hold another kind of array.
 */
export function decodeNpy(bytes: Uint8Array, where = "npy"): NdArray<Data> {
  const malformed = (expected: string, got: string, cause?: unknown) =>
    new VcaError("DataError", `${where}: ${expected}, got ${got}. Write it again with numpy.save.`, {
      cause,
    });
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(1, 6)) !== "NUMPY" || bytes[0] !== 0x93) {
    throw malformed("a .npy file starts with \\x93NUMPY", `${bytes.length} bytes that do not`);
  }
  const wide = bytes[6]! > 1;
  const start = wide ? 12 : 10;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || shape === undefined)
    throw malformed("the header names descr and shape", header.trim());
  const type = TYPES[descr];
  if (!type) throw malformed(`the type must be one of ${Object.keys(TYPES).join(", ")}`, descr);
  const axes = shape
    .split(",")
    .map((axis) => axis.trim())
    .filter(Boolean)
    .map(Number);
  if (!axes.every((axis) => Number.isSafeInteger(axis) && axis >= 0))
    throw malformed("whole numbers as shape were expected", `(${shape})`);
  const expected = sizeOf(axes) * type.bytes;
  const body = bytes.subarray(start + length);
  if (body.length !== expected)
    throw malformed(`shape (${axes}) of ${descr} needs ${expected} bytes`, String(body.length));
  const array = ndarray(type.view(new Uint8Array(body).buffer), axes); // a copy: aligned, and no view of a Buffer
  return /'fortran_order':\s*True/.test(header) ? rowMajor(array) : array;
}
