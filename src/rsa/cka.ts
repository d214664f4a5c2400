/**
 * @file Linear centred kernel alignment: how alike two sets of features arrange the same stimuli, from 0 to 1, whatever the
 * rotation and scale. Biased as Kornblith et al. (2019, ICML, eq. 3); debiased with the unbiased HSIC of Song et al. (2012, J. Mach. Learn. Res.
 * 13:1393, eq. 5), for few stimuli and many channels, where the biased one tends to 1.
 */
import { centredColumns, type Matrix, matrixShape, timesTransposed } from "../core/linear-algebra.ts";
import { requireFinite } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";

/**
 * CKA of features `[S, V]` and `[S, W]`. NaN when one side does not vary.
 * @param debiased default true: 0 on average for unrelated features, may be below 0; false: from 0 to 1, too high with few stimuli
 * @throws ShapeError when the stimuli differ in number; DataError below 4 stimuli or not finite.
 */
export function linearCka(
  x: Matrix,
  y: Matrix,
  { debiased = true }: { readonly debiased?: boolean } = {},
): number {
  const [S] = matrixShape(x, "cka");
  const [other] = matrixShape(y, "cka");
  if (S !== other)
    throw new VcaError(
      "ShapeError",
      `cka: features of the same stimuli were expected, got ${S} and ${other} rows. Join them by stimulus id first.`,
    );
  if (S < 4) throw new VcaError("DataError", `cka: at least 4 stimuli were expected, got ${S}. Add stimuli.`);
  requireFinite(x.data, "cka");
  requireFinite(y.data, "cka");
  const [k, l] = [x, y].map((features) => centredKernel(features, debiased)) as [Float64Array, Float64Array];
  const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  const [kk, ll] = [inner(k, k), inner(l, l)];
  return kk > 0 && ll > 0 ? inner(k, l) / Math.sqrt(kk) / Math.sqrt(ll) : Number.NaN;
}

/**
 * Features' products `[S, S]`, centred; debiased by U-centring (Szekely & Rizzo 2014, Ann. Stat. 42:2382), whose inner products are
 * the unbiased HSIC.
 */
function centredKernel(features: Matrix, debiased: boolean): Float64Array {
  const S = features.shape[0]!;
  const kernel = timesTransposed(centredColumns(features)).data;
  if (!debiased) return kernel;
  for (let i = 0; i < S; i++) kernel[i * S + i] = 0;
  const sums = Float64Array.from({ length: S }, (_, i) =>
    kernel.subarray(i * S, (i + 1) * S).reduce((a, b) => a + b, 0),
  );
  const all = sums.reduce((a, b) => a + b, 0) / (S - 1) / (S - 2);
  return kernel.map((value, at) => {
    const [i, j] = [Math.floor(at / S), at % S];
    return i === j ? 0 : value - (sums[i]! + sums[j]!) / (S - 2) + all;
  });
}
