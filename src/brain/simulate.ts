/**
 * @file Participants with a planted geometry: each carries the pictures' coordinates in both amygdalae, turned by a rotation of its
 * own (no smoothness in the signal), under noise that is smooth in space (Gaussian) and correlated from trial to trial (first order, within a run). A control
 * region carries noise alone. Pure: all is drawn from the generator that is passed.
 */
import { eigenSymmetric } from "../core/eigen.ts";
import { dot, type Matrix, timesTransposed, transpose } from "../core/linear-algebra.ts";
import type { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import type { Affine, Grid } from "./grid.ts";

/** What is planted, and how it is measured. */
export interface SimulationOptions {
  /** The pictures. */
  readonly ids: readonly string[];
  /** Coordinates `[S, K]`, of `rdmCoordinates` or `featureCoordinates`; their squared distances are the geometry. */
  readonly geometry: Matrix;
  /** Every picture is shown once in each. */
  readonly runs: number;
  /** Variance of the signal over pictures, mean over voxels, by the variance of one trial's noise; 0 plants nothing. */
  readonly snr: number;
  /** Width of the noise's smoothness at half its height, in mm. Default: 4, two voxels. */
  readonly smoothness?: number;
  /** Correlation of the noise of trials that follow one another. Default: 0.2. */
  readonly autocorrelation?: number;
}

/** A simulation before its participants are drawn. */
export interface Simulation {
  readonly options: Required<SimulationOptions>;
  readonly grid: Grid & { readonly affine: Affine };
  /** Voxels of the left and the right amygdala, and of the control region; the columns of the betas in this order. */
  readonly amygdala: Int32Array;
  readonly control: Int32Array;
  /** Squared distances by the number of voxels, `[M]`, as `euclidean` gives them without noise. */
  readonly truth: Float64Array;
  /** Coordinates scaled to the signal, `[S, K]`. */
  readonly coordinates: Matrix;
  /** Square root of the covariance of a blob's noise, `[V / 2, V / 2]`. */
  readonly noise: Matrix;
}

/** One participant's trials. */
export interface SimulatedParticipant {
  readonly ids: readonly string[];
  readonly runs: readonly string[];
  readonly onsets: Float64Array;
  /** `[n, V]` of the amygdala and of the control region. */
  readonly amygdala: Matrix;
  readonly control: Matrix;
}

const VOXEL = 2;
const SHAPE = [31, 24, 14] as const;
const ORIGIN = [-30, -40, -28] as const;
/** Half axes, in mm, and centres (left; the right mirrors it), about where the amygdala lies in MNI152. */
const RADII = [7, 8, 7] as const;
const AMYGDALA = [-22, -4, -18] as const;
const CONTROL = [-22, -30, -14] as const;
/** From trial to trial, in seconds: a slow event-related design. */
const INTERVAL = 6;
/** FWHM of a Gaussian by its standard deviation. */
const FWHM = 2 * Math.sqrt(2 * Math.log(2));

/**
 * Prepares what all participants share. A geometry of more dimensions than half the amygdala's voxels keeps the largest of them.
 * @param like a simulation of the same smoothness, whose work is taken over
 * @throws ConfigError when an option lies outside its range; ShapeError when the geometry has other pictures.
 */
export function planSimulation(given: SimulationOptions, like?: Simulation): Simulation {
  const options = { smoothness: 4, autocorrelation: 0.2, ...given };
  const { ids, geometry, runs, snr, smoothness, autocorrelation } = options;
  const rules = [
    ["runs", "a whole number of at least 1", runs, Number.isInteger(runs) && runs >= 1],
    ["snr", "a number of at least 0", snr, snr >= 0 && Number.isFinite(snr)],
    [
      "smoothness in mm",
      "a number of at least 0",
      smoothness,
      smoothness >= 0 && Number.isFinite(smoothness),
    ],
    [
      "autocorrelation",
      "a number from 0 to below 1",
      autocorrelation,
      autocorrelation >= 0 && autocorrelation < 1,
    ],
  ] as const;
  for (const [name, expected, value, holds] of rules)
    if (!holds)
      throw new VcaError(
        "ConfigError",
        `simulate: ${expected} was expected as ${name}, got ${value}. Correct it.`,
      );
  const [S = 0, all = 0] = geometry.shape;
  if (S !== ids.length)
    throw new VcaError(
      "ShapeError",
      `simulate: coordinates of ${ids.length} pictures were expected, got ${S}. Pass one row for each.`,
    );
  const blob = offsets();
  const V = blob.length;
  const K = Math.min(all, V);
  const kept = Float64Array.from(
    { length: S * K },
    (_, at) => geometry.data[Math.floor(at / K) * all + (at % K)]!,
  );
  const length = kept.reduce((sum, value) => sum + value * value, 0);
  const scale = length > 0 ? Math.sqrt((snr * V * S) / length) : 0;
  const coordinates = { shape: [S, K], data: kept.map((value) => value * scale) };
  const mirrored = ([x = 0, y = 0, z = 0]: readonly number[]) => [-x, y, z];
  const place = (centre: readonly number[]) =>
    [centre, mirrored(centre)].flatMap((side) => blob.map((offset) => voxelAt(side, offset)));
  return {
    options,
    // biome-ignore format: one row of the matrix a line
    grid: { shape: SHAPE, affine: [VOXEL, 0, 0, ORIGIN[0], 0, VOXEL, 0, ORIGIN[1], 0, 0, VOXEL, ORIGIN[2], 0, 0, 0, 1] },
    amygdala: Int32Array.from(place(AMYGDALA)),
    control: Int32Array.from(place(CONTROL)),
    truth: distancesOf(coordinates, V),
    coordinates,
    noise: like?.options.smoothness === smoothness ? like.noise : covarianceRoot(blob, smoothness / FWHM),
  };
}

/**
 * Draws one participant: the order of pictures in each run, the rotation of the geometry in each hemisphere, the noise.
 * @param random the participant's own stream
 */
export function simulateParticipant(simulation: Simulation, random: Random): SimulatedParticipant {
  const { coordinates, options } = simulation;
  const { ids, runs } = options;
  const S = ids.length;
  const order = Array.from({ length: runs }, (_, run) => [...random.at("order", run).permutation(S)]);
  const trials = order.flat();
  const region = (name: string, signal: boolean): Matrix => {
    const sides = ["left", "right"].map((side) => {
      const noise = blobNoise(simulation, random.at("noise", name, side));
      const V = noise.shape[1]!;
      if (signal) addSignal(noise.data, rotated(coordinates, V, random.at("weights", side)), trials);
      return noise;
    });
    return beside(sides[0]!, sides[1]!);
  };
  return {
    ids: trials.map((s) => ids[s]!),
    runs: order.flatMap((run, r) => run.map(() => String(r + 1))),
    onsets: Float64Array.from(trials, (_, n) => (n % S) * INTERVAL),
    amygdala: region("amygdala", true),
    control: region("control", false),
  };
}

/** Noise `[n, V]` of one blob: unit variance, smooth over voxels, of first order over the trials of a run. */
function blobNoise({ noise, options }: Simulation, random: Random): Matrix {
  const [V = 0] = noise.shape;
  const { ids, runs, autocorrelation } = options;
  const fresh = Math.sqrt(1 - autocorrelation ** 2);
  const data = new Float64Array(runs * ids.length * V);
  for (let at = 0; at < data.length; at++) {
    const first = at % (ids.length * V) < V;
    data[at] = first ? random.normal() : autocorrelation * data[at - V]! + fresh * random.normal();
  }
  return timesTransposed({ shape: [runs * ids.length, V], data }, noise); // [n, V]; the root is symmetric
}

/** The coordinates in a space of V voxels, by K orthonormal directions drawn at random: `[S, K] -> [S, V]`. */
function rotated(coordinates: Matrix, V: number, random: Random): Matrix {
  const [, K = 0] = coordinates.shape;
  const axes = new Float64Array(K * V);
  for (let k = 0; k < K; k++) {
    const axis = axes.subarray(k * V, (k + 1) * V);
    for (let v = 0; v < V; v++) axis[v] = random.normal();
    // Gram-Schmidt, twice: once loses digits
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < k; other++) {
        const before = axes.subarray(other * V, (other + 1) * V);
        const share = dot(axis, before);
        for (let v = 0; v < V; v++) axis[v]! -= share * before[v]!;
      }
    const length = Math.sqrt(dot(axis, axis));
    for (let v = 0; v < V; v++) axis[v]! /= length;
  }
  return timesTransposed(coordinates, transpose({ shape: [K, V], data: axes }));
}

