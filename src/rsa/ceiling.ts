/**
 * @file Noise ceilings: how well any model could do, given how participants differ. Upper: each participant against
 * the pooled RDM of all; lower: against the pooled RDM of the others, so that nobody predicts himself. RDMs are pooled
 * so that their mean comparison with the pool is greatest: unit vectors for cosine, z-scores for Pearson, whitened unit
 * vectors for the whitened comparisons, mean ranks for all comparisons of ranks (for tau an approximation).
 * @see Nili et al. (2014) PLoS Comput Biol 10:e1003553
 */
import { timesTransposed } from "../core/linear-algebra.ts";
import {
  addRanks,
  type Comparison,
  FEATURES,
  missingPairs,
  prepare,
  rankedSums,
  type Sampled,
  sample,
  similarities,
  takeSampled,
  vectorsOf,
} from "./comparisons.ts";
import { type Draw, wholeSample } from "./draw.ts";
import { groupsOf, type Participants } from "./participants.ts";
import type { Rdms } from "./rdm.ts";

/** Both bounds; NaN where there is one participant only. */
export interface Ceiling {
  readonly lower: number;
  readonly upper: number;
}

/** The noise ceiling of a sample of participants, by how often each is in it, `[P]`. */
export type CeilingOf = (counts: ArrayLike<number>) => Ceiling;

/**
 * The noise ceilings of RDMs in a sample of stimuli, for any sample of participants: the mean over them of how each compares with the pool of all who took
 * part, or of all others. The pool itself is not drawn again: it is where the mean is greatest, so that small changes of it do not matter, and a pool of those
 * two thirds who are in a sample would be worse than that of the study (docs/decisions/015-rsa-inference.md).
 */
export function ceilingIn(
  data: Sampled,
  draw: Draw,
  { rows, of }: Participants,
  comparison: Comparison,
): CeilingOf {
  /** The pool of all RDMs less one participant's; then the mean comparison of a participant's RDMs with it. */
  let pool: (without?: number) => (p: number) => number;
  if (FEATURES[comparison]) {
    const gram = timesTransposed(data.features!).data; // [n, n]
    const n = of.length;
    pool = (without) => {
      const kept = of.map((participant) => participant !== without);
      const products = new Float64Array(n); // of each RDM with the pool
      let squared = 0;
      for (let row = 0; row < n; row++) {
        let sum = 0;
        for (let k = 0; k < n; k++) if (kept[k]) sum += gram[row * n + k]!;
        products[row] = sum;
        if (kept[row]) squared += sum;
      }
      return (p) => (squared > 0 ? meanOf(rows[p]!.map((row) => products[row]!)) / Math.sqrt(squared) : 0);
    };
  } else {
    const own = rows.map((members) => takeSampled(data, members));
    const all = addRanks(new Int32Array(draw.count), data, [...of.keys()]);
    pool = (without) => {
      const sums = without === undefined ? all : addRanks(all, data, rows[without]!, -1);
      const ranked = rankedSums(sums, draw, comparison);
      return (p) => meanOf(similarities(own[p]!, ranked, comparison));
    };
  }
  if (rows.length < 2) return () => ({ lower: Number.NaN, upper: Number.NaN });
  const withAll = pool();
  const each = rows.map((_, p) => ({ lower: pool(p)(p), upper: withAll(p) }));
  return (counts) => {
    let [lower, upper, total] = [0, 0, 0];
    for (const [p, one] of each.entries()) {
      lower += counts[p]! * one.lower;
      upper += counts[p]! * one.upper;
      total += counts[p]!;
    }
    return { lower: lower / total, upper: upper / total };
  };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * The noise ceiling of RDMs. Those with one value of the label `participant` belong together: they are left out
 * together and count as one.
 * @see rsatoolbox `boot_noise_ceiling`, which pools for whitened comparisons by plain length, so that its upper bound is not the greatest
 */
export function noiseCeiling(data: Rdms, comparison: Comparison): Ceiling {
  const vectors = vectorsOf(data);
  const draw = wholeSample(data.ids.length, missingPairs(vectors));
  const participants = groupsOf(data);
  const sampled = sample(prepare(vectors, comparison), draw, comparison);
  return ceilingIn(sampled, draw, participants, comparison)(participants.names.map(() => 1));
}
