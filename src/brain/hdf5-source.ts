/**
 * @file Betas in a four-dimensional HDF5 dataset, read by slabs: one index of the slower spatial axes at a time and of the others no
 * more than the box around the voxels, so that 750 trials of a session, or 30,000 of a participant, need only their voxels'
 * memory. Python writes `[i, j, k, trial]`; MATLAB reverses it, `[trial, k, j, i]`, and so does NSD.
 */

import { type Hdf5Dataset, openHdf5 } from "#hdf5";
import { VcaError } from "../errors.ts";
import { type Grid, voxelIndices } from "./grid.ts";
import type { BetaSource } from "./source.ts";

/** What `hdf5Source` opens. */
export interface Hdf5SourceOptions {
  /** The dataset, by the names it may have. */
  readonly names: readonly string[];
  /** Whether MATLAB wrote it, with its axes reversed. Default: no, Python did. */
  readonly reversed?: boolean;
  /** Multiplies each number. Default: 1. */
  readonly scale?: number;
}

/**
 * The betas of an HDF5 file; it is opened for each reading and closed after it.
 * @throws DataError when there is no such dataset, or it has no four axes.
 */
export async function hdf5Source(
  path: string,
  { names, reversed = false, scale = 1 }: Hdf5SourceOptions,
): Promise<BetaSource> {
  const open = async () => {
    const file = await openHdf5(path);
    const name = names.find((candidate) => file.names.includes(candidate)) ?? names[0]!;
    return { file, dataset: file.dataset(name), name };
  };
  const { file, dataset, name } = await open();
  file.close();
  if (dataset.shape.length !== 4) {
    throw new VcaError(
      "DataError",
      `${path}: four axes of "${name}" (three of voxels, one of trials) were expected, got shape [${dataset.shape.join(", ")}]. Pass data in a volume, not a list of voxels.`,
    );
  }
  const axes = reversed ? [3, 2, 1, 0] : [0, 1, 2, 3]; // where i, j, k, trial stand
  const [ni, nj, nk, count] = axes.map((axis) => dataset.shape[axis]!) as [number, number, number, number];
  const grid: Grid = { shape: [ni, nj, nk] };
  return {
    where: path,
    grid,
    count,
    notes: [],
    read: async (voxels, onProgress) => {
      const { file, dataset } = await open();
      try {
        const data = readSlabs(dataset, { axes, ijk: voxelIndices(grid, voxels), count, onProgress });
        if (scale !== 1) for (let at = 0; at < data.length; at++) data[at]! *= scale;
        return { shape: [count, voxels.length], data };
      } finally {
        file.close();
      }
    },
  };
}

interface Slabs {
  /** Where i, j, k and the trial stand among the dataset's axes. */
  readonly axes: readonly number[];
  /** Voxels to read, `[V, 3]`. */
  readonly ijk: Int32Array;
  readonly count: number;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** Values `[n, V]`. A slab has one index on the slowest spatial axis. */
function readSlabs(dataset: Hdf5Dataset, { axes, ijk, count, onProgress }: Slabs): Float64Array {
  const total = ijk.length / 3;
  const out = new Float64Array(count * total);
  const slow = axes[0] === 0 ? 0 : 2; // i in Python's order, k in MATLAB's
  const members = new Map<number, number[]>();
  for (let v = 0; v < total; v++) {
    const index = ijk[3 * v + slow]!;
    const inside = members.get(index);
    if (inside) inside.push(v);
    else members.set(index, [v]);
  }
  let done = 0;
  for (const inside of members.values()) {
    const box = [0, 1, 2].map((axis) => {
      const at = inside.map((v) => ijk[3 * v + axis]!);
      return [Math.min(...at), Math.max(...at) + 1] as const;
    });
    const ranges: (readonly [number, number])[] = [];
    for (const [axis, position] of axes.entries()) ranges[position] = box[axis] ?? [0, count];
    const values = dataset.slice(ranges);
    const strides = ranges.map((_, a) =>
      ranges.slice(a + 1).reduce((size, [from, to]) => size * (to - from), 1),
    );
    for (const v of inside) {
      const start = box.reduce(
        (sum, [from], axis) => sum + (ijk[3 * v + axis]! - from) * strides[axes[axis]!]!,
        0,
      );
      for (let row = 0; row < count; row++) out[row * total + v] = values[start + row * strides[axes[3]!]!]!;
    }
    done++;
    onProgress?.(done, members.size);
  }
  return out;
}
