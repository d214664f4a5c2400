/**
 * @file Models against measured RDMs, with everything a reader asks for: scores, noise ceiling, standard errors,
 * intervals, tests against 0, against the ceiling and of each pair. One function; what differs is what is resampled
 * and whether models are fitted. Follows rsatoolbox 0.3.2, where docs/decisions/015 does not say otherwise.
 */
import type { Random } from "../core/random.ts";
import type { SpreadOptions } from "../core/task.ts";
import { VcaError } from "../errors.ts";
import {
  bootstrap,
  type Drawn,
  type Draws,
  drawing,
  drawsLess,
  type Resample,
  type Sampling,
  samplingVariance,
} from "./bootstrap.ts";
import type { Ceiling } from "./ceiling.ts";
import { type Comparison, missingPairs, vectorsOf } from "./comparisons.ts";
import { checkModel, type Model } from "./models.ts";
import {
  type Correction,
  comparePairs,
  type Pair,
  pAboveZero,
  pDifferent,
  type Uncertainty,
  uncertainty,
} from "./pairwise.ts";
import { groupsOf } from "./participants.ts";
import { joinByStimulus, type Rdms } from "./rdm.ts";
import { type Contest, crossValidated, type Folds, fixedScoring, groupMeans, type Score } from "./scoring.ts";

/** One model's result. */
export interface ModelResult {
  readonly name: string;
  /** The mean over participants of their comparison with the model. */
  readonly score: number;
  readonly se: number | null;
  readonly ci: readonly [number, number] | null;
  /** One-sided, that the score is above 0. */
  readonly p: number | null;
  /** Two-sided, that the score differs from the lower noise ceiling. */
  readonly pCeiling: number | null;
  /** The score is above the upper noise ceiling: look for data that model and participants share. */
  readonly aboveCeiling: boolean;
  /** In the order of `participants`, `[P]`. */
  readonly perParticipant: readonly number[];
}

/** What `evaluate` finds. */
export interface Evaluation {
  readonly comparison: Comparison;
  readonly resample: Resample;
  /** `[P]`. */
  readonly participants: readonly string[];
  readonly ceiling: { readonly lower: number | null; readonly upper: number | null };
  readonly models: readonly ModelResult[];
  readonly pairs: readonly Pair[];
  /** Of Student's t: participants or pictures, whichever are fewer among those resampled, minus 1. */
  readonly df: number | null;
  /** Draws that could be used. */
  readonly draws: number;
  /** Their scores, for `scoreDifference`; undefined where nothing was drawn. */
  readonly drawn: Draws | undefined;
  /** Pairs of stimuli left out because an RDM lacks them. */
  readonly missing: number;
}

/** What `evaluate` takes. */
export interface EvaluateOptions extends SpreadOptions {
  readonly models: readonly Model[];
  /** RDMs; those with one label `participant` are drawn and left out together. Average over sessions first, or keep them. */
  readonly data: Rdms;
  readonly comparison: Comparison;
  readonly resample: Resample;
  /** Folds for models that are fitted; a factor that is not named stays whole (default: none). */
  readonly crossValidate?: Partial<Folds> | undefined;
  /** Default 1000. */
  readonly draws?: number;
  /** Over pairs; default `fdr`. */
  readonly correction?: Correction;
  readonly random: Random;
  /** Named in errors, such as the file of the data; default `evaluate`. */
  readonly where?: string | undefined;
}

/** What is scored, as plain data for any thread. */
type Scored = Pick<EvaluateOptions, "models" | "data" | "comparison" | "where"> & { readonly folds: Folds };

/** Random assignments to folds: for the score itself, and in each draw (two, so that their variance can be taken out). */
const ASSIGNMENTS = 20;
const ASSIGNMENTS_IN_A_DRAW = 2;

