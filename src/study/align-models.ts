/** @file The models that `vca rsa RUN` compares with brains: RDMs of every nucleus and kept epoch, of encoder and ratings. */
import type { NdArray } from "../core/array.ts";
import { nucleusRdm, patterned } from "../geometry/alignment.ts";
import { pairs } from "../geometry/behaviour.ts";
import type { Model } from "../rsa/models.ts";
import { pairCount, pairIndex, type Rdms } from "../rsa/rdm.ts";
import { columnOfScale } from "../training/metrics.ts";
import { summaryFeatures } from "../training/summary-features.ts";
import type { BrainData } from "./brain-data.ts";
import type { BrainPart, BrainRun, BrainRunOptions } from "./brain-networks.ts";

/** A nucleus at an epoch, or a baseline. */
export interface Candidate {
  readonly model: Model;
  readonly nucleus: string | undefined;
  readonly epoch: number | undefined;
  /** RDMs by seed, `[seeds, M]`; of a baseline none. */
  readonly seeds: Rdms | undefined;
}

/** Flat patterns of so many pictures cost a nucleus its place; of fewer, the pictures' pairs. */
const MOST_FLAT = 0.05;

/** RDMs of every nucleus and kept epoch, and of encoder and ratings. */
export async function modelsOf(
  opened: BrainRun,
  { ids }: Pick<BrainData, "ids">,
  options: Pick<BrainRunOptions, "reporter"> & { readonly rdm?: "correlation" | "spearman" | undefined },
): Promise<{ candidates: Candidate[]; baselines: Candidate[] }> {
  const { run, parts } = opened;
  const last = run.epochs.at(-1)!;
  const wrap = (name: string, rows: readonly Float64Array[], labels: Rdms["labels"]): Rdms => ({
    ids,
    vectors: {
      shape: [rows.length, pairCount(ids.length)],
      data: Float64Array.from(rows.flatMap((row) => [...row])),
    },
    labels: { model: rows.map(() => name), ...labels },
  });
  const candidates: Candidate[] = [];
  for (const epoch of run.epochs)
    for (const nucleus of run.nuclei) {
      const name = epoch === last ? nucleus : `${nucleus} epoch ${epoch}`;
      const rows: Float64Array[] = [];
      let flat = 0;
      for (const k of parts[0]!.networks.keys()) {
        const own = await Promise.all(parts.map(({ networks }) => networks[k]!.activations(nucleus, epoch)));
        flat = Math.max(
          flat,
          own.reduce((sum, each) => sum + each.shape[0]! - patterned(each).length, 0),
        );
        rows.push(
          inBlocks(ids.length, parts, (_, i) => {
            const kept = patterned(own[i]!);
            if (kept.length < 3) return undefined;
            const U = own[i]!.shape[1]!;
            const data = Float32Array.from(
              kept.flatMap((s) => [...own[i]!.data.subarray(s * U, (s + 1) * U)]),
            );
            return { rdm: nucleusRdm({ shape: [kept.length, U], data }, options.rdm), kept };
          }),
        );
      }
      if (flat > MOST_FLAT * ids.length) {
        options.reporter.warn(
          `${name}: its units answer alike to ${flat} of ${ids.length} pictures, which have no pattern there; it is left out.`,
        );
        continue;
      }
      const seeds = wrap(name, rows, { seed: parts[0]!.networks.map(({ seed }) => String(seed)) });
      const mean = rows[0]!.map((_, m) => rows.reduce((sum, row) => sum + row[m]! / rows.length, 0));
      candidates.push({
        model: { kind: "fixed", name, rdms: wrap(name, [mean], {}) },
        nucleus,
        epoch,
        seeds,
      });
    }
  const tokens = await Promise.all(parts.map(({ fold, inRun }) => run.sight({ fold, places: inRun })));
  const baselines = [
    baseline("encoder", ids, parts, (_, i) =>
      nucleusRdm(summaryFeatures(tokens[i]!.tokens, tokens[i]!.visual.hasCls), options.rdm),
    ),
    baseline("ratings", ids, parts, ({ pictures: { ratings } }) => planeRdm(ratings)),
  ];
  return { candidates, baselines };
}

/** Distances on the plane of valence and arousal, `[S, 2]` to `[M]`. */
export function planeRdm(points: NdArray<Float32Array | Float64Array>): Float64Array {
  const [x, y] = [columnOfScale(points, 0), columnOfScale(points, 1)];
  return pairs(x.length, (i, j) => Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!));
}

/** What is no nucleus: a model of RDMs, one for each part, `[M]`. */
export function baseline(
  name: string,
  ids: readonly string[],
  parts: readonly BrainPart[],
  rdmOf: (part: BrainPart, i: number) => Float64Array,
): Candidate {
  const rdm = inBlocks(ids.length, parts, (part, i) => ({
    rdm: rdmOf(part, i),
    kept: part.places.map((_, place) => place),
  }));
  const rdms = { ids, vectors: { shape: [1, rdm.length], data: rdm }, labels: { model: [name] } };
  return { model: { kind: "fixed", name, rdms }, nucleus: undefined, epoch: undefined, seeds: undefined };
}

/**
 * An RDM `[M]` of all pictures from those of parts: pairs of different parts are NaN, and each part's dissimilarities are divided by their mean, because
 * different networks have different scales.
 */
function inBlocks(
  S: number,
  parts: readonly BrainPart[],
  rdmOf: (part: BrainPart, i: number) => { rdm: Float64Array; kept: readonly number[] } | undefined,
): Float64Array {
  const out = new Float64Array(pairCount(S)).fill(Number.NaN);
  for (const [p, part] of parts.entries()) {
    const found = rdmOf(part, p);
    if (!found) continue;
    const { rdm, kept } = found;
    const mean = rdm.reduce((sum, value) => sum + value, 0) / rdm.length;
    for (let i = 0, m = 0; i < kept.length; i++)
      for (let j = i + 1; j < kept.length; j++, m++)
        out[pairIndex(part.places[kept[i]!]!, part.places[kept[j]!]!, S)] =
          parts.length > 1 && mean > 0 ? rdm[m]! / mean : rdm[m]!;
  }
  return out;
}
