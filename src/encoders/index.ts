/** @file What users of the library have of `encoders`: encoders, taps, tokens. */
export { decodePicture } from "#decode";
export { CATALOGUE } from "./catalogue.ts";
export { type Encoder, openEncoder } from "./encoder.ts";
export type { FeatureRecipe } from "./feature-cache.ts";
export { type ExtractionOptions, extractFeatures, type Features } from "./features.ts";
export { type PulledEncoder, pullEncoder } from "./hub.ts";
export { type HubName, parseHubName } from "./hub-name.ts";
export type { Preprocessing } from "./preprocess.ts";
export { listTaps, resolveTaps, type Tap } from "./taps.ts";
export type { TokenPlan, TokenShape } from "./tokens.ts";
export type { View } from "./views.ts";
