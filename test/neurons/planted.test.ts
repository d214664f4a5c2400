/** @file Planted units are found, and little else: a small form of bench/neurons.bench.ts. */
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { mean, pearson, sd } from "../../src/core/statistics.ts";
import { selectiveUnits, selectivity } from "../../src/neurons/selectivity.ts";
import { plantedUnits, score } from "./planted.ts";

const COUNTS = [30, 60, 40, 90, 30, 50, 30, 90];
const SIMULATIONS = 60;

function simulate(planted: number, rule: "bh" | "by") {
  const scores = Array.from({ length: SIMULATIONS }, (_, i) => {
    const random = Random.seeded(5).at(i);
    const { activations, bins, prefers } = plantedUnits({
      random,
      counts: COUNTS,
      units: 80,
      planted,
      dPrime: 1,
    });
    return score(selectiveUnits(selectivity(activations, bins), rule), prefers);
  });
  const rates = scores.map((each) => each.false);
  return {
    rate: mean(rates),
    bound: 0.05 + (2 * sd(rates)) / Math.sqrt(SIMULATIONS),
    power: mean(scores.map(({ power }) => power || 0)),
  };
}

describe("planted units", () => {
  it("share factors: mean absolute correlation .3", () => {
    const { activations } = plantedUnits({
      random: Random.seeded(1),
      counts: [300],
      units: 40,
      planted: 0,
      dPrime: 0,
    });
    const unit = (u: number) => Float64Array.from({ length: 300 }, (_, s) => activations.data[s * 40 + u]!);
    const correlations: number[] = [];
    for (let a = 0; a < 40; a++)
      for (let b = 0; b < a; b++) correlations.push(Math.abs(pearson(unit(a), unit(b))));
    expect(mean(correlations)).toBeGreaterThan(0.25);
    expect(mean(correlations)).toBeLessThan(0.4);
  });

  it.each(["bh", "by"] as const)("are found with few false discoveries (%s)", (rule) => {
    const { rate, bound, power } = simulate(0.3, rule);
    expect(rate).toBeLessThanOrEqual(bound);
    expect(power).toBeGreaterThanOrEqual(0.8);
  });

  it("are not found where there are none", () => {
    const { rate, bound } = simulate(0, "bh");
    expect(rate).toBeLessThanOrEqual(bound);
  });
});
