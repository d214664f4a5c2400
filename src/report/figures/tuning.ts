/** @file What single units answer to pictures of rising valence or arousal: the units of each nucleus that follow it most. */
import * as Plot from "@observablehq/plot";
import { tick } from "../interval-panel.ts";
import { colour, inHierarchy, nucleusColour } from "../palette.ts";
import { type Canvas, columnWidth, figure, headed, inRows, NARROW, plotted } from "../svg.ts";

/** One unit's tuning to one scale. */
export interface TuningRow {
  readonly nucleus: string;
  /** Names the unit, such as `fold0-seed0 17`. */
  readonly unit: string;
  readonly scale: "valence" | "arousal";
  /** Rank correlation of its activation with the rating. */
  readonly r: number;
  /** Mean activation in parts of equally many pictures from the lowest rating to the highest, in its own standard deviations. */
  readonly curve: readonly number[];
}

/** Units drawn of each nucleus: the most positive and the most negative. */
const UNITS = 8;

/** Tuning curves to one scale, a panel per nucleus on shared axes. */
export function tuningFigure(
  rows: readonly TuningRow[],
  options: { readonly scale: "valence" | "arousal"; readonly about: string },
  canvas: Canvas,
): string {
  const { scale } = options;
  const nuclei = inHierarchy(rows.map(({ nucleus }) => nucleus));
  const columns = canvas.width < NARROW ? 2 : Math.min(5, nuclei.length);
  const width = columnWidth(canvas.width, columns, 14);
  const chosen = new Map(
    nuclei.map((nucleus) => [
      nucleus,
      strongest(rows.filter((row) => row.nucleus === nucleus && row.scale === scale)),
    ]),
  );
  const most = Math.max(0.5, ...[...chosen.values()].flat().flatMap(({ curve }) => curve.map(Math.abs)));
  const parts = rows[0]?.curve.length ?? 0;
  const panels = nuclei.map((nucleus) => {
    const points = chosen
      .get(nucleus)!
      .flatMap(({ unit, r, curve }) => curve.map((value, part) => ({ unit, r, part: part + 1, value })));
    return headed(
      nucleus,
      plotted(canvas, {
        width,
        height: 200,
        marginLeft: 34,
        marginRight: 8,
        marginTop: 22,
        marginBottom: 42,
        x: {
          domain: [1, parts],
          ticks: parts,
          label: `${scale}, fifths`,
          labelAnchor: "center",
          labelArrow: "none",
          tickSize: 0,
          labelOffset: 36,
          inset: 4,
        },
        y: {
          domain: [-most, most],
          label: nucleus === nuclei[0] ? "standard deviations" : null,
          labelArrow: "none",
          ticks: 5,
          tickSize: 0,
          tickFormat: tick,
        },
        marks: [
          Plot.gridY({ ticks: 5, stroke: colour("line"), strokeOpacity: 1 }),
          Plot.ruleY([0], { stroke: colour("soft"), strokeDasharray: "1 3" }),
          Plot.line(points, {
            x: "part",
            y: "value",
            z: "unit",
            stroke: (point) => colour(point.r > 0 ? "v6" : "v0"),
            strokeWidth: 1.4,
            strokeOpacity: 0.8,
          }),
        ],
      }),
      nucleusColour(nucleus),
    );
  });
  return figure(
    {
      title:
        scale === "valence"
          ? "Which way do units lean as pictures become more pleasant?"
          : "Which way do units lean as pictures become more arousing?",
      subtitle: `${options.about}; the ${UNITS} units of each nucleus that follow ${scale} most; blue rises, red falls`,
      description: `Tuning curves of units to ${scale}, mean activation in standard deviations over ${parts} parts of the pictures by rank, for ${nuclei.join(", ")}.`,
    },
    inRows(panels, columns, 14),
    canvas,
  );
}

/** The units of one nucleus and scale that are drawn. */
export function strongest(rows: readonly TuningRow[]): TuningRow[] {
  return [...rows]
    .sort((a, b) => Math.abs(b.r) - Math.abs(a.r) || (a.unit < b.unit ? -1 : 1))
    .slice(0, UNITS);
}
