/** @file What users of the library have of `lesions`: settings of a network, effects, matched random units. */
export { areaUnderCurve, type Judged, worth } from "./effects.ts";
export {
  changes,
  type Lesioned,
  lesion,
  type Predict,
  type Setting,
  type Treatment,
  treat,
} from "./lesion.ts";
export { imbalance, matchedSets, matchedUnits, type UnitTraits, unitTraits } from "./matched.ts";
export { type LesionableNetwork, openLesionable } from "./network.ts";
