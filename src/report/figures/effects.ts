/** @file What encoder and structure do to r: a row for each run, ridge on the same tokens in grey. */
import { domainOf, scalePanels } from "../interval-panel.ts";
import { colour } from "../palette.ts";
import { type Canvas, figure } from "../svg.ts";
import type { RRow } from "./r-bars.ts";

/** r of one run, or of its ridge, on one scale. */
export interface EffectRow extends Omit<RRow, "model"> {
  /** The circuit, the encoder, or both. */
  readonly name: string;
  /** Ridge, untrained: what the others are held against. */
  readonly baseline?: boolean;
}

/** Dots with intervals, one panel for each scale, in the order given. */
export function effectsFigure(
  rows: readonly EffectRow[],
  options: { readonly of: "encoder" | "structure"; readonly about: string },
  canvas: Canvas,
): string {
  const drawn = rows.map((row) => ({ ...row, fill: colour(row.baseline ? "grey" : "accent") }));
  return figure(
    {
      title: options.of === "encoder" ? "Does the encoder matter?" : "Does the circuit's structure matter?",
      subtitle: `${options.about}; grey: ridge on the same tokens; lines 95 % intervals`,
      description: `Dots of Pearson's r with intervals for ${new Set(rows.map(({ name }) => name)).size} rows on both scales.`,
    },
    scalePanels(canvas, drawn, { label: "Pearson's r over held-out pictures", domain: domainOf(drawn, []) }),
    canvas,
  );
}
