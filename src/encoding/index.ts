/** @file What users of the library have of `encoding`: ridge and PLS from features to voxels, accuracy, reliability, group tests. */
export {
  type Accuracy,
  type Partition,
  regionFolds,
  regionMean,
  signedSquare,
  variancePartition,
  voxelCorrelations,
} from "./accuracy.ts";
export {
  type CrossPrediction,
  type CrossPredictOptions,
  crossPredict,
  type EncodingData,
  type EncodingMethod,
} from "./cross-predict.ts";
export { type GroupMap, groupMap, type RegionScores, scoresLess, testScores } from "./group.ts";
export { plsPredictions } from "./pls.ts";
export { meanPatterns, splitHalf, stepUp } from "./reliability.ts";
export { bandedRidge } from "./ridge.ts";
