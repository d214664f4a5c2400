/** @file What users of the library have of `neurons`: bins, both selectivity rules, analysis of variance, tuning. */
export { type Anova, twoWayAnova } from "./anova.ts";
export { EMOTIONS, emotionsByLabel, emotionsByThreshold, ratingBins, type Sorted } from "./bins.ts";
export { type Agreement, type CategoryTuning, categoryTuning, preferenceAgreement } from "./categories.ts";
export {
  RULES,
  type Rule,
  type Selectivity,
  selectiveCounts,
  selectiveUnits,
  selectivity,
} from "./selectivity.ts";
export {
  heldConstant,
  type RankCorrelations,
  rankCorrelations,
  type TuningCurves,
  tuningCurves,
} from "./tuning.ts";
