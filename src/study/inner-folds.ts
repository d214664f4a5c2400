/**
 * @file Folds inside the training pictures of a fold, by which a penalty, a tap or an epoch is chosen: parted like the outer
 * folds, whole groups where these are grouped, and look-alikes together.
 */
import type { Random } from "../core/random.ts";
import { planFolds } from "../stimuli/folds.ts";
import type { FitConfig } from "./fit-config.ts";
import type { Prepared } from "./prepare.ts";

const INNER_FOLDS = 5;

/** The inner fold, 0 to 4, of each of `train`. @throws ConfigError when there are too few pictures or groups */
export function innerFolds(
  config: FitConfig,
  { set, duplicates }: Pick<Prepared, "set" | "duplicates">,
  train: Int32Array,
  random: Random,
): Int32Array {
  const grouped =
    config.split === "grouped" ||
    config.split === "leave-one-group-out" ||
    (config.split === "halves" && config.group !== undefined);
  const labels = grouped ? set.columns[config.group!] : undefined;
  return planFolds({
    n: train.length,
    folds: INNER_FOLDS,
    method: grouped ? "grouped" : "random",
    ...(labels && { groups: [...train].map((s) => labels[s]!) }),
    together: within(duplicates.together, train),
    random,
  });
}

/** Sets of stimuli that stay together, as places in `train`. */
function within(together: readonly (readonly number[])[], train: Int32Array): number[][] {
  const place = new Map([...train].map((s, i) => [s, i]));
  return together.map((set) => set.flatMap((s) => place.get(s) ?? [])).filter((set) => set.length > 1);
}
