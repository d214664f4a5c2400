/**
 * @file What the plan of a scan alone does to an RDM: trials of one run, and trials near in time, are similar by the noise's
 * autocorrelation (Cai et al. 2019, PLoS Comput. Biol. 15:e1006299). RDMs `[M]` to hold constant where stimuli have one run.
 */
import { VcaError } from "../errors.ts";
import { pairCount } from "./rdm.ts";

/** When each stimulus was shown. */
export interface Trials {
  /** `[S]` */
  readonly runs: ArrayLike<number | string>;
  /** Position in its run, or onset in seconds, `[S]`. */
  readonly positions: ArrayLike<number>;
}

/** 0 for two stimuli of one run, 1 of two: `[M]`. */
export function sameRunRdm({ runs }: Pick<Trials, "runs">): Float64Array {
  return overPairs(runs.length, (i, j) => (runs[i] === runs[j] ? 0 : 1));
}

/**
 * Distance in trials (or seconds) of two stimuli of one run; between runs, the longest such distance: `[M]`.
 * @throws ShapeError when runs and positions differ in number; DataError when a position is not finite.
 */
export function trialLagRdm({ runs, positions }: Trials): Float64Array {
  if (runs.length !== positions.length)
    throw new VcaError(
      "ShapeError",
      `trialLagRdm: a position for each of ${runs.length} runs was expected, got ${positions.length}. Take both from one table.`,
    );
  const lags = overPairs(runs.length, (i, j) =>
    runs[i] === runs[j] ? Math.abs(positions[i]! - positions[j]!) : -1,
  );
  const bad = lags.findIndex((lag) => !Number.isFinite(lag));
  if (bad >= 0)
    throw new VcaError(
      "DataError",
      `trialLagRdm: finite positions were expected, got ${lags[bad]}. Mend the onsets.`,
    );
  const longest = lags.reduce((most, lag) => Math.max(most, lag), 0);
  return lags.map((lag) => (lag < 0 ? longest : lag));
}

function overPairs(S: number, value: (i: number, j: number) => number): Float64Array {
  const out = new Float64Array(pairCount(S));
  for (let i = 0, m = 0; i < S; i++) for (let j = i + 1; j < S; j++, m++) out[m] = value(i, j);
  return out;
}
