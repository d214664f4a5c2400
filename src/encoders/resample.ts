/**
 * @file Resizing that equals Pillow's bit for bit, in Node and in a browser: the encoders were trained on
 * Pillow's pixels, and libvips' bicubic differs from them by up to 6/255. Two passes with 8-bit pixels
 * between them, coefficients in fixed point; a filter that shrinks is widened, so that it averages.
 * Source: Pillow, `src/libImaging/Resample.c` and `Geometry.c` (nearest).
 */
import type { Picture } from "../core/picture.ts";

/** Resampling filters in the order of their codes in Pillow and in `preprocessor_config.json`, 0 to 5. */
export const FILTERS = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"] as const;

/** A resampling filter. */
export type Filter = (typeof FILTERS)[number];

/** Bits after the point: 32 less 8 of the pixel and 2 of head room for a filter's lobes. */
const PRECISION_BITS = 32 - 8 - 2;

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Half width and weight of each filter; every weight is 0 outside the half width. */
const KERNELS: Readonly<
  Record<Exclude<Filter, "nearest">, { support: number; weight: (x: number) => number }>
> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => {
      if (Math.abs(x) >= 1) return 0;
      return x === 0 ? 1 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI));
    },
  },
  bicubic: {
    support: 2, // Keys (1981) with a = -0.5
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** For each target pixel: its first source pixel, how many, and their weights (`taps` to a pixel). */
interface Coefficients {
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
}

function coefficients(from: number, to: number, filter: Exclude<Filter, "nearest">): Coefficients {
  const { support: half, weight } = KERNELS[filter];
  const scale = from / to;
  const widening = Math.max(scale, 1);
  const support = half * widening;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  const row = new Float64Array(taps);
  for (let target = 0; target < to; target++) {
    const center = (target + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const length = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      row[i] = weight((i + start - center + 0.5) * (1 / widening));
      sum += row[i]!;
    }
    for (let i = 0; i < length; i++) {
      const share = (sum === 0 ? row[i]! : row[i]! / sum) * 2 ** PRECISION_BITS;
      weights[target * taps + i] = Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    }
    first[target] = start;
    count[target] = length;
  }
  return { taps, first, count, weights };
}

/** One pass along an axis: `lines` lines of pixels, `step` apart along the axis, `stride` between lines. */
function pass(
  source: Uint8Array,
  target: Uint8Array,
  { taps, first, count, weights }: Coefficients,
  layout: { lines: number; step: number; sourceStride: number; targetStride: number },
): void {
  const { lines, step, sourceStride, targetStride } = layout;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < first.length; i++) {
      const start = i * taps;
      const end = start + count[i]!;
      let at = line * sourceStride + first[i]! * step;
      let red = 1 << (PRECISION_BITS - 1);
      let green = red;
      let blue = red;
      for (let k = start; k < end; k++) {
        const w = weights[k]!;
        red += Math.imul(source[at]!, w);
        green += Math.imul(source[at + 1]!, w);
        blue += Math.imul(source[at + 2]!, w);
        at += step;
      }
      const out = line * targetStride + i * step;
      target[out] = clip(red >> PRECISION_BITS);
      target[out + 1] = clip(green >> PRECISION_BITS);
      target[out + 2] = clip(blue >> PRECISION_BITS);
    }
  }
}

function clip(value: number): number {
  return Math.max(0, Math.min(255, value));
}

function nearest(picture: Picture, width: number, height: number): Picture {
  const columns = nearestIndices(picture.width, width);
  const rows = nearestIndices(picture.height, height);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++, out += 3) {
      const at = (rows[y]! * picture.width + columns[x]!) * 3;
      data[out] = picture.data[at]!;
      data[out + 1] = picture.data[at + 1]!;
      data[out + 2] = picture.data[at + 2]!;
    }
  }
  return { width, height, data };
}

/** The source pixel of each target pixel; the position is summed, not multiplied, as Pillow does. */
function nearestIndices(from: number, to: number): Int32Array {
  const scale = from / to;
  const indices = new Int32Array(to);
  let position = scale * 0.5;
  for (let i = 0; i < to; i++) {
    indices[i] = Math.min(from - 1, Math.trunc(position));
    position += scale;
  }
  return indices;
}

/** The picture at another size: `[h, w, 3] -> [height, width, 3]`, as Pillow's `Image.resize`. */
export function resize(picture: Picture, width: number, height: number, filter: Filter): Picture {
  if (picture.width === width && picture.height === height) return picture;
  if (filter === "nearest") return nearest(picture, width, height);
  let { data } = picture;
  if (picture.width !== width) {
    const narrowed = new Uint8Array(width * picture.height * 3); // [h, width, 3]
    const layout = {
      lines: picture.height,
      step: 3,
      sourceStride: picture.width * 3,
      targetStride: width * 3,
    };
    pass(data, narrowed, coefficients(picture.width, width, filter), layout);
    data = narrowed;
  }
  if (picture.height !== height) {
    const lowered = new Uint8Array(width * height * 3); // [height, width, 3]
    const layout = { lines: width, step: width * 3, sourceStride: 3, targetStride: 3 };
    pass(data, lowered, coefficients(picture.height, height, filter), layout);
    data = lowered;
  }
  return { width, height, data };
}
