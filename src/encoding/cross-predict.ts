/**
 * @file Patterns of pictures predicted from their features by models that did not see them. All that is learned, and all that is chosen, is
 * learned in the training pictures of the fold: scaling, components, penalty, their number, which voxels are reliable.
 */
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import { standardize } from "../training/standardize.ts";
import { plsPredictions } from "./pls.ts";
import { principalScores } from "./principal.ts";
import { bandedRidge } from "./ridge.ts";

/** How to predict. */
export type EncodingMethod =
  | { readonly kind: "ridge"; readonly penalties?: readonly number[] }
  /** `components` at most; with `choose`, their number has the least inner error. */
  | { readonly kind: "pls"; readonly components: number; readonly choose: boolean };

/** Pictures with features and patterns. */
export interface EncodingData {
  /** `[S, F]` each: one array of features, or two bands for ridge. */
  readonly features: readonly Matrix[];
  /** Patterns averaged over repeats `[S, V]`. */
  readonly patterns: Matrix;
  /** The fold of each picture, `[S]`; at least three, so that two are left for choosing. */
  readonly folds: Int32Array;
}

/** Options of `crossPredict`. */
export interface CrossPredictOptions {
  readonly method: EncodingMethod;
  /** Principal components to keep of each band; default: all features. */
  readonly pca?: number | undefined;
  /** Voxels to model, from the training pictures alone; default all. */
  readonly voxels?: ((train: Int32Array) => ArrayLike<number>) | undefined;
}

/** Held-out predictions. */
export interface CrossPrediction {
  /** `[S, V]`; NaN for a voxel that its fold left out. */
  readonly predictions: Matrix;
  /** Share of penalties at the small end of their grid. */
  readonly atSmallest: number;
}

/**
 * Predicts each fold from the others; inner folds are the other folds, so groups and blocks stay whole in them too.
 * @throws ShapeError when lengths differ; DataError when a number is not finite or pictures are fewer than three; ConfigError for fewer than three
 * folds, or two bands for PLS.
 */
export function crossPredict(
  { features, patterns, folds }: EncodingData,
  { method, pca, voxels }: CrossPredictOptions,
): CrossPrediction {
  const [S, V] = matrixShape(patterns, "encoding: patterns");
  check(features, patterns, folds, method);
  const predictions = new Float64Array(S * V).fill(Number.NaN);
  let [smallest, fitted] = [0, 0];
  for (const fold of new Set(folds)) {
    const train = Int32Array.from(folds.keys()).filter((s) => folds[s] !== fold);
    const held = Int32Array.from(folds.keys()).filter((s) => folds[s] === fold);
    const kept = voxels ? Int32Array.from(voxels(train)) : Int32Array.from({ length: V }, (_, v) => v);
    if (kept.length === 0) continue;
    const { centred, center } = centredRows(patterns, train, kept);
    const sides = features.map((matrix) => prepared(matrix, train, held, pca));
    const inner = [...new Set(train.map((s) => folds[s]!))];
    const blocks = inner.map((each) => [...train.keys()].filter((i) => folds[train[i]!] === each));
    let found: Matrix;
    if (method.kind === "ridge") {
      const ridge = bandedRidge({
        x: sides.map(({ x }) => x),
        test: sides.map(({ test }) => test),
        y: centred,
        blocks,
        penalties: method.penalties,
      });
      found = ridge.predictions;
      smallest += ridge.atSmallest;
      fitted += kept.length;
    } else {
      const { x, test } = sides[0]!;
      const components = method.choose
        ? bestComponents(features[0]!, patterns, { train, blocks, kept, pca, most: method.components })
        : method.components;
      found = plsPredictions({ x, y: centred, test, components }).at(-1)!;
    }
    for (const [i, s] of held.entries())
      for (const [j, v] of kept.entries())
        predictions[s * V + v] = found.data[i * kept.length + j]! + center[j]!;
  }
  return {
    predictions: { shape: [S, V], data: predictions },
    atSmallest: fitted > 0 ? smallest / fitted : 0,
  };
}

