/**
 * @file A panel of lines over epochs: thin for single seeds, thick for their mean, a band for its 95 % interval (Student's t
 * over seeds: the network is the sample).
 */
import * as Plot from "@observablehq/plot";
import { testMean } from "../core/sample-tests.ts";
import { tick } from "./interval-panel.ts";
import { colour } from "./palette.ts";
import { type Canvas, type Panel, plotted } from "./svg.ts";

/** A number of one seed after one epoch. */
export interface EpochPoint {
  readonly epoch: number;
  readonly seed: number;
  readonly value: number;
}

/** One line: a nucleus, a control. */
export interface EpochLine {
  readonly stroke: string;
  readonly dash?: string | undefined;
  readonly points: readonly EpochPoint[];
}

/** How lines are drawn. */
export interface EpochOptions {
  readonly label: string | null;
  readonly domain: readonly [number, number];
  readonly height?: number;
  /** A grey line to hold the others against. */
  readonly reference?: { readonly name: string; readonly value: number } | undefined;
}

/** Fewer seeds give no interval worth drawing: with two, t is 12.7 standard errors. */
export const SEEDS_FOR_INTERVAL = 3;

/** The mean over seeds after each epoch, with its interval where there are seeds enough. */
export function overSeeds(
  points: readonly EpochPoint[],
): { epoch: number; mean: number; lower?: number; upper?: number; seeds: number }[] {
  const epochs = [...new Set(points.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  return epochs.map((epoch) => {
    const values = points.flatMap((point) => (point.epoch === epoch ? [point.value] : []));
    const { estimate, lower, upper } = testMean(values);
    const known = values.length >= SEEDS_FOR_INTERVAL && lower !== undefined && upper !== undefined;
    return { epoch, mean: estimate, seeds: values.length, ...(known && { lower, upper }) };
  });
}

/** A range that holds all lines, their intervals and what is given. */
export function rangeOf(lines: readonly EpochLine[], also: readonly number[] = []): [number, number] {
  const values = lines.flatMap(({ points }) => [
    ...points.map(({ value }) => value),
    ...overSeeds(points).flatMap(({ lower, upper }) =>
      lower === undefined || upper === undefined ? [] : [lower, upper],
    ),
  ]);
  const [lo, hi] = [Math.min(...values, ...also), Math.max(...values, ...also)];
  const margin = (hi - lo || 1) * 0.05;
  return [lo === 0 ? 0 : lo - margin, hi + margin];
}

/** The panel. */
export function epochPanel(canvas: Canvas, lines: readonly EpochLine[], options: EpochOptions): Panel {
  const { label, domain, height = 200, reference } = options;
  const means = lines.map((line) => ({ ...line, means: overSeeds(line.points) }));
  const epochs = [...new Set(lines.flatMap(({ points }) => points.map(({ epoch }) => epoch)))].sort(
    (a, b) => a - b,
  );
  const [lo, hi] = domain;
  return plotted(canvas, {
    width: canvas.width,
    height,
    marginLeft: 40,
    marginRight: 14,
    marginTop: 22,
    marginBottom: 42,
    x: {
      type: "point",
      domain: epochs,
      label: "epoch",
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: 34,
      padding: 0.1,
    },
    y: { domain, label, labelArrow: "none", ticks: 5, tickFormat: tick, tickSize: 0 },
    marks: [
      Plot.gridY({ ticks: 5, stroke: colour("line"), strokeOpacity: 1 }),
      domain[0] < 0 ? Plot.ruleY([0], { stroke: colour("soft"), strokeDasharray: "1 3" }) : null,
      reference
        ? [
            Plot.ruleY([reference.value], { stroke: colour("grey"), strokeWidth: 1.5 }),
            Plot.text([reference], {
              frameAnchor: "left",
              y: "value",
              text: "name",
              textAnchor: "start",
              dy: -9,
              fill: colour("soft"),
            }),
          ]
        : null,
      ...means.flatMap(({ stroke, dash, points, means: own }) => [
        Plot.areaY(
          own.filter(({ lower }) => lower !== undefined),
          {
            x: "epoch",
            y1: (row) => Math.max(lo, row.lower),
            y2: (row) => Math.min(hi, row.upper),
            fill: stroke,
            fillOpacity: 0.15,
          },
        ),
        Plot.line(points, {
          x: "epoch",
          y: "value",
          z: "seed",
          stroke,
          strokeWidth: 0.8,
          strokeOpacity: 0.55,
        }),
        Plot.line(own, {
          x: "epoch",
          y: "mean",
          stroke,
          strokeWidth: 2.2,
          ...(dash && { strokeDasharray: dash }),
        }),
        Plot.dot(own, {
          x: "epoch",
          y: "mean",
          r: 3,
          fill: stroke,
          title: (row) => `epoch ${row.epoch}: ${row.mean.toFixed(3)}`,
        }),
      ]),
    ],
  });
}
