/**
 * @file Partial RSA: what a model explains that nuisance RDMs do not. Per participant, model and data are regressed on the
 * nuisances (linearly; or as ranks, on cubic curves of the nuisances' ranks); the correlation of what is left is the partial correlation, and the variance of
 * the data that only the model explains is the squared semipartial correlation. Inference as in `evaluate`.
 */
import {
  choleskySolve,
  dot,
  type Matrix,
  matrixShape,
  stackRows,
  timesTransposed,
} from "../core/linear-algebra.ts";
import type { Random } from "../core/random.ts";
import type { SpreadOptions } from "../core/task.ts";
import { VcaError } from "../errors.ts";
import {
  bootstrap,
  type Drawn,
  drawing,
  type Resample,
  type Sampling,
  samplingVariance,
} from "./bootstrap.ts";
import { type Prepared, prepare, sample, vectorsOf } from "./comparisons.ts";
import { drawOf } from "./draw.ts";
import { prepareContest } from "./evaluate.ts";
import type { Model } from "./models.ts";
import { pAboveZero, uncertainty } from "./pairwise.ts";
import type { Rdms } from "./rdm.ts";
import { byParticipant, groupMeans } from "./scoring.ts";

/** One model beside the nuisances. */
export interface PartialResult {
  readonly name: string;
  /** Mean partial correlation over participants. */
  readonly score: number;
  readonly se: number | null;
  readonly ci: readonly [number, number] | null;
  /** One-sided, that the partial correlation is above 0. */
  readonly p: number | null;
  /** Mean share of the data's variance that the model adds to the nuisances, from 0; chance adds a little too. */
  readonly uniqueVariance: number;
  /** Partial correlations, `[P]`. */
  readonly perParticipant: readonly number[];
}

/** Share of a model's variance that must be its own; less is rounding. */
const OWN = 1e-9;

/** What is asked, as plain data for any thread. */
interface Question {
  readonly models: readonly Model[];
  readonly data: Rdms;
  readonly nuisances: readonly Model[];
  /** Nuisances with an RDM of its own for each of the data, such as mean amplitude; rows and stimuli as in `data`. */
  readonly own?: readonly Rdms[] | undefined;
  readonly kind: "rank" | "linear";
}

/**
 * Partial correlations of fixed models with the data, given the nuisances.
 * @param options.kind `rank` (Spearman, beyond cubic curves of each nuisance's ranks) or `linear` (Pearson)
 * @param options.nuisances fixed models: ratings, an untrained circuit, the encoder, pixels, ...
 * @throws as `evaluate`; ConfigError without nuisances; ShapeError when own nuisances are not one for each of the data
 */
export async function partialRsa(
  options: Question &
    SpreadOptions & { readonly draws?: number; readonly resample: Resample; readonly random: Random },
): Promise<{ readonly models: PartialResult[]; readonly df: number | null; readonly draws: number }> {
  const { models, data, nuisances, own, kind, resample, draws = 1000, random } = options;
  const question: Question = { models, data, nuisances, own, kind };
  const { at, participants } = openQuestion(question);
  const [k, p, s] = [models.length, participants.names.length, data.ids.length];
  const whole = at(new Int32Array(s).fill(1));
  const means = groupMeans(whole, new Int32Array(p).fill(1));
  const found =
    resample === "none"
      ? undefined
      : await bootstrap(
          { module: import.meta.url, open: partialDraws },
          { ...question, sampling: { stimuli: s, participants: p, resample, key: random.key } },
          draws,
          options,
        );
  const df =
    resample === "none" ? null : { pictures: s, participants: p, both: Math.min(p, s) }[resample] - 1;
  const variance = (j: number) => (found ? samplingVariance(found, j) : Number.NaN);
  return {
    df,
    draws: found?.numbers.length ?? 0,
    models: models.map(({ name }, j) => ({
      name,
      score: means[j]!,
      ...uncertainty(means[j]!, variance(j), df ?? 1),
      p: pAboveZero(means[j]!, variance(j), df ?? 1),
      uniqueVariance: means[k + j]!,
      perParticipant: participants.names.map((_, q) => whole[q * 2 * k + j]!),
    })),
  };
}

/** The draws of `partialRsa`, in any thread. */
export function partialDraws(input: Question & { readonly sampling: Sampling }): (draw: number) => Drawn {
  const { at } = openQuestion(input);
  return drawing((stimuli) => {
    const scores = at(stimuli);
    return (counts) => [groupMeans(scores, counts)];
  }, input.sampling);
}

