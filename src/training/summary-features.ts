/** @file A picture's summary: the CLS token where there is one, and the mean patch token. What ridge learns from. */
import { type NdArray, zeros } from "../core/array.ts";

/** `[S, T, D]` to `[S, 2 D]` (CLS, then mean), `[S, D]` without a CLS token or with one token only. */
export function summaryFeatures(tokens: NdArray, hasCls: boolean): NdArray {
  const [S, T, D] = tokens.shape as [number, number, number];
  const leading = hasCls && T > 1 ? 1 : 0;
  const F = D * (1 + leading);
  const features = zeros([S, F]);
  for (let s = 0; s < S; s++) {
    const picture = tokens.data.subarray(s * T * D, (s + 1) * T * D);
    const own = features.data.subarray(s * F, (s + 1) * F);
    if (leading > 0) own.set(picture.subarray(0, D));
    const mean = own.subarray(leading * D);
    for (let t = leading; t < T; t++)
      for (let d = 0; d < D; d++) mean[d]! += picture[t * D + d]! / (T - leading);
  }
  return features;
}
