/**
 * @file Files of `torch.save`: a zip of one pickle and of the raw numbers of each storage, which tensors see by
 * offset and strides. Nothing in the pickle is executed (`pickle.ts`), and a storage is read only when one of its
 * tensors is. Source: `torch/serialization.py` and `torch/_utils.py` of PyTorch 2.
 */
import { type UnzipFileInfo, unzipSync } from "fflate";
import { VcaError } from "../errors.ts";
import { type Data, type NdArray, sizeOf } from "./array.ts";
import { bfloatToNumber, halfToNumber } from "./half.ts";
import { type Buildable, unpickle } from "./pickle.ts";

type Get = (view: DataView, at: number, little: boolean) => number | bigint;

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly make: (length: number) => Data;
  readonly get: Get;
}

const floats = (length: number) => new Float32Array(length);
const integers = (length: number) => new Int32Array(length);
const bytesOf = (length: number) => new Uint8Array(length);

const STORAGES: Readonly<Record<string, ElementType>> = {
  FloatStorage: { name: "float32", bytes: 4, make: floats, get: (v, at, le) => v.getFloat32(at, le) },
  DoubleStorage: {
    name: "float64",
    bytes: 8,
    make: (length) => new Float64Array(length),
    get: (v, at, le) => v.getFloat64(at, le),
  },
  HalfStorage: {
    name: "float16",
    bytes: 2,
    make: floats,
    get: (v, at, le) => halfToNumber(v.getUint16(at, le)),
  },
  BFloat16Storage: {
    name: "bfloat16",
    bytes: 2,
    make: floats,
    get: (v, at, le) => bfloatToNumber(v.getUint16(at, le)),
  },
  LongStorage: {
    name: "int64",
    bytes: 8,
    make: (length) => new BigInt64Array(length),
    get: (v, at, le) => v.getBigInt64(at, le),
  },
  IntStorage: { name: "int32", bytes: 4, make: integers, get: (v, at, le) => v.getInt32(at, le) },
  ShortStorage: { name: "int16", bytes: 2, make: integers, get: (v, at, le) => v.getInt16(at, le) },
  CharStorage: { name: "int8", bytes: 1, make: integers, get: (v, at) => v.getInt8(at) },
  ByteStorage: { name: "uint8", bytes: 1, make: bytesOf, get: (v, at) => v.getUint8(at) },
  BoolStorage: { name: "bool", bytes: 1, make: bytesOf, get: (v, at) => v.getUint8(at) },
};

/** Numbers of one type in the file, and how many. */
class Storage {
  readonly type: ElementType;
  readonly length: number;
  readonly little: boolean;
  readonly read: () => Uint8Array;

  constructor(type: ElementType, options: { length: number; little: boolean; read: () => Uint8Array }) {
    this.type = type;
    this.length = options.length;
    this.little = options.little;
    this.read = options.read;
  }
}

/** A tensor in a file. float16 and bfloat16 become float32, int8 and int16 int32, bool uint8. */
export class TorchTensor {
  readonly shape: readonly number[];
  readonly #storage: Storage;
  readonly #offset: number;
  readonly #strides: readonly number[];

  /** @param layout offset and strides in elements, checked to lie in the storage */
  constructor(
    storage: Storage,
    shape: readonly number[],
    layout: { offset: number; strides: readonly number[] },
  ) {
    this.shape = shape;
    this.#storage = storage;
    this.#offset = layout.offset;
    this.#strides = layout.strides;
  }

  /** The element type's name in PyTorch. */
  get dtype(): string {
    return this.#storage.type.name;
  }

