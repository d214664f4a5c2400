/** @file What users of the library have of `stimuli`: rated pictures, scales, folds, controls. */
export { type Duplicates, findDuplicates } from "./duplicates.ts";
export { type FoldMethod, type FoldOptions, planFolds } from "./folds.ts";
export { LOW_LEVEL_NAMES, lowLevelStatistics } from "./low-level.ts";
export { parseScale, rescale, type Scale } from "./scale.ts";
export { openStimuli, STIMULUS_READERS, type StimulusReader, type StimulusSet } from "./set.ts";
