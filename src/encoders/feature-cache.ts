/**
 * @file The place of features in the cache: `features/<key>/<sha256 of the picture>.<view>.npy`, each
 * `[T, D]` float32, and `features.json` beside them, which says what made them.
 */
import { exists, readBytes, readText, sha256 } from "#files";
import { decodeNpy } from "../core/npy.ts";
import type { Encoder } from "./encoder.ts";
import type { Tap } from "./taps.ts";
import type { TokenPlan, TokenShape } from "./tokens.ts";

/** Raised when the same inputs would give other numbers than before. */
const FORMAT = 1;
/** The default tokens: those of a 32-pixel patch at 224 pixels, the coarsest of the usual encoders. */
export const GRID: TokenPlan = { kind: "grid", size: 7 };

/** What decides the numbers: an encoder, where it is tapped, and which tokens are made of that. */
export interface FeatureRecipe {
  readonly encoder: Encoder;
  readonly taps: readonly Tap[];
  /** Default: a grid of 7 x 7. */
  readonly tokens?: TokenPlan;
}

/** The name of the folder that holds a recipe's features: 16 hexadecimal digits. */
export function featureKey({ encoder, taps, tokens = GRID }: FeatureRecipe): string {
  return sha256(JSON.stringify([FORMAT, encoder.id, taps, tokens, encoder.preprocessing])).slice(0, 16);
}

/** Whether a file holds whole tokens of the shape. */
export async function isCached(path: string, { T, D }: TokenShape): Promise<boolean> {
  if (!(await exists(path))) return false;
  try {
    const { shape } = decodeNpy(await readBytes(path), path);
    return shape.length === 2 && shape[0] === T && shape[1] === D;
  } catch {
    return false; // cut short or foreign: computed again
  }
}

/** The content of `features.json`. */
export function describe({ encoder, taps, tokens = GRID }: FeatureRecipe, shape: TokenShape): string {
  const { name, id, source, preprocessing } = encoder;
  return `${JSON.stringify({ encoder: { name, id, source }, taps, tokens, preprocessing, shape }, null, 2)}\n`;
}

/** The tokens' shape from a `features.json`, undefined when there is none. */
export async function readShape(path: string): Promise<TokenShape | undefined> {
  if (!(await exists(path))) return undefined;
  try {
    return (JSON.parse(await readText(path)) as { shape: TokenShape }).shape;
  } catch {
    return undefined; // cut short: written again
  }
}
