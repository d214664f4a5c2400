/**
 * @file Models of representational geometry: an RDM as it is, or a family of which one member is fitted to data. Fits
 * maximise the comparison with the participants' pooled RDM, which for unit features is least squares; comparisons of
 * ranks have no such solution, and are fitted on mean ranks. What was fitted must be judged on other stimuli or
 * participants: `evaluate` demands it.
 */
import { choleskySolve, type Matrix, timesTransposed } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";
import {
  type Comparison,
  FEATURES,
  missingPairs,
  prepare,
  type Sampled,
  sample,
  similarities,
  vectorsOf,
} from "./comparisons.ts";
import { type Draw, wholeSample } from "./draw.ts";
import { features, rankFeatures } from "./features.ts";
import { groupsOf } from "./participants.ts";
import { joinByStimulus, type Rdms, takeRdms } from "./rdm.ts";

/** A model: one RDM, or several from which one is made. */
export interface Model {
  readonly name: string;
  /**
   * `fixed`: the RDM. `select`: the best of several. `weighted`: a weighted sum, non-negative where asked.
   * `interpolate`: between two neighbours of a series.
   */
  readonly kind: "fixed" | "select" | "weighted" | "interpolate";
  readonly rdms: Rdms;
  /** Of `weighted`: no weight below 0. */
  readonly nonNegative?: boolean;
}

/** Each RDM as a fixed model, named by its label `model`, or by all its labels. */
export function fixedModels(rdms: Rdms): Model[] {
  const { model, ...others } = rdms.labels;
  return Array.from({ length: rdms.vectors.shape[0]! }, (_, k) => ({
    name:
      model?.[k] ??
      (Object.values(others)
        .map((values) => values[k])
        .join(" ") ||
        String(k + 1)),
    kind: "fixed",
    rdms: takeRdms(rdms, [k]),
  }));
}

/** Relative to the largest diagonal entry: keeps RDMs that say the same from making a singular system. */
const RIDGE = 1e-12;

/** What a fit sees: the model's vectors, and data in the training sample. */
export interface FitTask {
  readonly model: Pick<Model, "kind" | "nonNegative">;
  /** Of the model, k of `[M]`. */
  readonly vectors: readonly Float64Array[];
  readonly data: Sampled;
  /** How often each RDM of the data counts, `[n]`. */
  readonly counts: ArrayLike<number>;
  readonly draw: Draw;
  readonly comparison: Comparison;
}

/**
 * The weights of a model's RDMs that suit training data best, `[k]`, of unit length (`interpolate`: of sum 1).
 * @see rsatoolbox `fit_select`, `fit_regress`, `fit_regress_nn`, `fit_interpolate`
 */
export function fitWeights(task: FitTask): Float64Array {
  const { model, vectors, data, counts, draw, comparison } = task;
  const k = vectors.length;
  if (model.kind === "fixed") return Float64Array.of(1);
  if (model.kind === "select") {
    const alike = similarities(
      data,
      sample(prepare(vectors, comparison), draw, comparison),

      comparison,
    );
    const sums = vectors.map((_, j) => {
      let sum = 0;
      for (let row = 0; row < data.count; row++) sum += counts[row]! * alike[row * k + j]!;
      return sum;
    });
    return unitVector(k, [sums.indexOf(Math.max(...sums))], [1]);
  }
  const rule = FEATURES[comparison] ?? { centered: true, whitened: false };
  const { matrix } = features(vectors, draw, rule);
  const gram = timesTransposed(matrix).data;
  const target = timesTransposed(matrix, pooledTarget(task)).data; // [k, 1]
  const ridge = RIDGE * vectors.reduce((most, _, j) => Math.max(most, gram[j * k + j]!), 0);
  for (let j = 0; j < k; j++) gram[j * k + j]! += ridge;
  if (model.kind === "interpolate") return bestSegment(gram, target);
  const all = vectors.map((_, j) => j);
  const weights = model.nonNegative ? nonNegativeSolve(gram, target) : solveOn(gram, target, all);
  const length = Math.hypot(...weights);
  return length > 0 ? weights.map((weight) => weight / length) : weights;
}

/** The pooled RDM of the training participants, as features `[1, L]`. */
function pooledTarget({ data, counts, draw }: FitTask): Matrix {
  if (!data.features || data.ranks.length > 0) {
    const mean = new Float64Array(draw.count);
    let total = 0;
    for (const [row, ranks] of data.ranks.entries()) {
      total += counts[row]!;
      for (let slot = 0; slot < mean.length; slot++) mean[slot]! += counts[row]! * ranks[slot]!;
    }
    return rankFeatures([mean.map((sum) => sum / total)], draw, false);
  }
  const [n, width] = data.features.shape as [number, number];
  const pooled = new Float64Array(width);
  for (let row = 0; row < n; row++)
    for (let i = 0; i < width; i++) pooled[i]! += counts[row]! * data.features.data[row * width + i]!;
  return { shape: [1, width], data: pooled };
}

