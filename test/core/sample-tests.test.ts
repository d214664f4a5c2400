import { describe, expect, it } from "vitest";
import { independentPart, indicators, orthonormalBasis, residuals } from "../../src/core/projection.ts";
import { Random } from "../../src/core/random.ts";
import { pageTrend, testCrossed, testDifference, testMean } from "../../src/core/sample-tests.ts";
import fixture from "../fixtures/neurons/seeds.json" with { type: "json" };

const close = (got: number | undefined, expected: number) =>
  expect(Math.abs(got! - expected)).toBeLessThan(1e-9);

describe("tests over seeds", () => {
  it("are scipy's: Student's t and the sign test", () => {
    const { estimate, lower, upper, p, signP, n } = testMean(fixture.a);
    close(estimate, fixture.one.estimate);
    close(lower, fixture.one.interval[0]!);
    close(upper, fixture.one.interval[1]!);
    close(p, fixture.one.p);
    close(signP, fixture.one.signP);
    expect(n).toBe(7);
  });

  it("are scipy's: Welch's t", () => {
    const { estimate, lower, upper, p, signP, n } = testDifference(fixture.a, fixture.b);
    close(estimate, fixture.two.estimate);
    close(lower, fixture.two.interval[0]!);
    close(upper, fixture.two.interval[1]!);
    close(p, fixture.two.p);
    expect([signP, n]).toEqual([undefined, 5]);
  });

  it("say nothing of one seed or of equal values", () => {
    expect(testMean([0.3])).toEqual({
      estimate: 0.3,
      lower: undefined,
      upper: undefined,
      p: undefined,
      signP: 1,
      n: 1,
    });
    expect(testMean([0, 0]).signP).toBeUndefined();
  });
});

describe("a test over people and pictures", () => {
  it("is that of a two-way layout of random effects, on the fewer degrees of freedom", () => {
    const { estimate, lower, upper, p, signP, n } = testCrossed(fixture.crossed.values);
    close(estimate, fixture.crossed.estimate);
    close(lower, fixture.crossed.interval[0]!);
    close(upper, fixture.crossed.interval[1]!);
    close(p, fixture.crossed.p);
    expect(n).toBe(6);
    const means = fixture.crossed.values.map((row) => row.reduce((sum, value) => sum + value / 9, 0));
    expect(signP).toBe(testMean(means).signP);
  });

  it("does not fall below the variance of either sample, and says nothing of one row or one column", () => {
    const equal = [
      [1, 2, 3],
      [2, 1, 4.5],
    ];
    const error = Math.sqrt(((-0.5) ** 2 + 0.25) / 2 / 2);
    const { estimate, upper } = testCrossed(equal);
    expect(upper! - estimate).toBeGreaterThanOrEqual(12.7 * error); // t of one degree of freedom
    expect(testCrossed([[1, 2, 3]]).p).toBeUndefined();
    expect(testCrossed([[1], [2], [3]]).p).toBeUndefined();
  });

  it("finds nothing where only these pictures differ, which a test over people takes for a finding", () => {
    const random = Random.seeded(3);
    const found = Array.from({ length: 1000 }, () => {
      const pictures = Array.from({ length: 6 }, () => random.normal());
      const values = Array.from({ length: 12 }, () => pictures.map((picture) => picture + random.normal()));
      const means = values.map((row) => row.reduce((sum, value) => sum + value / 6, 0));
      return [testCrossed(values).p!, testMean(means).p!] as const;
    });
    const rate = (of: 0 | 1) => found.filter((p) => p[of] < 0.05).length / found.length;
    expect(rate(0)).toBeLessThan(0.065);
    expect(rate(0)).toBeGreaterThan(0.02);
    expect(rate(1)).toBeGreaterThan(0.4);
  });
});

describe("Page's trend", () => {
  it("is scipy's, exact for few conditions and normal for many", () => {
    const exact = pageTrend(fixture.blocks);
    expect(exact.method).toBe("exact");
    expect(exact.l).toBe(fixture.exact.l);
    close(exact.p, fixture.exact.p);
    const normal = pageTrend(fixture.many);
    expect(normal.method).toBe("normal");
    expect(normal.l).toBe(fixture.normal.l);
    close(normal.p, fixture.normal.p);
  });

  it("counts ties as they are", () => {
    expect(pageTrend([[1, 1, 1]])).toEqual({ l: 12, p: 1, method: "exact" });
    expect(pageTrend([[1, 1, 2]]).p).toBeCloseTo(1 / 3, 12); // of the three orders of two equals and one larger
    expect(pageTrend([[1, 2, 3]]).p).toBeCloseTo(1 / 6, 12);
  });

  it("needs blocks of one length", () => {
    expect(() =>
      pageTrend([
        [1, 2, 3],
        [1, 2],
      ]),
    ).toThrow(
      expect.objectContaining({
        tag: "ShapeError",
        message:
          "pageTrend: blocks of one length, 3 or more, were expected, got 3, 2. Pass one value per block and condition.",
      }),
    );
  });
});

describe("projection", () => {
  it("finds the rank of a design and what lies outside it", () => {
    const labels = ["a", "b", "a", "c"];
    const basis = orthonormalBasis(indicators(labels));
    expect(basis).toHaveLength(3);
    const left = residuals([1, 5, 3, 7], basis);
    for (const [i, expected] of [-1, 0, 1, 0].entries()) close(left[i], expected);
    expect(independentPart([1, 0, 1, 0], basis)).toBeUndefined();
  });
});
