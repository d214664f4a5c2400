/**
 * @file Where pictures lie on the valence-arousal plane: the nine bins of Liu et al. (2025) and the three emotion
 * categories of Liu et al. (2024). The first states no edges, the second looked at each picture after thresholds:
 * what is done instead is an option with a name.
 */
import { quantiles } from "../core/statistics.ts";
import { unknownName, VcaError } from "../errors.ts";

/** The ends of a rating scale. */
export interface ScaleEnds {
  readonly lo: number;
  readonly hi: number;
}

/** Pictures sorted into kinds. */
export interface Sorted {
  /** The kind of each picture, `[S]`, a place in `names`. */
  readonly of: Int32Array;
  readonly names: readonly string[];
  /** Pictures of each kind, `[C]`. */
  readonly counts: readonly number[];
}

/** Edges between bins: thirds of the declared scale, or of the pictures. */
export type Edges = "thirds" | "terciles";

/** Negative, middle, positive valence; low, middle, high arousal. */
const BIN_NAMES = ["N", "M", "P"].flatMap((valence) =>
  ["L", "M", "H"].map((arousal) => `${valence}${arousal}`),
);

/** The categories of emotion, in order. */
export const EMOTIONS = ["unpleasant", "neutral", "pleasant"] as const;

/** The thresholds of Liu et al. (2024), 4.3 and 6.0 on 1-9, as shares of a scale. */
const SOFT_THRESHOLDS = [3.3 / 8, 5 / 8] as const;

function sorted(of: Int32Array, names: readonly string[]): Sorted {
  const counts = names.map(() => 0);
  for (const kind of of) counts[kind]!++;
  return { of, names, counts };
}

/** 0 below the edges, 2 above, 1 between or upon them. */
function third(value: number, [lower, upper]: readonly number[]): number {
  return value < lower! ? 0 : value > upper! ? 2 : 1;
}

/**
 * The nine bins of valence {N, M, P} and arousal {L, M, H}; a rating on an edge belongs to the middle.
 * @param options.edges default `thirds`; bins by terciles are named so: `NL/terciles`
 * @throws DataError when not finite.
 */
export function ratingBins(options: {
  readonly valence: ArrayLike<number>;
  readonly arousal: ArrayLike<number>;
  readonly scale: ScaleEnds;
  readonly edges?: Edges;
}): Sorted {
  const { valence, arousal, scale, edges = "thirds" } = options;
  const between = (values: ArrayLike<number>) =>
    edges === "terciles" ? quantiles(values, [1 / 3, 2 / 3]) : [1, 2].map((part) => at(scale, part / 3));
  const [v, a] = [between(valence), between(arousal)];
  const of = Int32Array.from(
    { length: valence.length },
    (_, s) => third(valence[s]!, v) * 3 + third(arousal[s]!, a),
  );
  return sorted(of, edges === "thirds" ? BIN_NAMES : BIN_NAMES.map((name) => `${name}/terciles`));
}

/** Emotion categories by thresholds of valence: an approximation, because its authors then judged each picture. */
export function emotionsByThreshold(valence: ArrayLike<number>, scale: ScaleEnds): Sorted {
  const edges = SOFT_THRESHOLDS.map((share) => at(scale, share));
  return sorted(
    Int32Array.from(valence, (value) => third(value, edges)),
    EMOTIONS,
  );
}

/** Emotion categories as a column says. @throws DataError for a label that is none of the three. */
export function emotionsByLabel(labels: readonly string[]): Sorted {
  const of = labels.map((label) => (EMOTIONS as readonly string[]).indexOf(label.trim().toLowerCase()));
  const wrong = of.indexOf(-1);
  if (wrong < 0) return sorted(Int32Array.from(of), EMOTIONS);
  const { message } = unknownName("emotions", "category", labels[wrong]!, EMOTIONS);
  throw new VcaError("DataError", message);
}

const at = ({ lo, hi }: ScaleEnds, share: number) => lo + share * (hi - lo);