function addSignal(betas: Float64Array, { shape: [, V = 0], data }: Matrix, trials: readonly number[]): void {
  for (const [n, s] of trials.entries()) for (let v = 0; v < V; v++) betas[n * V + v]! += data[s * V + v]!;
}

function beside(a: Matrix, b: Matrix): Matrix {
  const [n = 0, V = 0] = a.shape;
  const data = new Float64Array(2 * n * V);
  for (let row = 0; row < n; row++) {
    data.set(a.data.subarray(row * V, (row + 1) * V), 2 * row * V);
    data.set(b.data.subarray(row * V, (row + 1) * V), (2 * row + 1) * V);
  }
  return { shape: [n, 2 * V], data };
}

/** The voxels of a blob around its centre, in mm. */
function offsets(): number[][] {
  const steps = (radius: number) => {
    const most = Math.floor(radius / VOXEL);
    return Array.from({ length: 2 * most + 1 }, (_, at) => (at - most) * VOXEL);
  };
  const [x, y, z] = RADII;
  return steps(z)
    .flatMap((dz) => steps(y).flatMap((dy) => steps(x).map((dx) => [dx, dy, dz])))
    .filter(([dx = 0, dy = 0, dz = 0]) => (dx / x) ** 2 + (dy / y) ** 2 + (dz / z) ** 2 <= 1);
}

