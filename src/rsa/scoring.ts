/**
 * @file The scores of models in a sample of stimuli and participants: fixed models as they are, flexible models fitted
 * on some folds of stimuli or participants and judged on the others.
 */
import type { Random } from "../core/random.ts";
import { type Ceiling, ceilingIn } from "./ceiling.ts";
import { type Comparison, prepare, sample, similarities } from "./comparisons.ts";
import { drawOf } from "./draw.ts";
import { combine, fitWeights, type Model } from "./models.ts";
import type { Participants } from "./participants.ts";

/** Everything that is to be scored, its stimuli in one order. */
export interface Contest {
  /** Of the data, n of `[M]`. */
  readonly data: readonly Float64Array[];
  readonly participants: Participants;
  /** Models with the vectors of their RDMs, each k of `[M]`. */
  readonly models: readonly { readonly model: Model; readonly vectors: readonly Float64Array[] }[];
  readonly comparison: Comparison;
  /** 1 for pairs left out everywhere, `[M]`. */
  readonly missing: Uint8Array | undefined;
}

/** Scores in a sample. */
export interface Scores {
  /** Mean over a participant's RDMs, `[P, K]`; NaN for participants who are not in the sample. */
  readonly scores: Float64Array;
  readonly ceiling: Ceiling;
}

/** Scores in samples of participants, for one sample of stimuli; undefined where folds would be too small. */
export type Score = (counts: Int32Array, random: Random) => Scores | undefined;

/** Folds of cross-validation over each factor; 1 leaves a factor whole. */
export interface Folds {
  readonly pictures: number;
  readonly participants: number;
}

/** Scores fixed models: computed once per sample of stimuli, for any participants. */
export function fixedScoring({
  data,
  participants,
  models,
  comparison,
  missing,
}: Contest): (stimuli: Int32Array) => Score {
  const preparedData = prepare(data, comparison);
  const preparedModels = prepare(
    models.map(({ vectors }) => vectors[0]!),
    comparison,
  );
  return (stimuli) => {
    const draw = drawOf(stimuli, missing);
    const sampled = sample(preparedData, draw, comparison);
    const alike = similarities(sampled, sample(preparedModels, draw, comparison), comparison);
    const scores = byParticipant(alike, participants, models.length);
    const ceiling = ceilingIn(sampled, draw, participants, comparison);
    return (counts) => ({ scores, ceiling: ceiling(counts) });
  };
}

/** Means over the RDMs of each participant: `[n, K] -> [P, K]`. */
export function byParticipant(values: Float64Array, { rows }: Participants, columns: number): Float64Array {
  const means = new Float64Array(rows.length * columns);
  for (const [p, members] of rows.entries())
    for (const row of members)
      for (let k = 0; k < columns; k++)
        means[p * columns + k]! += values[row * columns + k]! / members.length;
  return means;
}

/** Pictures that a fold needs to have. */
const LEAST_PICTURES = 3;

/**
 * Scores models by cross-validation: all copies of a picture, or of a participant, are in one fold. Ceilings are those
 * of the test pictures, leaving one participant out.
 */
export function crossValidated(contest: Contest, folds: Folds): (stimuli: Int32Array) => Score {
  const { data, participants, models, comparison, missing } = contest;
  const prepared = prepare(data, comparison);
  const [p, k] = [participants.rows.length, models.length];
  return (stimuli) => (counts, random) => {
    const pictureFolds = split(stimuli, folds.pictures, random);
    const participantFolds = split(counts, folds.participants, random);
    const small = pictureFolds.some(({ test }) => present(test).length < LEAST_PICTURES);
    if (small || participantFolds.some(({ test }) => present(test).length === 0)) return undefined;
    const scores = new Float64Array(p * k).fill(Number.NaN);
    for (const q of present(counts)) scores.fill(0, q * k, (q + 1) * k);
    let [lower, upper] = [0, 0];
    for (const fold of pictureFolds) {
      const draws = { train: drawOf(fold.train, missing), test: drawOf(fold.test, missing) };
      const train = sample(prepared, draws.train, comparison);
      const test = sample(prepared, draws.test, comparison);
      const ceiling = ceilingIn(test, draws.test, participants, comparison)(counts);
      lower += ceiling.lower / pictureFolds.length;
      upper += ceiling.upper / pictureFolds.length;
      for (const people of participantFolds) {
        const weights = participants.of.map((q) => people.train[q]! / participants.rows[q]!.length);
        const predictions = models.map(({ model, vectors }) =>
          combine(
            vectors,
            fitWeights({ model, vectors, data: train, counts: weights, draw: draws.train, comparison }),
          ),
        );
        const alike = similarities(
          test,
          sample(prepare(predictions, comparison), draws.test, comparison),
          comparison,
        );
        const means = byParticipant(alike, participants, k);
        for (const q of present(people.test))
          for (let j = 0; j < k; j++) scores[q * k + j]! += means[q * k + j]! / pictureFolds.length;
      }
    }
    return { scores, ceiling: { lower, upper } };
  };
}

const present = (counts: Int32Array) => [...counts.keys()].filter((i) => counts[i]! > 0);

/** Random folds of those who are present; with one fold, training and test are the same. */
function split(counts: Int32Array, folds: number, random: Random): { train: Int32Array; test: Int32Array }[] {
  if (folds === 1) return [{ train: counts, test: counts }];
  const members = present(counts);
  const order = random.permutation(members.length);
  return Array.from({ length: folds }, (_, fold) => {
    const train = Int32Array.from(counts);
    const test = new Int32Array(counts.length);
    for (let i = fold; i < members.length; i += folds) {
      const member = members[order[i]!]!;
      test[member] = counts[member]!;
      train[member] = 0;
    }
    return { train, test };
  });
}

/** Means over the participants of a sample: `[P, K] -> [K]`. */
export function groupMeans(scores: Float64Array, counts: ArrayLike<number>): Float64Array {
  const k = scores.length / counts.length;
  const means = new Float64Array(k);
  let total = 0;
  for (let p = 0; p < counts.length; p++) {
    const times = counts[p]!;
    if (times === 0) continue;
    total += times;
    for (let j = 0; j < k; j++) means[j]! += times * scores[p * k + j]!;
  }
  return means.map((sum) => sum / total);
}
