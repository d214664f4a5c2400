/** @file What users of the library have of `rsa`: RDMs, comparisons, noise ceilings, models, inference. */

export type { Resample } from "./bootstrap.ts";
export { type Ceiling, noiseCeiling } from "./ceiling.ts";
export { usableChannels } from "./channels.ts";
export { linearCka } from "./cka.ts";
export { COMPARISONS, type Comparison, compare } from "./comparisons.ts";
export { correlationRdm, correlationRdmMemory, sampledRows } from "./correlation-rdm.ts";
export { dissimilarities, MEASURES, type Measure } from "./dissimilarities.ts";
export {
  type Evaluation,
  evaluate,
  type ModelResult,
  type ScoreDifference,
  scoreDifference,
} from "./evaluate.ts";
export { fitModel, fixedModels, type Model } from "./models.ts";
export type { Pair } from "./pairwise.ts";
export { type PartialResult, partialRsa } from "./partial.ts";
export { type PermutationResult, permuteLabels } from "./permutation.ts";
export { noisePrecision, type Precision, precisionMemory, repeatResiduals } from "./precision.ts";
export {
  averageOver,
  createRdms,
  joinByStimulus,
  pairCount,
  type Rdms,
  squareForm,
  takeRdms,
  takeStimuli,
  vectorForm,
} from "./rdm.ts";
export { readRdms } from "./read-rdms.ts";
export { searchlight, searchlightSpheres } from "./searchlight.ts";
export { sameRunRdm, trialLagRdm } from "./trials.ts";
