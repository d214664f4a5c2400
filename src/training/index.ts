/** @file What users of the library have of `training`: recipes, the loop, inference, ridge, agreement and its intervals. */

export { type AttentionReader, openAttention, type Spread } from "./attention.ts";
export { type Answers, type Inference, openInference } from "./inference.ts";
export { type Bootstrap, bootstrapCorrelations, contrast, type Interval } from "./intervals.ts";
export { type Replica, type TrainingData, type TrainOptions, trainGroup } from "./loop.ts";
export { type Agreement, agreement, disparity, reliability } from "./metrics.ts";
export { findRecipe, RECIPES, type Recipe } from "./recipe.ts";
export { fitRidge, predictRidge, type RidgeOptions, type RidgeResult, ridge } from "./ridge.ts";
export { twoLines } from "./two-lines.ts";
