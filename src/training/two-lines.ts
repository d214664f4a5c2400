/**
 * @file The V-shape of arousal over valence, by Simonsohn's (2018) two lines, AMPPS 1:538: a regression line on
 * either side of a break, and a V only where both slopes are reliable and of opposite sign. A quadratic term
 * alone is no evidence. Differs from his code in the break: it is fixed beforehand (the midpoint of the
 * scale), where his "Robin Hood" looks for one in the data.
 */
import { normalP } from "../core/distributions.ts";
import { mean, requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/** One line of the test. */
export interface Line {
  /** Rating units of y per rating unit of x. */
  readonly slope: number;
  /** Robust to unequal variances: HC3 of MacKinnon & White (1985). */
  readonly standardError: number;
  /** Two-sided, from the normal distribution, as in Simonsohn's code. */
  readonly p: number;
  /** Pictures on this side, those at the break included. */
  readonly n: number;
}

/** Both lines; a side whose slope cannot be tested (below 3 pictures, or one picture decides it) has none. */
export interface TwoLines {
  readonly lower: Line | undefined;
  readonly upper: Line | undefined;
  /** "V": falling, then rising, both p < .05; "inverted V": the opposite. */
  readonly shape: "V" | "inverted V" | "none" | "not testable";
}

/**
 * The two-lines test of y `[S]` over x `[S]`; pictures at the break belong to both lines.
 * @throws ShapeError when lengths differ; DataError when not finite.
 */
export function twoLines(options: {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly breakAt: number;
}): TwoLines {
  const { x, y, breakAt } = options;
  if (x.length !== y.length)
    throw new VcaError(
      "ShapeError",
      `twoLines: equal lengths were expected, got ${x.length} and ${y.length}. Join them by stimulus id.`,
    );
  requireFinite(x, "twoLines: x");
  requireFinite(y, "twoLines: y");
  const side = (keep: (value: number) => boolean) => {
    const places = Array.from(x, (_, i) => i).filter((i) => keep(x[i]!));
    return line(
      places.map((i) => x[i]!),
      places.map((i) => y[i]!),
    );
  };
  const lower = side((value) => value <= breakAt);
  const upper = side((value) => value >= breakAt);
  if (!lower || !upper) return { lower, upper, shape: "not testable" };
  const both = lower.p < 0.05 && upper.p < 0.05 && lower.slope * upper.slope < 0;
  return { lower, upper, shape: !both ? "none" : lower.slope < 0 ? "V" : "inverted V" };
}

/** Least squares of y on x with HC3: var(slope) = sum((x - mean)^2 (e / (1 - h))^2) / Sxx^2. */
function line(x: readonly number[], y: readonly number[]): Line | undefined {
  const n = x.length;
  if (n < 3) return undefined;
  const centerX = mean(x);
  const centerY = mean(y);
  const dx = x.map((value) => value - centerX);
  const sxx = dx.reduce((sum, d) => sum + d * d, 0);
  const slope = dx.reduce((sum, d, i) => sum + d * y[i]!, 0) / sxx;
  let squares = 0;
  for (const [i, d] of dx.entries()) {
    const free = 1 - 1 / n - (d * d) / sxx; // 1 - leverage
    if (!(free > 1e-10)) return undefined; // x constant, or this picture alone decides the slope
    squares += ((d * (y[i]! - centerY - slope * d)) / free) ** 2;
  }
  const standardError = Math.sqrt(squares) / sxx;
  const exact = standardError === 0;
  return { slope, standardError, p: exact ? (slope === 0 ? 1 : 0) : normalP(slope / standardError), n };
}
