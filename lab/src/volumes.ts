/** @file Brain images for the view, read and checked by the library's own reader. */
import { gridSize } from "../../src/brain/grid.ts";
import { onlyVolume, readNifti } from "../../src/brain/nifti.ts";
import { VcaError } from "../../src/errors.ts";
import type { Volume } from "./protocol.ts";

/** Voxels that a tab draws: half a millimetre of a head. */
const MOST = 64e6;

/** The one volume of a file. @throws DataError as `readNifti`, for several volumes, or for too many voxels */
export function readVolume(bytes: Uint8Array, name: string): Volume {
  const image = readNifti(bytes, name);
  const { shape, affine } = image.grid;
  if (gridSize(image.grid) > MOST)
    throw new VcaError(
      "DataError",
      `${name}: an image of at most ${MOST / 1e6} million voxels was expected, got ${shape.join(" x ")}. Resample it to larger voxels.`,
    );
  const values = new Float32Array(onlyVolume(image));
  return { name, shape, affine, values, binary: isBinary(values) };
}

function isBinary(values: Float32Array): boolean {
  const found = new Set<number>();
  for (const value of values) if (found.add(value).size > 2) return false;
  return true;
}
