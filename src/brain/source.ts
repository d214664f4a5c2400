/**
 * @file What every reader of betas gives: how many volumes there are, on which grid, what they are called where the
 * format says so, and the values of chosen voxels. Nothing else knows file formats.
 */
import { readBytes } from "#files";
import type { Matrix } from "../core/linear-algebra.ts";
import { checkSameGrid, type Grid, gridSize, type Placed } from "./grid.ts";
import { type NiftiImage, onlyVolume, readNifti } from "./nifti.ts";

/** What the rows of a beta series are of. */
export interface Labels {
  /** The stimulus of each row. */
  readonly ids: readonly string[];
  /** The run of each row, as named by its source. */
  readonly runs: readonly string[];
  /** Seconds from the start of the run. */
  readonly onsets?: Float64Array;
}

/** The betas of one participant before voxels are chosen. */
export interface BetaSource extends Placed {
  readonly grid: Grid;
  /** Number of volumes, n. */
  readonly count: number;
  /** Where the format names its volumes (SPM, BIDS). */
  readonly labels?: Labels;
  /** What was left out, for a note. */
  readonly notes: readonly string[];
  /** Values `[n, V]` of numbered voxels. */
  readonly read: (voxels: Int32Array, onProgress?: Progress) => Promise<Matrix>;
}

/** Tells how many volumes, slabs or files are done. */
export type Progress = (done: number, total: number) => void;

/** A file as an image. @throws DataError as `readNifti`. */
export async function readImage(path: string): Promise<NiftiImage> {
  return readNifti(await readBytes(path), path);
}

/**
 * Several volumes in one NIfTI file, which is in memory only while it is read.
 * @param scaleOf by what its numbers are multiplied
 * @throws DataError as `readNifti`
 */
export async function seriesSource(
  path: string,
  scaleOf: (image: NiftiImage) => number = () => 1,
): Promise<BetaSource> {
  const { where, grid, count } = await readImage(path);
  return {
    where,
    grid,
    count,
    notes: [],
    read: async (voxels, onProgress) => {
      const image = await readImage(path);
      const scale = scaleOf(image);
      const data = new Float64Array(count * voxels.length);
      let row = 0;
      for (const values of image.volumes()) {
        for (let v = 0; v < voxels.length; v++) data[row * voxels.length + v] = values[voxels[v]!]! * scale;
        row++;
        onProgress?.(row, count);
      }
      return { shape: [count, voxels.length], data };
    },
  };
}

/**
 * One NIfTI file for each volume, in order.
 * @throws DataError when the files do not have one grid, naming two of them.
 */
export async function stackSource(
  where: string,
  files: readonly string[],
  labels: Labels,
  notes: readonly string[] = [],
): Promise<BetaSource> {
  const { grid } = await readImage(files[0]!);
  return {
    where,
    grid,
    count: files.length,
    labels,
    notes,
    read: async (voxels, onProgress) => {
      const data = new Float64Array(files.length * voxels.length);
      for (const [row, file] of files.entries()) {
        const image = await readImage(file);
        checkSameGrid(image, { where: files[0]!, grid });
        const values = onlyVolume(image);
        for (let v = 0; v < voxels.length; v++) data[row * voxels.length + v] = values[voxels[v]!]!;
        onProgress?.(row + 1, files.length);
      }
      return { shape: [files.length, voxels.length], data };
    },
  };
}

/**
 * A source that is read once for several regions: a gzipped file is inflated from its start each time. Its `read` takes voxels of the regions.
 * @throws DataError, from `read`, when a region does not lie on its grid
 */
export function readOnce(
  source: BetaSource,
  regions: readonly (Placed & { readonly voxels: Int32Array })[],
): BetaSource {
  const voxels = Int32Array.from(new Set(regions.flatMap(({ voxels }) => [...voxels])));
  const columns = new Map(Array.from(voxels, (voxel, column) => [voxel, column]));
  let all: Promise<Matrix> | undefined;
  return {
    ...source,
    read: async (wanted, onProgress) => {
      if (!all) for (const region of regions) checkSameGrid(region, source);
      all ??= source.read(voxels, onProgress);
      const { data } = await all;
      const own = Int32Array.from(wanted, (voxel) => columns.get(voxel)!);
      const out = new Float64Array(source.count * own.length);
      for (let row = 0, at = 0; row < source.count; row++)
        for (const column of own) out[at++] = data[row * voxels.length + column]!;
      return { shape: [source.count, own.length], data: out };
    },
  };
}

/** Several sources of one grid after one another, such as sessions; labels are joined where all have them. */
export function joinedSource(where: string, parts: readonly BetaSource[]): BetaSource {
  const [first, ...others] = parts as [BetaSource, ...BetaSource[]];
  for (const other of others) checkSameGrid(other, first);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const labels = parts.flatMap((part) => part.labels ?? []);
  return {
    where,
    grid: first.grid,
    count,
    ...(labels.length === parts.length && {
      labels: { ids: labels.flatMap(({ ids }) => ids), runs: labels.flatMap(({ runs }) => runs) },
    }),
    notes: parts.flatMap(({ notes }) => notes),
    read: async (voxels, onProgress) => {
      const data = new Float64Array(count * voxels.length);
      let at = 0;
      for (const [done, part] of parts.entries()) {
        const rows = await part.read(voxels);
        data.set(rows.data, at);
        at += rows.data.length;
        onProgress?.(done + 1, parts.length);
      }
      return { shape: [count, voxels.length], data };
    },
  };
}

/** Volumes in one array, the first axis fastest: i, j, k, volume. */
export function arraySource(
  placed: Placed,
  data: ArrayLike<number>,
  notes: readonly string[] = [],
): BetaSource {
  const size = gridSize(placed.grid);
  const count = data.length / size;
  return {
    ...placed,
    count,
    notes,
    read: async (voxels) => {
      const out = new Float64Array(count * voxels.length);
      for (let row = 0; row < count; row++)
        for (let v = 0; v < voxels.length; v++) out[row * voxels.length + v] = data[row * size + voxels[v]!]!;
      return { shape: [count, voxels.length], data: out };
    },
  };
}
