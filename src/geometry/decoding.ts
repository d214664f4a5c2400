/**
 * @file What a straight line can read from a nucleus: ridge from its units to valence and arousal, cross-validated over
 * the pictures that its network did not see, groups of pictures never parted.
 */
import type { NdArray } from "../core/array.ts";
import type { Random } from "../core/random.ts";
import { planFolds } from "../stimuli/folds.ts";
import { columnOfScale, correlation } from "../training/metrics.ts";
import { heldOutRidge } from "../training/ridge.ts";
import type { Activations } from "./alignment.ts";

const FOLDS = 5;
/** Two to learn from, so that there are inner folds, and one to predict. */
const FEWEST_GROUPS = 3;
/** Whole decades: a nucleus's units are few, and the finer grid of the baseline costs three times as much. */
const PENALTIES = Array.from({ length: 9 }, (_, i) => 10 ** (i - 2));

/**
 * Pearson's r of decoded and rated valence and arousal.
 * @param ratings `[S, 2]`
 * @param options.groups labels of pictures that stay together, `[S]`
 * @returns undefined below 3 groups
 * @throws DataError, ConfigError as `heldOutRidge`.
 */
export async function decodability(
  activations: Activations,
  ratings: NdArray<Float64Array>,
  options: { readonly groups: readonly string[]; readonly random: Random },
): Promise<{ valence: number; arousal: number } | undefined> {
  const { groups, random } = options;
  if (new Set(groups).size < FEWEST_GROUPS) return undefined;
  const deal = (own: readonly string[], stream: Random) =>
    planFolds({
      n: own.length,
      folds: Math.min(FOLDS, new Set(own).size),
      method: "grouped",
      groups: own,
      random: stream,
    });
  const { predictions } = await heldOutRidge({
    candidates: [activations],
    targets: ratings,
    penalties: PENALTIES,
    folds: deal(groups, random.at("folds")),
    innerFold: (train, own) =>
      deal(
        [...train].map((s) => groups[s]!),
        own,
      ),
    random,
  });
  const r = (t: 0 | 1) => correlation(columnOfScale(ratings, t), columnOfScale(predictions, t));
  return { valence: r(0), arousal: r(1) };
}
