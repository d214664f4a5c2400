/**
 * @file Low-level picture statistics: what a model could know of a picture without seeing what it shows. A control for
 * the circuit and a covariate for unit selectivity; ridge on such numbers reaches about r = .3 on rated sets
 * (Sadeghi et al. 2024). Colour and luminance come from every pixel, spatial statistics from the central square at 128 x 128.
 */
import type { Picture } from "../core/picture.ts";
import { spatialStatistics } from "./spatial.ts";

/**
 * The statistics, in order. Moments are over pixels, standard deviations divide by their number.
 * - `luminance-*`: mean, standard deviation (root mean square contrast) and skewness of L* (CIE 1976, D65, 0..100); a constant has skewness 0.
 * - `green-red-*`, `blue-yellow-*`: mean and standard deviation of Lab a* and b*.
 * - `chroma-mean`: mean of sqrt(a*^2 + b*^2).
 * - `saturation-*`: mean and standard deviation of HSV saturation, (max - min) / max, 0 for black.
 * - `colourfulness`: sqrt(sd_rg^2 + sd_yb^2) + .3 sqrt(mean_rg^2 + mean_yb^2), rg = R - G, yb = (R + G) / 2 - B
 *   (Hasler & Suesstrunk 2003, Proc. SPIE 5007:87).
 * - `entropy`: -sum p log2 p of the 256-bin luma histogram, in bits.
 * - `edge-density`, `edge-strength`, `symmetry`, `spectral-slope`, `energy-*`: see `spatialStatistics`.
 */
export const LOW_LEVEL_NAMES = [
  "luminance-mean",
  "luminance-sd",
  "luminance-skew",
  "green-red-mean",
  "green-red-sd",
  "blue-yellow-mean",
  "blue-yellow-sd",
  "chroma-mean",
  "saturation-mean",
  "saturation-sd",
  "colourfulness",
  "entropy",
  "edge-density",
  "edge-strength",
  "symmetry",
  "spectral-slope",
  ...["low", "middle", "high"].flatMap((band) =>
    ["horizontal", "rising", "vertical", "falling"].map((orientation) => `energy-${band}-${orientation}`),
  ),
] as const satisfies readonly string[];

/** sRGB byte to linear light, 0..1 (IEC 61966-2-1). */
const LINEAR = Float64Array.from({ length: 256 }, (_, i) =>
  i / 255 <= 0.04045 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4,
);

/** Sums that give mean, standard deviation and skewness. */
class Moments {
  #n = 0;
  #one = 0;
  #two = 0;
  #three = 0;

  add(x: number): void {
    this.#n++;
    this.#one += x;
    this.#two += x * x;
    this.#three += x * x * x;
  }

  get mean(): number {
    return this.#one / this.#n;
  }

  get sd(): number {
    return Math.sqrt(Math.max(0, this.#two / this.#n - this.mean ** 2));
  }

  get skew(): number {
    const { mean, sd } = this;
    if (sd < 1e-6) return 0;
    return (this.#three / this.#n - 3 * mean * sd ** 2 - mean ** 3) / sd ** 3;
  }
}

/** The low-level statistics of a picture, `[28]`, in the order of `LOW_LEVEL_NAMES`. */
export function lowLevelStatistics(picture: Picture): Float64Array {
  const { width, height, data } = picture;
  const lightness = new Moments();
  const aStar = new Moments();
  const bStar = new Moments();
  const chroma = new Moments();
  const saturation = new Moments();
  const rg = new Moments();
  const yb = new Moments();
  const histogram = new Float64Array(256);
  for (let i = 0; i < 3 * width * height; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const r = LINEAR[red]!;
    const g = LINEAR[green]!;
    const b = LINEAR[blue]!;
    const x = labCurve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const y = labCurve(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
    const z = labCurve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
    const greenRed = 500 * (x - y);
    const blueYellow = 200 * (y - z);
    lightness.add(116 * y - 16);
    aStar.add(greenRed);
    bStar.add(blueYellow);
    chroma.add(Math.sqrt(greenRed ** 2 + blueYellow ** 2));
    const most = Math.max(red, green, blue);
    saturation.add(most === 0 ? 0 : (most - Math.min(red, green, blue)) / most);
    rg.add(red - green);
    yb.add((red + green) / 2 - blue);
    histogram[Math.round(0.299 * red + 0.587 * green + 0.114 * blue)]!++;
  }
  const entropy = histogram.reduce((sum, count) => {
    const p = count / (width * height);
    return p > 0 ? sum - p * Math.log2(p) : sum;
  }, 0);
  return Float64Array.from([
    lightness.mean,
    lightness.sd,
    lightness.skew,
    aStar.mean,
    aStar.sd,
    bStar.mean,
    bStar.sd,
    chroma.mean,
    saturation.mean,
    saturation.sd,
    Math.hypot(rg.sd, yb.sd) + 0.3 * Math.hypot(rg.mean, yb.mean),
    entropy,
    ...spatialStatistics(picture),
  ]);
}

/** CIE's f: a cube root with a linear foot. */
function labCurve(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116;
}
