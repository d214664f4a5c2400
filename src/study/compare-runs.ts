/**
 * @file Which of several runs on the same pictures predicts better: paired bootstrap of differences in r over pictures (whole
 * groups where there are any), for every pair that differs in its circuit or in its encoder alone, corrected over
 * all pairs of one scale.
 */

import { readBytes } from "#files";
import { columnCells, parseCsv } from "../core/csv.ts";
import { bonferroni } from "../core/multiple-comparisons.ts";
import type { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import { bootstrapCorrelations, contrast } from "../training/intervals.ts";

/** A run and its place among the others. */
export interface LabelledRun {
  readonly encoder: string;
  readonly circuit: string;
  /** How pictures were dealt to folds: only runs of one design are compared. */
  readonly design: string;
  /** Trained numbers of one of its networks. */
  readonly parameters: number;
  /** The run's folder. */
  readonly path: string;
}

/** One comparison of two runs on one scale: r of a minus r of b. */
export interface PairRow {
  readonly design: string;
  readonly scale: "valence" | "arousal";
  readonly a: string;
  readonly b: string;
  /** Trained numbers of one network of a and of b. */
  readonly parametersA: number;
  readonly parametersB: number;
  readonly rA: number;
  readonly rB: number;
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided: twice the share of draws beyond 0, both counts plus one. */
  readonly p: number;
  /** Bonferroni over the pairs of this design and scale. */
  readonly pCorrected: number;
}

const SCALES = ["valence", "arousal"] as const;

interface Predictions {
  readonly ids: readonly string[];
  readonly groups: readonly string[];
  /** Per scale: ratings and the mean prediction over seeds, `[S]`. */
  readonly scales: readonly { readonly rated: Float64Array; readonly predicted: Float64Array }[];
}

async function readPredictions(path: string, group: string | undefined): Promise<Predictions> {
  const table = async (name: string) => parseCsv(await readBytes(`${path}/${name}`), `${path}/${name}`);
  const [stimuli, predicted] = [await table("stimuli.csv"), await table("predictions.csv")];
  const ids = columnCells(stimuli, "id");
  const place = new Map(ids.map((id, s) => [id, s]));
  const [rowIds, models] = [columnCells(predicted, "id"), columnCells(predicted, "model")];
  const scales = SCALES.map((scale) => {
    const sum = new Float64Array(ids.length);
    const count = new Float64Array(ids.length);
    columnCells(predicted, scale).forEach((cell, i) => {
      if (models[i] !== "circuit") return;
      sum[place.get(rowIds[i]!)!]! += Number(cell);
      count[place.get(rowIds[i]!)!]!++;
    });
    return {
      rated: Float64Array.from(columnCells(stimuli, scale), Number),
      predicted: sum.map((total, s) => total / count[s]!),
    };
  });
  const themed = group ?? (stimuli.header.includes("theme") ? "theme" : undefined);
  return { ids, groups: themed === undefined ? ids : columnCells(stimuli, themed), scales };
}

/**
 * Compares runs pairwise, within each design.
 * @param group the column whose labels are resampled together; default `theme` where there is one
 * @throws ShapeError when two runs of one design have other pictures.
 */
export async function compareRuns(
  runs: readonly LabelledRun[],
  { group, random, draws }: { group?: string | undefined; random: Random; draws?: number },
): Promise<PairRow[]> {
  const rows: PairRow[] = [];
  for (const design of new Set(runs.map((run) => run.design))) {
    const members = runs.filter((run) => run.design === design);
    const found = await Promise.all(members.map(({ path }) => readPredictions(path, group)));
    const { ids, groups } = found[0]!;
    const other = found.findIndex((each) => each.ids.join("\n") !== ids.join("\n"));
    if (other >= 0)
      throw new VcaError(
        "ShapeError",
        `compare: ${members[other]!.path}: the pictures of ${members[0]!.path} were expected, got others. Compare runs on one set.`,
      );
    const pairs = members.flatMap((a, i) =>
      members
        .slice(i + 1)
        .flatMap((b, j) =>
          (a.encoder === b.encoder) !== (a.circuit === b.circuit) ? [[i, i + 1 + j] as const] : [],
        ),
    );
    for (const [k, scale] of SCALES.entries()) {
      const bootstrap = bootstrapCorrelations({
        pairs: found.map(({ scales }) => ({ rated: scales[k]!.rated, predicted: [scales[k]!.predicted] })),
        groups,
        random: random.at("compare", design, scale),
        ...(draws && { draws }),
      });
      const tested = pairs.map(([i, j]) => {
        const { estimate, lower, upper } = contrast(
          bootstrap,
          members.map((_, m) => (m === i ? 1 : m === j ? -1 : 0)),
        );
        const [above, below] = [1, -1].map((sign) =>
          bootstrap.draws[i]!.reduce((n, r, d) => n + (sign * (r - bootstrap.draws[j]![d]!) >= 0 ? 1 : 0), 0),
        ) as [number, number];
        const p = Math.min(1, (2 * (1 + Math.min(above, below))) / (1 + bootstrap.draws[i]!.length));
        return { i, j, estimate, lower, upper, p };
      });
      const corrected = bonferroni(tested.map(({ p }) => p));
      const name = (m: number) => `${members[m]!.circuit} on ${members[m]!.encoder}`;
      tested.forEach(({ i, j, estimate, lower, upper, p }, t) => {
        rows.push({
          design,
          scale,
          a: name(i),
          b: name(j),
          parametersA: members[i]!.parameters,
          parametersB: members[j]!.parameters,
          rA: bootstrap.estimates[i]!,
          rB: bootstrap.estimates[j]!,
          difference: estimate,
          lower,
          upper,
          p,
          pCorrected: corrected[t]!,
        });
      });
    }
  }
  return rows;
}
