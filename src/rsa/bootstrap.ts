/**
 * @file Bootstrap over stimuli, participants or both, and the variance that follows. Resampling both at once counts the
 * noise of single measurements three times; the dual variance takes the surplus away again.
 * @see Schuett, Kipnis, Diedrichsen & Kriegeskorte (2023) eLife 12:e82566, "two-factor bootstrap"
 */
import { spread } from "#cores";
import { Random, type RandomKey } from "../core/random.ts";
import type { SpreadOptions, Task } from "../core/task.ts";

/** What is drawn again. */
export type Resample = "pictures" | "participants" | "both" | "none";

/**
 * Numbers of one sample, such as the scores of models: one row per repetition of cross-validation (one without it),
 * `[repetitions][columns]`; undefined where the sample cannot be evaluated.
 */
export type Statistic = (counts: Int32Array, random: Random) => readonly Float64Array[] | undefined;

/** Numbers of all draws. */
export interface Draws {
  /** Of each way to draw: `[draws used][repetitions][columns]`. */
  readonly both: readonly (readonly Float64Array[])[];
  readonly participants: readonly (readonly Float64Array[])[];
  readonly pictures: readonly (readonly Float64Array[])[];
  /** Numbers of the draws used. */
  readonly numbers: readonly number[];
  /** Participants and pictures that were drawn from. */
  readonly sizes: { readonly participants: number; readonly pictures: number };
}

/** The least pictures of a sample: below, an RDM has one pair. */
const LEAST_PICTURES = 3;

/** How samples are drawn: plain data, for any thread. */
export interface Sampling {
  readonly stimuli: number;
  readonly participants: number;
  readonly resample: Exclude<Resample, "none">;
  /** Of the random numbers; each draw has a stream of its own. */
  readonly key: RandomKey;
}

/** One sample's rows; undefined where it was dropped. */
export type Drawn =
  | Readonly<Record<"both" | "participants" | "pictures", readonly Float64Array[]>>
  | undefined;

/**
 * Draws one sample by its number. A sample of both serves three statistics: of its pictures and participants, of its
 * pictures alone, of its participants alone. Samples of fewer than 3 distinct pictures, or that cannot be evaluated, are dropped.
 * @param at opens a sample of stimuli, `[S]` copies of each; its result is asked for samples of participants, `[P]`
 */
export function drawing(at: (stimuli: Int32Array) => Statistic, sampling: Sampling): (draw: number) => Drawn {
  const { resample, key } = sampling;
  const random = Random.keyed(key);
  const allStimuli = new Int32Array(sampling.stimuli).fill(1);
  const everybody = new Int32Array(sampling.participants).fill(1);
  const whole = at(allStimuli);
  return (draw) => {
    const of = random.at("draw", draw);
    const stimuli = resample === "participants" ? allStimuli : resampled(sampling.stimuli, of);
    const counts = resample === "pictures" ? everybody : resampled(sampling.participants, of);
    const distinct = stimuli.reduce((sum, times) => sum + Math.min(times, 1), 0);
    if (distinct < LEAST_PICTURES) return undefined;
    const here = stimuli === allStimuli ? whole : at(stimuli);
    const [both, pictures, participants] = [
      resample === "both" ? here(counts, of) : [],
      resample === "participants" ? [] : here(everybody, of),
      resample === "pictures" ? [] : whole(counts, of),
    ];
    return both && pictures && participants ? { both, pictures, participants } : undefined;
  };
}

/** Draws samples over all cores. @param task opens `drawing`, with the input's sampling */
export async function bootstrap<I extends { readonly sampling: Sampling }>(
  task: Task<I, Drawn>,
  input: I,
  draws: number,
  options: SpreadOptions,
): Promise<Draws> {
  const { resample, stimuli, participants } = input.sampling;
  const all = await spread(task, input, draws, options);
  const numbers = [...all.keys()].filter((draw) => all[draw] !== undefined);
  const of = (what: "both" | "participants" | "pictures", used: boolean) =>
    used ? numbers.map((draw) => all[draw]![what]) : [];
  return {
    both: of("both", resample === "both"),
    participants: of("participants", resample !== "pictures"),
    pictures: of("pictures", resample !== "participants"),
    numbers,
    sizes: { participants, pictures: stimuli },
  };
}

