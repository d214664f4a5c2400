/**
 * @file Equal and near-equal pictures, which must share a fold: equal bytes by SHA-256, near-equal pictures by a
 * perceptual hash, the signs of low frequencies (as in Zauner 2010, "Implementation and benchmarking
 * of perceptual image hash functions"). Mirrored and strongly cropped copies are not found.
 */
import { readBytes, sha256 } from "#files";
import type { Picture } from "../core/picture.ts";
import { members } from "./folds.ts";
import { areaAverage, luma } from "./grey.ts";
import type { StimulusSet } from "./set.ts";

/**
 * Bits by which near-equal pictures may differ. Of the 350,703 pairs of 838 OASIS pictures one differs by 10 or less ("Couple 2"
 * and "Couple 9", by 6), the next by 12. Copies of 140 of them: JPEG at quality 30 or at 96 px, grey, 15 % brighter or
 * cropped by 1.5 % a side, all within 8; cropped by 3 % a side, 97 % within 10. Two-tone silhouettes: of the 87,990 pairs of 420 that
 * `test/stimuli/duplicates.test.ts` draws, 40 within 10, 31 of which share over .8 of their black; of 583 of the package
 * @iconify-json/game-icons 25 of 169,653, 17 of them playing cards; their copies as above within 10 in 91 to 100 %.
 */
const NEAR_EQUAL_BITS = 10;

/** Two stimuli that show the same, by index (`a < b`) and by id. */
export interface Duplicate {
  readonly a: number;
  readonly b: number;
  readonly ids: readonly [string, string];
  /** Differing bits of their hashes; 0 for equal bytes. */
  readonly distance: number;
}

/** What must share a fold, and why. */
export interface Duplicates {
  /** Equal bytes. */
  readonly equal: readonly Duplicate[];
  /** Near-equal pictures that are not equal in bytes. */
  readonly near: readonly Duplicate[];
  /** SHA-256 and perceptual hash of each picture, `[S]`. */
  readonly digests: readonly string[];
  readonly hashes: readonly string[];
  /** Sets of indices for `planFolds`. */
  readonly together: readonly (readonly number[])[];
}

const SIDE = 32;
const FREQUENCIES = 8;
/** `COSINES[k * SIDE + x] = cos((2 x + 1) k pi / 2 SIDE)`: the rows of a DCT-II. */
const COSINES = Float64Array.from({ length: FREQUENCIES * SIDE }, (_, i) =>
  Math.cos(((2 * (i % SIDE) + 1) * Math.floor(i / SIDE) * Math.PI) / (2 * SIDE)),
);

/**
 * A 63-bit hash as 16 hexadecimal digits: luma averaged to 32 x 32, its DCT-II, and for each of the 8 x 8
 * lowest frequencies but the mean, row by row, whether it exceeds their median.
 */
export function perceptualHash(picture: Picture): string {
  const { width, height } = picture;
  const grey = areaAverage(luma(picture), width, { left: 0, top: 0, width, height }, SIDE); // [32, 32]
  const rows = new Float64Array(SIDE * FREQUENCIES); // [32, 8]
  for (let y = 0; y < SIDE; y++) {
    for (let k = 0; k < FREQUENCIES; k++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += grey[y * SIDE + x]! * COSINES[k * SIDE + x]!;
      rows[y * FREQUENCIES + k] = sum;
    }
  }
  const spectrum = new Float64Array(FREQUENCIES * FREQUENCIES); // [8, 8]
  for (let l = 0; l < FREQUENCIES; l++) {
    for (let k = 0; k < FREQUENCIES; k++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[y * FREQUENCIES + k]! * COSINES[l * SIDE + y]!;
      spectrum[l * FREQUENCIES + k] = sum;
    }
  }
  const median = spectrum.slice(1).sort()[31]!;
  const bits = Array.from(spectrum, (value, i) => (i > 0 && value > median ? "1" : "0")).join("");
  return BigInt(`0b${bits}`).toString(16).padStart(16, "0");
}

/** The pairs whose hashes differ by `threshold` bits or fewer. */
export function nearDuplicates(
  hashes: readonly string[],
  ids: readonly string[],
  threshold = NEAR_EQUAL_BITS,
): Duplicate[] {
  const high = Int32Array.from(hashes, (hash) => Number.parseInt(hash.slice(0, 8), 16));
  const low = Int32Array.from(hashes, (hash) => Number.parseInt(hash.slice(8), 16));
  const pairs: Duplicate[] = [];
  for (let a = 0; a < hashes.length; a++) {
    for (let b = a + 1; b < hashes.length; b++) {
      const distance = ones(high[a]! ^ high[b]!) + ones(low[a]! ^ low[b]!);
      if (distance <= threshold) pairs.push({ a, b, ids: [ids[a]!, ids[b]!], distance });
    }
  }
  return pairs;
}

/** The number of 1 bits in 32. */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The pairs of equal digests: each stimulus with the first that has its digest. */
export function equalDigests(digests: readonly string[], ids: readonly string[]): Duplicate[] {
  const first = new Map<string, number>();
  return digests.flatMap((digest, b) => {
    const a = first.get(digest);
    if (a === undefined) first.set(digest, b);
    return a === undefined ? [] : [{ a, b, ids: [ids[a]!, ids[b]!] as const, distance: 0 }];
  });
}

/** How `findDuplicates` reads pictures; `decode` is that of `#decode`, which lies above this layer. */
export interface DuplicateOptions {
  readonly decode: (bytes: Uint8Array, where: string) => Promise<Picture>;
  /** Called after each picture with the number done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * The equal and near-equal pictures of a set. Where the set names a column of near-equal pictures (`nearEqual`),
 * its labels replace the perceptual hash, and `near` is empty.
 * @throws DataError when a picture cannot be read.
 */
export async function findDuplicates(
  set: Pick<StimulusSet, "ids" | "files" | "columns" | "nearEqual">,
  { decode, onProgress }: DuplicateOptions,
): Promise<Duplicates> {
  const { ids, files } = set;
  const labels = set.nearEqual === undefined ? undefined : set.columns[set.nearEqual]!;
  const digests: string[] = [];
  const hashes: string[] = [];
  for (const [s, file] of files.entries()) {
    const bytes = await readBytes(file);
    digests.push(sha256(bytes));
    hashes.push(perceptualHash(await decode(bytes, file)));
    onProgress?.(s + 1);
  }
  const equal = equalDigests(digests, ids);
  const near = labels ? [] : nearDuplicates(hashes, ids).filter(({ a, b }) => digests[a] !== digests[b]);
  const declared = labels ? members(labels).filter((set) => set.length > 1) : [];
  const together = [...[...equal, ...near].map(({ a, b }) => [a, b]), ...declared];
  return { equal, near, digests, hashes, together };
}