/**
 * Scores models and says how sure that is. Score: the mean over participants, in all pictures. Variance: bootstrap of
 * `resample`, for `both` the dual variance. Models are joined with the data by stimulus id; pairs that one RDM lacks
 * are left out of all.
 * @throws DataError when stimuli differ, an RDM is constant, or pictures or participants are too few; ConfigError when models that are fitted come without cross-validation.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { resample, draws = 1000, correction = "fdr", random, where = "evaluate" } = options;
  const folds = { pictures: 1, participants: 1, ...options.crossValidate };
  checkSizes(options, folds);
  const scored: Scored = {
    models: options.models,
    data: options.data,
    comparison: options.comparison,
    where,
    folds,
  };
  const { contest, isCross, scoring } = openScoring(scored);
  const { participants, models, comparison } = contest;
  const [p, s, k] = [participants.names.length, options.data.ids.length, models.length];

  const everybody = new Int32Array(p).fill(1);
  const whole = wholeScores(scoring(new Int32Array(s).fill(1)), everybody, random, isCross ? ASSIGNMENTS : 1);
  const { ceiling } = whole;
  const scores = groupMeans(whole.scores, everybody);
  const { found, df } =
    resample === "none"
      ? { found: undefined, df: null }
      : {
          found: await bootstrap(
            { module: import.meta.url, open: evaluateDraws },
            { ...scored, sampling: { stimuli: s, participants: p, resample, key: random.key } },
            draws,
            options,
          ),
          df: { pictures: s, participants: p, both: Math.min(p, s) }[resample] - 1,
        };
  const used = found?.numbers.length ?? 0;
  if (found && used < 2)
    throw new VcaError(
      "DataError",
      `${where}: two or more usable draws were expected, got ${used} of ${draws}. Add pictures, use fewer folds, or draw more.`,
    );
  const variance = (a: number, b?: number) => (found ? samplingVariance(found, a, b) : Number.NaN);
  return {
    comparison,
    resample,
    participants: participants.names,
    ceiling: { lower: orNull(ceiling.lower), upper: orNull(ceiling.upper) },
    models: models.map(({ model: { name } }, j) => ({
      name,
      score: scores[j]!,
      ...uncertainty(scores[j]!, variance(j), df ?? 1),
      p: pAboveZero(scores[j]!, variance(j), df ?? 1),
      pCeiling: pDifferent(scores[j]! - ceiling.lower, variance(j, k), df ?? 1),
      aboveCeiling: scores[j]! > ceiling.upper,
      perParticipant: participants.names.map((_, q) => whole.scores[q * k + j]!),
    })),
    pairs: comparePairs({
      names: models.map(({ model }) => model.name),
      scores,
      varianceOf: variance,
      df: df ?? 1,
      correction,
    }),
    df,
    draws: used,
    drawn: found,
    missing: contest.missing?.reduce((sum, one) => sum + one, 0) ?? 0,
  };
}

/** A difference of two scores with its 95 % interval and two-sided p; null without draws. */
export interface ScoreDifference extends Uncertainty {
  readonly estimate: number;
  readonly p: number | null;
  /** Of Student's t: participants or half the pictures, whichever are fewer among those resampled, minus 1. */
  readonly df: number | null;
}

/**
 * A model's score in one evaluation less one in another: two regions of the same participants before the same pictures, or models evaluated apart.
 * Where regions follow different features of the pictures, all depends on the pictures, and standard errors from few of them vary more than S - 1 degrees
 * of freedom say (20 people, 20 pictures: 7 % found at .05); S pictures have S / 2 pairs that share none.
 * @param a evaluated with the same `random`, draws, resampling and folds as `b`, so that their samples are the same
 * @param other the model of `b`; default: the same
 * @throws ConfigError when a model is unknown, or participants or resampling differ
 */
export function scoreDifference(a: Evaluation, b: Evaluation, model: string, other = model): ScoreDifference {
  const placeIn = ({ models }: Evaluation, name: string) => {
    const place = models.findIndex((one) => one.name === name);
    if (place < 0)
      throw new VcaError(
        "ConfigError",
        `scoreDifference: a model of the evaluation was expected, got "${name}". Name one of ${models.map((one) => one.name).join(", ")}.`,
      );
    return place;
  };
  if (a.resample !== b.resample || String(a.participants) !== String(b.participants))
    throw new VcaError(
      "ConfigError",
      `scoreDifference: evaluations of the same participants, resampled alike, were expected, got ${a.participants.length} by ${a.resample} and ${b.participants.length} by ${b.resample}. Evaluate both alike.`,
    );
  const [j, k] = [placeIn(a, model), placeIn(b, other)];
  const estimate = a.models[j]!.score - b.models[k]!.score;
  if (!a.drawn || !b.drawn) return { estimate, se: null, ci: null, p: null, df: null };
  const { sizes } = a.drawn;
  const half = Math.max(2, Math.floor(sizes.pictures / 2));
  const { participants } = sizes;
  const df = { participants, pictures: half, both: Math.min(participants, half), none: 0 }[a.resample] - 1;
  const variance = samplingVariance(drawsLess(a.drawn, b.drawn, [j, k]), 0);
  return { estimate, ...uncertainty(estimate, variance, df), p: pDifferent(estimate, variance, df), df };
}

function openScoring(scored: Scored) {
  const { folds } = scored;
  const contest = prepareContest(scored);
  const isCross = folds.pictures > 1 || folds.participants > 1;
  return { contest, isCross, scoring: isCross ? crossValidated(contest, folds) : fixedScoring(contest) };
}

