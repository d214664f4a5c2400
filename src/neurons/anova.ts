/**
 * @file Two-way analysis of variance of units, emotion by object category: does a unit answer to the emotion, or to
 * the objects that come with it? Unbalanced cells, type II sums of squares (each main effect beside the other),
 * cells without pictures allowed; the design is decomposed once for all units.
 */
import { fisherP } from "../core/distributions.ts";
import { indicators, orthonormalBasis, residuals } from "../core/projection.ts";
import { type Activations, isConstant, unitResponses } from "./units.ts";

/** One effect on each unit; F is NaN and p is 1 for a constant unit or an effect that the pictures cannot show. */
export interface Effect {
  readonly df: number;
  readonly f: Float64Array;
  readonly p: Float64Array;
}

/** Effects of a two-way analysis. */
export interface Anova {
  readonly first: Effect;
  readonly second: Effect;
  readonly interaction: Effect;
  /** Pictures less the rank of the full design. */
  readonly residualDf: number;
}

/**
 * Analysis of units `[S, U]` by two factors `[S]` and their interaction.
 * @throws ShapeError, DataError as `unitResponses`.
 * @see `statsmodels.stats.anova.anova_lm(typ=2)`
 */
export function twoWayAnova(
  activations: Activations,
  factors: { readonly first: readonly (string | number)[]; readonly second: readonly (string | number)[] },
): Anova {
  const { first, second } = factors;
  const S = first.length;
  const responses = unitResponses(activations, S, "analysis of variance");
  const cells = first.map((label, s) => `${label}\n${second[s]}`);
  const alone = { first: orthonormalBasis(indicators(first)), second: orthonormalBasis(indicators(second)) };
  const both = orthonormalBasis(indicators(second), alone.first);
  const full = orthonormalBasis(indicators(cells), both);
  const residualDf = S - full.length;
  const effect = (df: number): Effect => ({
    df,
    f: new Float64Array(responses.length).fill(Number.NaN),
    p: new Float64Array(responses.length).fill(1),
  });
  const effects = {
    first: effect(both.length - alone.second.length),
    second: effect(both.length - alone.first.length),
    interaction: effect(full.length - both.length),
  };
  responses.forEach((unit, u) => {
    if (isConstant(unit) || residualDf === 0) return;
    const withFirst = residuals(unit, alone.first);
    const withBoth = residuals(withFirst, both.slice(alone.first.length));
    const left = squares(residuals(withBoth, full.slice(both.length)));
    const explained = {
      first: squares(residuals(unit, alone.second)) - squares(withBoth),
      second: squares(withFirst) - squares(withBoth),
      interaction: squares(withBoth) - left,
    };
    for (const name of ["first", "second", "interaction"] as const) {
      const { df, f, p } = effects[name];
      if (df === 0) continue;
      f[u] = explained[name] / df / (left / residualDf);
      p[u] = fisherP(f[u]!, df, residualDf);
    }
  });
  return { ...effects, residualDf };
}

function squares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