function unitVector(k: number, at: readonly number[], values: ArrayLike<number>): Float64Array {
  const vector = new Float64Array(k);
  for (const [i, place] of at.entries()) vector[place] = values[i]!;
  return vector;
}

/** Least squares with the weights outside `active` at 0. */
function solveOn(gram: Float64Array, target: Float64Array, active: readonly number[]): Float64Array {
  const k = target.length;
  const a = active.length;
  const solution = choleskySolve(
    { shape: [a, a], data: Float64Array.from(active.flatMap((i) => active.map((j) => gram[i * k + j]!))) },
    { shape: [a, 1], data: Float64Array.from(active, (i) => target[i]!) },
  );
  return unitVector(k, active, solution.data);
}

/** Non-negative least squares from its normal equations. @see Lawson & Hanson (1974), chapter 23; Bro & de Jong (1997) J Chemom 11:393 */
function nonNegativeSolve(gram: Float64Array, target: Float64Array): Float64Array {
  const k = target.length;
  const slack = 1e-12 * Math.max(...target.map(Math.abs));
  let active: number[] = [];
  let weights: Float64Array = new Float64Array(k);
  for (;;) {
    const gradient = target.map((value, i) =>
      weights.reduce((left, weight, j) => left - gram[i * k + j]! * weight, value),
    );
    const outside = [...gradient.keys()].filter((i) => !active.includes(i) && gradient[i]! > slack);
    if (outside.length === 0) return weights;
    active.push(outside.reduce((best, i) => (gradient[i]! > gradient[best]! ? i : best)));
    for (;;) {
      const solved = solveOn(gram, target, active);
      const steps = active.map((i) => (solved[i]! > 0 ? 1 : weights[i]! / (weights[i]! - solved[i]!)));
      const step = Math.min(...steps);
      if (step === 1) {
        weights = solved;
        break;
      }
      weights = weights.map((weight, i) => weight + step * (solved[i]! - weight));
      weights[active[steps.indexOf(step)]!] = 0;
      active = active.filter((i) => weights[i]! > 0);
    }
  }
}

/** The best place on the line from one RDM to the next; an end where both are unlike the data. */
function bestSegment(gram: Float64Array, target: Float64Array): Float64Array {
  const k = target.length;
  const alike = (weights: Float64Array) => {
    let squares = 0;
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++) squares += weights[i]! * gram[i * k + j]! * weights[j]!;
    return weights.reduce((sum, w, i) => sum + w * target[i]!, 0) / Math.sqrt(squares);
  };
  const candidates: Float64Array[] = [];
  for (let i = 0; i < k; i++) candidates.push(unitVector(k, [i], [1]));
  for (let i = 0; i + 1 < k; i++) {
    const between = solveOn(gram, target, [i, i + 1]);
    const sum = between[i]! + between[i + 1]!;
    if (between[i]! > 0 && between[i + 1]! > 0) candidates.push(between.map((w) => w / sum));
  }
  const likeness = candidates.map(alike);
  return candidates[likeness.indexOf(Math.max(...likeness))]!;
}

/** The weighted sum of vectors, `[M]`. */
export function combine(vectors: readonly Float64Array[], weights: Float64Array): Float64Array {
  if (vectors.length === 1) return vectors[0]!;
  const sum = new Float64Array(vectors[0]!.length);
  for (const [k, vector] of vectors.entries()) {
    const weight = weights[k]!;
    if (weight !== 0) for (let i = 0; i < sum.length; i++) sum[i]! += weight * vector[i]!;
  }
  return sum;
}

/**
 * Fits a model to data, participants counting alike: the weights of its RDMs, `[k]`.
 * @throws DataError when stimuli differ; ConfigError when the kind needs more RDMs
 */
export function fitModel(model: Model, data: Rdms, comparison: Comparison): Float64Array {
  checkModel(model);
  const vectors = vectorsOf(joinByStimulus(data, model.rdms, `model ${model.name}`));
  const rows = vectorsOf(data);
  const draw = wholeSample(data.ids.length, missingPairs([...rows, ...vectors]));
  const { rows: groups, of } = groupsOf(data);
  const counts = of.map((p) => 1 / groups[p]!.length);
  return fitWeights({
    model,
    vectors,
    data: sample(prepare(rows, comparison), draw, comparison),
    counts,
    draw,
    comparison,
  });
}

/** @throws ConfigError when a model has another number of RDMs than its kind needs. */
export function checkModel({ name, kind, rdms }: Model): void {
  const n = rdms.vectors.shape[0]!;
  if (kind === "fixed" ? n !== 1 : n < 2)
    throw new VcaError(
      "ConfigError",
      `model ${name}: ${kind === "fixed" ? "one RDM" : "two or more RDMs"} were expected of kind ${kind}, got ${n}. Pass the RDMs that the kind needs.`,
    );
}
