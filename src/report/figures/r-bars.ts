/** @file How well ratings are predicted: r of the circuit, of ridge on the same tokens, and the most that the ratings allow. */
import { domainOf, scalePanels } from "../interval-panel.ts";
import { colour } from "../palette.ts";
import { type Canvas, figure, rText } from "../svg.ts";

/** r of one model on one scale. */
export interface RRow {
  /** Such as `circuit` or `ridge`. */
  readonly model: string;
  readonly scale: "valence" | "arousal";
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

/** The square roots of the reliabilities of the ratings. */
export interface Ceilings {
  readonly valence: number;
  readonly arousal: number;
}

/** Bars of r, one panel for each scale. */
export function rBarsFigure(
  rows: readonly RRow[],
  options: { readonly about: string; readonly ceilings?: Ceilings | undefined },
  canvas: Canvas,
): string {
  const { ceilings } = options;
  const drawn = rows.map((row) => ({
    ...row,
    name: row.model,
    fill: colour(row.model === "ridge" ? "grey" : "accent"),
  }));
  const domain = domainOf(drawn, [0, ...(ceilings ? [ceilings.valence, ceilings.arousal] : [])]);
  return figure(
    {
      title: "How well are ratings predicted, and is it more than ridge?",
      subtitle: `${options.about}; bars r, lines 95 % intervals${ceilings ? "; ceiling: square root of the ratings' reliability" : ""}`,
      description: `Bars of Pearson's r. ${rows.map(({ model, scale, value }) => `${model}, ${scale}: ${rText(value)}`).join("; ")}.`,
    },
    scalePanels(canvas, drawn, (scale) => ({
      label: "Pearson's r over held-out pictures",
      bars: true,
      domain,
      ceiling: ceilings && { lower: ceilings[scale], upper: ceilings[scale], name: "ceiling" },
    })),
    canvas,
  );
}
