/**
 * @file The plane of valence and arousal: how people rated the pictures, and where the model puts those it never saw.
 * Side by side on the same axes, so that a compressed range and a lost V-shape are seen at once.
 */
import * as Plot from "@observablehq/plot";
import { colour, valenceColour } from "../palette.ts";
import { type Canvas, columnWidth, figure, headed, inRows, NARROW, plotted } from "../svg.ts";

/** A picture as rated and as predicted, on the set's scale. */
export interface PictureRow {
  readonly id: string;
  readonly valence: number;
  readonly arousal: number;
  readonly predictedValence: number;
  readonly predictedArousal: number;
}

/** What the plane says beside its points. */
export interface PlaneOptions {
  readonly scale: { readonly lo: number; readonly hi: number };
  /** Such as "OASIS, 838 pictures". */
  readonly about: string;
}

const WORST = 10;

/** How far off a picture is predicted, in units of the scale. */
function missedBy(row: PictureRow): number {
  return Math.hypot(row.predictedValence - row.valence, row.predictedArousal - row.arousal);
}

/** What stands in a picture's tooltip; its first line is the id. */
export function pictureText({
  id,
  valence,
  arousal,
  predictedValence,
  predictedArousal,
}: PictureRow): string {
  return `${id.replace(/\s+/g, " ")}\nvalence ${predictedValence.toFixed(1)}, rated ${valence.toFixed(1)}\narousal ${predictedArousal.toFixed(1)}, rated ${arousal.toFixed(1)}`;
}

/** The frame of a square plot whose axes are both the scale: size, margins, and axes named `names` and the scale's ends. */
export function planeAxes(
  { lo, hi }: PlaneOptions["scale"],
  width: number,
  [x, y]: readonly [string, string],
): Plot.PlotOptions & { readonly width: number; readonly height: number } {
  const axis = { domain: [lo, hi], labelArrow: "none", tickSize: 0, ticks: 6, inset: 4 } as const;
  return {
    width,
    height: Math.min(width, 400),
    marginLeft: 34,
    marginRight: 12,
    marginBottom: 44,
    marginTop: 24,
    x: { ...axis, label: `${x}, ${lo} to ${hi}`, labelAnchor: "center", labelOffset: 38 },
    y: { ...axis, label: `${y}, ${lo} to ${hi}` },
  };
}

/** Rated (open circles) and predicted (dots), with lines to the rating of the ten that are farthest off. */
export function planeFigure(rows: readonly PictureRow[], options: PlaneOptions, canvas: Canvas): string {
  const { scale } = options;
  const columns = canvas.width < NARROW ? 1 : 2;
  const width = columnWidth(canvas.width, columns);
  const own = { document: canvas.document, width };
  const worst = [...rows].sort((a, b) => missedBy(b) - missedBy(a) || (a.id < b.id ? -1 : 1)).slice(0, WORST);
  const end = (text: string, frameAnchor: "bottom-left" | "bottom-right") =>
    Plot.text([text], {
      text: (each) => each,
      frameAnchor,
      dy: 38,
      fill: colour(frameAnchor === "bottom-left" ? "v0" : "v6"),
    });
  const axes = (marks: Plot.Markish[]) =>
    plotted(own, {
      ...planeAxes(scale, width, ["valence", "arousal"]),
      marks: [
        Plot.ruleX([(scale.lo + scale.hi) / 2], { stroke: colour("line"), strokeDasharray: "2 4" }),
        Plot.ruleY([(scale.lo + scale.hi) / 2], { stroke: colour("line"), strokeDasharray: "2 4" }),
        Plot.frame({ anchor: "left", stroke: colour("line") }),
        Plot.frame({ anchor: "bottom", stroke: colour("line") }),
        end("unpleasant", "bottom-left"),
        end("pleasant", "bottom-right"),
        ...marks,
      ],
    });
  const rated = axes([
    Plot.dot(rows, {
      x: "valence",
      y: "arousal",
      r: 2.8,
      stroke: (row) => valenceColour(row.valence, scale),
      strokeOpacity: 0.8,
      strokeWidth: 1.1,
      title: pictureText,
    }),
  ]);
  const predicted = axes([
    Plot.dot(rows, {
      x: "predictedValence",
      y: "predictedArousal",
      r: 2.8,
      fill: (row) => valenceColour(row.valence, scale),
      fillOpacity: 0.75,
      title: pictureText,
    }),
    Plot.link(worst, {
      x1: "valence",
      y1: "arousal",
      x2: "predictedValence",
      y2: "predictedArousal",
      stroke: colour("ink"),
      strokeWidth: 0.7,
      strokeOpacity: 0.8,
    }),
    Plot.dot(worst, {
      x: "valence",
      y: "arousal",
      r: 3.4,
      stroke: (row) => valenceColour(row.valence, scale),
      fill: colour("paper"),
      strokeWidth: 1.4,
      title: pictureText,
    }),
    Plot.dot(worst, {
      x: "predictedValence",
      y: "predictedArousal",
      r: 3.4,
      fill: (row) => valenceColour(row.valence, scale),
      stroke: colour("paper"),
      strokeWidth: 0.6,
      title: pictureText,
    }),
  ]);
  return figure(
    {
      title: "Does the model put pictures where people do?",
      subtitle: `${options.about}; colour is rated valence; lines lead to the ratings of the ${worst.length} farthest off`,
      description: `Two scatter plots with valence from ${scale.lo} to ${scale.hi} on x and arousal on y, ${rows.length} pictures each: as people rated them, and as the model predicts them without having seen them.`,
    },
    inRows([headed("Rated", rated), headed("Predicted, held out", predicted)], columns),
    canvas,
  );
}
