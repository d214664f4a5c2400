/** @file What users of the library have of `geometry`: behavioural RDMs, alignment, scaling, dimensionality, decoding. */
export {
  compareRanked,
  heldConstant,
  nucleusRdm,
  partialSpearman,
  patterned,
  rankedRdm,
} from "./alignment.ts";
export { behaviouralRdms, columnsRdm, labelRdm } from "./behaviour.ts";
export { decodability } from "./decoding.ts";
export { participationRatio, subsampled } from "./dimensionality.ts";
export { hierarchy } from "./hierarchy.ts";
export { type Configuration, classicalMds, smacof } from "./mds.ts";
