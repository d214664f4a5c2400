import { describe, expect, test } from "vitest";
import type { Matrix } from "../../src/core/linear-algebra.ts";
import { Random } from "../../src/core/random.ts";
import { linearCka } from "../../src/rsa/cka.ts";
import fixtures from "../fixtures/rsa-measures/cka.json" with { type: "json" };

const matrix = (rows: number[][]): Matrix => ({
  shape: [rows.length, rows[0]!.length],
  data: Float64Array.from(rows.flat()),
});
const [x, y] = [matrix(fixtures.x), matrix(fixtures.y)];

describe("linearCka", () => {
  test("is the formulas of Kornblith et al. and Song et al.", () => {
    expect(linearCka(x, y, { debiased: false })).toBeCloseTo(fixtures.biased, 12);
    expect(linearCka(x, y)).toBeCloseTo(fixtures.debiased, 12);
  });

  test("is 1 of features turned and scaled", () => {
    const turned = {
      shape: x.shape,
      data: x.data.map(
        (value, at) => 3 * (at % 7 < 2 ? (at % 7 === 0 ? -x.data[at + 1]! : x.data[at - 1]!) : value),
      ),
    };
    expect(linearCka(x, turned)).toBeCloseTo(1, 12);
    expect(linearCka(x, turned, { debiased: false })).toBeCloseTo(1, 12);
  });

  test("of unrelated wide features is near 0 debiased, near 1 biased", () => {
    const random = Random.seeded(1);
    const noise = () => ({
      shape: [10, 2000],
      data: Float64Array.from({ length: 20_000 }, () => random.normal()),
    });
    const [a, b] = [noise(), noise()];
    expect(Math.abs(linearCka(a, b))).toBeLessThan(0.4);
    expect(linearCka(a, b, { debiased: false })).toBeGreaterThan(0.9);
  });

  test("is NaN of features that do not vary, and refuses what has no answer", () => {
    expect(linearCka(x, { shape: [12, 1], data: new Float64Array(12) })).toBeNaN();
    expect(() => linearCka(x, { shape: [2, 1], data: new Float64Array(2) })).toThrow(
      "cka: features of the same stimuli were expected, got 12 and 2 rows. Join them by stimulus id first.",
    );
    const three = { shape: [3, 1], data: Float64Array.of(1, 2, 3) };
    expect(() => linearCka(three, three)).toThrow(
      "cka: at least 4 stimuli were expected, got 3. Add stimuli.",
    );
  });
});