/** `at` a sample of stimuli: partial correlations, then unique variances, `[P, 2 K]`. */
function openQuestion({ models, nuisances, own = [], kind, data: rdms }: Question) {
  if (nuisances.length + own.length === 0)
    throw new VcaError(
      "ConfigError",
      "partialRsa: nuisance RDMs were expected, got none. Use evaluate for models by themselves.",
    );
  const comparison = kind === "rank" ? "spearman" : "pearson";
  const {
    data,
    participants,
    models: entries,
    missing,
  } = prepareContest({ models: [...models, ...nuisances], data: rdms, comparison });
  const [k, n] = [models.length, data.length];
  const apart = own.find(({ vectors }) => vectors.shape[0] !== n || vectors.shape[1] !== data[0]!.length);
  if (apart)
    throw new VcaError(
      "ShapeError",
      `partialRsa: own nuisances of shape [${n}, ${data[0]!.length}] were expected, got [${apart.vectors.shape}]. Make one RDM for each RDM of the data, of the same stimuli.`,
    );
  const rows = entries.map(({ vectors: [first] }) => first!);
  const [judged, shared] = [[...data, ...rows.slice(0, k)], rows.slice(k)].map((of) =>
    prepare(of, comparison),
  );
  const owned = own.map((rdms) => prepare(vectorsOf(rdms), comparison));
  const powers = kind === "rank" ? 3 : 1;
  const sizes = { n, k, q: powers * nuisances.length, own: powers * own.length };
  const at = (stimuli: Int32Array) => {
    const draw = drawOf(stimuli, missing);
    const of = (prepared: Prepared) => sample(prepared, draw, comparison).features!;
    const held = [shared!, ...owned].flatMap((prepared) => curves(of(prepared), draw.roots, powers));
    const correlations = timesTransposed(stackRows([of(judged!), ...held])).data;
    return byParticipant(partials(correlations, sizes), participants, 2 * k);
  };
  return { at, participants };
}

/** Less than this is left of a power that lower ones already hold, such as the square of two values. */
const NEW = 1e-6;

/**
 * Rows of ranks `[q, L]` and their powers, each less its mean and the lower powers, of length 1: `[powers]` arrays of `[q, L]`.
 * Ranks are related by curves, not lines: beyond the ranks alone a model that is half a nuisance, half chance would seem to know more.
 * @param roots of the pairs' weights, `[L]`, by which rows are multiplied
 */
function curves(unit: Matrix, roots: Float64Array, powers: number): Matrix[] {
  const [q, L] = matrixShape(unit, "partialRsa");
  const all = [
    unit,
    ...Array.from({ length: powers - 1 }, () => ({ shape: unit.shape, data: new Float64Array(q * L) })),
  ];
  const length = Math.sqrt(dot(roots, roots));
  const constant = roots.map((root) => root / length);
  for (let row = 0; row < q; row++) {
    const at = (power: number) => all[power - 1]!.data.subarray(row * L, (row + 1) * L);
    const ranks = at(1);
    for (let power = 2; power <= powers; power++) {
      const curve = at(power);
      for (let pair = 0; pair < L; pair++)
        curve[pair] = roots[pair]! * ((length * ranks[pair]!) / roots[pair]!) ** power;
      const before = Math.sqrt(dot(curve, curve));
      const lower = [constant, ...Array.from({ length: power - 1 }, (_, i) => at(i + 1))];
      for (const other of lower) {
        const share = dot(curve, other);
        for (let pair = 0; pair < L; pair++) curve[pair]! -= share * other[pair]!;
      }
      const left = Math.sqrt(dot(curve, curve));
      const scale = left > NEW * before ? 1 / left : 0;
      for (let pair = 0; pair < L; pair++) curve[pair]! *= scale;
    }
  }
  return all;
}

/**
 * From correlations of n data RDMs, k models, q nuisances and `own` nuisances for each of the data, in this order: partial
 * correlations, then squared semipartial correlations, `[n, 2 k]`. A model that the nuisances explain wholly has 0.
 */
function partials(
  correlations: Float64Array,
  { n, k, q, own }: Readonly<Record<"n" | "k" | "q" | "own", number>>,
): Float64Array {
  const size = n + k + q + own * n;
  const at = (i: number, j: number) => correlations[i * size + j]!;
  const held = q + own;
  const result = new Float64Array(n * 2 * k);
  for (let row = 0; row < n; row++) {
    const nuisance = (a: number) => n + k + (a < q ? a : q + (a - q) * n + row);
    const judged = (i: number) => (i < k ? n + i : row);
    const among = new Float64Array(held * held);
    const cross = new Float64Array(held * (k + 1));
    for (let a = 0; a < held; a++) {
      for (let b = 0; b < held; b++)
        among[a * held + b] = at(nuisance(a), nuisance(b)) + (a === b ? 1e-12 : 0);
      for (let i = 0; i <= k; i++) cross[a * (k + 1) + i] = at(nuisance(a), judged(i));
    }
    const solved = choleskySolve(
      { shape: [held, held], data: among },
      { shape: [held, k + 1], data: cross },
    ).data;
    /** What is left of the product of two: models, and the data at k. */
    const left = (i: number, j: number) => {
      let product = at(judged(i), judged(j));
      for (let a = 0; a < held; a++) product -= cross[a * (k + 1) + i]! * solved[a * (k + 1) + j]!;
      return product;
    };
    for (let j = 0; j < k; j++) {
      const alone = left(j, j);
      if (alone < OWN) continue;
      const shared = left(k, j);
      result[row * 2 * k + j] = shared / Math.sqrt(alone * Math.max(left(k, k), OWN));
      result[row * 2 * k + k + j] = shared ** 2 / alone;
    }
  }
  return result;
}
