/** @file What users of the library have of `circuits`: circuits as data, and the model that gives them meaning. */
export {
  type Circuit,
  type Nucleus,
  type Projection,
  projectionName,
  type SummaryAttention,
  VISUAL,
  type VisualShape,
} from "./circuit.ts";
export { loadCircuit, parseCircuit } from "./load.ts";
export { applyCircuit } from "./model.ts";
export type { Applied, ApplyOptions } from "./parts.ts";
export { CIRCUIT_NAMES, countParameters, presetCircuit } from "./presets.ts";
export { PROJECTIONS } from "./projections.ts";
