/**
 * @file Lesions and gain. A unit's output y becomes gain y + offset: gain 0 silences it, gain 1 + a with a > 0
 * enhances it, gain 0 with its mean as offset takes its message and leaves its tone (zero is no silence after
 * LayerNorm or for a signed unit). Both act at the nucleus's output, after rectification, on every token.
 */
import type { NdArray } from "../core/array.ts";
import { mean, quantiles } from "../core/statistics.ts";
import { type Judged, worth } from "./effects.ts";
import { imbalance, type UnitTraits } from "./matched.ts";

/** Another setting of the same network; what is not named is at rest. */
export interface Setting {
  /** Of a nucleus's units, `[U]`; at rest 1. */
  readonly gains?: ReadonlyMap<string, Float32Array>;
  /** Added to a nucleus's units after gain, `[U]`; at rest 0. */
  readonly offsets?: ReadonlyMap<string, Float32Array>;
  /** Of projections by name, such as `LA->CeA`; at rest 1. */
  readonly projections?: ReadonlyMap<string, number>;
}

/** Predictions `[S, 2]` of a network in each of some settings. */
export type Predict = (settings: readonly Setting[]) => Promise<NdArray[]>;

/** What is done to units: `zero`, replacement by their `mean`, or `gain` 1 + a. */
export type Treatment = { readonly kind: "zero" | "mean" } | { readonly kind: "gain"; readonly a: number };

/** The setting in which `units` of a nucleus are treated. */
export function treat(
  nucleus: string,
  traits: Pick<UnitTraits, "mean">,
  units: readonly number[],
  treatment: Treatment,
): Setting {
  const U = traits.mean.length;
  const gain = new Float32Array(U).fill(1);
  for (const u of units) gain[u] = treatment.kind === "gain" ? 1 + treatment.a : 0;
  if (treatment.kind !== "mean") return { gains: new Map([[nucleus, gain]]) };
  const offset = new Float32Array(U);
  for (const u of units) offset[u] = traits.mean[u]!;
  return { gains: new Map([[nucleus, gain]]), offsets: new Map([[nucleus, offset]]) };
}

/** The effect of a treatment on one measure. */
export interface LesionEffect {
  readonly measure: string;
  /** Without any treatment. */
  readonly before: number;
  /** Treated less before. */
  readonly effect: number;
  /** The same of matched random units, one per draw; empty where too few are left to match. */
  readonly random: Float64Array;
}

/** A treatment of chosen units held against random ones. */
export interface Lesioned {
  readonly effects: readonly LesionEffect[];
  /** Mean over draws of `imbalance`; undefined without draws. */
  readonly imbalance: ReturnType<typeof imbalance> | undefined;
}

/** The change of every measure from one worth to another. */
export function changes(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): LesionEffect[] {
  return [...before].map(([measure, value]) => ({
    measure,
    before: value,
    effect: after.get(measure)! - value,
    random: new Float64Array(0),
  }));
}

/**
 * Treats `chosen` units of a nucleus and, one set after the other, `matched` random ones.
 * @param predict of the pictures `judged`, which did not choose the units
 * @param options.before the worth of the untreated predictions
 */
export async function lesion(
  predict: Predict,
  judged: Judged,
  options: {
    readonly nucleus: string;
    readonly traits: UnitTraits;
    readonly chosen: readonly number[];
    readonly treatment: Treatment;
    readonly before: ReadonlyMap<string, number>;
    readonly matched: readonly (readonly number[])[];
  },
): Promise<Lesioned> {
  const { nucleus, traits, chosen, matched, treatment, before } = options;
  const predicted = await predict(
    [chosen, ...matched].map((units) => treat(nucleus, traits, units, treatment)),
  );
  const [effects, ...drawn] = predicted.map((after) => changes(before, worth(after, judged))) as [
    LesionEffect[],
    ...LesionEffect[][],
  ];
  if (matched.length === 0) return { effects, imbalance: undefined };
  const balances = matched.map((units) => imbalance(traits, chosen, units));
  const balance = (trait: keyof UnitTraits) => mean(balances.map((each) => each[trait]));
  return {
    effects: effects.map((found, m) => ({
      ...found,
      random: Float64Array.from(drawn, (each) => each[m]!.effect),
    })),
    imbalance: { mean: balance("mean"), variance: balance("variance"), outgoing: balance("outgoing") },
  };
}

/** An effect beside its random draws. */
export interface AgainstDraws {
  readonly mean: number;
  /** 2.5 and 97.5 % quantiles. */
  readonly lower: number;
  readonly upper: number;
  /** Share of draws, the observed counted in, at least as far from the draws' mean (two-sided). */
  readonly p: number;
}

/** Holds an effect against random draws; undefined without draws, or where a number does not exist. */
export function againstDraws(effect: number, draws: ArrayLike<number>): AgainstDraws | undefined {
  const values = Float64Array.from(draws);
  if (values.length === 0 || Number.isNaN(effect) || values.some(Number.isNaN)) return undefined;
  const center = mean(values);
  const [lower, upper] = quantiles(values, [0.025, 0.975]) as [number, number];
  const far = values.filter((value) => Math.abs(value - center) >= Math.abs(effect - center)).length;
  return { mean: center, lower, upper, p: (1 + far) / (1 + values.length) };
}
