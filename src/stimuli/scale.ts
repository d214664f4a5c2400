/**
 * @file Rating scales. A scale is declared, never guessed from the ratings seen: a set whose highest mean is
 * 6.8 may have been rated on 1-7 or on 1-9, and only its authors know.
 */
import { type NdArray, ndarray } from "../core/array.ts";
import { VcaError } from "../errors.ts";

/** The ends of a rating scale, the same for valence and arousal; `lo < hi`. */
export interface Scale {
  readonly lo: number;
  readonly hi: number;
}

/** The share of a scale that may lie empty beyond the ratings: OASIS leaves .09 and IAPS .08; 1-7 called 1-9 leaves .25. */
const EMPTY_SHARE = 0.2;

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const ENDS = new RegExp(String.raw`^\s*(${NUMBER})\s*(?:\.\.|-)\s*(${NUMBER})\s*$`);
const OWN_ENDS = new RegExp(`^(.+)@(${NUMBER}(?:\\.\\.|-)${NUMBER})$`, "s");

/**
 * The scale in a text such as `1-9`, `0-100` or `-2..2`.
 * @param where opens the error
 * @throws ConfigError when the text names no two ends, the lower one first.
 */
export function parseScale(text: string, where = "--scale"): Scale {
  const match = ENDS.exec(text);
  const scale = { lo: Number(match?.[1]), hi: Number(match?.[2]) };
  if (match && scale.lo < scale.hi) return scale;
  throw new VcaError(
    "ConfigError",
    `${where}: the lower and upper end of the rating scale were expected, got "${text}". Write it as 1-9 or -2..2.`,
  );
}

/**
 * A set's description without the scale at its end, and that scale: `table:mine.csv@1-7` is `table:mine.csv` on 1 to 7.
 * @throws ConfigError when the ends are in the wrong order
 */
export function splitScale(spec: string): { readonly set: string; readonly scale?: Scale } {
  const match = OWN_ENDS.exec(spec);
  return match ? { set: match[1]!, scale: parseScale(match[2]!, spec) } : { set: spec };
}

/**
 * Ratings moved from one scale to another: `y = to.lo + (x - from.lo) / (from.hi - from.lo) * (to.hi - to.lo)`, any
 * shape. Equates the ends only, not instructions or populations.
 */
export function rescale(ratings: NdArray<Float64Array>, from: Scale, to: Scale): NdArray<Float64Array> {
  const factor = (to.hi - to.lo) / (from.hi - from.lo);
  return ndarray(
    ratings.data.map((x) => to.lo + (x - from.lo) * factor),
    ratings.shape,
  );
}

/**
 * A warning when the ratings `[S, 2]` leave more than a fifth of the declared scale empty at one end.
 * @param what the user can check: the scale where it was declared, else the file
 */
export function scaleWarnings(
  ratings: NdArray<Float64Array>,
  { lo, hi }: Scale,
  what: "the scale" | "the file" = "the scale",
): string[] {
  const lowest = ratings.data.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = ratings.data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const empty = Math.max(lowest - lo, hi - highest) / (hi - lo);
  if (empty <= EMPTY_SHARE) return [];
  return [
    `The scale is declared ${lo} to ${hi}, but the ratings run from ${short(lowest)} to ${short(highest)}: check ${what}.`,
  ];
}

/** Six digits, without those that only rounding made. */
const short = (value: number) => Number(value.toPrecision(6));
