/**
 * @file How reliable voxels are: patterns of one half of each picture's repeats against those of the other half, stepped up to all
 * repeats (Spearman 1910; Brown 1910). The correlation that a perfect model could reach is its square root.
 */
import { type Matrix, matrixShape } from "../core/linear-algebra.ts";
import { pearson } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** Patterns averaged over repeats, `[S, V]`. @param stimuli of each row of `trials` `[n, V]`, from 0 to S - 1 */
export function meanPatterns(trials: Matrix, stimuli: ArrayLike<number>, S: number): Matrix {
  const [n, V] = matrixShape(trials, "encoding: trials");
  const data = new Float64Array(S * V);
  const counts = new Float64Array(S);
  for (let r = 0; r < n; r++) {
    counts[stimuli[r]!]!++;
    for (let v = 0; v < V; v++) data[stimuli[r]! * V + v]! += trials.data[r * V + v]!;
  }
  for (let at = 0; at < data.length; at++) data[at]! /= counts[Math.floor(at / V)]!;
  return { shape: [S, V], data };
}

/** The reliability of all repeats, from the correlation r of two halves: 2 r / (1 + r), and 0 where r is negative. */
export function stepUp(r: number): number {
  return r > 0 ? (2 * r) / (1 + r) : 0;
}

/**
 * Correlation of odd and even repeats, in the order of rows, over the pictures `among` (default all), `[V]`. Of an odd number of repeats the halves
 * are unequal, and the number is slightly low.
 * @throws DataError when a picture has one repeat.
 */
export function splitHalf(
  trials: Matrix,
  stimuli: ArrayLike<number>,
  among?: ReadonlySet<number>,
): Float64Array {
  const [n, V] = matrixShape(trials, "encoding: trials");
  const seen = new Map<number, number>();
  const halves: [number[], number[]] = [[], []];
  for (let r = 0; r < n; r++) {
    const s = stimuli[r]!;
    if (among && !among.has(s)) continue;
    const before = seen.get(s) ?? 0;
    halves[before % 2 === 0 ? 0 : 1].push(r);
    seen.set(s, before + 1);
  }
  const once = [...seen].find(([, count]) => count < 2);
  if (once || seen.size < 3)
    throw new VcaError(
      "DataError",
      `encoding: 3 pictures with 2 repeats each were expected for split halves, got ${once ? `one repeat of picture ${once[0]}` : `${seen.size} pictures`}. Leave out what needs a reliability, or pass trials of all runs.`,
    );
  const places = new Map([...seen.keys()].map((s, i) => [s, i]));
  const [odd, even] = halves.map((rows) => {
    const data = new Float64Array(rows.length * V);
    for (const [i, r] of rows.entries()) data.set(trials.data.subarray(r * V, (r + 1) * V), i * V);
    const of = rows.map((r) => places.get(stimuli[r]!)!);
    return meanPatterns({ shape: [rows.length, V], data }, of, seen.size).data;
  }) as [Float64Array, Float64Array];
  return Float64Array.from({ length: V }, (_, v) => {
    const of = (half: Float64Array) => Float64Array.from({ length: seen.size }, (_, i) => half[i * V + v]!);
    return pearson(of(odd), of(even)) || 0;
  });
}
