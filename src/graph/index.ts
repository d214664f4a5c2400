/** @file What users of the library have of `graph`: building, differentiating, printing, and ONNX. */
export { gradients } from "./backward.ts";
export * as ops from "./build.ts";
export { Graph, type Value } from "./build.ts";
export { type EmitOptions, emitOnnx } from "./emit.ts";
export { mergeModels, prefixNames } from "./merge.ts";
export { addOutputs, decodeOnnx, encodeOnnx, type Model } from "./onnx.ts";
export { adamw, sgd } from "./optimizer.ts";
export { printGraph } from "./print.ts";
export { BATCH, type Dim, type Shape } from "./shape.ts";
