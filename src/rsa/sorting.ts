/**
 * @file Sorted orders under weights. A bootstrap draw over stimuli gives each pair the weight w_i w_j; what was sorted
 * once stays sorted, so ranks in a draw cost one pass over the pairs instead of a sort.
 */

/** Where values stand: `order` lists slots by rising value, `rank` gives equal values equal numbers, from 0. */
export interface Sorted {
  /** `[L]`. */
  readonly order: Int32Array;
  /** Per slot, `[L]`; gaps do not matter. */
  readonly rank: Int32Array;
  /** All ranks are below it. */
  readonly bound: number;
}

/** Pairs that a draw holds; `slots` numbers them. */
export interface Slots {
  /** Slot of each of all pairs, -1 where the draw has none, `[M]`. */
  readonly slots: Int32Array;
  /** The pair of each slot, rising, `[L]`. */
  readonly pairs: Int32Array;
  /** Pairs in the draw, L. */
  readonly count: number;
}

/** Sorts a vector; NaN goes last. */
export function sortVector(vector: Float64Array): Sorted {
  const n = vector.length;
  const sorted = Float64Array.from(vector).sort();
  const firsts = new Map<number, number>();
  let bound = 0;
  for (let i = 0; i < n; i++) if (!firsts.has(sorted[i]!)) firsts.set(sorted[i]!, bound++);
  const rank = Int32Array.from(vector, (value) => firsts.get(value)!);
  return { ...countingSort(rank, bound), bound };
}

/** Orders by ranks that are already small numbers. */
function countingSort(rank: Int32Array, bound: number): { order: Int32Array; rank: Int32Array } {
  const starts = new Int32Array(bound + 1);
  for (let i = 0; i < rank.length; i++) starts[rank[i]! + 1]!++;
  for (let r = 0; r < bound; r++) starts[r + 1]! += starts[r]!;
  const order = new Int32Array(rank.length);
  for (let i = 0; i < rank.length; i++) order[starts[rank[i]!]!++] = i;
  return { order, rank };
}

/** What of a sorted vector is in a draw, by slots. */
export function sortedIn({ order, rank, bound }: Sorted, { slots, pairs, count }: Slots): Sorted {
  const kept = new Int32Array(count);
  for (let i = 0, at = 0; at < count; i++) {
    const slot = slots[order[i]!]!;
    kept[at] = slot;
    at += 1 + (slot >> 31); // the next one overwrites a slot of -1: no branch to be foretold
  }
  const ranks = new Int32Array(count);
  for (let slot = 0; slot < count; slot++) ranks[slot] = rank[pairs[slot]!]!;
  return { order: kept, rank: ranks, bound };
}

/** Most bits of a digit. */
const BITS = 11;

/** Sorts whole numbers from 0 to below 2^31, by as few digits as there can be, of equal width. */
export function sortIntegers(keys: Int32Array): Sorted {
  const n = keys.length;
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, keys[i]!);
  const bits = 32 - Math.clz32(most);
  const digits = Math.max(1, Math.ceil(bits / BITS));
  const width = Math.ceil(bits / digits);
  const last = (1 << width) - 1;
  let order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let digit = 0; digit < digits; digit++) order = byDigit(keys, order, digit * width, last);
  const rank = new Int32Array(n);
  let bound = 0;
  let previous = keys[order[0]!]!;
  for (let i = 0; i < n; i++) {
    const slot = order[i]!;
    const key = keys[slot]!;
    bound += Number(key !== previous);
    previous = key;
    rank[slot] = bound;
  }
  return { order, rank, bound: bound + 1 };
}

/** The slots of `order` by the digit of their keys, equal ones as they were. */
function byDigit(keys: Int32Array, order: Int32Array, shift: number, last: number): Int32Array<ArrayBuffer> {
  const starts = new Int32Array(last + 2);
  for (let i = 0; i < keys.length; i++) starts[((keys[i]! >> shift) & last) + 1]!++;
  for (let d = 0; d <= last; d++) starts[d + 1]! += starts[d]!;
  const sorted = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const slot = order[i]!;
    sorted[starts[(keys[slot]! >> shift) & last]!++] = slot;
  }
  return sorted;
}

/**
 * Twice the mean ranks, from 2, of values that count `weights` times each: whole numbers, `[L]`.
 * @see `scipy.stats.rankdata` of the repeated values
 */
export function doubledRanks({ order, rank }: Sorted, weights: Int32Array): Int32Array {
  const n = order.length;
  const doubled = new Int32Array(n);
  let below = 0;
  for (let first = 0; first < n; ) {
    const value = rank[order[first]!]!;
    let last = first;
    let weight = 0;
    while (last < n && rank[order[last]!] === value) weight += weights[order[last++]!]!;
    const doubledRank = 2 * below + weight + 1;
    for (let i = first; i < last; i++) doubled[order[i]!] = doubledRank;
    below += weight;
    first = last;
  }
  return doubled;
}