/** The number of components with the least squared error of scaled voxels over inner folds, each with its own scaling. */
function bestComponents(
  features: Matrix,
  patterns: Matrix,
  {
    train,
    blocks,
    kept,
    pca,
    most,
  }: {
    train: Int32Array;
    blocks: readonly (readonly number[])[];
    kept: Int32Array;
    pca: number | undefined;
    most: number;
  },
): number {
  const V = patterns.shape[1]!;
  const { scale } = standardize(patterns, train);
  const errors = new Float64Array(most);
  for (const block of blocks) {
    const out = new Set(block);
    const inner = train.filter((_, i) => !out.has(i));
    const held = train.filter((_, i) => out.has(i));
    const { x, test } = prepared(features, inner, held, pca);
    const { centred, center } = centredRows(patterns, inner, kept);
    const found = plsPredictions({ x, y: centred, test, components: most });
    for (let a = 0; a < most; a++) {
      const { data } = found[Math.min(a, found.length - 1)]!;
      for (const [i, s] of held.entries())
        for (const [j, v] of kept.entries())
          errors[a]! +=
            ((patterns.data[s * V + v]! - center[j]! - data[i * kept.length + j]!) / scale[v]!) ** 2;
    }
  }
  return 1 + errors.reduce((least, error, a) => (error < errors[least]! ? a : least), 0);
}

/** How far from the mean a held-out feature may lie, by the farthest training picture on that side; normal ones of 15 pictures reach 3.5. */
const REACH = 5;

/**
 * Features of training and held-out pictures on the training pictures' scale, or on their principal axes. A channel that is all but silent in
 * the training pictures (rectified ones are) may be 10^5 of its scales away in another; it counts as `REACH` times their farthest.
 */
function prepared(features: Matrix, train: Int32Array, held: Int32Array, pca: number | undefined) {
  const F = features.shape[1]!;
  const { z, center, scale } = standardize(features, train);
  const test = new Float64Array(held.length * F);
  for (let f = 0; f < F; f++) {
    let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = f; at < z.data.length; at += F) {
      lo = Math.min(lo, z.data[at]!);
      hi = Math.max(hi, z.data[at]!);
    }
    for (const [i, s] of held.entries()) {
      const value = (features.data[s * F + f]! - center[f]!) / scale[f]!;
      test[i * F + f] = Math.min(REACH * hi, Math.max(REACH * lo, value));
    }
  }
  const own: Matrix = { shape: [held.length, F], data: test };
  return pca === undefined ? { x: z, test: own } : principalScores(z, own, pca);
}

/** The chosen rows and columns less the columns' means. */
function centredRows({ shape, data }: Matrix, rows: Int32Array, columns: Int32Array) {
  const V = shape[1]!;
  const center = Float64Array.from(columns, (v) =>
    rows.reduce((sum, s) => sum + data[s * V + v]! / rows.length, 0),
  );
  const out = new Float64Array(rows.length * columns.length);
  for (const [i, s] of rows.entries())
    for (const [j, v] of columns.entries()) out[i * columns.length + j] = data[s * V + v]! - center[j]!;
  return { centred: { shape: [rows.length, columns.length], data: out } satisfies Matrix, center };
}

function check(
  features: readonly Matrix[],
  patterns: Matrix,
  folds: Int32Array,
  method: EncodingMethod,
): void {
  const [S, V] = matrixShape(patterns, "encoding: patterns");
  requireFinite(
    patterns.data,
    "encoding: patterns",
    (at) => `picture ${Math.floor(at / V)}, voxel ${at % V}`,
  );
  if (S < 3)
    throw new VcaError("DataError", `encoding: 3 or more pictures were expected, got ${S}. Add pictures.`);
  for (const matrix of features) {
    const [rows, F] = matrixShape(matrix, "encoding: features");
    if (rows !== S)
      throw new VcaError(
        "ShapeError",
        `encoding: features of ${S} pictures were expected, got ${rows}. Join them by stimulus id.`,
      );
    requireFinite(
      matrix.data,
      "encoding: features",
      (at) => `picture ${Math.floor(at / F)}, feature ${at % F}`,
    );
  }
  if (folds.length !== S)
    throw new VcaError(
      "ShapeError",
      `encoding: ${S} folds were expected, got ${folds.length}. Pass one for each picture.`,
    );
  const count = new Set(folds).size;
  if (count < 3)
    throw new VcaError(
      "ConfigError",
      `encoding: 3 or more folds were expected, got ${count}. Two must be left to choose a penalty in: use more folds, or more pictures or themes.`,
    );
  if (features.length < 1 || features.length > (method.kind === "ridge" ? 2 : 1))
    throw new VcaError(
      "ConfigError",
      `encoding: one array of features (ridge: or two) was expected, got ${features.length}. Join them.`,
    );
}
