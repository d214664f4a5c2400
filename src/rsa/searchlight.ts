/**
 * @file A score for the surroundings of every voxel (Kriegeskorte, Goebel & Bandettini 2006, PNAS 103:3863). A sphere holds the mask's
 * voxels whose centres are at most `radius` mm away, the radius itself included, so that 3 mm on a 3 mm grid is a voxel
 * and its six neighbours. Differs from rsatoolbox 0.3.2, whose spheres are in voxels and leave the radius out.
 */
import { type Grid, voxelIndices, voxelMillimetres } from "../brain/grid.ts";
import { VcaError } from "../errors.ts";

/** One sphere. */
export interface Sphere {
  /** Position of its centre among the mask's voxels, from 0. */
  readonly centre: number;
  /** Positions of its voxels, the centre among them, ascending: columns of the patterns. */
  readonly voxels: Int32Array;
}

/** Rounding of an affine: a voxel at the radius counts as in. */
const SLACK = 1e-6;

/**
 * The spheres of a mask.
 * @param voxels numbers of the mask's voxels in the grid, first axis fastest
 * @param radius in mm, inclusive
 * @param least voxels that a sphere must hold to be returned; default 2
 * @throws DataError when the grid has no affine or no sphere is left; ConfigError for a radius of 0 or less.
 */
export function searchlightSpheres(
  mask: { readonly grid: Grid; readonly voxels: ArrayLike<number> },
  { radius, least = 2 }: { readonly radius: number; readonly least?: number },
): Sphere[] {
  const { grid, voxels } = mask;
  if (!(radius > 0))
    throw new VcaError(
      "ConfigError",
      `searchlight: a radius above 0 mm was expected, got ${radius}. Pass millimetres.`,
    );
  if (!grid.affine)
    throw new VcaError(
      "DataError",
      "searchlight: a mask with an affine was expected, got none. Use a NIfTI mask, whose header tells millimetres.",
    );
  const V = voxels.length;
  const mm = voxelMillimetres(grid.affine, voxelIndices(grid, voxels));
  const cells = new Map<string, number[]>(); // cubes of one radius: neighbours lie in 27 of them
  const cell = (v: number) => [0, 1, 2].map((axis) => Math.floor(mm[3 * v + axis]! / (radius + SLACK)));
  for (let v = 0; v < V; v++) {
    const key = cell(v).join();
    const members = cells.get(key);
    if (members) members.push(v);
    else cells.set(key, [v]);
  }
  const spheres: Sphere[] = [];
  for (let centre = 0; centre < V; centre++) {
    const [x, y, z] = cell(centre) as [number, number, number];
    const near: number[] = [];
    for (let i = x - 1; i <= x + 1; i++)
      for (let j = y - 1; j <= y + 1; j++)
        for (let k = z - 1; k <= z + 1; k++)
          for (const v of cells.get(`${i},${j},${k}`) ?? []) {
            const distance = Math.hypot(
              ...[0, 1, 2].map((axis) => mm[3 * v + axis]! - mm[3 * centre + axis]!),
            );
            if (distance <= radius + SLACK) near.push(v);
          }
    if (near.length >= least) spheres.push({ centre, voxels: Int32Array.from(near).sort() });
  }
  if (spheres.length === 0)
    throw new VcaError(
      "DataError",
      `searchlight: spheres of at least ${least} voxels were expected, got none among ${V} voxels at ${radius} mm. Choose a larger radius.`,
    );
  return spheres;
}

/**
 * A score for each of the mask's V voxels, `[V]`; NaN where it has no sphere.
 * @param score from the sphere's voxels (columns of the patterns)
 */
export function searchlight(
  spheres: readonly Sphere[],
  score: (voxels: Int32Array, centre: number) => number,
  voxels: number,
): Float64Array {
  const scores = new Float64Array(voxels).fill(Number.NaN);
  for (const sphere of spheres) scores[sphere.centre] = score(sphere.voxels, sphere.centre);
  return scores;
}
