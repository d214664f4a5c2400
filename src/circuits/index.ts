/** @file What users of the library have of `circuits`: circuits as data, and the model that gives them meaning. */
export { type Circuit, type Nucleus, type Projection, projectionName, VISUAL } from "./circuit.ts";
export { loadCircuit, parseCircuit } from "./load.ts";
export { type Applied, type ApplyOptions, applyCircuit } from "./model.ts";
export { CIRCUIT_NAMES, countParameters, presetCircuit } from "./presets.ts";
export { PROJECTIONS } from "./projections.ts";
