/**
 * @file The betas of one participant in one region: rows named by stimulus and run, voxels with their place. Voxels that hold a NaN or
 * never change carry nothing and are dropped, and counted.
 */
import { type Matrix, pickRows } from "../core/linear-algebra.ts";
import { quantiles } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import { type Conditions, checkConditions } from "./conditions.ts";
import { type Affine, checkSameGrid, voxelIndices, voxelMillimetres } from "./grid.ts";
import { type Roi, splitHemispheres } from "./roi.ts";
import type { BetaSource, Labels, Progress } from "./source.ts";

/** One participant's betas. */
export interface Betas extends Labels {
  readonly where: string;
  /** `[n, V]` */
  readonly data: Matrix;
  /** Indices and millimetres of the voxels, both `[V, 3]`. */
  readonly voxels: { readonly ijk: Int32Array; readonly mm: Float64Array };
  readonly affine: Affine;
  /** Voxels of the region that were left out. */
  readonly dropped: { readonly nan: number; readonly constant: number };
  readonly notes: readonly string[];
}

/** What `loadBetas` takes besides. */
export interface LoadBetasOptions {
  /** Which stimulus each volume is of; not needed where the format names its volumes, and stronger where it does. */
  readonly conditions?: Conditions | undefined;
  /** The pictures whose rows are kept; default all. */
  readonly pictures?: readonly string[] | undefined;
  readonly onProgress?: Progress;
}

/**
 * Reads the region's voxels.
 * @throws DataError when region and betas do not lie on one grid (naming both files), volumes and conditions differ in number,
 * nothing names the volumes, or no voxel is left.
 */
export async function loadBetas(
  source: BetaSource,
  roi: Roi,
  { conditions, pictures, onProgress }: LoadBetasOptions = {},
): Promise<Betas> {
  checkSameGrid(roi, source);
  if (conditions) checkConditions(conditions, source.where, source.count);
  const every = conditions ?? source.labels;
  if (!every) {
    throw new VcaError(
      "DataError",
      `${source.where}: the stimulus of each of the ${source.count} volumes was expected, got none. Pass --conditions with a table of id, run and onset.`,
    );
  }
  const { rows, labels } = rowsOf(every, pictures);
  const read = await source.read(roi.voxels, onProgress);
  const all = rows ? pickRows(read, rows) : read;
  const { kept, dropped } = informative(all);
  if (kept.length === 0) {
    throw new VcaError(
      "DataError",
      `${source.where}: voxels that vary were expected in ${roi.where}, got ${dropped.nan} with NaN and ${dropped.constant} constant. Check that the mask covers the betas.`,
    );
  }
  const ijk = voxelIndices(
    roi.grid,
    Int32Array.from(kept, (v) => roi.voxels[v]!),
  );
  return {
    where: source.where,
    ids: labels.ids,
    runs: labels.runs,
    ...(labels.onsets && { onsets: labels.onsets }),
    data: columns(all, kept),
    voxels: { ijk, mm: voxelMillimetres(roi.grid.affine, ijk) },
    affine: roi.grid.affine,
    dropped,
    notes: source.notes,
  };
}

/** The rows of some pictures, and what they are of. */
function rowsOf(labels: Labels, pictures: readonly string[] | undefined) {
  const { ids, runs, onsets } = labels;
  if (!pictures) return { rows: undefined, labels };
  const wanted = new Set(pictures);
  const rows = [...ids.keys()].filter((row) => wanted.has(ids[row]!));
  const kept: Labels = {
    ids: rows.map((row) => ids[row]!),
    runs: rows.map((row) => runs[row]!),
    ...(onsets && { onsets: Float64Array.from(rows, (row) => onsets[row]!) }),
  };
  return { rows, labels: kept };
}

/** The voxels of a matrix `[n, V]` that have no NaN and more than one value, and how many have not. */
function informative({ shape: [n = 0, total = 0], data }: Matrix) {
  const kept: number[] = [];
  const dropped = { nan: 0, constant: 0 };
  for (let v = 0; v < total; v++) {
    let finite = true;
    let varies = false;
    for (let at = v; at < n * total; at += total) {
      finite &&= Number.isFinite(data[at]!);
      varies ||= data[at] !== data[v];
    }
    if (!finite) dropped.nan++;
    else if (!varies) dropped.constant++;
    else kept.push(v);
  }
  return { kept, dropped };
}

function columns({ shape: [n = 0, total = 0], data }: Matrix, kept: readonly number[]): Matrix {
  const out = new Float64Array(n * kept.length);
  for (let row = 0; row < n; row++)
    for (const [v, column] of kept.entries()) out[row * kept.length + v] = data[row * total + column]!;
  return { shape: [n, kept.length], data: out };
}

/**
 * Temporal signal-to-noise of each voxel of a time series `[T, V]`: mean over standard deviation (divisor T, no detrending); 0 where
 * nothing changes. Of the preprocessed series, not of betas.
 * @see Murphy, Bodurka & Bandettini (2007), NeuroImage 34:565
 */
export function temporalSnr({ shape: [n = 0, total = 0], data }: Matrix): Float64Array {
  return Float64Array.from({ length: total }, (_, v) => {
    let mean = 0;
    for (let row = 0; row < n; row++) mean += data[row * total + v]! / n;
    let square = 0;
    for (let row = 0; row < n; row++) square += (data[row * total + v]! - mean) ** 2 / n;
    return square > 0 ? mean / Math.sqrt(square) : 0;
  });
}

/** What a claim about a region needs beside it. */
export interface RoiSummary {
  readonly name: string;
  readonly voxels: number;
  /** Median over voxels that vary; absent where they do not, or where there is no series. */
  readonly tsnr?: number;
}

/**
 * Voxels and temporal signal-to-noise of a region and of its two sides (x < 0 mm is left).
 * @param series the preprocessed time series, on the region's grid
 * @throws DataError when they do not lie on one grid.
 */
export async function summarizeRoi(roi: Roi, series?: BetaSource): Promise<readonly RoiSummary[]> {
  const { left, right } = splitHemispheres(roi);
  const rois = [roi, left, right];
  const tsnr = series ? await regionTsnr(rois, series) : [];
  return rois.map(({ name, voxels }, r) => ({
    name,
    voxels: voxels.length,
    ...(tsnr[r] !== undefined && { tsnr: tsnr[r] }),
  }));
}

/**
 * Temporal signal-to-noise of regions, medians over voxels that vary, in one pass over a series; undefined where none varies.
 * @throws DataError when a region does not lie on the grid of the series, or the series has one volume.
 */
export async function regionTsnr(rois: readonly Roi[], series: BetaSource): Promise<(number | undefined)[]> {
  for (const roi of rois) checkSameGrid(roi, series);
  if (series.count < 2)
    throw new VcaError(
      "DataError",
      `${series.where}: a time series was expected, got ${series.count} volume. Pass the preprocessed run, not a map.`,
    );
  const voxels = Int32Array.from(rois.flatMap((roi) => [...roi.voxels]));
  const snr = temporalSnr(await series.read(voxels));
  let from = 0;
  return rois.map((roi) => {
    const own = snr.subarray(from, from + roi.voxels.length).filter((value) => value > 0);
    from += roi.voxels.length;
    return own.length > 0 ? quantiles(own, [0.5])[0] : undefined;
  });
}
