/** @file The library: one namespace per area, and the errors. `test/api.test.ts` pins every name. */
export * as brain from "./brain/index.ts";
export * as circuits from "./circuits/index.ts";
export * as core from "./core/index.ts";
export * as encoders from "./encoders/index.ts";
export * as encoding from "./encoding/index.ts";
export * as engine from "./engine/index.ts";
export { type ErrorTag, EXIT_CODES, isVcaError, VcaError } from "./errors.ts";
export * as geometry from "./geometry/index.ts";
export * as graph from "./graph/index.ts";
export * as lesions from "./lesions/index.ts";
export * as neurons from "./neurons/index.ts";
export * as rsa from "./rsa/index.ts";
export * as stimuli from "./stimuli/index.ts";
export * as study from "./study/index.ts";
export * as training from "./training/index.ts";
