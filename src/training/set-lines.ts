/**
 * @file An intercept and a slope per set, where several sets train together: raters, instructions and scales differ
 * between sets, so one prediction is shared and each set reads it off its own line. The lines come from training
 * pictures alone. Why this form: docs/decisions/021-sets-together.md.
 */
import type { NdArray } from "../core/array.ts";
import { VcaError } from "../errors.ts";

/** The lines that the training pictures of one replica give. */
export interface SetLines {
  /** What is learned, `[S, 2]`: all ratings on the line of the first set that is trained on. */
  readonly shared: NdArray<Float64Array>;
  /** Predictions `[rows, 2]` on the shared line, moved to the line of each picture's set. */
  own(
    predictions: NdArray<Float32Array | Float64Array>,
    rows: ArrayLike<number>,
  ): NdArray<Float64Array<ArrayBuffer>>;
}

/** y = center + scale z of one set, z being without unit. */
interface Line {
  readonly center: number;
  readonly scale: number;
}

/**
 * The lines of sets: center and deviation (n - 1) of each set's ratings `[S, 2]` over the pictures `train`. A set
 * without training pictures is on the first one's line.
 * @param sets the set of each stimulus
 * @throws DataError when a set's training ratings are fewer than two, or equal
 */
export function setLines(
  { ratings, sets }: { readonly ratings: NdArray<Float64Array>; readonly sets: readonly string[] },
  train: Int32Array,
): SetLines {
  const lines = new Map<string, readonly [Line, Line]>();
  for (const set of [...new Set(sets)]) {
    const rows = train.filter((s) => sets[s] === set);
    if (rows.length > 0) lines.set(set, [lineOf(set, ratings, rows, 0), lineOf(set, ratings, rows, 1)]);
  }
  const first = [...lines.values()][0]!;
  const moved = (
    values: NdArray<Float32Array | Float64Array>,
    rows: ArrayLike<number>,
    ends: (set: readonly [Line, Line]) => readonly [from: readonly [Line, Line], to: readonly [Line, Line]],
  ) => {
    const data = Float64Array.from(values.data, (value, i) => {
      const [from, to] = ends(lines.get(sets[rows[i >> 1]!]!) ?? first);
      const [a, b] = [from[i & 1]!, to[i & 1]!];
      return a === b ? value : b.center + (b.scale / a.scale) * (value - a.center);
    });
    return { shape: values.shape, data };
  };
  return {
    shared: moved(ratings, Array.from(sets.keys()), (set) => [set, first]),
    own: (predictions, rows) => moved(predictions, rows, (set) => [first, set]),
  };
}

function lineOf(set: string, ratings: NdArray<Float64Array>, rows: Int32Array, k: 0 | 1): Line {
  const values = Float64Array.from(rows, (s) => ratings.data[2 * s + k]!);
  const center = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - center) ** 2, 0);
  if (values.every((value) => value === values[0]))
    throw new VcaError(
      "DataError",
      `fit: two or more different ${k === 0 ? "valence" : "arousal"} ratings of ${set} were expected in training, got ${values.length} equal. Use a larger set, or leave out --line-per-set.`,
    );
  return { center, scale: Math.sqrt(squares / (values.length - 1)) };
}
