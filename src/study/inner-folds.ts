/**
 * @file Folds inside the training pictures of a fold, by which a penalty, a tap or an epoch is chosen: parted like the outer
 * folds, whole groups where these are grouped, and look-alikes together.
 */
import type { Random } from "../core/random.ts";
import { planFolds } from "../stimuli/folds.ts";
import type { FitConfig } from "./fit-config.ts";
import type { Prepared } from "./prepare.ts";

/** Fewer where there are fewer groups. */
const INNER_FOLDS = 5;

/** The inner fold, from 0 on, of each of `train`. @throws ConfigError when there are too few pictures or groups */
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
  const column = grouped ? set.columns[config.group!]! : undefined;
  const labels = column && [...train].map((s) => column[s]!);
  return planFolds({
    n: train.length,
    folds: labels ? Math.max(2, Math.min(INNER_FOLDS, new Set(labels).size)) : INNER_FOLDS,
    method: grouped ? "grouped" : "random",
    ...(labels && { groups: labels }),
    together: within(duplicates.together, train),
    random,
  });
}

/** Sets of stimuli that stay together, as places in `train`. */
function within(together: readonly (readonly number[])[], train: Int32Array): number[][] {
  const place = new Map([...train].map((s, i) => [s, i]));
  return together.map((set) => set.flatMap((s) => place.get(s) ?? [])).filter((set) => set.length > 1);
}
