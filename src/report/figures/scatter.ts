/** @file Rated against predicted, one panel for each scale, on the scale's own limits, with the line where both are equal. */
import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { type Canvas, columnWidth, figure, headed, inRows, NARROW, plotted, rText } from "../svg.ts";
import { type PictureRow, pictureText, planeAxes } from "./plane.ts";

/** r of a scale with its interval. */
export interface ScaleR {
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

/** What the panels say beside their points. */
export interface ScatterOptions {
  readonly scale: { readonly lo: number; readonly hi: number };
  readonly about: string;
  readonly r: { readonly valence: ScaleR; readonly arousal: ScaleR };
}

/** `r .70 [.66, .74]`. */
function rWithInterval({ value, lower, upper }: ScaleR): string {
  return `r ${rText(value)}${lower === undefined || upper === undefined ? "" : ` [${rText(lower)}, ${rText(upper)}]`}`;
}

/** Valence and arousal, rated on x, predicted on y. */
export function scatterFigure(rows: readonly PictureRow[], options: ScatterOptions, canvas: Canvas): string {
  const { scale } = options;
  const columns = canvas.width < NARROW ? 1 : 2;
  const width = columnWidth(canvas.width, columns);
  const panels = (["valence", "arousal"] as const).map((name) =>
    headed(
      `${name === "valence" ? "Valence" : "Arousal"}: ${rWithInterval(options.r[name])}`,
      plotted(
        { document: canvas.document },
        {
          ...planeAxes(scale, width, [`rated ${name}`, "predicted"]),
          marks: [
            Plot.frame({ anchor: "left", stroke: colour("line") }),
            Plot.frame({ anchor: "bottom", stroke: colour("line") }),
            Plot.link([0], {
              x1: scale.lo,
              y1: scale.lo,
              x2: scale.hi,
              y2: scale.hi,
              stroke: colour("grey"),
              strokeDasharray: "1 3",
            }),
            Plot.dot(rows, {
              x: name,
              y: name === "valence" ? "predictedValence" : "predictedArousal",
              r: 2.8,
              fill: colour("accent"),
              fillOpacity: 0.55,
              title: pictureText,
            }),
          ],
        },
      ),
    ),
  );
  return figure(
    {
      title: "How close are predictions to ratings?",
      subtitle: `${options.about}; dotted: predicted equals rated; intervals 95 %`,
      description: `Scatter plots of rated against predicted valence and arousal. Valence: ${rWithInterval(options.r.valence)}. Arousal: ${rWithInterval(options.r.arousal)}.`,
    },
    inRows(panels, columns),
    canvas,
  );
}
