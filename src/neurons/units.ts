/** @file A nucleus's activations seen unit by unit, which is how every statistic of units reads them. */
import type { NdArray } from "../core/array.ts";
import { matrixShape } from "../core/linear-algebra.ts";
import { requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** Activations of a nucleus, `[S, U]`. */
export type Activations = NdArray<Float32Array | Float64Array>;

/**
 * The responses of each unit, `[U][S]`.
 * @param S the pictures that labels or ratings speak of
 * @throws ShapeError when the activations are of other pictures; DataError when not finite.
 */
export function unitResponses(activations: Activations, S: number, where: string): Float64Array[] {
  const [pictures, U] = matrixShape(activations, where);
  if (pictures !== S)
    throw new VcaError(
      "ShapeError",
      `${where}: activations of ${S} pictures were expected, got ${pictures}. Join them by stimulus id.`,
    );
  requireFinite(activations.data, where, (i) => `picture ${Math.floor(i / U)}, unit ${i % U}`);
  const responses = Array.from({ length: U }, () => new Float64Array(S));
  for (let s = 0; s < S; s++) for (let u = 0; u < U; u++) responses[u]![s] = activations.data[s * U + u]!;
  return responses;
}

/** Whether a unit always answers the same. */
export function isConstant(responses: Float64Array): boolean {
  return responses.every((value) => value === responses[0]);
}

/** Sums `[C]` and squares `[C]` of a unit's deviations from its mean, by kind of picture. */
export function momentsByKind(
  responses: Float64Array,
  kinds: Int32Array,
  C: number,
): { sums: Float64Array; squares: Float64Array } {
  let sum = 0;
  for (let s = 0; s < responses.length; s++) sum += responses[s]!;
  const center = sum / responses.length;
  const sums = new Float64Array(C);
  const squares = new Float64Array(C);
  for (let s = 0; s < responses.length; s++) {
    const deviation = responses[s]! - center;
    sums[kinds[s]!]! += deviation;
    squares[kinds[s]!]! += deviation * deviation;
  }
  return { sums, squares };
}
