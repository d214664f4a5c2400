/**
 * @file The safetensors format: eight bytes of header length, a JSON header, raw little-endian numbers.
 * Named float32 arrays and string metadata, nothing executable. Source: the format's specification,
 * github.com/huggingface/safetensors.
 */
import { VcaError } from "../errors.ts";
import { type NdArray, sizeOf } from "./array.ts";
import { bfloatToNumber, halfToNumber } from "./half.ts";

/** Named arrays and what describes them. */
export interface Tensors {
  readonly arrays: ReadonlyMap<string, NdArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Types of numbers, each with its bytes and how it becomes float32. */
const FLOATS: Readonly<
  Record<string, { bytes: number; read: (buffer: ArrayBuffer) => Float32Array<ArrayBuffer> }>
> = {
  F64: { bytes: 8, read: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  F16: { bytes: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToNumber) },
  BF16: { bytes: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), bfloatToNumber) },
};

/** Whether an entry is one whose numbers fill its shape. */
function isWhole({ shape, data_offsets }: Entry, bytes: number): boolean {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const areCounts = [shape, data_offsets].every((list) => Array.isArray(list) && list.every(isCount));
  return areCounts && data_offsets[1] - data_offsets[0] === bytes * sizeOf(shape);
}

/** The bytes of a .safetensors file; arrays in the map's order. */
export function encodeSafetensors({ arrays, metadata }: Tensors): Uint8Array {
  const header: Record<string, Entry | Record<string, string>> = { __metadata__: { ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of arrays) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text + " ".repeat((8 - (text.length % 8)) % 8)); // names are ASCII
  const bytes = new Uint8Array(8 + json.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const { data } of arrays.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * The arrays in the bytes of a .safetensors file.
 * @param remedy what to do about a malformed one that is not ours
 * @throws CheckpointError when the bytes are cut short, no safetensors, or not float32.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  where: string,
  remedy = "Delete it and run again",
): Tensors {
  const malformed = (got: string, cause?: unknown) =>
    new VcaError(
      "CheckpointError",
      `${where}: a whole safetensors file of floats was expected, got ${got}. ${remedy}.`,
      { cause },
    );
  if (bytes.length < 8) throw malformed(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) throw malformed("a header longer than the file");
  let header: (Record<string, Entry> & { __metadata__?: Record<string, string> }) | null;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw malformed("a header that is no JSON", cause);
  }
  const body = bytes.subarray(8 + length);
  const arrays = new Map<string, NdArray>();
  const { __metadata__: metadata, ...entries } = header ?? {};
  for (const [name, entry] of Object.entries(entries)) {
    const type = Object.hasOwn(FLOATS, entry?.dtype) ? FLOATS[entry.dtype] : undefined;
    if (!type) throw malformed(`type ${entry?.dtype} for "${name}"`);
    if (!isWhole(entry, type.bytes)) throw malformed(`a shape and a place of "${name}" that do not fit`);
    const { shape, data_offsets: range } = entry;
    if (range[1] > body.length)
      throw malformed(`${body.length} bytes of numbers where "${name}" ends at ${range[1]}`);
    arrays.set(name, { shape, data: type.read(body.slice(range[0], range[1]).buffer) });
  }
  return { arrays, metadata: metadata ?? {} };
}
