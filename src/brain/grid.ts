/**
 * @file The grid on which a brain image is sampled: its three axes and the affine from voxel indices to millimetres
 * (x to the right, y to the front, z up, as NIfTI and SPM have it). Voxels are numbered with the first axis fastest.
 */
import { VcaError } from "../errors.ts";

/** Sixteen numbers, row-major: `mm = A [i, j, k, 1]`. */
export type Affine = readonly number[];

/** Shape and position of an image. */
export interface Grid {
  readonly shape: readonly [number, number, number];
  /** Absent where a format keeps none (GLMsingle, NSD in HDF5): the mask's then holds. */
  readonly affine?: Affine;
}

/** Two images lie on one another when no voxel is further off than this, in mm: rounding, not another space. */
const TOLERANCE = 0.1;

/** Number of voxels of a grid. */
export function gridSize({ shape }: Grid): number {
  return shape[0] * shape[1] * shape[2];
}

/** Indices `[V, 3]` of numbered voxels. */
export function voxelIndices({ shape: [ni, nj] }: Grid, voxels: ArrayLike<number>): Int32Array {
  const ijk = new Int32Array(voxels.length * 3);
  for (let v = 0; v < voxels.length; v++) {
    const index = voxels[v]!;
    ijk[3 * v] = index % ni;
    ijk[3 * v + 1] = Math.floor(index / ni) % nj;
    ijk[3 * v + 2] = Math.floor(index / (ni * nj));
  }
  return ijk;
}

/** Millimetres `[V, 3]` of voxel indices `[V, 3]`. */
export function voxelMillimetres(affine: Affine, ijk: ArrayLike<number>): Float64Array {
  const mm = new Float64Array(ijk.length);
  for (let v = 0; v < ijk.length; v += 3)
    for (let axis = 0; axis < 3; axis++) {
      const [a, b, c, d] = affine.slice(4 * axis, 4 * axis + 4) as [number, number, number, number];
      mm[v + axis] = a * ijk[v]! + b * ijk[v + 1]! + c * ijk[v + 2]! + d;
    }
  return mm;
}

/** Indices `[3]` of the voxel at a place in millimetres, which may lie outside the grid. */
export function voxelAt(
  affine: Affine,
  [x, y, z]: readonly [number, number, number],
): [number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0] = affine;
  const [dx, dy, dz] = [x - d, y - h, z - l];
  const determinant = a * (f * k - g * j) - b * (e * k - g * i) + c * (e * j - f * i);
  const index = (p: number, q: number, r: number) => Math.round((p * dx + q * dy + r * dz) / determinant);
  return [
    index(f * k - g * j, c * j - b * k, b * g - c * f),
    index(g * i - e * k, a * k - c * i, c * e - a * g),
    index(e * j - f * i, b * i - a * j, a * f - b * e),
  ];
}

/** A grid and the file it is of. */
export interface Placed {
  readonly where: string;
  readonly grid: Grid;
}

/**
 * Checks that two images have one shape and one affine.
 * @throws DataError naming both files.
 */
export function checkSameGrid(one: Placed, other: Placed): void {
  if (sameGrid(one.grid, other.grid)) return;
  const differ = (what: string, a: string, b: string) =>
    new VcaError(
      "DataError",
      `${one.where}: the ${what} of ${other.where}, ${b}, was expected, got ${a}. Resample one of them to the other's grid (nearest neighbour for masks and atlases).`,
    );
  const [a, b] = [one.grid, other.grid];
  if (a.shape.join() !== b.shape.join()) throw differ("shape", a.shape.join(" x "), b.shape.join(" x "));
  throw differ("affine", affineText(a.affine!), affineText(b.affine!));
}

/** Whether two grids have one shape and, where both say where they lie, one place. */
export function sameGrid(a: Grid, b: Grid): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  return !(a.affine && b.affine) || displacement(a.affine, b.affine, a.shape) <= TOLERANCE;
}

/** The most that a voxel of the grid moves along one axis between two affines, in mm. */
function displacement(a: Affine, b: Affine, shape: readonly number[]): number {
  const extent = [...shape, 1];
  return Math.max(
    ...[0, 4, 8].map((row) => extent.reduce((sum, n, c) => sum + Math.abs(a[row + c]! - b[row + c]!) * n, 0)),
  );
}

function affineText(affine: Affine): string {
  const rows = [0, 4, 8].map((row) =>
    affine
      .slice(row, row + 4)
      .map((value) => +value.toFixed(4))
      .join(" "),
  );
  return `[${rows.join("; ")}]`;
}