  /** The numbers, row-major whatever the strides. @throws DataError when the file is cut short. */
  array(): NdArray<Data> {
    const { type, little } = this.#storage;
    const bytes = this.#storage.read();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const data = type.make(sizeOf(this.shape));
    let next = 0;
    const walk = (axis: number, offset: number): void => {
      if (axis === this.shape.length) data[next++] = type.get(view, offset * type.bytes, little) as never;
      else for (let i = 0; i < this.shape[axis]!; i++) walk(axis + 1, offset + i * this.#strides[axis]!);
    };
    if (data.length > 0) walk(0, this.#offset);
    return { shape: this.shape, data };
  }
}

const MOST_AXES = 64; // PyTorch's own limit
/** An expanded tensor (stride 0) may have more elements than its storage, but not without bound. */
const MOST_EXPANDED = 2 ** 20;

const counts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/** `torch._utils._rebuild_tensor_v2`: undefined when its arguments make no tensor. */
function tensorOf(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
): TorchTensor | undefined {
  if (!(storage instanceof Storage) || !counts([offset]) || !counts(shape) || !counts(strides))
    return undefined;
  if (shape.length !== strides.length || shape.length > MOST_AXES) return undefined;
  const size = sizeOf(shape);
  const last = shape.reduce((at, axis, i) => at + (axis - 1) * strides[i]!, offset as number);
  const outside = size > 0 && last >= storage.length;
  if (outside || size > Math.max(storage.length, MOST_EXPANDED)) return undefined;
  return new TorchTensor(storage, shape, { offset: offset as number, strides });
}

/** What a checkpoint may hold beside tensors and is of no use here: NumPy scalars, devices. */
const opaque = (): Buildable => ({ build: () => {} });

const latin1 = (text: unknown) => Uint8Array.from(String(text), (letter) => letter.charCodeAt(0));

/**
 * The object in a file of `torch.save`, in the zip format that is its default since PyTorch 1.6: dicts are `Map`s,
 * tensors `TorchTensor`s.
 * @throws UnsupportedError for the older format or a compressed zip; DataError for what is no such file, is cut
 *   short, or holds more than data (a module, a function), which is never executed.
 */
export function decodeTorchFile(bytes: Uint8Array, where: string): unknown {
  const { names, read } = openZip(bytes, where);
  const index = names.find((name) => name.endsWith("/data.pkl"));
  if (index === undefined) throw malformed(where, "a zip without data.pkl");
  const folder = index.slice(0, -"data.pkl".length);
  const order = names.includes(`${folder}byteorder`)
    ? new TextDecoder().decode(read(`${folder}byteorder`))
    : "little";
  if (order !== "little" && order !== "big") throw malformed(where, `byte order "${order}"`);

  const storages = new Map<string, Storage>();
  const storageOf = (id: unknown): Storage => {
    const [kind, type, key, , length] = Array.isArray(id) ? id : [];
    const name = `${folder}data/${key}`;
    const known = storages.get(name);
    if (known) return known;
    if (kind !== "storage" || !isElementType(type) || !counts([length]) || !names.includes(name))
      throw malformed(where, `no numbers for storage ${String(key)}`);
    const storage = new Storage(type, {
      length,
      little: order === "little",
      read: () => numbers(name, length * type.bytes),
    });
    storages.set(name, storage);
    return storage;
  };
  const numbers = (name: string, expected: number): Uint8Array => {
    const found = read(name);
    if (found.length >= expected) return found;
    throw malformed(where, `${found.length} bytes in ${name} where its tensors need ${expected}`);
  };
  const rebuild = (...args: unknown[]): TorchTensor => {
    const tensor = tensorOf(args[0], args[1], args[2], args[3]);
    if (tensor) return tensor;
    throw malformed(where, "a tensor that does not lie in its storage");
  };
  return unpickle(read(index), {
    where,
    remedy: "Save the state_dict() alone with torch.save",
    persistentLoad: storageOf,
    globals: new Map<string, unknown>([
      ...Object.entries(STORAGES).map(([name, type]) => [`torch.${name}`, type] as const),
      ["torch._utils._rebuild_tensor_v2", rebuild],
      ["torch._utils._rebuild_parameter", (tensor: unknown) => tensor],
      ["torch.Size", (axes: unknown) => axes],
      ["torch.device", opaque],
      ["collections.OrderedDict", () => new Map()],
      ["numpy.dtype", opaque],
      ["numpy.core.multiarray.scalar", opaque],
      ["numpy._core.multiarray.scalar", opaque],
      ["_codecs.encode", latin1],
    ]),
  });
}

function isElementType(type: unknown): type is ElementType {
  return Object.values<unknown>(STORAGES).includes(type);
}

function malformed(where: string, got: string, cause?: unknown): VcaError {
  return new VcaError(
    "DataError",
    `${where}: a whole file of torch.save was expected, got ${got}. Fetch it again, or save it again.`,
    { cause },
  );
}

/** Least length of a file's record in the directory of a zip. */
const BYTES_OF_ENTRY = 46;

/** The names in a zip and a reader of one of its files; what is compressed is refused, because PyTorch never does it. */
function openZip(
  bytes: Uint8Array,
  where: string,
): { names: readonly string[]; read: (name: string) => Uint8Array } {
  if (bytes[0] === 0x80) {
    throw new VcaError(
      "UnsupportedError",
      `${where}: the zip format of torch.save was expected, got the one before PyTorch 1.6. Load it in PyTorch and save it again with torch.save.`,
    );
  }
  const unzip = (wanted: (file: UnzipFileInfo) => boolean) => {
    let entries = 0; // fflate believes the number of files that a zip claims to have
    const filter = (file: UnzipFileInfo) => {
      if (++entries * BYTES_OF_ENTRY > bytes.length)
        throw new Error("more files than a zip of its size can hold");
      return wanted(file);
    };
    try {
      return unzipSync(bytes, { filter });
    } catch (cause) {
      throw malformed(where, cause instanceof Error ? `"${cause.message}"` : String(cause), cause);
    }
  };
  const names: string[] = [];
  let packed: string | undefined;
  unzip(({ name, compression, size, originalSize }) => {
    names.push(name);
    if (compression !== 0 || size !== originalSize) packed ??= name;
    return false;
  });
  if (packed !== undefined) {
    throw new VcaError(
      "UnsupportedError",
      `${where}: a zip without compression was expected, as torch.save writes it, got "${packed}" compressed. Save it again with torch.save.`,
    );
  }
  return { names, read: (name) => unzip((file) => file.name === name)[name]! };
}

/** Where checkpoints keep the parameters, in the order in which they are looked for. */
const PLACES = ["state_dict", "model_state_dict", "model"];
/** What `torch.nn.DataParallel` puts before every name. */
const PARALLEL = "module.";

/**
 * The named tensors of a checkpoint: those under `state_dict`, `model_state_dict` or `model` if one of these is a
 * dict, else those of the dict itself. `module.` is taken from the names when all have it.
 * @throws DataError when there are none; as `decodeTorchFile`.
 */
export function readStateDict(bytes: Uint8Array, where: string): ReadonlyMap<string, TorchTensor> {
  const object = decodeTorchFile(bytes, where);
  const dict = object instanceof Map ? object : new Map<unknown, unknown>();
  const inner = PLACES.map((place) => dict.get(place)).find((value) => value instanceof Map) ?? dict;
  const tensors = [...(inner as Map<unknown, unknown>)].filter(
    (entry): entry is [string, TorchTensor] =>
      typeof entry[0] === "string" && entry[1] instanceof TorchTensor,
  );
  if (tensors.length === 0) {
    const got = dict.size > 0 ? `one with ${[...dict.keys()].slice(0, 8).join(", ")}` : "none";
    throw new VcaError(
      "DataError",
      `${where}: a dict of tensors was expected, alone or under ${PLACES.join(", ")}, got ${got}. Save the state_dict() alone with torch.save.`,
    );
  }
  const parallel = tensors.every(([name]) => name.startsWith(PARALLEL));
  return new Map(parallel ? tensors.map(([name, tensor]) => [name.slice(PARALLEL.length), tensor]) : tensors);
}
