/**
 * @file Label permutation: how often do models do as well when the stimuli's names are shuffled? Exact in the null that
 * names mean nothing, for scores only: differences of models and partial comparisons have no such null.
 */
import { spread } from "#cores";
import type { Random } from "../core/random.ts";
import type { SpreadOptions } from "../core/task.ts";
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
  options: Pick<EvaluateOptions, "models" | "data" | "comparison" | "draws" | "where"> &
    SpreadOptions & { readonly random: Random },
): Promise<PermutationResult[]> {
  const { models, data, comparison, where, draws = 1000, random } = options;
  const contest = { models, data, comparison, where };
  const identity = Int32Array.from(data.ids.keys());
  const orders = [identity, ...Array.from({ length: draws }, () => random.permutation(data.ids.length))];
  const [scores, ...shuffled] = (await spread(
    { module: import.meta.url, open: scoresInOrder },
    { ...contest, orders },
    orders.length,
    options,
  )) as [Float64Array, ...Float64Array[]];
  return models.map(({ name }, k) => {
    const reached = shuffled.filter((one) => one[k]! >= scores[k]! - 1e-12).length;
    return { name, score: scores[k]!, p: (1 + reached) / (1 + draws) };
  });
}

/** Scores of all models with the stimuli in each order, `[K]`; in any thread. */
export function scoresInOrder({
  orders,
  ...contest
}: Pick<EvaluateOptions, "models" | "data" | "comparison" | "where"> & {
  readonly orders: readonly Int32Array[];
}): (order: number) => Float64Array {
  const { data, participants, models, comparison, missing } = prepareContest(contest);
  const draw = wholeSample(contest.data.ids.length, missing);
  const sampled = sample(prepare(data, comparison), draw, comparison);
  const everybody = participants.names.map(() => 1);
  const vectors = models.map(({ vectors: [first] }) => first!);
  return (order) => {
    const shuffled = vectors.map((vector) => permuted(vector, orders[order]!));
    const alike = similarities(sampled, sample(prepare(shuffled, comparison), draw, comparison), comparison);
    return groupMeans(byParticipant(alike, participants, models.length), everybody);
  };
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
