/**
 * @file Ridge from pictures' features to voxels, a penalty for each voxel; with several bands of features (affect, object) also a
 * share for each band, so that a few ratings are not drowned by a thousand channels. Penalties and shares are chosen by exact
 * errors over inner folds (training/ridge-path).
 * @see Nunez-Elizalde, Huth & Gallant (2019), NeuroImage 197:482; Dupre la Tour et al. (2022), NeuroImage 264:119728
 */
import { type Matrix, matrixShape, timesTransposed } from "../core/linear-algebra.ts";
import { PENALTIES } from "../training/ridge.ts";
import { type Choice, choosePenalties } from "../training/ridge-path.ts";

/** What ridge learns from and predicts. */
export interface BandedRidgeOptions {
  /** z-scored features of the training pictures, `[n, F]` of each band. */
  readonly x: readonly Matrix[];
  /** Centred patterns of the training pictures `[n, V]`. */
  readonly y: Matrix;
  /** Features of other pictures, `[m, F]` of each band, on the scale of `x`. */
  readonly test: readonly Matrix[];
  /** Rows of `x` in each inner fold. */
  readonly blocks: readonly (readonly number[])[];
  /** Ascending; default `PENALTIES`. */
  readonly penalties?: readonly number[] | undefined;
}

/** What ridge predicts. */
export interface RidgePrediction {
  /** `[m, V]`, centred as `y`. */
  readonly predictions: Matrix;
  /** Chosen for each voxel, `[V]`. */
  readonly penalties: Float64Array;
  /** Voxels whose penalty is the smallest of the grid, so that a smaller one might do better; the largest means no signal. */
  readonly atSmallest: number;
}

/** The first band's share of the features' variance. */
const SHARES: readonly number[] = [0.01, 0.1, 0.5, 0.9, 0.99];

/** Predictions of `test`, from one or two bands. @throws DataError when a penalty is too small for rounding. */
export function bandedRidge({
  x,
  y,
  test,
  blocks,
  penalties = PENALTIES,
}: BandedRidgeOptions): RidgePrediction {
  const [, V] = matrixShape(y, "ridge");
  const [m] = matrixShape(test[0]!, "ridge");
  const targets = Array.from({ length: V }, (_, v) => y.data.filter((_, at) => at % V === v));
  const best: { choice: Choice; gram: Float64Array }[] = [];
  for (const share of x.length > 1 ? SHARES : [1]) {
    const z = joined(x, share);
    const gram = timesTransposed(joined(test, share), z).data; // [m, n]
    for (const [v, choice] of choosePenalties(z, targets, blocks, penalties).entries())
      if (!best[v] || choice.r2 > best[v].choice.r2) best[v] = { choice, gram };
  }
  const n = y.shape[0]!;
  const data = new Float64Array(m * V);
  for (const [v, { choice, gram }] of best.entries())
    for (let row = 0; row < m; row++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += gram[row * n + i]! * choice.residuals[i]!;
      data[row * V + v] = sum / penalties[choice.place]!;
    }
  return {
    predictions: { shape: [m, V], data },
    penalties: Float64Array.from(best, ({ choice }) => penalties[choice.place]!),
    atSmallest: best.filter(({ choice }) => choice.place === 0).length,
  };
}

/** Bands side by side; of two, the first has `share` of the variance, whatever their widths. One stays as it is. */
function joined(bands: readonly Matrix[], share: number): Matrix {
  if (bands.length === 1) return bands[0]!;
  const n = bands[0]!.shape[0]!;
  const widths = bands.map(({ shape }) => shape[1]!);
  const total = widths.reduce((a, b) => a + b, 0);
  const data = new Float64Array(n * total);
  let from = 0;
  for (const [b, band] of bands.entries()) {
    const width = widths[b]!;
    const factor = Math.sqrt(((b === 0 ? share : 1 - share) * total) / width);
    for (let i = 0; i < n; i++)
      for (let f = 0; f < width; f++) data[i * total + from + f] = factor * band.data[i * width + f]!;
    from += width;
  }
  return { shape: [n, total], data };
}
