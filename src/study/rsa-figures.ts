/** @file Figures of `vca rsa`: models below the noise ceiling and beside one another, RDMs, and a map of RDMs. */
import { parseHTML } from "linkedom";
import { writeFileAtomic } from "#files";
import { smacof } from "../geometry/mds.ts";
import { alignmentFigure } from "../report/figures/alignment.ts";
import { rdmFigure } from "../report/figures/rdm.ts";
import { type RdmPoint, rdmMapFigure } from "../report/figures/rdm-map.ts";
import { WIDTHS } from "../report/page.ts";
import { type Comparison, compare, comparisonName, vectorsOf } from "../rsa/comparisons.ts";
import type { Evaluation } from "../rsa/evaluate.ts";
import type { Model } from "../rsa/models.ts";
import { joinByStimulus, type Rdms, squareForm } from "../rsa/rdm.ts";

/** What is drawn of a region: its RDMs, models beside them, and what was found. */
export interface DrawnRegion {
  readonly name: string;
  readonly data: Rdms;
  readonly models: readonly (Pick<Model, "name" | "rdms"> & { readonly baseline?: boolean })[];
  readonly found: Pick<Evaluation, "models" | "pairs" | "ceiling">;
  /** Corrected p of the models, as their table has it, `[K]`. */
  readonly q: readonly (number | undefined)[];
}

/** More RDMs than these are too small to be seen. */
const MOST_RDMS = 12;

/** Writes `figures/alignment.svg` of all regions, and of the first `figures/rdms.svg` and `figures/rdm-map.svg`. */
export async function writeRsaFigures(
  folder: string,
  regions: readonly DrawnRegion[],
  {
    comparison,
    about,
    title,
  }: { readonly comparison: Comparison; readonly about: string; readonly title: string },
): Promise<void> {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const canvas = { document, width: WIDTHS.wide };
  const named = { comparison: comparisonName(comparison), about };
  const pairs = new Map(
    regions.map(({ name, found }) => [
      name,
      found.pairs.map(({ pCorrected, ...pair }) => ({ ...pair, p: pCorrected })),
    ]),
  );
  const [first] = regions as [DrawnRegion];
  const panels = panelsOf(first);
  const order = comparedTogether(panels.map(({ rdm }) => rdm));
  const figures = {
    alignment: alignmentFigure(regions.flatMap(rowsOf), { ...named, title, pairs }, canvas),
    rdms: rdmFigure(
      panels,
      {
        title: "Which pictures look alike?",
        order,
        ends: [first.data.ids[order[0]!]!, first.data.ids[order.at(-1)!]!],
        about: `${about}; ${first.name}, mean over participants, beside models`,
      },
      canvas,
    ),
    "rdm-map": rdmMapFigure(mapOf(first, comparison), named, canvas),
  };
  for (const [name, svg] of Object.entries(figures))
    await writeFileAtomic(`${folder}/figures/${name}.svg`, svg);
}

/** Pictures in their order, but those side by side that all RDMs compare with one another: with --within-fold, a fold's. */
export function comparedTogether(rdms: readonly Float64Array[]): number[] {
  const { shape, data } = squareForm(
    rdms[0]!.map((_, pair) => rdms.reduce((sum, rdm) => sum + rdm[pair]!, 0)),
  );
  const [S] = shape as [number, number];
  const left = new Set(Array(S).keys());
  const order: number[] = [];
  for (const start of left)
    for (const other of left)
      if (!Number.isNaN(data[start * S + other]!)) {
        left.delete(other);
        order.push(other);
      }
  return order;
}

function rowsOf({ name, models, found, q }: DrawnRegion) {
  const { lower, upper } = found.ceiling;
  return found.models.map((model, k) => ({
    model: model.name,
    region: name,
    value: model.score,
    lower: model.ci?.[0],
    upper: model.ci?.[1],
    q: q[k],
    baseline: models[k]!.baseline ?? false,
    ceiling: lower === null || upper === null ? undefined : { lower, upper },
  }));
}

function panelsOf({ name, data, models }: DrawnRegion) {
  const rows = vectorsOf(data);
  const mean = rows[0]!.map((_, pair) => rows.reduce((sum, row) => sum + row[pair]! / rows.length, 0));
  return [
    { name, rdm: mean },
    ...models.slice(0, MOST_RDMS - 1).map((model) => ({
      name: model.name,
      rdm: vectorsOf(joinByStimulus(data, model.rdms, model.name))[0]!,
    })),
  ];
}

/** The plane in which distances are as near as may be to 1 - the comparison of each two RDMs. */
function mapOf({ data, models }: DrawnRegion, comparison: Comparison): RdmPoint[] {
  const measured = vectorsOf(data);
  const rows = [
    ...measured,
    ...models.map(({ name, rdms }) => vectorsOf(joinByStimulus(data, rdms, name))[0]!),
  ];
  const M = rows[0]!.length;
  const vectors = new Float64Array(rows.length * M);
  for (const [k, row] of rows.entries()) vectors.set(row, k * M);
  const all: Rdms = { ids: data.ids, vectors: { shape: [rows.length, M], data: vectors }, labels: {} };
  const alike = compare(all, all, comparison).data;
  const n = rows.length;
  const apart: number[] = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) apart.push(Math.max(0, 1 - alike[i * n + j]!));
  const { points } = smacof(Float64Array.from(apart), { iterations: 100 });
  return rows.map((_, k) => {
    const model = models[k - measured.length];
    return {
      name: model?.name ?? `participant ${data.labels.participant?.[k] ?? k + 1}`,
      kind: model ? (model.baseline ? "baseline" : "model") : "brain",
      x: points.data[2 * k]!,
      y: points.data[2 * k + 1]!,
    };
  });
}
