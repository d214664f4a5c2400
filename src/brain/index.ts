/** @file What users of the library have of `brain`: betas of many formats, regions, atlases, simulated participants. */
export { ATLASES, type Atlas, type AtlasLabel, findAtlas, findLabels } from "./atlases.ts";
export { type Betas, loadBetas, summarizeRoi, temporalSnr } from "./betas.ts";
export { type Conditions, parseConditions } from "./conditions.ts";
export { featureCoordinates, rdmCoordinates } from "./coordinates.ts";
export type { Affine, Grid } from "./grid.ts";
export { type NiftiImage, readNifti } from "./nifti.ts";
export { writeNifti } from "./nifti-write.ts";
export { openBetas } from "./open.ts";
export { participantOf } from "./paths.ts";
export { type Patterns, readPatterns } from "./patterns.ts";
export {
  atlasRoi,
  maskRoi,
  type Roi,
  smoothingWarning,
  splitHemispheres,
  valueRoi,
  valueWarnings,
} from "./roi.ts";
export {
  planSimulation,
  type SimulatedParticipant,
  type Simulation,
  simulateParticipant,
} from "./simulate.ts";
export { writeSimulation } from "./simulate-files.ts";
export { type BetaSource, readImage, seriesSource } from "./source.ts";