/** The draws of `evaluate`, in any thread. */
export function evaluateDraws(input: Scored & { readonly sampling: Sampling }): (draw: number) => Drawn {
  const { isCross, scoring } = openScoring(input);
  const repetitions = isCross ? ASSIGNMENTS_IN_A_DRAW : 1;
  return drawing((stimuli) => statisticOf(scoring(stimuli), repetitions), input.sampling);
}

const orNull = (value: number) => (Number.isFinite(value) ? value : null);

/** Scores in all pictures, averaged over assignments to folds. */
function wholeScores(score: Score, everybody: Int32Array, random: Random, assignments: number) {
  const all = Array.from({ length: assignments }, (_, i) => score(everybody, random.at("folds", i))!);
  const meanOf = (value: (one: (typeof all)[number]) => number) =>
    all.reduce((sum, one) => sum + value(one), 0) / assignments;
  const ceiling: Ceiling = {
    lower: meanOf((one) => one.ceiling.lower),
    upper: meanOf((one) => one.ceiling.upper),
  };
  return { scores: all[0]!.scores.map((_, i) => meanOf((one) => one.scores[i]!)), ceiling };
}

/** Scores of all models, then the lower ceiling, as the columns of a draw. */
function statisticOf(score: Score, repetitions: number) {
  return (counts: Int32Array, random: Random): Float64Array[] | undefined => {
    const rows: Float64Array[] = [];
    for (let r = 0; r < repetitions; r++) {
      const scored = score(counts, random);
      if (!scored) return undefined;
      rows.push(Float64Array.of(...groupMeans(scored.scores, counts), scored.ceiling.lower));
    }
    return rows;
  };
}

/**
 * Data and models over the same stimuli, in the order of the data.
 * @throws DataError when stimuli differ or an RDM is constant
 */
export function prepareContest({
  models,
  data,
  comparison,
  where = "evaluate",
}: Pick<EvaluateOptions, "models" | "data" | "comparison" | "where">): Contest {
  const names = models.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (models.length === 0 || twice !== undefined)
    throw new VcaError(
      "ConfigError",
      `${where}: models of different names were expected, got ${twice === undefined ? "none" : `"${twice}" twice`}. Name each model once.`,
    );
  const rows = vectorsOf(data);
  const entries = models.map((model) => {
    checkModel(model);
    return { model, vectors: vectorsOf(joinByStimulus(data, model.rdms, `model ${model.name}`)) };
  });
  const missing = missingPairs([...rows, ...entries.flatMap(({ vectors }) => vectors)]);
  const isConstant = (vector: Float64Array) => {
    const kept = vector.filter((_, pair) => !missing?.[pair]);
    return kept.every((value) => value === kept[0]);
  };
  const constant = [
    ...entries.flatMap(({ model, vectors }) => (vectors.some(isConstant) ? [`model ${model.name}`] : [])),
    ...rows.flatMap((row, k) => (isConstant(row) ? [`RDM ${k + 1} of the data`] : [])),
  ];
  if (constant.length > 0)
    throw new VcaError(
      "DataError",
      `${where}: dissimilarities that differ were expected, got a constant ${constant.join(", ")}. Leave it out.`,
    );
  return { data: rows, participants: groupsOf(data), models: entries, comparison, missing };
}

function checkSizes(
  { models, data, resample, draws = 1000, where = "evaluate" }: EvaluateOptions,
  folds: Folds,
): void {
  const [p, s] = [groupsOf(data).names.length, data.ids.length];
  const tooFew = (what: string, got: number, why: string) =>
    new VcaError("DataError", `${where}: ${what} were expected, got ${got}. ${why}.`);
  if (s < 3)
    throw tooFew(
      "3 or more stimuli",
      s,
      "Add stimuli: two have one dissimilarity, and nothing to compare it with",
    );
  if (p < 2 && (resample === "participants" || resample === "both"))
    throw tooFew(
      "2 or more participants to resample",
      p,
      "Pass --resample pictures: with one participant nothing can be said about others",
    );
  if (folds.pictures > 1 && s < 3 * folds.pictures)
    throw tooFew(`3 stimuli in each of ${folds.pictures} folds`, s, "Use fewer folds over pictures");
  if (p < folds.participants)
    throw tooFew(
      `a participant in each of ${folds.participants} folds`,
      p,
      "Use fewer folds over participants",
    );
  if (resample !== "none" && !(draws >= 2))
    throw new VcaError(
      "ConfigError",
      `${where}: two or more draws were expected, got ${draws}. Draw 1000 or more.`,
    );
  const fitted = models.filter(({ kind }) => kind !== "fixed").map(({ name }) => name);
  if (fitted.length > 0 && folds.pictures === 1 && folds.participants === 1)
    throw new VcaError(
      "ConfigError",
      `${where}: cross-validation was expected for models that are fitted, got none for ${fitted.join(", ")}. Set folds over pictures or participants: on the data it was fitted to, a model looks better than it is.`,
    );
}
