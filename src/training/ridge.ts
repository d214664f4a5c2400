/**
 * @file Ridge regression, the baseline beside every trained circuit: the same tokens and folds, with
 * everything that is chosen (a penalty per target, one of several feature arrays) chosen in inner folds of the
 * training pictures. Same numbers as scikit-learn's StandardScaler, Ridge and GridSearchCV over given folds.
 */
import type { NdArray } from "../core/array.ts";
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import type { Random } from "../core/random.ts";
import { mean, requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import { choosePenalties } from "./ridge-path.ts";
import type { SetLines } from "./set-lines.ts";
import { standardize } from "./standardize.ts";

/** Features `[S, F]` or targets `[S, targets]`. */
export type Table = NdArray<Float32Array | Float64Array>;

/** 1e-2 to 1e6 in steps of a third of a decade: 25 penalties, for z-scored features. */
export const PENALTIES: readonly number[] = Array.from({ length: 25 }, (_, i) => 10 ** (i / 3 - 2));

/** What ridge learns from. */
export interface RidgeData {
  /** One `[S, F]`, or several (taps of an encoder) among which inner folds choose one for all targets. */
  readonly candidates: readonly Table[];
  /** `[S, targets]`. */
  readonly targets: Table;
  /** Ascending; default `PENALTIES`. */
  readonly penalties?: readonly number[];
}

/** A fitted ridge: its predictions are `intercept + features . weights`, of features as they came. */
export interface RidgeModel {
  /** The place of the chosen features in `candidates`. */
  readonly candidate: number;
  /** One penalty per target: of |y - Z w|^2 + penalty |w|^2. */
  readonly penalty: readonly number[];
  /** Whether a penalty is the first or the last of the grid, so that a wider grid might do better. */
  readonly atEdge: readonly boolean[];
  /** True R2 per target over the inner folds: optimistic, because the penalty was chosen by it. */
  readonly innerR2: readonly number[];
  /** `[targets, F]`. */
  readonly weights: Matrix;
  /** `[targets]`. */
  readonly intercept: Float64Array;
}

/** Held-out predictions and the models behind them. */
export interface HeldOutRidge {
  /** `[S, targets]`, each row from the model that did not see it. */
  readonly predictions: Matrix;
  /** The model of each outer fold, in ascending order of the folds' numbers. */
  readonly models: readonly RidgeModel[];
}

/** The same with a model of everything. */
export interface RidgeResult extends HeldOutRidge {
  /** The model of all stimuli. */
  readonly final: RidgeModel;
}

/** Options of `ridge`. */
export interface RidgeOptions extends RidgeData {
  /** The outer fold of each stimulus, `[S]`. */
  readonly folds: Int32Array;
  /** The inner fold of each of `train` (places in the stimulus list): group-disjoint when the outer ones are. */
  readonly innerFold: (train: Int32Array, random: Random) => ArrayLike<number>;
  readonly random: Random;
  /** Where each set has a line of its own: the lines of these training pictures, in place of `targets`. */
  readonly lines?: ((train: Int32Array) => SetLines) | undefined;
  /** Called, and awaited, after each of the `total` fits, the final one included. */
  readonly onFit?: (done: number, total: number) => void | Promise<void>;
}

/**
 * Cross-validated ridge: a model per outer fold, predictions of what it did not see, one final model.
 * @throws DataError, ConfigError, ShapeError as `fitRidge`.
 */
export async function ridge(options: RidgeOptions): Promise<RidgeResult> {
  const { targets, innerFold, random } = options;
  const heldOut = await heldOutRidge(options);
  const all = Int32Array.from({ length: targets.shape[0]! }, (_, i) => i);
  const whole = { ...options, targets: options.lines?.(all).shared ?? targets };
  const final = fitRidge(whole, all, innerFold(all, random.at("inner", "final")));
  const fits = heldOut.models.length + 1;
  await options.onFit?.(fits, fits);
  return { ...heldOut, final };
}

/**
 * The models of the outer folds, and what they predict of the stimuli that each did not see.
 * @throws DataError, ConfigError, ShapeError as `fitRidge`.
 */
export async function heldOutRidge(options: RidgeOptions): Promise<HeldOutRidge> {
  const { folds, targets, candidates, random } = options;
  const [s, outputs] = matrixShape(targets, "ridge: targets");
  if (folds.length !== s)
    throw new VcaError(
      "ShapeError",
      `ridge: ${s} folds were expected, got ${folds.length}. Pass one fold per stimulus.`,
    );
  const names = [...new Set(folds)].sort((a, b) => a - b);
  const all = Int32Array.from({ length: s }, (_, i) => i);
  const predictions = new Float64Array(s * outputs);
  const models: RidgeModel[] = [];
  for (const fold of names) {
    const train = all.filter((i) => folds[i] !== fold);
    const lines = options.lines?.(train);
    const data = { ...options, targets: lines?.shared ?? targets };
    const model = fitRidge(data, train, options.innerFold(train, random.at("inner", fold)));
    const held = all.filter((i) => folds[i] === fold);
    const answers = predictRidge(model, candidates[model.candidate]!, held); // [held, targets]
    const predicted = lines?.own(answers, held) ?? answers;
    for (const [i, row] of held.entries())
      predictions.set(predicted.data.subarray(i * outputs, (i + 1) * outputs), row * outputs);
    models.push(model);
    await options.onFit?.(models.length, names.length + 1);
  }
  return { predictions: { shape: [s, outputs], data: predictions }, models };
}

/**
 * Ridge on the stimuli `train`. Features are z-scored (sd with n) over `train` once, its inner folds included;
 * a constant feature gets weight 0; the intercept is free. The penalty of each target has the least squared
 * error over the inner folds `inner` (one number per element of `train`); of equals the larger is taken.
 * Candidates compare by inner R2 averaged over targets.
 * @throws DataError when a number is not finite or a target is constant over `train`; ShapeError when
 *   candidates and targets differ in S; ConfigError for fewer than two inner folds or penalties out of order.
 */
export function fitRidge(data: RidgeData, train: Int32Array, inner: ArrayLike<number>): RidgeModel {
  const penalties = data.penalties ?? PENALTIES;
  check(data, penalties);
  const blocks = blocksOf(train, inner);
  const { values, means } = centered(data.targets, train);
  const fits = data.candidates.map((features, candidate) => {
    const { z, center, scale } = standardize(features, train);
    const choices = choosePenalties(z, values, blocks, penalties);
    return { candidate, z, center, scale, choices, score: mean(choices.map((choice) => choice.r2)) };
  });
  const { candidate, z, center, scale, choices } = fits.reduce((a, b) => (b.score > a.score ? b : a));
  const [n, f] = matrixShape(z, "ridge");
  const penalty = choices.map((choice) => penalties[choice.place]!);
  const weights = new Float64Array(choices.length * f); // [targets, F]
  const intercept = Float64Array.from(means);
  for (const [t, { residuals }] of choices.entries()) {
    const w = weights.subarray(t * f, (t + 1) * f);
    for (let i = 0; i < n; i++) {
      const dual = residuals[i]! / penalty[t]!;
      for (let k = 0; k < f; k++) w[k]! += dual * z.data[i * f + k]!;
    }
    for (let k = 0; k < f; k++) {
      w[k]! /= scale[k]!;
      intercept[t]! -= w[k]! * center[k]!;
    }
  }
  return {
    candidate,
    penalty,
    atEdge: choices.map(({ place }) => place === 0 || place === penalties.length - 1),
    innerR2: choices.map(({ r2 }) => r2),
    weights: { shape: [choices.length, f], data: weights },
    intercept,
  };
}

/**
 * Predictions of the stimuli `rows` (default all) of `features` `[S, F]`: `[rows, targets]`.
 * @throws ShapeError when F is not the model's; DataError when a feature is not finite.
 */
export function predictRidge(
  model: Pick<RidgeModel, "weights" | "intercept">,
  features: Table,
  rows?: Int32Array,
): Matrix {
  const [s, f] = matrixShape(features, "ridge: features");
  const [outputs, expected] = matrixShape(model.weights, "ridge: weights");
  if (f !== expected)
    throw new VcaError(
      "ShapeError",
      `ridge: ${expected} features were expected, got ${f}. Take them from the encoder and tap of the fit.`,
    );
  const chosen = rows ?? Int32Array.from({ length: s }, (_, i) => i);
  const data = new Float64Array(chosen.length * outputs);
  for (const [i, row] of chosen.entries())
    for (let t = 0; t < outputs; t++) {
      let sum = model.intercept[t]!;
      for (let k = 0; k < f; k++) sum += features.data[row * f + k]! * model.weights.data[t * f + k]!;
      data[i * outputs + t] = sum;
    }
  requireFinite(data, "ridge: predictions", (i) => `stimulus ${chosen[Math.floor(i / outputs)]}`);
  return { shape: [chosen.length, outputs], data };
}

/**
 * Features averaged over augmented views, each `[S, F]`. Ridge is linear, so this predicts the mean of the
 * views' predictions; training and test take the same views.
 * @throws ShapeError when shapes differ or there is no view.
 */
export function averageViews(views: readonly Table[]): Matrix {
  const shape = views[0]?.shape ?? [];
  if (views.length === 0 || views.some((view) => `${view.shape}` !== `${shape}`))
    throw new VcaError(
      "ShapeError",
      `ridge: views of one shape were expected, got ${views.map((view) => `[${view.shape}]`).join(", ") || "none"}. Compute all views of all stimuli.`,
    );
  const data = new Float64Array(views[0]!.data.length);
  for (const view of views) for (let i = 0; i < data.length; i++) data[i]! += view.data[i]! / views.length;
  return { shape, data };
}

function check({ candidates, targets }: RidgeData, penalties: readonly number[]): void {
  const [s, outputs] = matrixShape(targets, "ridge: targets");
  requireFinite(targets.data, "ridge: targets", (i) => `stimulus ${Math.floor(i / outputs)}`);
  if (candidates.length === 0)
    throw new VcaError(
      "ConfigError",
      "ridge: one or more feature arrays were expected, got none. Pass features.",
    );
  for (const features of candidates) {
    const [rows, f] = matrixShape(features, "ridge: features");
    if (rows !== s)
      throw new VcaError(
        "ShapeError",
        `ridge: features of ${s} stimuli were expected, got ${rows}. Join them by id.`,
      );
    requireFinite(features.data, "ridge: features", (i) => `stimulus ${Math.floor(i / f)}, feature ${i % f}`);
  }
  if (penalties.length === 0 || !penalties.every((p, i) => p > (penalties[i - 1] ?? 0) && p < Infinity))
    throw new VcaError(
      "ConfigError",
      `ridge: ascending positive penalties were expected, got [${penalties.join(", ")}]. Sort them.`,
    );
}

function blocksOf(train: Int32Array, inner: ArrayLike<number>): number[][] {
  const blocks = new Map<number, number[]>();
  for (let i = 0; i < inner.length; i++) blocks.set(inner[i]!, [...(blocks.get(inner[i]!) ?? []), i]);
  if (inner.length !== train.length || blocks.size < 2)
    throw new VcaError(
      "ConfigError",
      `ridge: two or more inner folds of ${train.length} stimuli were expected, got ${blocks.size} of ${inner.length}. Use more stimuli or groups.`,
    );
  return [...blocks.values()];
}

function centered(targets: Table, train: Int32Array): { values: Float64Array[]; means: number[] } {
  const [, outputs] = matrixShape(targets, "ridge: targets");
  const columns = Array.from({ length: outputs }, (_, t) =>
    Float64Array.from(train, (row) => targets.data[row * outputs + t]!),
  );
  for (const [t, column] of columns.entries())
    if (column.every((value) => value === column[0]))
      throw new VcaError(
        "DataError",
        `ridge: target ${t} must vary, got ${column[0]} throughout. Check the ratings.`,
      );
  const means = columns.map(mean);
  return { values: columns.map((column, t) => column.map((value) => value - means[t]!)), means };
}
