/** @file What users of the library have of `core`: arrays, random numbers, files' formats, statistics. */
export { cacheFolder } from "#files";
export { type Data, type NdArray, ndarray, row, sizeOf, takeRows, zeros } from "./array.ts";
export { parseCsv, type Table, writeCsv } from "./csv.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export type { Picture } from "./picture.ts";
export { Random } from "./random.ts";
export { decodeSafetensors, encodeSafetensors, type Tensors } from "./safetensors.ts";
export { fisherMean, mean, pearson, quantiles, sd } from "./statistics.ts";
