/**
 * @file Tests over a few independent networks (seeds) or people: Student's t, Welch's t, the sign test, Page's trend, and of people before
 * pictures, where both are drawn. Units and folds of one network are no replicates; its seed is.
 */
import { VcaError } from "../errors.ts";
import { normalP, studentP, studentQuantile } from "./distributions.ts";
import { ranks } from "./ranks.ts";
import { mean, variance } from "./statistics.ts";

/** A mean with its 95 % interval and tests against 0. What too few values cannot tell is undefined. */
export interface SampleTest {
  readonly estimate: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** Two-sided p of Student's (or Welch's) t. */
  readonly p: number | undefined;
  /** Two-sided p of the exact sign test, zeros left out; undefined for two independent samples. */
  readonly signP: number | undefined;
  /** Values, of the smaller sample where there are two. */
  readonly n: number;
}

/** Tests the mean of `values` against 0. @throws DataError when empty or not finite. @see `scipy.stats.ttest_1samp`, `binomtest` */
export function testMean(values: ArrayLike<number>): SampleTest {
  const n = values.length;
  const squared = n > 1 ? variance(values) / n : 0;
  return { ...studentTest(mean(values), squared, n - 1), signP: signTest(values), n };
}

/**
 * Tests the mean of numbers of two crossed samples, such as participants and groups of pictures, against 0: both are counted as drawn, so that it
 * speaks of others of both. Variance as of a two-way layout of random effects, V_rows + V_columns - V_rest, not below either of the first two;
 * Student's t with the degrees of freedom of the smaller sample. The sign test is over rows.
 * @param values `[rows][columns]`
 * @throws DataError when not finite
 * @see Clark (1973) J Verbal Learn Verbal Behav 12:335
 */
export function testCrossed(values: readonly ArrayLike<number>[]): SampleTest {
  const rows = values.map(mean);
  const columns = Array.from(values[0]!, (_, j) => mean(values.map((row) => row[j]!)));
  const [R, C] = [rows.length, columns.length];
  const n = Math.min(R, C);
  const center = mean(rows);
  let squared = 0;
  if (n > 1) {
    let rest = 0;
    for (const [i, row] of values.entries())
      for (let j = 0; j < C; j++) rest += (row[j]! - rows[i]! - columns[j]! + center) ** 2;
    const [ofRows, ofColumns] = [variance(rows) / R, variance(columns) / C];
    squared = Math.max(ofRows + ofColumns - rest / ((R - 1) * (C - 1) * R * C), ofRows, ofColumns);
  }
  return { ...studentTest(center, squared, n - 1), signP: signTest(rows), n };
}

/** Tests the difference of the means of two independent samples. @throws DataError as `testMean`. @see `scipy.stats.ttest_ind(equal_var=False)` */
export function testDifference(a: ArrayLike<number>, b: ArrayLike<number>): SampleTest {
  const n = Math.min(a.length, b.length);
  const [va, vb] = n > 1 ? [variance(a) / a.length, variance(b) / b.length] : [0, 0];
  const df = welchDf(va, a.length, vb, b.length);
  return { ...studentTest(mean(a) - mean(b), va + vb, df), signP: undefined, n };
}

/** Welch's and Satterthwaite's degrees of freedom, of the squared standard errors of two means. */
export function welchDf(va: number, na: number, vb: number, nb: number): number {
  return (va + vb) ** 2 / (va ** 2 / (na - 1) + vb ** 2 / (nb - 1));
}

function studentTest(estimate: number, squaredError: number, df: number) {
  if (!(squaredError > 0)) return { estimate, lower: undefined, upper: undefined, p: undefined };
  const error = Math.sqrt(squaredError);
  const half = studentQuantile(0.975, df) * error;
  return { estimate, lower: estimate - half, upper: estimate + half, p: studentP(estimate / error, df) };
}

function signTest(values: ArrayLike<number>): number | undefined {
  const signs = Array.from(values, Math.sign).filter((sign) => sign !== 0);
  const n = signs.length;
  if (n === 0) return undefined;
  const fewer = Math.min(signs.filter((sign) => sign > 0).length, signs.filter((sign) => sign < 0).length);
  let tail = 0;
  for (let k = 0, choose = 1; k <= fewer; choose = (choose * (n - k)) / ++k) tail += choose / 2 ** n;
  return Math.min(1, 2 * tail);
}

/** Page's trend test. */
export interface Trend {
  /** Sum over places j = 1..k of j times the sum of their ranks. */
  readonly l: number;
  /** One-sided: of so large an L where order means nothing. */
  readonly p: number;
  /** All orders within each block counted, or L taken as normal. */
  readonly method: "exact" | "normal";
}

/** Beyond, 9! orders of a block are too many to count. */
const MOST_COUNTED = 8;

/**
 * Page's (1963) test, J Am Stat Assoc 58:216, that values rise over `k` ordered conditions, in blocks (seeds) of
 * one value each. Up to 8 conditions p is exact: the permutation distribution of L, ties as they are; beyond, normal.
 * @param blocks `[seeds][k]`
 * @throws ShapeError when blocks differ in length or hold fewer than 3 values
 * @see `scipy.stats.page_trend_test`
 */
export function pageTrend(blocks: readonly ArrayLike<number>[]): Trend {
  const k = blocks[0]?.length ?? 0;
  if (k < 3 || blocks.some((block) => block.length !== k))
    throw new VcaError(
      "ShapeError",
      `pageTrend: blocks of one length, 3 or more, were expected, got ${blocks.map((block) => block.length).join(", ") || "none"}. Pass one value per block and condition.`,
    );
  const doubled = blocks.map((block) => ranks(block).map((rank) => 2 * rank)); // whole numbers
  const weighted = (order: Float64Array) => order.reduce((sum, rank, j) => sum + (j + 1) * rank, 0);
  const l = doubled.reduce((sum, order) => sum + weighted(order), 0) / 2;
  const m = blocks.length;
  if (k > MOST_COUNTED) {
    const expected = (m * k * (k + 1) ** 2) / 4;
    const deviation = Math.sqrt((m * k ** 2 * (k + 1) * (k ** 2 - 1)) / 144);
    const z = (l - expected) / deviation;
    return { l, p: z > 0 ? normalP(z) / 2 : 1 - normalP(z) / 2, method: "normal" };
  }
  let distribution = new Map([[0, 1]]);
  for (const order of doubled) {
    const next = new Map<number, number>();
    for (const [value, count] of weightedSums(order))
      for (const [sum, p] of distribution) next.set(sum + value, (next.get(sum + value) ?? 0) + p * count);
    distribution = next;
  }
  let p = 0;
  for (const [sum, share] of distribution) if (sum >= 2 * l) p += share;
  return { l, p: Math.min(1, p), method: "exact" };
}

/** Each value of sum j r_j over all orders of `values`, and the share of orders that have it. */
function weightedSums(values: Float64Array): Map<number, number> {
  const sums = new Map<number, number>();
  const left = [...values];
  let orders = 0;
  const place = (j: number, sum: number) => {
    if (left.length === 0) {
      orders++;
      sums.set(sum, (sums.get(sum) ?? 0) + 1);
    }
    for (let i = 0; i < left.length; i++) {
      const [value] = left.splice(i, 1);
      place(j + 1, sum + j * value!);
      left.splice(i, 0, value!);
    }
  };
  place(1, 0);
  return new Map([...sums].map(([sum, count]) => [sum, count / orders]));
}