/** How often each of n was drawn in n draws. */
function resampled(n: number, random: Random): Int32Array {
  const times = new Int32Array(n);
  for (let i = 0; i < n; i++) times[random.integer(n)]!++;
  return times;
}

/** A column of `a` less one of `b`, `[1]`, in the samples that both have: of the same pictures and participants, drawn with the same key. */
export function drawsLess(a: Draws, b: Draws, [column, other]: readonly [number, number]): Draws {
  const there = new Map(b.numbers.map((draw, at) => [draw, at]));
  const pairs = a.numbers.flatMap((draw, i) => (there.has(draw) ? [[i, there.get(draw)!] as const] : []));
  const of = (what: "both" | "participants" | "pictures") =>
    a[what].length === 0
      ? []
      : pairs.map(([i, j]) =>
          a[what][i]!.map((row, r) => Float64Array.of(row[column]! - b[what][j]![r]![other]!)),
        );
  return {
    both: of("both"),
    participants: of("participants"),
    pictures: of("pictures"),
    numbers: pairs.map(([i]) => a.numbers[i]!),
    sizes: a.sizes,
  };
}

/**
 * The sampling variance of column `a`, or of `a - b`: corrected for small n, for both factors dual. NaN when fewer than
 * two draws have the columns.
 */
export function samplingVariance(draws: Draws, a: number, b?: number): number {
  const { participants: p, pictures: s } = draws.sizes;
  const of = (rows: readonly (readonly Float64Array[])[]) => drawVariance(rows, a, b);
  if (draws.both.length > 0)
    return dualVariance(
      { both: of(draws.both), participants: of(draws.participants), pictures: of(draws.pictures) },
      draws.sizes,
    );
  return draws.pictures.length > 0
    ? (s / (s - 1)) * of(draws.pictures)
    : (p / (p - 1)) * of(draws.participants);
}

/**
 * n_r/(n_r - 1) V_r + n_p/(n_p - 1) V_p - n_p n_r/((n_p - 1)(n_r - 1)) (V_dual - V_r - V_p), not below either of
 * the first two terms and not above V_dual.
 * @see rsatoolbox `_dual_bootstrap`
 */
export function dualVariance(
  variances: { readonly both: number; readonly participants: number; readonly pictures: number },
  sizes: Draws["sizes"],
): number {
  const forParticipants = sizes.participants / (sizes.participants - 1);
  const forPictures = sizes.pictures / (sizes.pictures - 1);
  const { both } = variances;
  const participants = forParticipants * variances.participants;
  const pictures = forPictures * variances.pictures;
  const interaction = forParticipants * forPictures * (both - variances.participants - variances.pictures);
  return Math.min(both, Math.max(participants + pictures - interaction, participants, pictures));
}

/**
 * The variance of a column over draws. With c repetitions of cross-validation the variance that folds add is
 * extrapolated away: (c V(mean) - mean V(one)) / (c - 1); where few draws make that 0 or less, V(mean), which is too wide.
 * @see rsatoolbox `eval_dual_bootstrap(use_correction=True)`
 */
function drawVariance(rows: readonly (readonly Float64Array[])[], a: number, b: number | undefined): number {
  const value = (row: Float64Array) => row[a]! - (b === undefined ? 0 : row[b]!);
  const series = rows
    .map((repetitions) => repetitions.map(value))
    .filter((values) => values.every(Number.isFinite));
  const repetitions = series[0]?.length ?? 1;
  const ofMean = varianceOf(series.map((values) => values.reduce((sum, v) => sum + v, 0) / repetitions));
  if (repetitions === 1) return ofMean;
  let single = 0;
  for (let r = 0; r < repetitions; r++)
    single += varianceOf(series.map((values) => values[r]!)) / repetitions;
  const corrected = (repetitions * ofMean - single) / (repetitions - 1);
  return corrected > 0 ? corrected : ofMean;
}

function varianceOf(values: readonly number[]): number {
  const center = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - center) ** 2, 0) / (values.length - 1);
}
