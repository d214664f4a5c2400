/**
 * @file Cross-validation folds. Stimuli that must not be parted (a group, near-equal pictures) form one block; blocks
 * are dealt to folds, the largest first, each to the smallest fold, with seeded ties.
 */
import type { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";

/** How stimuli are dealt. */
export type FoldMethod = "random" | "stratified" | "grouped" | "leave-one-group-out" | "halves";

/** A plan of folds over `n` stimuli. */
export interface FoldOptions {
  /** Number of stimuli, S. */
  readonly n: number;
  /**
   * `random`: equal sizes. `stratified`: also a like spread of `valence`, apart from `together`. `grouped`: whole groups, sizes as equal
   * as they allow. `leave-one-group-out`: one fold per group. `halves`: two folds, of whole groups where given.
   */
  readonly method: FoldMethod;
  /** Number of folds, at least 2; for random, stratified and grouped. */
  readonly folds?: number;
  /** One label per stimulus, such as its theme; `random` and `stratified` take no notice of it. */
  readonly groups?: readonly string[];
  /** Sets of indices that share a fold, whatever the method; sets that overlap are joined. */
  readonly together?: readonly (readonly number[])[];
  /** `[S]`, for stratified. */
  readonly valence?: ArrayLike<number>;
  /** Decides ties; the same stream gives the same folds. */
  readonly random: Random;
}

/** A block: its stimuli, in ascending order. */
type Block = readonly number[];

/**
 * The fold of each stimulus, `[S]`, from 0 to folds - 1; none is empty.
 * @throws ConfigError when the number of folds, groups or valence is missing, or there are more folds than blocks to fill them.
 */
export function planFolds(options: FoldOptions): Int32Array {
  const { n, method, groups, together = [], valence, random } = options;
  const grouped =
    method === "grouped" || method === "leave-one-group-out" || (method === "halves" && groups !== undefined);
  if (grouped && groups?.length !== n) throw missing(method, "one group label", groups?.length, n);
  if (method === "stratified" && valence?.length !== n)
    throw missing(method, "one valence", valence?.length, n);
  const sets = grouped ? [...together, ...members(groups!)] : together;
  const blocks = joined(n, sets);
  const unit = grouped ? "groups" : "pictures";
  if (method === "leave-one-group-out") {
    checkFolds(2, blocks.length, unit);
    const fold = new Int32Array(n);
    for (const [f, block] of blocks.entries()) for (const s of block) fold[s] = f;
    return fold;
  }
  const folds = method === "halves" ? 2 : options.folds;
  checkFolds(folds, blocks.length, unit);
  const fold = new Int32Array(n);
  const sizes = new Int32Array(folds);
  for (const block of shuffled(blocks, random).sort((a, b) => b.length - a.length)) {
    const chosen = best(folds, (f) => -sizes[f]!, random);
    sizes[chosen]! += block.length;
    for (const s of block) fold[s] = chosen;
  }
  if (method === "stratified") stratify(fold, folds, blocks, options);
  return fold;
}

/**
 * Deals the single stimuli again, in order of valence: each to the fold that lags most behind its share of those
 * dealt so far, so that every stretch of valence is spread over the folds and no size changes.
 */
function stratify(
  fold: Int32Array,
  folds: number,
  blocks: readonly Block[],
  { valence, random }: FoldOptions,
): void {
  const singles = shuffled(
    blocks.flatMap((block) => (block.length === 1 ? [block[0]!] : [])),
    random,
  ).sort((a, b) => valence![a]! - valence![b]!);
  const shares = new Int32Array(folds);
  for (const s of singles) shares[fold[s]!]!++;
  const credits = new Float64Array(folds);
  for (const s of singles) {
    for (let f = 0; f < folds; f++) credits[f]! += shares[f]!;
    const chosen = best(folds, (f) => credits[f]!, random);
    credits[chosen]! -= singles.length;
    fold[s] = chosen;
  }
}

/** The fold of the highest score, by lot among equals. */
function best(folds: number, score: (fold: number) => number, random: Random): number {
  let highest = Number.NEGATIVE_INFINITY;
  let ties: number[] = [];
  for (let f = 0; f < folds; f++) {
    const value = score(f);
    if (value > highest) {
      highest = value;
      ties = [];
    }
    if (value === highest) ties.push(f);
  }
  return ties[random.integer(ties.length)]!;
}

/** The blocks of 0 .. n - 1 when the members of each set are joined (union-find), by their least member. */
function joined(n: number, sets: Iterable<readonly number[]>): Block[] {
  const parent = Int32Array.from({ length: n }, (_, s) => s);
  const root = (s: number): number => {
    let at = s;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  for (const set of sets) {
    for (const s of set) {
      const [a, b] = [root(set[0]!), root(s)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const blocks = new Map<number, number[]>();
  for (let s = 0; s < n; s++) {
    const block = blocks.get(root(s));
    if (block) block.push(s);
    else blocks.set(s, [s]);
  }
  return [...blocks.values()];
}

/** The indices that bear each label, in the order of their first. */
export function members(labels: readonly string[]): number[][] {
  const sets = new Map<string, number[]>();
  for (const [s, label] of labels.entries()) {
    const set = sets.get(label);
    if (set) set.push(s);
    else sets.set(label, [s]);
  }
  return [...sets.values()];
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return Array.from(random.permutation(list.length), (i) => list[i]!);
}

function checkFolds(folds: number | undefined, blocks: number, unit: string): asserts folds is number {
  if (folds === undefined || !Number.isInteger(folds) || folds < 2) {
    throw new VcaError(
      "ConfigError",
      `folds: a whole number of at least 2 was expected, got ${folds}. Pass --folds 10.`,
    );
  }
  if (blocks < folds) {
    throw new VcaError(
      "ConfigError",
      `folds: at least ${folds} ${unit} were expected for ${folds} folds, got ${blocks}${unit === "pictures" ? " that may be parted" : ""}. Choose fewer folds, or another grouping.`,
    );
  }
}

function missing(method: FoldMethod, what: string, got: number | undefined, n: number): VcaError {
  return new VcaError(
    "ConfigError",
    `folds: method ${method} needs ${what} for each of ${n} pictures, got ${got ?? "none"}. Pass one for each, or choose --method random.`,
  );
}
