/**
 * @file Label permutation: how often do models do as well when the stimuli's names are shuffled? Exact in the null that
 * names mean nothing, for scores only: differences of models and partial comparisons have no such null.
 */
import type { Random } from "../core/random.ts";
import { prepare, sample, similarities } from "./comparisons.ts";
import { wholeSample } from "./draw.ts";
import { type EvaluateOptions, prepareContest } from "./evaluate.ts";
import { pairCount, pairIndex } from "./rdm.ts";
import { byParticipant, groupMeans } from "./scoring.ts";

/** A model's score and how rare one as high is without a relation. */
export interface PermutationResult {
  readonly name: string;
  readonly score: number;
  /** (1 + permutations that reach the score) / (1 + permutations), one-sided. */
  readonly p: number;
}

/**
 * Shuffles the names of the stimuli, alike for all models, and scores again.
 * @param options.draws permutations, default 1000
 * @throws as `evaluate`
 * @see Phipson & Smyth (2010) Stat Appl Genet Mol Biol 9:39 on the two ones
 */
export async function permuteLabels(
  options: Pick<
    EvaluateOptions,
    "models" | "data" | "comparison" | "draws" | "where" | "onProgress" | "signal"
  > & {
    readonly random: Random;
  },
): Promise<PermutationResult[]> {
  const { draws = 1000, random, onProgress, signal } = options;
  const { data, participants, models, comparison, missing } = prepareContest(options);
  const s = options.data.ids.length;
  const draw = wholeSample(s, missing);
  const sampled = sample(prepare(data, comparison), draw, comparison);
  const everybody = participants.names.map(() => 1);
  const scoresOf = (vectors: readonly Float64Array[]) => {
    const alike = similarities(sampled, sample(prepare(vectors, comparison), draw, comparison), comparison);
    return groupMeans(byParticipant(alike, participants, models.length), everybody);
  };
  const vectors = models.map(({ vectors: [first] }) => first!);
  const scores = scoresOf(vectors);
  const reached = new Int32Array(models.length);
  for (let d = 0; d < draws; d++) {
    const order = random.permutation(s);
    const shuffled = scoresOf(vectors.map((vector) => permuted(vector, order)));
    for (let k = 0; k < reached.length; k++) if (shuffled[k]! >= scores[k]! - 1e-12) reached[k]!++;
    if (d % 16 === 15) {
      onProgress?.(d + 1, draws);
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
  }
  return models.map(({ model: { name } }, k) => ({
    name,
    score: scores[k]!,
    p: (1 + reached[k]!) / (1 + draws),
  }));
}

/** The RDM in which stimulus i stands where `order[i]` stood: `[M]`. */
function permuted(vector: Float64Array, order: Int32Array): Float64Array {
  const s = order.length;
  const result = new Float64Array(pairCount(s));
  for (let i = 0, at = 0; i < s; i++)
    for (let j = i + 1; j < s; j++, at++) {
      const [a, b] = [order[i]!, order[j]!];
      result[at] = vector[a < b ? pairIndex(a, b, s) : pairIndex(b, a, s)]!;
    }
  return result;
}
