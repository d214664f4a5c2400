/**
 * @file The encoders that are known by name. An encoder in a folder or an .onnx file needs no entry.
 */
import { unknownName } from "../errors.ts";

/** An encoder known by name. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  /** SPDX identifier of the weights' licence. */
  readonly licence: string;
  /** Taps that are read when none are asked for. */
  readonly taps: string;
  /** Its folder below `assets/`. */
  readonly asset: string;
}

/** The catalogue, in the order in which it is listed. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: "efficientnet-lite0",
    description:
      "EfficientNet-Lite0, ImageNet; the trunk alone, weights stored in int8 (Tan & Le 2019). For a first look.",
    licence: "Apache-2.0",
    taps: "5,6,7,8",
    asset: "efficientnet-lite0",
  },
];

/**
 * The entry of a name.
 * @throws ConfigError when there is none.
 */
export function catalogueEntry(name: string): CatalogueEntry {
  const entry = CATALOGUE.find((candidate) => candidate.name === name);
  if (entry) return entry;
  throw unknownName(
    "encoder",
    "encoder",
    name,
    CATALOGUE.map((candidate) => candidate.name),
  );
}
