/**
 * @file Numbers of many networks, averaged within a seed (over its folds) and tested over seeds: the network is the
 * sample, not the unit, the picture or the fold.
 */
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { spearman } from "../core/ranks.ts";
import { pageTrend, type SampleTest, testDifference, testMean } from "../core/sample-tests.ts";
import type { Cell } from "./run-folder.ts";

/** What a number is of. */
export interface Place {
  /** `run`, `control`, `shuffled`. */
  readonly source: string;
  readonly seed: number;
  readonly epoch: number;
  readonly nucleus: string;
  readonly measure: string;
  /** What the measure is of: a bin, a category, an RDM. */
  readonly of: string;
}

/** A number of one seed: the mean over its `networks`. */
export interface SeedRow extends Place {
  readonly value: number;
  readonly networks: number;
}

/** A comparison over seeds. */
export interface TestRow {
  readonly comparison: string;
  readonly nucleus: string;
  readonly measure: string;
  readonly of: string;
  readonly estimate: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** Two-sided t; of a trend, one-sided Page. */
  readonly p: number | undefined;
  /** p adjusted (Benjamini & Hochberg) over all rows of the comparison. */
  readonly q: number | undefined;
  readonly signP: number | undefined;
  readonly seeds: number;
  readonly method: string;
}

/** Collects numbers. */
export class SeedTable {
  readonly #values = new Map<string, { place: Place; values: number[] }>();

  /** Adds one network's number; NaN and undefined are not there. */
  add(place: Place, value: number | undefined): void {
    if (value === undefined || Number.isNaN(value)) return;
    const { source, seed, epoch, nucleus, measure, of } = place;
    const key = JSON.stringify([source, seed, epoch, nucleus, measure, of]);
    const found = this.#values.get(key) ?? {
      place: { source, seed, epoch, nucleus, measure, of },
      values: [],
    };
    found.values.push(value);
    this.#values.set(key, found);
  }

  /** One row per place, in the order of their first numbers. */
  rows(): SeedRow[] {
    return [...this.#values.values()].map(({ place, values }) => ({
      ...place,
      value: values.reduce((sum, value) => sum + value, 0) / values.length,
      networks: values.length,
    }));
  }
}

/** The value of each seed of rows that are alike but for it, by seed. */
export function bySeed(rows: readonly SeedRow[], where: Partial<Place>): Map<number, number> {
  const fits = (row: SeedRow) =>
    Object.entries(where).every(([key, value]) => row[key as keyof Place] === value);
  return new Map(rows.filter(fits).map(({ seed, value }) => [seed, value]));
}

/** The paired test of what seeds of both have; without common seeds Welch's. */
export function compareSeeds(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): SampleTest & { method: string } {
  const common = [...a.keys()].filter((seed) => b.has(seed));
  if (common.length === 0) return { ...testDifference([...a.values()], [...b.values()]), method: "welch t" };
  return { ...testMean(common.map((seed) => a.get(seed)! - b.get(seed)!)), method: "paired t" };
}

/**
 * Tests of the run's last epoch against its untrained networks, against other sources at their last epoch, and of the
 * trend over epochs (Page's L, one-sided: rising), for every nucleus and measure.
 */
export function testsOverSeeds(rows: readonly SeedRow[], epochs: readonly number[]): TestRow[] {
  const last = epochs.at(-1)!;
  const sources = [...new Set(rows.map(({ source }) => source))].filter((source) => source !== "run");
  const kinds = new Map(
    rows
      .filter(({ source, epoch }) => source === "run" && epoch === last)
      .map(({ nucleus, measure, of }) => [JSON.stringify([nucleus, measure, of]), { nucleus, measure, of }]),
  );
  const tests: Omit<TestRow, "q">[] = [];
  const groups = grouped(rows, ({ nucleus, measure, of }) => JSON.stringify([nucleus, measure, of]));
  for (const [key, kind] of kinds) {
    const own = groups.get(key)!;
    const trained = bySeed(own, { source: "run", epoch: last });
    const against = (comparison: string, other: ReadonlyMap<number, number>) => {
      if (other.size === 0) return;
      const { n, ...test } = compareSeeds(trained, other);
      tests.push({ comparison, ...kind, ...test, seeds: n });
    };
    if (last > 0) against("trained - untrained", bySeed(own, { source: "run", epoch: 0 }));
    for (const source of sources) {
      const lastOf = Math.max(...own.filter((row) => row.source === source).map(({ epoch }) => epoch));
      against(`trained - ${source}`, bySeed(own, { source, epoch: lastOf }));
    }
    const blocks = [...trained.keys()].map((seed) =>
      epochs.map((epoch) => bySeed(own, { source: "run", epoch }).get(seed)),
    );
    const whole = blocks.filter((block) => block.every((value) => value !== undefined)) as number[][];
    if (whole.length > 0 && epochs.length >= 3)
      tests.push({ ...trendRow(whole, "rises over epochs"), ...kind });
  }
  return withQ(tests);
}

/**
 * A Page test as a row. Its estimate is the mean over seeds of Spearman's correlation with the order, with the interval
 * (within -1 to 1) and sign test of these: p takes conditions as exchangeable, which epochs of one training are not quite.
 */
export function trendRow(blocks: readonly (readonly number[])[], comparison: string) {
  const { p, method } = pageTrend(blocks);
  const order = blocks[0]!.map((_, j) => j);
  const { estimate, lower, upper, signP, n } = testMean(blocks.map((block) => spearman(block, order) || 0));
  const interval = {
    lower: lower === undefined ? undefined : Math.max(-1, lower),
    upper: upper === undefined ? undefined : Math.min(1, upper),
  };
  return { comparison, estimate, ...interval, signP, p, seeds: n, method: `Page ${method}` };
}

/** Adds q over the rows of each comparison. */
export function withQ(tests: readonly Omit<TestRow, "q">[]): TestRow[] {
  const q = new Map<Omit<TestRow, "q">, number>();
  for (const family of grouped(tests, ({ comparison }) => comparison).values()) {
    const tested = family.filter(({ p }) => p !== undefined);
    benjaminiHochberg(tested.map(({ p }) => p!)).forEach((value, i) => {
      q.set(tested[i]!, value);
    });
  }
  return tests.map((test) => ({ ...test, q: q.get(test) }));
}

function grouped<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}

/** Rows of objects as a table: the header, and cells in its order. */
export function cellsOf<K extends string>(
  header: readonly K[],
  rows: readonly Readonly<Record<K, Cell>>[],
): Cell[][] {
  return rows.map((row) => header.map((name) => row[name]));
}

/** Columns of a table of `SeedRow`. */
export const SEED_HEADER = [
  "source",
  "seed",
  "epoch",
  "nucleus",
  "measure",
  "of",
  "value",
  "networks",
] as const;

/** Columns of a table of `TestRow`. */
export const TEST_HEADER = [
  "comparison",
  "nucleus",
  "measure",
  "of",
  "estimate",
  "lower",
  "upper",
  "p",
  "q",
  "signP",
  "seeds",
  "method",
] as const;