function voxelAt(centre: readonly number[], offset: readonly number[]): number {
  const [i = 0, j = 0, k = 0] = centre.map((mm, axis) => (mm + offset[axis]! - ORIGIN[axis]!) / VOXEL);
  return i + SHAPE[0] * (j + SHAPE[1] * k);
}

/** Square root of the covariance exp(-d^2 / (4 sd^2)) of white noise smoothed by a Gaussian, scaled to unit variance. */
function covarianceRoot(blob: readonly number[][], sd: number): Matrix {
  const V = blob.length;
  const covariance = Float64Array.from({ length: V * V }, (_, at) => {
    const [a, b] = [blob[Math.floor(at / V)]!, blob[at % V]!];
    const square = a.reduce((sum, mm, axis) => sum + (mm - b[axis]!) ** 2, 0);
    return square === 0 ? 1 : Math.exp(-square / (4 * sd * sd));
  });
  const { values, vectors } = eigenSymmetric({ shape: [V, V], data: covariance });
  const scaled = vectors.data.map((value, at) => value * Math.max(0, values[Math.floor(at / V)]!) ** 0.25);
  return timesTransposed(transpose({ shape: [V, V], data: scaled })); // U sqrt(L) U^T, vectors being rows
}

/** Squared distances by the number of voxels, `[S, K] -> [M]`. */
function distancesOf({ shape: [S = 0, K = 0], data }: Matrix, voxels: number): Float64Array {
  const out = new Float64Array((S * (S - 1)) / 2);
  for (let i = 0, m = 0; i < S; i++)
    for (let j = i + 1; j < S; j++, m++)
      for (let k = 0; k < K; k++) out[m]! += (data[i * K + k]! - data[j * K + k]!) ** 2 / voxels;
  return out;
}
