/**
 * @file Random units to hold a lesion against: as many, and alike in mean, variance and outgoing weight norm, because
 * any loud unit with strong connections matters. Nearest-neighbour matching without replacement on standardised
 * covariates (Stuart 2010, Stat Sci 25:1), drawn anew each time among the few nearest.
 */
import type { Circuit } from "../circuits/circuit.ts";
import { afferents } from "../circuits/circuit.ts";
import type { NdArray } from "../core/array.ts";
import { matrixShape } from "../core/linear-algebra.ts";
import type { Random } from "../core/random.ts";
import { mean, sd, variance } from "../core/statistics.ts";

/** What units are matched in, `[U]` each. */
export interface UnitTraits {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Root of the sum of squares of the weights that leave the unit. */
  readonly outgoing: Float64Array;
}

const NEAREST = 5;

/** Traits of the units of a nucleus from their activations `[S, U]` and the network's parameters. */
export function unitTraits(
  activations: NdArray<Float32Array | Float64Array>,
  circuit: Circuit,
  options: {
    readonly nucleus: string;
    readonly parameters: ReadonlyMap<string, NdArray>;
    readonly units: ReadonlyMap<string, number>;
  },
): UnitTraits {
  const [S, U] = matrixShape(activations, "traits");
  const responses = Array.from({ length: U }, (_, u) =>
    Float64Array.from({ length: S }, (_, s) => activations.data[s * U + u]!),
  );
  return {
    mean: Float64Array.from(responses, mean),
    variance: Float64Array.from(responses, variance),
    outgoing: outgoingNorms(circuit, options).map(Math.sqrt),
  };
}

/**
 * Squares of the weights by which each unit of `nucleus` reaches others: of the projections' own maps, of the first maps of
 * a target that takes its afferents side by side (query, key and value of its first block, or its output), of the readout.
 */
function outgoingNorms(
  circuit: Circuit,
  {
    nucleus,
    parameters,
    units,
  }: { nucleus: string; parameters: ReadonlyMap<string, NdArray>; units: ReadonlyMap<string, number> },
): Float64Array {
  const U = units.get(nucleus)!;
  const squares = new Float64Array(U);
  const add = (name: string, from = 0) => {
    const weight = parameters.get(`${name}/weight`);
    const width = weight?.shape.at(-1) ?? 0;
    for (let u = 0; u < U; u++)
      for (let k = 0; k < width; k++) squares[u]! += weight!.data[(from + u) * width + k]! ** 2;
  };
  for (const { id, input, blocks } of circuit.nuclei) {
    add(`${id}/from-visual/from-${nucleus}`); // feedback
    add(`${id}/from-${nucleus}`);
    if (input !== "concat") continue;
    let from = 0;
    for (const projection of afferents(circuit, id, "+")) {
      if (projection.from === nucleus)
        for (const part of blocks > 0
          ? ["query", "key", "value"].map((name) => `block1/${name}`)
          : ["output"])
          add(`${id}/${part}`, from);
      from += units.get(projection.from) ?? 0;
    }
  }
  if (circuit.readout === nucleus) add("readout");
  return squares;
}

/**
 * Draws units like `chosen`, one for one, among those that are neither chosen nor constant.
 * @returns undefined when fewer are left than were chosen
 */
export function matchedUnits(
  traits: UnitTraits,
  chosen: readonly number[],
  random: Random,
): number[] | undefined {
  const standardised = [traits.mean, traits.variance, traits.outgoing].map((values) => {
    const deviation = sd(values);
    return values.map((value) => (deviation > 0 ? value / deviation : 0));
  });
  const distance = (a: number, b: number) =>
    standardised.reduce((sum, values) => sum + (values[a]! - values[b]!) ** 2, 0);
  const taken = new Set(chosen);
  const free = [...traits.mean.keys()].filter((u) => !taken.has(u) && traits.variance[u]! > 0);
  if (free.length < chosen.length) return undefined;
  return [...random.permutation(chosen.length)].map((i) => {
    const near = free.sort((a, b) => distance(a, chosen[i]!) - distance(b, chosen[i]!));
    return free.splice(random.integer(Math.min(NEAREST, near.length)), 1)[0]!;
  });
}

/** `draws` sets of matched units; none where too few are left to match. */
export function matchedSets(
  traits: UnitTraits,
  chosen: readonly number[],
  draws: number,
  random: Random,
): number[][] {
  return Array.from({ length: draws }, (_, d) => matchedUnits(traits, chosen, random.at(d))).flatMap(
    (units) => (units ? [units] : []),
  );
}

/** How far matched units are from the chosen, per trait: difference of means over the sd of all units of the nucleus. */
export function imbalance(
  traits: UnitTraits,
  chosen: readonly number[],
  matched: readonly number[],
): { mean: number; variance: number; outgoing: number } {
  const of = (values: Float64Array) => {
    const deviation = sd(values);
    const average = (units: readonly number[]) => mean(units.map((u) => values[u]!));
    return deviation > 0 ? (average(matched) - average(chosen)) / deviation : 0;
  };
  return { mean: of(traits.mean), variance: of(traits.variance), outgoing: of(traits.outgoing) };
}
