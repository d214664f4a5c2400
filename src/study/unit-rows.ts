/** @file `units.csv`: one row per unit of one network, with all that is known of it. */
import type { NdArray } from "../core/array.ts";
import { EMOTIONS } from "../neurons/bins.ts";
import { categoryTuning } from "../neurons/categories.ts";
import { RULES, selectiveUnits, selectivity } from "../neurons/selectivity.ts";
import { type RankCorrelations, rankCorrelations, tuningCurves } from "../neurons/tuning.ts";
import type { Cell } from "./run-folder.ts";
import type { Scene } from "./scene.ts";
import type { UnseenNetwork } from "./unseen.ts";

const CURVE_PARTS = 5;
const CURVE = Array.from({ length: CURVE_PARTS }, (_, k) => k + 1);

/** Columns of `units.csv`. */
export const UNIT_HEADER = [
  "network",
  "fold",
  "seed",
  "epoch",
  "nucleus",
  "unit",
  "bin",
  "dPrime",
  "p",
  "qBh",
  "qBy",
  "selectivePaper",
  "selectiveBh",
  "selectiveBy",
  "preferred",
  "index",
  ...EMOTIONS,
  "rValence",
  "pValence",
  "rArousal",
  "pArousal",
  "rValencePartial",
  "pValencePartial",
  "rArousalPartial",
  "pArousalPartial",
  ...["valence", "arousal"].flatMap((scale) =>
    CURVE.map((k) => `${scale}Curve${k}` as `valenceCurve${number}`),
  ),
] as const;

/** One unit of one network at its first or last epoch. */
export type UnitRow = Readonly<Record<(typeof UNIT_HEADER)[number], Cell>>;

/** Rank correlations of a nucleus's units with the ratings, alone and with the covariates of their scene held constant. */
export interface Correlated {
  readonly alone: Readonly<Record<"valence" | "arousal", RankCorrelations>>;
  readonly partial: Readonly<Record<"valence" | "arousal", RankCorrelations>>;
}

export function correlatedWith(activations: NdArray, { valence, arousal, bases }: Scene): Correlated {
  const [alone, partial] = rankCorrelations(
    activations,
    [valence, arousal],
    [bases.alone, bases.partial],
  ).map(([valence, arousal]) => ({ valence: valence!, arousal: arousal! }));
  return { alone: alone!, partial: partial! };
}

/** One row per unit. */
export function unitRows(
  { name, fold }: UnseenNetwork,
  at: { seed: number; epoch: number; nucleus: string },
  activations: NdArray,
  scene: Scene,
  correlated: Correlated,
): UnitRow[] {
  const found = selectivity(activations, scene.bins);
  const tuning = categoryTuning(activations, scene.emotions);
  const curves = {
    valence: tuningCurves(activations, scene.valence, CURVE_PARTS).mean,
    arousal: tuningCurves(activations, scene.arousal, CURVE_PARTS).mean,
  };
  const selective = RULES.map((rule) => selectiveUnits(found, rule));
  const U = found.units;
  return Array.from({ length: U }, (_, u): UnitRow => {
    const tested = found.testable.flatMap((testable, c) => (testable ? [c] : []));
    const best = tested.reduce<number | undefined>(
      (top, c) => (top === undefined || found.dPrime[c * U + u]! > found.dPrime[top * U + u]! ? c : top),
      undefined,
    );
    const of = (values: Float64Array | Uint8Array) => (best === undefined ? undefined : values[best * U + u]);
    const preferred = tuning && tuning.preferred[u]! >= 0 ? EMOTIONS[tuning.preferred[u]!] : undefined;
    const [paper, bh, by] = selective.map(of);
    return {
      network: name,
      fold,
      ...at,
      unit: u,
      bin: best === undefined ? undefined : scene.bins.names[best],
      dPrime: of(found.dPrime),
      p: of(found.p),
      qBh: of(found.adjusted.bh),
      qBy: of(found.adjusted.by),
      selectivePaper: paper,
      selectiveBh: bh,
      selectiveBy: by,
      preferred,
      index: tuning?.index[u],
      unpleasant: tuning?.tuning[u],
      neutral: tuning?.tuning[U + u],
      pleasant: tuning?.tuning[2 * U + u],
      rValence: correlated.alone.valence.r[u],
      pValence: correlated.alone.valence.p[u],
      rArousal: correlated.alone.arousal.r[u],
      pArousal: correlated.alone.arousal.p[u],
      rValencePartial: correlated.partial.valence.r[u],
      pValencePartial: correlated.partial.valence.p[u],
      rArousalPartial: correlated.partial.arousal.r[u],
      pArousalPartial: correlated.partial.arousal.p[u],
      ...Object.fromEntries(CURVE.map((k) => [`valenceCurve${k}`, curves.valence[(k - 1) * U + u]])),
      ...Object.fromEntries(CURVE.map((k) => [`arousalCurve${k}`, curves.arousal[(k - 1) * U + u]])),
    } as UnitRow;
  });
}
