/** @file The library: one namespace per area, and the errors. `test/api.test.ts` pins every name. */
export * as circuits from "./circuits/index.ts";
export * as core from "./core/index.ts";
export * as encoders from "./encoders/index.ts";
export * as engine from "./engine/index.ts";
export { type ErrorTag, EXIT_CODES, isVcaError, VcaError } from "./errors.ts";
export * as graph from "./graph/index.ts";
export * as stimuli from "./stimuli/index.ts";
export * as study from "./study/index.ts";
export * as training from "./training/index.ts";
