/** @file Low-level statistics against values known by hand. */
import { describe, expect, test } from "vitest";
import { areaAverage } from "../../src/stimuli/grey.ts";
import { LOW_LEVEL_NAMES, lowLevelStatistics } from "../../src/stimuli/low-level.ts";
import { paint } from "./support.ts";

const of = (picture: Parameters<typeof lowLevelStatistics>[0]) => {
  const values = lowLevelStatistics(picture);
  expect(values).toHaveLength(LOW_LEVEL_NAMES.length);
  expect(values.every(Number.isFinite)).toBe(true);
  return Object.fromEntries(LOW_LEVEL_NAMES.map((name, i) => [name, values[i]!]));
};
/** A grating of `cycles` per picture whose wave runs along (u, v). */
const grating = (cycles: number, u: number, v: number) =>
  paint(128, 128, (x, y) => {
    const grey = Math.round(127.5 + 100 * Math.sin((2 * Math.PI * cycles * (u * x + v * y)) / 128));
    return [grey, grey, grey];
  });

describe("lowLevelStatistics", () => {
  test("red has its known Lab colour", () => {
    const red = of(paint(10, 6, () => [255, 0, 0]));
    expect(red["luminance-mean"]).toBeCloseTo(53.24, 2);
    expect(red["green-red-mean"]).toBeCloseTo(80.09, 1);
    expect(red["blue-yellow-mean"]).toBeCloseTo(67.2, 1);
    expect(red["chroma-mean"]).toBeCloseTo(104.55, 1);
    expect(red["saturation-mean"]).toBe(1);
    expect(red.colourfulness).toBeCloseTo(0.3 * Math.hypot(255, 127.5), 6);
    expect(red.entropy).toBe(0);
  });

  test("black and white halves: contrast, entropy, an edge, no symmetry", () => {
    const halves = of(paint(128, 128, (x) => (x < 64 ? [0, 0, 0] : [255, 255, 255])));
    expect(halves["luminance-mean"]).toBeCloseTo(50, 4);
    expect(halves["luminance-sd"]).toBeCloseTo(50, 4);
    expect(halves["luminance-skew"]).toBeCloseTo(0, 6);
    expect(halves.entropy).toBe(1);
    expect(halves["edge-density"]).toBeCloseTo(2 / 126, 6);
    expect(halves["edge-strength"]).toBeCloseTo((2 * 4) / 126, 6);
    expect(halves.symmetry).toBeCloseTo(-1, 6);
  });

  test("skewness has the sign of the rarer end", () => {
    const dots = of(paint(16, 16, (x, y) => (x % 4 === 0 && y % 4 === 0 ? [255, 255, 255] : [0, 0, 0])));
    expect(dots["luminance-skew"]).toBeCloseTo((1 - 2 / 16) / Math.sqrt((1 / 16) * (15 / 16)), 4);
  });

  test.each([
    ["low-horizontal", 5, 0, 1],
    ["low-rising", 4, 1, 1],
    ["low-vertical", 5, 1, 0],
    ["low-falling", 4, 1, -1],
    ["middle-horizontal", 20, 0, 1],
    ["middle-vertical", 20, 1, 0],
    ["high-vertical", 50, 1, 0],
    ["high-horizontal", 50, 0, 1],
  ])("a grating has its energy in %s", (name, cycles, u, v) => {
    const values = of(grating(cycles, u, v));
    const energies = LOW_LEVEL_NAMES.filter((other) => other.startsWith("energy-"));
    const best = energies.reduce((a, b) => (values[a]! >= values[b]! ? a : b));
    expect(best).toBe(`energy-${name}`);
  });

  test("power of a grating: a quarter of the squared amplitude, spread by the window", () => {
    const values = of(grating(20, 1, 0));
    // sum |F|^2 / 128^4 over one side is A^2 / 4 * (3/8)^2 of the window's mean square; the wedge holds `bins` of them
    let bins = 0;
    for (let v = -64; v < 64; v++) {
      for (let u = -64; u < 64; u++) {
        const frequency = Math.hypot(u, v);
        const turn = Math.round((Math.atan2(u, v) / Math.PI) * 4 + 4) % 4;
        if (frequency >= 8 && frequency < 32 && turn === 2) bins++;
      }
    }
    const total = ((100 / 255) ** 2 / 2) * (3 / 8) ** 2;
    expect(values["energy-middle-vertical"]).toBeCloseTo(Math.log10(total / bins), 2);
  });

  test("a blank picture, one pixel and a black one give finite numbers", () => {
    expect(of(paint(50, 30, () => [9, 9, 9])).symmetry).toBe(0);
    expect(of(paint(1, 1, () => [0, 0, 0]))["saturation-mean"]).toBe(0);
  });

  test("names are unique", () => expect(new Set(LOW_LEVEL_NAMES).size).toBe(28));
});

test("areaAverage weighs border pixels by their share", () => {
  const row = Float64Array.of(0, 3, 6, 0, 3, 6, 0, 3, 6);
  const region = { left: 0, top: 0, width: 3, height: 3 };
  expect([...areaAverage(row, 3, region, 2)]).toEqual([1, 5, 1, 5]);
});
