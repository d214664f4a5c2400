/** @file Statistic maps of brain regions: NIfTI files on the mask's grid, which any viewer and the lab's brain drawer open. */
import { writeFileAtomic } from "#files";
import { gridSize } from "../brain/grid.ts";
import { writeNifti } from "../brain/nifti-write.ts";
import type { Roi } from "../brain/roi.ts";
import type { GroupMap } from "../encoding/group.ts";
import type { BrainRegion, Trials } from "./brain-data.ts";

/** Numbers of a participant's voxels in the grid: those of the region less what was dropped. */
export function numbersOf({ voxels: { ijk }, grid }: Trials): Int32Array {
  const [ni, nj] = grid.shape;
  return Int32Array.from(
    { length: ijk.length / 3 },
    (_, v) => ijk[3 * v]! + ni * (ijk[3 * v + 1]! + nj * ijk[3 * v + 2]!),
  );
}

/** Regions that are fitted by themselves: no hemisphere, which is a part of the mask. */
export function mapped({ kind }: BrainRegion): boolean {
  return kind === "mask" || kind === "control";
}

/**
 * Writes volumes into `maps/`, or a folder in it.
 * @param name of the file, without ending
 */
export async function writeMap(
  out: string,
  grid: Roi["grid"],
  name: string,
  data: Float32Array,
): Promise<void> {
  const file = `${out}/maps/${name.replace(/[^\w./-]+/g, "-")}.nii.gz`;
  await writeFileAtomic(file, writeNifti({ grid, data, description: `vca ${name}` }));
}

/** Writes the group's correlation and q, 0 and 1 outside the region. @param name what is mapped, such as `CeA` */
export async function writeGroupMap(
  out: string,
  { name: region, grid }: { readonly name: string; readonly grid: Roi["grid"] },
  name: string,
  map: GroupMap,
): Promise<void> {
  for (const [what, outside] of [
    ["r", 0],
    ["q", 1],
  ] as const) {
    const data = new Float32Array(gridSize(grid)).fill(outside);
    map.voxels.forEach((voxel, v) => {
      data[voxel] = map[what][v]!;
    });
    await writeMap(out, grid, `${region} ${name} ${what}`, data);
  }
}
