/**
 * @file NIfTI-1 files of float32 volumes, for simulated betas, masks and statistic maps: a header of 348 bytes with the
 * sform (code 4, MNI152, or 1, scanner) and no qform, then the numbers, little-endian.
 * @see https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
 */
import { gzipSync } from "fflate";
import { VcaError } from "../errors.ts";
import { type Affine, type Grid, gridSize } from "./grid.ts";

/** What `writeNifti` writes. */
export interface NiftiVolumes {
  readonly grid: Grid & { readonly affine: Affine };
  /** Volumes after one another, voxels with the first axis fastest. */
  readonly data: Float32Array;
  /** At most 79 ASCII characters. */
  readonly description?: string;
  /** The space of the affine. Default: `mni`. */
  readonly space?: "mni" | "scanner";
}

const START = 352;

/**
 * The bytes of a .nii file.
 * @throws ShapeError when `data` holds no whole number of volumes.
 */
export function encodeNifti({
  grid,
  data,
  description = "",
  space = "mni",
}: NiftiVolumes): Uint8Array<ArrayBuffer> {
  const count = data.length / gridSize(grid);
  if (!Number.isInteger(count) || count < 1) {
    throw new VcaError(
      "ShapeError",
      `nifti: whole volumes of ${grid.shape.join(" x ")} voxels were expected, got ${data.length} numbers. Pass the grid the data has.`,
    );
  }
  const bytes = new Uint8Array(START + 4 * data.length);
  const view = new DataView(bytes.buffer);
  const short = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setInt16(at + 2 * i, value, true);
  };
  const float = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
  };
  const steps = [0, 1, 2].map((c) => Math.hypot(grid.affine[c]!, grid.affine[c + 4]!, grid.affine[c + 8]!));
  view.setInt32(0, 348, true); // sizeof_hdr
  short(40, count > 1 ? 4 : 3, ...grid.shape, count, 1, 1, 1); // dim
  short(70, 16, 32); // datatype float32, bits
  float(76, 1, ...steps, 1); // pixdim
  float(108, START, 1, 0); // vox_offset, scl_slope, scl_inter
  view.setUint8(123, 2 | 8); // mm, seconds
  bytes.set(new TextEncoder().encode(description).subarray(0, 79), 148);
  short(252, 0, space === "mni" ? 4 : 1); // qform_code, sform_code
  float(280, ...grid.affine.slice(0, 12)); // srow
  bytes.set(new TextEncoder().encode("n+1"), 344);
  for (let i = 0; i < data.length; i++) view.setFloat32(START + 4 * i, data[i]!, true);
  return bytes;
}

/**
 * The bytes of a .nii.gz file; the same input gives the same bytes.
 * @throws ShapeError as `encodeNifti`.
 */
export function writeNifti(volumes: NiftiVolumes): Uint8Array {
  return gzipSync(encodeNifti(volumes), { mtime: 0 });
}
