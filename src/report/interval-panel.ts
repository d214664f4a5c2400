/**
 * @file A panel of rows, each with an estimate and its 95 % interval along one axis: the common form of r, of effects
 * and of alignment. Names stand on the left, numbers on the right, where a table would have them.
 */
import * as Plot from "@observablehq/plot";
import { colour } from "./palette.ts";
import {
  type Canvas,
  columnWidth,
  fitted,
  headed,
  inRows,
  NARROW,
  type Panel,
  plotted,
  rText,
} from "./svg.ts";

/** One row. */
export interface IntervalRow {
  readonly name: string;
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  readonly fill: string;
  /** What chance or another control gives, drawn as a grey band. */
  readonly band?: readonly [number, number] | undefined;
  /** Stands after the number, such as a mark of significance. */
  readonly note?: string | undefined;
}

/** How rows are drawn. */
export interface IntervalOptions {
  /** Name, unit and range of the axis. */
  readonly label: string;
  /** Drawn as bars from 0; otherwise dots. */
  readonly bars?: boolean;
  /** A line or band that nothing can exceed, with its name. */
  readonly ceiling?: { readonly lower: number; readonly upper: number; readonly name: string } | undefined;
  /** Digits of numbers, default 2. */
  readonly digits?: number;
  /** The axis, default that of the rows. */
  readonly domain?: readonly [number, number];
}

const ROW = 28;
/** Between the panels of two scales. */
const GAP = 32;

/** The common axis of rows: their intervals, bands, ceiling, and 0 where bars or changes need it. */
export function domainOf(rows: readonly IntervalRow[], also: readonly number[] = [0]): [number, number] {
  const values = rows.flatMap(({ value, lower = value, upper = value, band = [value, value] }) => [
    lower,
    upper,
    ...band,
  ]);
  const [lo, hi] = [Math.min(...also, ...values), Math.max(...also, ...values)];
  const margin = (hi - lo || 1) * 0.04;
  return [lo === 0 ? 0 : lo - margin, hi + margin];
}

/** Of a name in 13 px, about: capitals, m and w are wide. */
function widthOf(name: string): number {
  return [...name].reduce((sum, letter) => sum + (/[A-Zmw]/.test(letter) ? 12 : 7.4), 0);
}

/** The panel. */
export function intervalPanel(canvas: Canvas, rows: readonly IntervalRow[], options: IntervalOptions): Panel {
  const { width } = canvas;
  const roomy = width >= NARROW / 1.7;
  const longest = Math.max(...rows.map(({ name }) => widthOf(name)));
  const marginLeft = Math.min(longest + 14, width * 0.4);
  const number = (value: number) => rText(value, options.digits ?? 2);
  const text = ({ value, lower, upper, note = "" }: IntervalRow) =>
    roomy && lower !== undefined && upper !== undefined
      ? `${number(value)} [${number(lower)}, ${number(upper)}]${note}`
      : `${number(value)}${note}`;
  const marginRight = Math.max(...rows.map((row) => text(row).length)) * 7 + 14;
  const [lo, hi] = options.domain ?? domainOf(rows, [0, options.ceiling?.upper ?? 0]);
  const placed = rows.map((row, place) => ({ ...row, place }));
  const whole = placed.filter(({ lower, upper }) => lower !== undefined && upper !== undefined);
  const { ceiling } = options;
  return plotted(canvas, {
    width,
    height: rows.length * ROW + 58 + (ceiling ? 16 : 0),
    marginLeft,
    marginRight,
    marginTop: ceiling ? 22 : 6,
    marginBottom: 42,
    insetTop: 0,
    x: {
      domain: [lo, hi],
      label: options.label,
      labelAnchor: "left",
      labelArrow: "none",
      ticks: width > NARROW ? 8 : 4,
      labelOffset: 36,
      tickFormat: tick,
    },
    y: {
      type: "band",
      domain: placed.map(({ place }) => place),
      label: null,
      tickSize: 0,
      padding: 0.35,
      tickFormat: (place: number) => fitted(rows[place]!.name, marginLeft - 8),
    },
    marks: [
      ceiling && ceiling.upper > ceiling.lower
        ? Plot.rectX([ceiling], { x1: "lower", x2: "upper", fill: colour("band") })
        : null,
      ceiling
        ? [
            Plot.ruleX([ceiling.upper], { stroke: colour("grey"), strokeWidth: 1.5 }),
            Plot.text([ceiling], {
              x: "upper",
              frameAnchor: "top",
              dy: -8,
              text: () => `${ceiling.name} ${rText(ceiling.upper)}`,
              lineAnchor: "bottom",
              textAnchor: "end",
              dx: 4,
              fill: colour("soft"),
            }),
          ]
        : null,
      Plot.barX(
        placed.filter(({ band }) => band),
        {
          y: "place",
          x1: (row) => row.band[0],
          x2: (row) => row.band[1],
          fill: colour("band"),
          insetTop: -2,
          insetBottom: -2,
        },
      ),
      options.bars ? Plot.barX(placed, { y: "place", x: "value", fill: "fill", fillOpacity: 0.8 }) : null,
      lo <= 0 && hi >= 0 ? Plot.ruleX([0], { stroke: colour("ink") }) : null,
      Plot.ruleY(whole, { y: "place", x1: "lower", x2: "upper", stroke: colour("ink"), strokeWidth: 1.6 }),
      Plot.tickX(whole, { y: "place", x: "lower", stroke: colour("ink"), strokeWidth: 1.6, inset: 5 }),
      Plot.tickX(whole, { y: "place", x: "upper", stroke: colour("ink"), strokeWidth: 1.6, inset: 5 }),
      options.bars
        ? null
        : Plot.dot(placed, {
            y: "place",
            x: "value",
            r: 5,
            fill: "fill",
            stroke: colour("paper"),
            strokeWidth: 1.5,
          }),
      Plot.text(placed, {
        y: "place",
        frameAnchor: "right",
        dx: marginRight - 4,
        textAnchor: "end",
        text: (row) => text(row),
      }),
    ],
  });
}

/** Rows of both scales on one axis: a panel for valence and one for arousal, beside each other where there is room. */
export function scalePanels<Row extends IntervalRow & { readonly scale: "valence" | "arousal" }>(
  canvas: Canvas,
  rows: readonly Row[],
  options: IntervalOptions | ((scale: Row["scale"]) => IntervalOptions),
): Panel {
  const columns = canvas.width < NARROW ? 1 : 2;
  const own = { document: canvas.document, width: columnWidth(canvas.width, columns, GAP) };
  const panels = (["valence", "arousal"] as const).map((scale) =>
    headed(
      scale === "valence" ? "Valence" : "Arousal",
      intervalPanel(
        own,
        rows.filter((row) => row.scale === scale),
        { domain: domainOf(rows), ...(typeof options === "function" ? options(scale) : options) },
      ),
    ),
  );
  return inRows(panels, columns, GAP);
}

/** A tick's number: no leading zero, a true minus. */
export function tick(value: number): string {
  return String(Math.round(value * 1e6) / 1e6)
    .replace(/^(-?)0\./, "$1.")
    .replace("-", "\u2212");
}
