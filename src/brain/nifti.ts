/**
 * @file NIfTI-1 and NIfTI-2 in one file, gzipped or not, in either byte order, read volume by volume: an inflated
 * series is never whole in memory. nifti-reader-js names the header's fields; affine, scaling and checks are ours,
 * because it takes the qform before the sform, NaN for a half turn, and scales nothing (docs/decisions/016-brain-files.md).
 * @see https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
 */
import { Gunzip } from "fflate";
import { NIFTI1, NIFTI2 } from "nifti-reader-js";
import { VcaError } from "../errors.ts";
import { type Affine, type Grid, gridSize } from "./grid.ts";

/** An image of one volume, or of several along time. */
export interface NiftiImage {
  readonly where: string;
  readonly grid: Grid & { readonly affine: Affine };
  /** Number of volumes, 1 for a plain image. */
  readonly count: number;
  /** How numbers are stored: `int16`, `float32`, ... and whether the header scales them. */
  readonly stored: { readonly type: string; readonly scaled: boolean };
  /** The volumes in order, each with its voxels scaled, first axis fastest; the same array is filled again. */
  readonly volumes: () => Generator<Float64Array>;
}

interface NumberType {
  readonly name: string;
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => ArrayLike<number | bigint>;
}

/** By `datatype` of the header; complex and colour images hold no betas. */
const TYPES: Readonly<Record<number, NumberType>> = {
  2: { name: "uint8", bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  4: { name: "int16", bytes: 2, view: (buffer) => new Int16Array(buffer) },
  8: { name: "int32", bytes: 4, view: (buffer) => new Int32Array(buffer) },
  16: { name: "float32", bytes: 4, view: (buffer) => new Float32Array(buffer) },
  64: { name: "float64", bytes: 8, view: (buffer) => new Float64Array(buffer) },
  256: { name: "int8", bytes: 1, view: (buffer) => new Int8Array(buffer) },
  512: { name: "uint16", bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  768: { name: "uint32", bytes: 4, view: (buffer) => new Uint32Array(buffer) },
  1024: { name: "int64", bytes: 8, view: (buffer) => new BigInt64Array(buffer) },
  1280: { name: "uint64", bytes: 8, view: (buffer) => new BigUint64Array(buffer) },
};

const STEP = 1 << 20;
/** Bytes that deflate makes of one at most. @see https://zlib.net/zlib_tech.html */
const MOST_INFLATED = 1032;

/** Whether a file is NIfTI by its name. */
export function isNiftiName(name: string): boolean {
  return /\.nii(\.gz)?$/i.test(name);
}

/**
 * The image in the bytes of a .nii or .nii.gz file; numbers are read when `volumes` is asked for.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no NIfTI, of a type without betas, cut short, or have no place in space.
 */
export function readNifti(bytes: Uint8Array, where: string): NiftiImage {
  const header = readHeader(new Source(bytes, where).take(540, 348), where);
  const numbers = TYPES[header.datatypeCode];
  if (!numbers) {
    throw fault(
      where,
      `numbers of type ${Object.values(TYPES)
        .map(({ name }) => name)
        .join(", ")} were expected`,
      `datatype code ${header.datatypeCode}`,
      "Save the image as float32",
    );
  }
  const [rank = 0, ...axes] = header.dims;
  const shape = [0, 1, 2].map((axis) => (axis < rank ? axes[axis]! : 1)) as [number, number, number];
  const count = axes.slice(3, rank).reduce((product, axis) => product * Math.max(1, axis), 1);
  if (!(rank >= 1 && rank <= 7 && shape.every((axis) => axis > 0)))
    throw fault(
      where,
      "1 to 7 axes of at least 1 voxel were expected",
      `dim ${header.dims.join(" ")}`,
      "Save the image again",
    );
  const { vox_offset: offset } = header;
  if (!Number.isSafeInteger(offset))
    throw fault(
      where,
      "numbers that start at a whole byte were expected",
      String(offset),
      "Copy the file again",
    );
  const affine = affineOf(header, where);
  const slope = Number.isFinite(header.scl_slope) ? header.scl_slope : 0; // 0: no scaling
  const intercept = slope !== 0 && Number.isFinite(header.scl_inter) ? header.scl_inter : 0;
  const scaled = slope !== 0 && (slope !== 1 || intercept !== 0);
  const size = gridSize({ shape });
  new Source(bytes, where).expect(size * count * numbers.bytes);
  return {
    where,
    grid: { shape, affine },
    count,
    stored: { type: numbers.name, scaled },
    *volumes() {
      const source = new Source(bytes, where);
      source.take(Math.max(offset, header instanceof NIFTI2 ? 544 : 352)); // some write 0
      const values = new Float64Array(size);
      for (let volume = 0; volume < count; volume++) {
        const raw = source.take(size * numbers.bytes);
        if (!header.littleEndian)
          for (let at = 0; at < raw.length; at += numbers.bytes)
            raw.subarray(at, at + numbers.bytes).reverse();
        const view = numbers.view(raw.buffer);
        for (let v = 0; v < size; v++) values[v] = Number(view[v]);
        if (scaled) for (let v = 0; v < size; v++) values[v] = values[v]! * slope + intercept;
        yield values;
      }
    },
  };
}

/**
 * The only volume of an image, such as a mask.
 * @throws DataError when it has several.
 */
export function onlyVolume(image: NiftiImage): Float64Array {
  if (image.count !== 1)
    throw fault(image.where, "one volume was expected", String(image.count), "Pass a 3-D image");
  return image.volumes().next().value as Float64Array;
}

type Header = NIFTI1 | NIFTI2;

function readHeader(start: Uint8Array, where: string): Header & { srow: (at: number) => number } {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const sizes = start.length >= 4 ? [view.getInt32(0, true), view.getInt32(0, false)] : [];
  const magic = (at: number) => String.fromCharCode(...start.subarray(at, at + 3));
  const two = sizes.includes(540) && magic(4) === "n+2";
  if (!two && !(sizes.includes(348) && magic(344) === "n+1")) {
    const pair = magic(344) === "ni1" || magic(4) === "ni2";
    const got = pair
      ? "a header whose numbers lie in an .img file"
      : sizes.includes(348)
        ? magic(344) === "\0\0\0"
          ? "an Analyze 7.5 header, which does not say left from right"
          : `magic ${JSON.stringify(magic(344))}`
        : `bytes that start with ${[...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
    throw fault(where, "a NIfTI file (magic n+1 or n+2) was expected", got, "Convert it to .nii or .nii.gz");
  }
  const length = two ? 540 : 348;
  const header = two ? new NIFTI2() : new NIFTI1();
  if (start.length < length)
    throw fault(
      where,
      `a header of ${length} bytes was expected`,
      String(start.length),
      "Copy the file again",
    );
  const own = start.slice(0, length); // the header alone: extensions are not ours to judge
  header.readHeader(own.buffer);
  const numbers = new DataView(own.buffer);
  const little = header.littleEndian;
  const srow = (at: number) =>
    two ? numbers.getFloat64(400 + 8 * at, little) : numbers.getFloat32(280 + 4 * at, little);
  return Object.assign(header, { srow });
}

/** The sform where there is one, else the qform; an image without either has no place in space. */
function affineOf(header: ReturnType<typeof readHeader>, where: string): Affine {
  if (header.sform_code > 0) return [...Array.from({ length: 12 }, (_, at) => header.srow(at)), 0, 0, 0, 1];
  if (header.qform_code <= 0) {
    throw fault(
      where,
      "an sform or a qform was expected",
      "neither, so that left and right are unknown",
      "Write the affine into the header, as from the image it was made of",
    );
  }
  const { quatern_b: b, quatern_c: c, quatern_d: d, pixDims } = header;
  const [qfac = 1, dx = 1, dy = 1, dz = 1] = pixDims;
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d)); // rounding may pass 1 at half a turn
  const z = dz * (qfac < 0 ? -1 : 1);
  // biome-ignore format: one row of the matrix a line
  return [
    (a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * z, header.qoffset_x,
    2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * z, header.qoffset_y,
    2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * z, header.qoffset_z,
    0, 0, 0, 1,
  ];
}

/** The bytes of a file in order, inflated a piece at a time when they are gzipped. */
class Source {
  readonly #pieces: Generator<Uint8Array>;
  readonly #where: string;
  readonly #size: number;
  readonly #gzipped: boolean;
  #piece: Uint8Array = new Uint8Array();
  #taken = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#pieces = inflated(bytes, where);
    this.#where = where;
    this.#size = bytes.length;
    this.#gzipped = isGzip(bytes);
  }

  /** @throws DataError when so many bytes cannot be there. */
  expect(length: number): void {
    if (length <= this.#size * (this.#gzipped ? MOST_INFLATED : 1)) return;
    const got = `${this.#size}${this.#gzipped ? " gzipped" : ""}: the file is cut short`;
    throw fault(this.#where, `at least ${length} bytes were expected`, got, "Copy the file again");
  }

  /** The next `length` bytes, or at least `least` of them where the file ends. @throws DataError when it ends before. */
  take(length: number, least = length): Uint8Array<ArrayBuffer> {
    this.expect(least);
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#piece.length === 0) {
        const next = this.#pieces.next();
        if (next.done) break;
        this.#piece = next.value;
        continue;
      }
      const part = this.#piece.subarray(0, length - filled);
      out.set(part, filled);
      filled += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    this.#taken += filled;
    if (filled < least) {
      const expected = `at least ${this.#taken - filled + least} bytes were expected`;
      throw fault(this.#where, expected, `${this.#taken}: the file is cut short`, "Copy the file again");
    }
    return out.subarray(0, filled);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function* inflated(bytes: Uint8Array, where: string): Generator<Uint8Array> {
  if (!isGzip(bytes)) {
    yield bytes;
    return;
  }
  const ready: Uint8Array[] = [];
  const gunzip = new Gunzip((piece) => ready.push(piece));
  for (let at = 0; at < bytes.length; at += STEP) {
    try {
      gunzip.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
    } catch (cause) {
      const got = `"${cause instanceof Error ? cause.message : String(cause)}"`;
      throw fault(where, "a whole gzip file was expected", got, "Copy the file again", cause);
    }
    yield* ready.splice(0);
  }
}

function fault(where: string, expected: string, got: string, remedy: string, cause?: unknown): VcaError {
  return new VcaError("DataError", `${where}: ${expected}, got ${got}. ${remedy}.`, { cause });
}
