/**
 * @file Spatial statistics of a picture's luma: edges, symmetry, and the Fourier power in three bands and four
 * orientations. All are of the central square, averaged down (or up) to 128 x 128, so that pictures of any size compare.
 */
import type { Picture } from "../core/picture.ts";
import { areaAverage, luma } from "./grey.ts";

const SIZE = 128;
/** A Sobel response that counts as an edge: a step of 10 % of the range from one pixel to the next gives .4. */
const EDGE = 0.4;
/** Upper limits of the bands in cycles per picture: two octaves each from 2, that is 2-8, 8-32, 32-64. */
const BANDS = [8, 32, SIZE / 2] as const;
const LOWEST = 2;
/** Power below which nothing was drawn: keeps the logarithm of a blank picture finite. */
const FLOOR = 1e-12;

/**
 * Spatial statistics, `[16]`, of luma in 0..1:
 * - edge density: the share of inner pixels whose Sobel magnitude |(gx, gy)| exceeds .4; edge strength: its mean;
 * - symmetry: the Pearson correlation of the picture with its left-right mirror, 0 for a constant picture;
 * - spectral slope: the least-squares slope of log10 amplitude on log10 frequency, over the mean amplitude at each whole frequency
 *   from 2 to 63 cycles per picture (natural scenes: about -1; Field 1987, J Opt Soc Am A 4:2379);
 * - energy: log10 of the mean power, plus 1e-12, in bands 2-8, 8-32 and 32-64 cycles per picture, each for contours that run horizontally,
 *   rising (/), vertically and falling (\), 45 degrees wide.
 * The mean is removed and a Hann window applied before the transform; power is |F|^2 / 128^4.
 */
export function spatialStatistics(picture: Picture): Float64Array {
  const { width, height } = picture;
  const side = Math.min(width, height);
  const region = { left: (width - side) / 2, top: (height - side) / 2, width: side, height: side };
  const grey = areaAverage(luma(picture), width, region, SIZE).map((value) => value / 255); // [128, 128]
  return Float64Array.from([...edges(grey), symmetry(grey), ...spectrum(grey)]);
}

function edges(grey: Float64Array): [density: number, strength: number] {
  let count = 0;
  let sum = 0;
  for (let y = 1; y < SIZE - 1; y++) {
    for (let i = y * SIZE + 1; i < (y + 1) * SIZE - 1; i++) {
      const falling = grey[i + SIZE + 1]! - grey[i - SIZE - 1]!;
      const rising = grey[i - SIZE + 1]! - grey[i + SIZE - 1]!;
      const gx = falling + rising + 2 * (grey[i + 1]! - grey[i - 1]!);
      const gy = falling - rising + 2 * (grey[i + SIZE]! - grey[i - SIZE]!);
      const magnitude = Math.sqrt(gx * gx + gy * gy);
      sum += magnitude;
      if (magnitude > EDGE) count++;
    }
  }
  const pixels = (SIZE - 2) ** 2;
  return [count / pixels, sum / pixels];
}

function symmetry(grey: Float64Array): number {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  let both = 0;
  let own = 0;
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const value = grey[y * SIZE + x]! - mean;
      both += value * (grey[y * SIZE + SIZE - 1 - x]! - mean);
      own += value * value;
    }
  }
  return own < FLOOR ? 0 : both / own;
}

/** Of each frequency of the transform: its ring (whole cycles per picture) and its place among the energies, -1 for none. */
const RINGS = new Int8Array(SIZE * SIZE).fill(-1);
const PLACES = new Int8Array(SIZE * SIZE);
for (let i = 0; i < SIZE * SIZE; i++) {
  const u = ((i + SIZE / 2) % SIZE) - SIZE / 2;
  const v = ((Math.floor(i / SIZE) + SIZE / 2) % SIZE) - SIZE / 2;
  const frequency = Math.hypot(u, v);
  const band = BANDS.findIndex((limit) => frequency < limit);
  if (frequency < LOWEST || band < 0) continue;
  RINGS[i] = Math.min(Math.round(frequency), SIZE / 2 - 1);
  // contours lie at right angles to the wave (u, v), v counted downwards: (0, v) has horizontal ones
  PLACES[i] = 4 * band + (Math.round((Math.atan2(u, v) / Math.PI) * 4 + 4) % 4);
}

/** Spectral slope, then log10 power by band and orientation: `[13]`. */
function spectrum(grey: Float64Array): number[] {
  const power = powerSpectrum(grey);
  const amplitude = new Float64Array(SIZE / 2);
  const counts = new Float64Array(SIZE / 2);
  const energy = new Float64Array(12);
  const sizes = new Float64Array(12);
  for (let i = 0; i < power.length; i++) {
    const ring = RINGS[i]!;
    if (ring < 0) continue;
    amplitude[ring]! += Math.sqrt(power[i]!);
    counts[ring]!++;
    energy[PLACES[i]!]! += power[i]!;
    sizes[PLACES[i]!]!++;
  }
  return [slope(amplitude, counts), ...energy.map((sum, i) => Math.log10(sum / sizes[i]! + FLOOR))];
}

function slope(amplitude: Float64Array, counts: Float64Array): number {
  const points = Array.from({ length: SIZE / 2 - LOWEST }, (_, i) => {
    const ring = i + LOWEST;
    return [Math.log10(ring), Math.log10(amplitude[ring]! / counts[ring]! + FLOOR)] as const;
  });
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const xy = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return xy / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

const HANN = Float64Array.from(
  { length: SIZE },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / SIZE),
);
const COSINES = Float64Array.from({ length: SIZE / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / SIZE));
const SINES = Float64Array.from({ length: SIZE / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / SIZE));

/** |F|^2 / 128^4 of the windowed picture without its mean, `[128, 128]`, vertical frequency first. */
function powerSpectrum(grey: Float64Array): Float64Array {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const re = new Float64Array(grey.length);
  const im = new Float64Array(grey.length);
  for (let i = 0; i < grey.length; i++)
    re[i] = (grey[i]! - mean) * HANN[i % SIZE]! * HANN[Math.floor(i / SIZE)]!;
  for (let line = 0; line < SIZE; line++) transform(re, im, line * SIZE, 1);
  for (let line = 0; line < SIZE; line++) transform(re, im, line, SIZE);
  return re.map((value, i) => (value * value + im[i]! * im[i]!) / SIZE ** 4);
}

/** Radix-2 Fourier transform of one line of 128, in place (Cooley & Tukey 1965). */
function transform(re: Float64Array, im: Float64Array, start: number, stride: number): void {
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(re, start + i * stride, start + j * stride);
      swap(im, start + i * stride, start + j * stride);
    }
  }
  for (let length = 2; length <= SIZE; length *= 2) {
    const half = (length / 2) * stride;
    for (let k = 0; k < length / 2; k++) {
      const c = COSINES[(k * SIZE) / length]!;
      const s = SINES[(k * SIZE) / length]!;
      for (let base = k; base < SIZE; base += length) {
        const p = start + base * stride;
        const q = p + half;
        const x = re[q]! * c + im[q]! * s;
        const y = im[q]! * c - re[q]! * s;
        re[q] = re[p]! - x;
        im[q] = im[p]! - y;
        re[p]! += x;
        im[p]! += y;
      }
    }
  }
}

function swap(line: Float64Array, i: number, j: number): void {
  const held = line[i]!;
  line[i] = line[j]!;
  line[j] = held;
}
