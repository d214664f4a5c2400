/**
 * @file Kendall's tau under weights, by counting: the pairs of one vector are taken in rising order, and a binary tree
 * over the ranks of the other tells how many before lie below. n log n as in Knight (1966) J Am Stat Assoc 61:436, in
 * whole numbers, so that ties and weights are exact.
 */
import type { Sorted } from "./sorting.ts";

/** A vector in one sample, ready to be counted against others. */
export interface Countable {
  /** Slots by rising value, `[L]`. */
  readonly order: Int32Array;
  /** Rank of each slot, from 1, without gaps, `[L]`. */
  readonly rank: Int32Array;
  /** Weights in `order`, `[L]`. */
  readonly weights: Int32Array;
  /** Where in `order` each value ends; one more than there are values, from 0. */
  readonly ends: Int32Array;
  /** Pairs of equal values, copies counted. */
  readonly tied: number;
  /** All pairs, n (n - 1) / 2 of the total weight n. */
  readonly pairs: number;
}

/** Ranks, runs of equal values and ties of a sorted vector whose slot `i` counts `weights[i]` times. */
export function countable({ order, rank: loose }: Sorted, weights: Int32Array): Countable {
  const n = order.length;
  const rank = new Int32Array(n);
  const ends = new Int32Array(n + 1);
  const inOrder = new Int32Array(n);
  let values = 0;
  let run = 0;
  let tied = 0;
  let total = 0;
  let previous = loose[order[0]!]!;
  for (let i = 0; i < n; i++) {
    const slot = order[i]!;
    const value = loose[slot]!;
    if (value !== previous) {
      previous = value;
      tied += (run * (run - 1)) / 2;
      total += run;
      run = 0;
      ends[++values] = i;
    }
    rank[slot] = values + 1;
    const weight = weights[slot]!;
    inOrder[i] = weight;
    run += weight;
  }
  ends[values + 1] = n;
  tied += (run * (run - 1)) / 2;
  total += run;
  return {
    order,
    rank,
    weights: inOrder,
    ends: ends.subarray(0, values + 2),
    tied,
    pairs: (total * (total - 1)) / 2,
  };
}

/** The weight at leaves before `leaf`. Each node of the tree holds the weight of its left half. */
function before(tree: Int32Array, leaf: number): number {
  let sum = 0;
  for (let node = leaf; node > 1; node >>= 1) sum = (sum + (-(node & 1) & tree[node >> 1]!)) | 0;
  return sum;
}

/** As `before`, then adds a weight at the leaf. */
function advance(tree: Int32Array, leaf: number, weight: number): number {
  let sum = 0;
  for (let node = leaf; node > 1; ) {
    const right = -(node & 1); // as a mask: branches that cannot be foretold cost more than the work
    node >>= 1;
    const left = tree[node]!;
    sum = (sum + (right & left)) | 0;
    tree[node] = (left + (~right & weight)) | 0;
  }
  return sum;
}

/** Memory for counting vectors of up to `length` entries, all zeros between counts. */
export interface Scratch {
  readonly tree: Int32Array;
  readonly joint: Int32Array;
}

/** Memory for vectors of `length` entries; many counts share it. */
export function scratchFor(length: number): Scratch {
  const size = 1 << (33 - Math.clz32(length));
  return { tree: new Int32Array(size), joint: new Int32Array(size) };
}

/** Concordant minus discordant pairs of two vectors. */
export function concordance(x: Countable, y: Countable, { tree, joint }: Scratch): number {
  if (x.ends.length < y.ends.length) return concordance(y, x, { tree, joint }); // the shallower tree
  const { order, weights, ends } = x;
  const { rank } = y;
  const size = 1 << (32 - Math.clz32(y.ends.length));
  if (ends.length === order.length + 1) {
    const concordant = untied(x, rank, tree, size); // what is equal in x are copies, equal in y too
    return 2 * concordant - (x.pairs - y.tied);
  }
  let concordant = 0;
  let tiedBoth = 0;
  for (let value = 1, first = 0; value < ends.length; value++) {
    const last = ends[value]!;
    if (last === first + 1) {
      const weight = weights[first]!;
      concordant += weight * advance(tree, size + rank[order[first]!]!, weight);
      tiedBoth += (weight * (weight - 1)) / 2;
    } else {
      for (let i = first; i < last; i++) {
        const at = rank[order[i]!]!;
        concordant += weights[i]! * before(tree, size + at);
        joint[at]! += weights[i]!;
      }
      for (let i = first; i < last; i++) {
        const at = rank[order[i]!]!;
        const weight = joint[at]!;
        if (weight === 0) continue; // counted with an equal one
        joint[at] = 0;
        tiedBoth += (weight * (weight - 1)) / 2;
        advance(tree, size + at, weight);
      }
    }
    first = last;
  }
  tree.fill(0, 0, size);
  return 2 * concordant - (x.pairs - x.tied - y.tied + tiedBoth);
}

/** The concordant pairs of a vector without equal values and of the ranks of another; a loop of its own, which compiles to half the time. */
function untied({ order, weights }: Countable, rank: Int32Array, tree: Int32Array, size: number): number {
  let concordant = 0;
  for (let i = 0; i < order.length; i++) {
    const weight = weights[i]!;
    concordant += weight * advance(tree, size + rank[order[i]!]!, weight);
  }
  tree.fill(0, 0, size);
  return concordant;
}

/** Kendall's tau-a: ties count as neither. @see Nili et al. (2014) PLoS Comput Biol 10:e1003553 */
export function tauA(x: Countable, y: Countable, scratch: Scratch): number {
  return concordance(x, y, scratch) / x.pairs;
}

/** Kendall's tau-b; 0 where a vector is constant. @see `scipy.stats.kendalltau` */
export function tauB(x: Countable, y: Countable, scratch: Scratch): number {
  const scale = Math.sqrt(x.pairs - x.tied) * Math.sqrt(x.pairs - y.tied);
  return scale > 0 ? concordance(x, y, scratch) / scale : 0;
}
