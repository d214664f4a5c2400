/**
 * @file A sample of stimuli as weights of pairs: stimulus i drawn w_i times gives the pair i, j the weight w_i w_j.
 * Pairs of a stimulus with its own copy are undefined and have none (Schuett et al. 2023, eLife 12:e82566).
 */
import { pairCount } from "./rdm.ts";
import type { Slots } from "./sorting.ts";

/** The pairs of a sample. */
export interface Draw extends Slots {
  /** How often each stimulus is in it, `[S]`. */
  readonly stimuli: Int32Array;
  /** Their weights, `[L]`. */
  readonly weights: Int32Array;
  /** The roots of the weights, `[L]`. */
  readonly roots: Float64Array;
  /** The sum of the weights. */
  readonly total: number;
}

/**
 * The sample with `stimuli[i]` copies of stimulus i.
 * @param missing 1 for pairs that no sample has, `[M]`
 */
export function drawOf(stimuli: Int32Array, missing?: Uint8Array): Draw {
  const s = stimuli.length;
  const m = pairCount(s);
  const slots = new Int32Array(m).fill(-1);
  const pairs = new Int32Array(m);
  const weights = new Int32Array(m);
  const roots = new Float64Array(m);
  let count = 0;
  let total = 0;
  for (let i = 0, pair = 0; i < s; i++) {
    const times = stimuli[i]!;
    if (times === 0) {
      pair += s - i - 1;
      continue;
    }
    for (let j = i + 1; j < s; j++, pair++) {
      const weight = times * stimuli[j]!;
      if (weight === 0 || missing?.[pair]) continue;
      slots[pair] = count;
      pairs[count] = pair;
      weights[count] = weight;
      roots[count++] = Math.sqrt(weight);
      total += weight;
    }
  }
  return {
    stimuli,
    slots,
    count,
    total,
    pairs: pairs.subarray(0, count),
    weights: weights.subarray(0, count),
    roots: roots.subarray(0, count),
  };
}

/** Every stimulus once. */
export function wholeSample(stimuli: number, missing?: Uint8Array): Draw {
  return drawOf(new Int32Array(stimuli).fill(1), missing);
}
