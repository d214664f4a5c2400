import { describe, expect, test } from "vitest";
import { Random, threefry } from "../../src/core/random.ts";
import { pearson } from "../../src/core/statistics.ts";

const draws = <T>(n: number, draw: () => T) => Array.from({ length: n }, draw);

describe("threefry", () => {
  // Random123 1.14, tests/kat_vectors, threefry2x32 20
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as [[number, number], [number, number], [number, number]][])(
    "known answer of key %j",
    (key, counter, out) => {
      expect(threefry(key, counter)).toEqual(out);
    },
  );
});

describe("Random", () => {
  test("one seed and path give one stream, however much of the parent was used", () => {
    const fresh = Random.seeded(7).at("fold", 3);
    const used = Random.seeded(7);
    draws(11, () => used.bits());
    const late = used.at("fold", 3);
    expect(draws(20, () => fresh.bits())).toEqual(draws(20, () => late.bits()));
  });

  test("a path in one step is the path in two", () => {
    expect(Random.seeded(7).at("fold", 3).bits()).toBe(Random.seeded(7).at("fold").at(3).bits());
  });

  test("different seeds and paths never share a first draw", () => {
    const streams = [
      ...[0, 1, 2 ** 32, 2 ** 53 - 1].map((seed) => Random.seeded(seed)),
      ...[
        [""],
        ["a"],
        ["b"],
        ["ab"],
        ["a", "b"],
        ["b", "a"],
        [1],
        ["1"],
        [1, 0],
        [0, 1],
        [2 ** 32],
        [-1],
      ].map((path) => Random.seeded(0).at(...path)),
    ].map((stream) => `${stream.bits()} ${stream.bits()}`);
    expect(new Set(streams).size).toBe(streams.length);
  });

  test("uniform fills 20 equal bins evenly (chi squared below its .999 quantile)", () => {
    const random = Random.seeded(1);
    const bins = new Float64Array(20);
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random.uniform() * 20)]!++;
    const chi = bins.reduce((sum, bin) => sum + (bin - 5000) ** 2 / 5000, 0);
    expect(chi).toBeLessThan(43.82);
    expect(chi).toBeGreaterThan(5.41);
  });

  test("normal has the moments of a standard normal", () => {
    const random = Random.seeded(2);
    const values = draws(100_000, () => random.normal());
    const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.015);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
  });

  test("streams of neighbouring paths do not correlate", () => {
    const n = 20_000;
    const [a, b] = [0, 1].map((k) => Random.seeded(3).at("replica", k)) as [Random, Random];
    expect(
      Math.abs(
        pearson(
          draws(n, () => a.uniform()),
          draws(n, () => b.uniform()),
        ),
      ),
    ).toBeLessThan(4 / Math.sqrt(n));
  });

  test("a permutation holds each number once, and each number visits each place", () => {
    const random = Random.seeded(4);
    expect([...random.permutation(50)].sort((a, b) => a - b)).toEqual(draws(50, () => 0).map((_, i) => i));
    const firsts = new Float64Array(6);
    for (let i = 0; i < 6000; i++) firsts[random.permutation(6)[0]!]!++;
    expect(Math.max(...firsts.map((count) => Math.abs(count - 1000)))).toBeLessThan(120);
    expect([...random.permutation(0)]).toEqual([]);
  });

  test("integers stay below n", () => {
    const random = Random.seeded(5);
    expect(new Set(draws(500, () => random.integer(3)))).toEqual(new Set([0, 1, 2]));
  });
});
