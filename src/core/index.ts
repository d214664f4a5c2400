/** @file What users of the library have of `core`: arrays, random numbers, files' formats, statistics. */
export { cacheFolder } from "#files";
export { type Data, type NdArray, ndarray, row, sizeOf, takeRows, zeros } from "./array.ts";
export { parseCsv, type Table, writeCsv } from "./csv.ts";
export { decodeMat, type MatValue } from "./mat.ts";
export { benjaminiHochberg, benjaminiYekutieli, bonferroni } from "./multiple-comparisons.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export type { Picture } from "./picture.ts";
export { Random } from "./random.ts";
export { ranks, spearman } from "./ranks.ts";
export { decodeSafetensors, encodeSafetensors, type Tensors } from "./safetensors.ts";
export { pageTrend, testDifference, testMean } from "./sample-tests.ts";
export { fisherMean, mean, pearson, quantiles, sd } from "./statistics.ts";
export { readStateDict, type TorchTensor } from "./torch-file.ts";
