/** @file How much of the brain's geometry a model has: its correlation with the RDMs of a region, below the noise ceiling. */
import { intervalPanel } from "../interval-panel.ts";
import { colour, nucleusColour } from "../palette.ts";
import { type Canvas, columnWidth, figure, fitted, headed, inRows, NARROW } from "../svg.ts";
import { type ModelPair, pairsPanel } from "./pairs.ts";

/** One model in one region. */
export interface AlignmentRow {
  /** A nucleus, or a baseline such as `encoder`. */
  readonly model: string;
  readonly region: string;
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  /** Corrected p against 0. */
  readonly q?: number | undefined;
  readonly baseline?: boolean;
  /** The noise ceiling of the region. */
  readonly ceiling?: { readonly lower: number; readonly upper: number } | undefined;
}

/** `*` below .05, `**` below .01, `***` below .001. */
export function stars(q: number | undefined): string {
  if (q === undefined || q >= 0.05) return "";
  return q < 0.001 ? " ***" : q < 0.01 ? " **" : " *";
}

/** Bars with intervals, one panel for each region, the noise ceiling as a band. */
export function alignmentFigure(
  rows: readonly AlignmentRow[],
  options: {
    readonly comparison: string;
    readonly about: string;
    /** The question that it answers. */
    readonly title?: string;
    /** Pairs of models of each region. */
    readonly pairs?: ReadonlyMap<string, readonly ModelPair[]>;
  },
  canvas: Canvas,
): string {
  const regions = [...new Set(rows.map(({ region }) => region))];
  const columns = canvas.width < NARROW || regions.length === 1 ? 1 : 2;
  const width = columnWidth(canvas.width, columns, 32);
  const panels = regions.map((region) => {
    const own = rows.filter((row) => row.region === region);
    const ceiling = own[0]?.ceiling;
    const bars = headed(
      region,
      intervalPanel(
        { document: canvas.document, width },
        own.map(({ model, baseline, q, ...row }) => ({
          ...row,
          name: fitted(model, 150),
          note: stars(q),
          fill: baseline ? colour("grey") : nucleusColour(model),
        })),
        {
          label: `${options.comparison} with the brain's RDM`,
          bars: true,
          ceiling: ceiling && { ...ceiling, name: "noise ceiling" },
        },
      ),
    );
    const pairs = options.pairs?.get(region);
    if (!pairs || own.length < 2) return bars;
    const names = own.map(({ model }) => model);
    return inRows([bars, headed("pairs", pairsPanel(names, pairs, Math.min(width, 440)))], 1, 16);
  });
  return figure(
    {
      title: options.title ?? "Does the circuit share the amygdala's geometry?",
      subtitle: `${options.about}; lines 95 % intervals; band: noise ceiling; * q < .05, ** .01, *** .001${options.pairs ? "; full cells: the pair differs (corrected p < .05), dark where the row's model is better, light where the column's is" : ""}`,
      description: `Bars of model-brain similarity in ${regions.join(", ")}: ${rows.map(({ model, region, value }) => `${model}, ${region}: ${value.toFixed(3)}`).join("; ")}.`,
    },
    inRows(panels, columns, 32),
    canvas,
  );
}
