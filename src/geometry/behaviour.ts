/**
 * @file How far apart pictures are for those who rated them: RDMs in vector form `[M]` (upper triangle, row-major)
 * on the plane of valence and arousal (Liu et al. 2025, fig. 6c), along each rating, by intensity, by category.
 */
import { sd } from "../core/statistics.ts";

/** What is known of S pictures. */
export interface Rated {
  readonly valence: ArrayLike<number>;
  readonly arousal: ArrayLike<number>;
  /** The ends of both scales. */
  readonly scale: { readonly lo: number; readonly hi: number };
  /** Content category of each, where the set has one. */
  readonly category?: readonly string[] | undefined;
}

/** A distance between pictures of places i and j, over all pairs: `[M]`. */
export function pairs(S: number, distance: (i: number, j: number) => number): Float64Array {
  const vector = new Float64Array((S * (S - 1)) / 2);
  let at = 0;
  for (let i = 0; i < S; i++) for (let j = i + 1; j < S; j++) vector[at++] = distance(i, j);
  return vector;
}

/** 0 for two pictures of one label, 1 for others, `[M]`. */
export function labelRdm(labels: readonly (string | number)[]): Float64Array {
  return pairs(labels.length, (i, j) => (labels[i] === labels[j] ? 0 : 1));
}

/** Euclidean distances of z-scored columns (constant ones left out), `[M]`: of low-level picture statistics. */
export function columnsRdm(columns: readonly ArrayLike<number>[]): Float64Array {
  const S = columns[0]?.length ?? 0;
  const squares = new Float64Array((S * (S - 1)) / 2);
  for (const column of columns) {
    const deviation = S > 1 ? sd(column) : 0;
    if (deviation === 0) continue;
    let at = 0;
    for (let i = 0; i < S; i++)
      for (let j = i + 1; j < S; j++) squares[at++]! += ((column[i]! - column[j]!) / deviation) ** 2;
  }
  return squares.map(Math.sqrt);
}

/**
 * The behavioural RDMs by name: `circumplex` (Euclidean), `valence`, `arousal` (absolute differences), `intensity`
 * (of |valence - middle of the scale|), and `category` where it is known.
 */
export function behaviouralRdms({ valence, arousal, scale, category }: Rated): Map<string, Float64Array> {
  const S = valence.length;
  const middle = (scale.lo + scale.hi) / 2;
  const along = (values: ArrayLike<number>) => pairs(S, (i, j) => Math.abs(values[i]! - values[j]!));
  const intensity = Float64Array.from(valence, (value) => Math.abs(value - middle));
  return new Map([
    ["circumplex", pairs(S, (i, j) => Math.hypot(valence[i]! - valence[j]!, arousal[i]! - arousal[j]!))],
    ["valence", along(valence)],
    ["arousal", along(arousal)],
    ["intensity", along(intensity)],
    ...(category ? ([["category", labelRdm(category)]] as const) : []),
  ]);
}
