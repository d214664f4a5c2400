/** @file What is lost when a part is silenced: the change of r, beside what silencing as many random units does. */
import { scalePanels } from "../interval-panel.ts";
import { nucleusColour } from "../palette.ts";
import { type Canvas, figure } from "../svg.ts";

/** A row of `lesions.csv`, of one measure. */
export interface LesionRow {
  /** Such as `LA`, `LA, pleasant units`, `LA → CeA`. */
  readonly name: string;
  /** Whose colour it has. */
  readonly nucleus: string;
  readonly scale: "valence" | "arousal";
  /** r of the whole circuit. */
  readonly before: number;
  /** Change of r. */
  readonly effect: number;
  /** 95 % interval over seeds. */
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  /** 95 % of the effects of random units, matched in number, mean, variance and outgoing weight. */
  readonly random?: readonly [number, number] | undefined;
}

/** Effects as dots, random units as grey bands, one panel for each scale. */
export function lesionsFigure(
  rows: readonly LesionRow[],
  options: { readonly about: string; readonly of: "parts" | "units" },
  canvas: Canvas,
): string {
  const drawn = rows.map(({ effect, random, nucleus, ...row }) => ({
    ...row,
    value: effect,
    band: random,
    fill: nucleusColour(nucleus),
  }));
  const units = options.of === "units";
  const worst = [...rows].sort((a, b) => a.effect - b.effect)[0];
  return figure(
    {
      title: units
        ? "Do selective units matter more than any others?"
        : "What is lost when a part is silenced?",
      subtitle: `${options.about}${units ? "; grey band: 95 % of equally many random units, matched" : "; output set to 0"}`,
      description: `Changes of Pearson's r after lesions.${worst ? ` The largest loss: ${worst.name}, ${worst.scale}, ${worst.effect.toFixed(2)}.` : ""}`,
    },
    scalePanels(canvas, drawn, { label: "change of Pearson's r", digits: 3 }),
    canvas,
  );
}
