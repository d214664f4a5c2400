/** @file Planted units: answers that share latent factors, some of which prefer one bin of pictures by a known d'. */
import type { Random } from "../../src/core/random.ts";
import type { Sorted } from "../../src/neurons/bins.ts";

/** Sizes of a simulation. */
export interface PlantedOptions {
  readonly random: Random;
  /** Pictures of each bin. */
  readonly counts: readonly number[];
  readonly units: number;
  /** Share of units that prefer a bin (bins in turn). */
  readonly planted: number;
  readonly dPrime: number;
}

/** Loading on one of three shared factors, signs random: two units of one factor correlate by its square, +-.9. */
const LOADING = Math.sqrt(0.9);
const FACTORS = 3;

/** Unit u prefers bin `prefers[u]` (-1: none). Mean absolute correlation of two units' noise: about .3. */
export function plantedUnits({ random, counts, units: U, planted, dPrime }: PlantedOptions) {
  const of = Int32Array.from(counts.flatMap((n, c) => Array<number>(n).fill(c)));
  const S = of.length;
  const bins: Sorted = { of, names: counts.map((_, c) => `bin ${c}`), counts };
  const prefers = Int32Array.from({ length: U }, (_, u) => (u < planted * U ? u % counts.length : -1));
  const factors = Float64Array.from({ length: S * FACTORS }, () => random.normal());
  const signs = Float64Array.from({ length: U }, () => (random.uniform() < 0.5 ? -1 : 1));
  const own = Int32Array.from({ length: U }, () => random.integer(FACTORS));
  const rest = Math.sqrt(1 - LOADING ** 2);
  const data = Float64Array.from({ length: S * U }, (_, i) => {
    const [s, u] = [Math.floor(i / U), i % U];
    const noise = LOADING * signs[u]! * factors[s * FACTORS + own[u]!]! + rest * random.normal();
    return noise + (of[s] === prefers[u] ? dPrime : 0);
  });
  return { bins, prefers, activations: { shape: [S, U], data } };
}

/** Share of false discoveries (0 without any), and of planted units found. */
export function score(selective: Uint8Array, prefers: Int32Array): { false: number; power: number } {
  const U = prefers.length;
  let [found, right] = [0, 0];
  selective.forEach((is, i) => {
    found += is;
    if (is && prefers[i % U] === Math.floor(i / U)) right++;
  });
  const planted = prefers.reduce((n, bin) => n + (bin >= 0 ? 1 : 0), 0);
  return {
    false: found > 0 ? (found - right) / found : 0,
    power: planted > 0 ? right / planted : Number.NaN,
  };
}
