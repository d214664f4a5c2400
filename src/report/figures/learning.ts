/** @file r of held-out pictures over epochs, for both scales: when is what learned, and is it lost again? */
import { type EpochPoint, epochPanel, rangeOf } from "../epoch-panel.ts";
import { colour } from "../palette.ts";
import { type Canvas, columnWidth, figure, headed, inRows, NARROW } from "../svg.ts";

/** r of one seed's predictions after one epoch. */
export interface LearningRow extends EpochPoint {
  readonly scale: "valence" | "arousal";
}

/** Curves of r, one panel for each scale. */
export function learningFigure(
  rows: readonly LearningRow[],
  options: {
    readonly about: string;
    readonly ridge?: { readonly valence: number; readonly arousal: number } | undefined;
  },
  canvas: Canvas,
): string {
  const columns = canvas.width < NARROW ? 1 : 2;
  const width = columnWidth(canvas.width, columns);
  const lines = (["valence", "arousal"] as const).map((scale) => ({
    stroke: colour("accent"),
    points: rows.filter((row) => row.scale === scale),
    scale,
  }));
  const domain = rangeOf(lines, [0, ...(options.ridge ? Object.values(options.ridge) : [])]);
  const panels = lines.map((line) =>
    headed(
      line.scale === "valence" ? "Valence" : "Arousal",
      epochPanel({ document: canvas.document, width }, [line], {
        label: "Pearson's r, held out",
        domain,
        height: 250,
        reference: options.ridge && { name: "ridge", value: options.ridge[line.scale] },
      }),
    ),
  );
  return figure(
    {
      title: "When is it learned?",
      subtitle: `${options.about}; thin: seeds, thick: their mean`,
      description:
        "Curves of Pearson's r between rating and held-out prediction over training epochs, for valence and arousal.",
    },
    inRows(panels, columns),
    canvas,
  );
}
