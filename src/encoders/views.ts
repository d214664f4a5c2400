/**
 * @file Views: the same picture flipped, turned or blurred, for the augmentations that act before a frozen
 * encoder. A view acts on resized 8-bit pixels and is a pure function of (seed, picture, index).
 *
 * Rotation by up to 20 degrees (p .5) and flip (p .5) are those of Liu et al. (2025), blur (p .2) that of
 * their code (cswin/VCA_Full). They state neither the interpolation nor the blur's width: rotation is
 * bilinear with black corners, as Pillow's `rotate`; the width is torchvision's default range.
 */
import type { Picture } from "../core/picture.ts";
import { Random } from "../core/random.ts";

/** Which view of a picture: as it is, mirrored, or the `index`-th random one of a seed. */
export type View =
  | { readonly kind: "plain" }
  | { readonly kind: "flip" }
  | { readonly kind: "random"; readonly seed: number; readonly index: number };

const FLIP_PROBABILITY = 0.5;
const TURN_PROBABILITY = 0.5;
const MAX_DEGREES = 20;
const BLUR_PROBABILITY = 0.2;
/** Standard deviation of the blur in pixels: torchvision's `GaussianBlur` default. */
const BLUR_SD = [0.1, 2] as const;

/** The view as part of a file name: `plain`, `flip`, `random-<seed>-<index>`. */
export function viewName(view: View): string {
  return view.kind === "random" ? `random-${view.seed}-${view.index}` : view.kind;
}

/**
 * A view of a picture, at the same size.
 * @param identity names the picture (its sha256), so that each picture draws its own numbers
 */
export function applyView(picture: Picture, view: View, identity: string): Picture {
  if (view.kind === "plain") return picture;
  if (view.kind === "flip") return flip(picture);
  const random = Random.seeded(view.seed).at("view", identity, view.index);
  let result = picture;
  if (random.uniform() < FLIP_PROBABILITY) result = flip(result);
  if (random.uniform() < TURN_PROBABILITY) result = rotate(result, (2 * random.uniform() - 1) * MAX_DEGREES);
  if (random.uniform() < BLUR_PROBABILITY) {
    result = gaussianBlur(result, BLUR_SD[0] + random.uniform() * (BLUR_SD[1] - BLUR_SD[0]));
  }
  return result;
}

/** The picture mirrored left to right. */
export function flip({ width, height, data: source }: Picture): Picture {
  const data = new Uint8Array(source.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const out = (y * width + width - 1 - x) * 3;
      data[out] = source[at]!;
      data[out + 1] = source[at + 1]!;
      data[out + 2] = source[at + 2]!;
    }
  }
  return { width, height, data };
}

/**
 * The picture turned about its centre, counter-clockwise, at the same size with black corners: Pillow's
 * `rotate(degrees, BILINEAR)`.
 * @see Pillow, `src/PIL/Image.py` (rotate) and `src/libImaging/Geometry.c` (bilinear_filter32RGB)
 */
export function rotate({ width, height, data: source }: Picture, degrees: number): Picture {
  const cos = Math.cos((-degrees * Math.PI) / 180);
  const sin = Math.sin((-degrees * Math.PI) / 180);
  const data = new Uint8Array(source.length);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++, out += 3) {
      const dx = x + 0.5 - width / 2;
      const dy = y + 0.5 - height / 2;
      const fromX = cos * dx + sin * dy + width / 2;
      const fromY = cos * dy - sin * dx + height / 2;
      if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) continue;
      const left = Math.floor(fromX - 0.5);
      const top = Math.floor(fromY - 0.5);
      const shareX = fromX - 0.5 - left;
      const shareY = fromY - 0.5 - top;
      const x0 = Math.max(0, left) * 3;
      const x1 = Math.min(width - 1, left + 1) * 3;
      const y0 = Math.max(0, top) * width * 3;
      const y1 = Math.min(height - 1, top + 1) * width * 3;
      for (let c = 0; c < 3; c++) {
        const above = source[y0 + x0 + c]! * (1 - shareX) + source[y0 + x1 + c]! * shareX;
        const below = source[y1 + x0 + c]! * (1 - shareX) + source[y1 + x1 + c]! * shareX;
        data[out + c] = Math.trunc(above * (1 - shareY) + below * shareY);
      }
    }
  }
  return { width, height, data };
}

/** The picture convolved with a Gaussian of `sd` pixels, cut at 3 sd, mirrored at the edges. */
export function gaussianBlur(picture: Picture, sd: number): Picture {
  const radius = Math.max(1, Math.ceil(3 * sd));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sd ** 2)),
  );
  const sum = kernel.reduce((a, b) => a + b);
  const weights = kernel.map((value) => value / sum);
  const { width, height } = picture;
  const across = new Float64Array(picture.data.length);
  convolve(picture.data, across, weights, { length: width, step: 3, lines: height, stride: width * 3 });
  const both = new Float64Array(picture.data.length);
  convolve(across, both, weights, { length: height, step: width * 3, lines: width, stride: 3 });
  return { width, height, data: Uint8Array.from(both, (value) => Math.round(value)) };
}

function convolve(
  source: Uint8Array | Float64Array,
  target: Float64Array,
  weights: Float64Array,
  { length, step, lines, stride }: { length: number; step: number; lines: number; stride: number },
): void {
  const radius = weights.length >> 1;
  const offsets = Int32Array.from(
    { length: length + 2 * radius },
    (_, i) => mirrored(i - radius, length) * step,
  );
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < weights.length; k++) {
        const at = line * stride + offsets[i + k]!;
        red += weights[k]! * source[at]!;
        green += weights[k]! * source[at + 1]!;
        blue += weights[k]! * source[at + 2]!;
      }
      const out = line * stride + i * step;
      target[out] = red;
      target[out + 1] = green;
      target[out + 2] = blue;
    }
  }
}

/** An index outside 0 .. length - 1 reflected back, the edge pixel not repeated. */
function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((index % period) + period) % period;
  return within < length ? within : period - within;
}
