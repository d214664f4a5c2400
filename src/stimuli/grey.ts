/** @file Grey pictures for hashes and low-level statistics: luma of a picture, and a smaller picture by area averaging. */
import type { Picture } from "../core/picture.ts";

/** Luma `[height, width]`, 0..255: `.299 R + .587 G + .114 B` (ITU-R BT.601). */
export function luma({ width, height, data }: Picture): Float64Array {
  const grey = new Float64Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  return grey;
}

/** A rectangle of an image, in its pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A region of a grey image of the given row width, as `[size, size]`: each new pixel is the mean of the
 * area it covers, border pixels in part.
 */
export function areaAverage(
  grey: Float64Array,
  rowWidth: number,
  region: Region,
  size: number,
): Float64Array {
  const result = new Float64Array(size * size);
  const columns = spans(region.left, region.width, size);
  const rows = spans(region.top, region.height, size);
  for (let y = 0; y < size; y++) {
    const [top, bottom] = rows[y]!;
    for (let x = 0; x < size; x++) {
      const [left, right] = columns[x]!;
      let sum = 0;
      for (let v = Math.floor(top); v < bottom; v++) {
        const share = Math.min(bottom, v + 1) - Math.max(top, v);
        for (let u = Math.floor(left); u < right; u++) {
          sum += share * (Math.min(right, u + 1) - Math.max(left, u)) * grey[v * rowWidth + u]!;
        }
      }
      result[y * size + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return result;
}

/** Where each of `size` new pixels begins and ends on an axis. */
function spans(start: number, length: number, size: number): [number, number][] {
  return Array.from({ length: size }, (_, i) => [
    start + (i * length) / size,
    start + ((i + 1) * length) / size,
  ]);
}
