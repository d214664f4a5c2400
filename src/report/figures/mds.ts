/** @file Maps of nuclei after one epoch: pictures that a nucleus answers alike lie together, coloured by rated valence. */

import { nucleusColour, valenceColour } from "../palette.ts";
import {
  at,
  type Canvas,
  columnWidth,
  escaped,
  figure,
  headed,
  inRows,
  label,
  NARROW,
  type Panel,
  rText,
} from "../svg.ts";

/** A picture on a nucleus's map. */
export interface MapPoint {
  readonly id: string;
  readonly valence: number;
  readonly arousal: number;
  readonly x: number;
  readonly y: number;
}

/** The map of one nucleus. */
export interface NucleusMap {
  readonly nucleus: string;
  readonly points: readonly MapPoint[];
  /** Spearman correlation of its RDM with that of the ratings. */
  readonly spearman?: number | undefined;
}

/** Maps after one epoch, one panel per nucleus; points grow with rated arousal. */
export function mdsFigure(
  maps: readonly NucleusMap[],
  options: {
    readonly epoch: number;
    readonly scale: { readonly lo: number; readonly hi: number };
    readonly about: string;
  },
  canvas: Canvas,
): string {
  const columns = canvas.width < NARROW ? 2 : Math.min(5, Math.max(1, maps.length));
  const width = columnWidth(canvas.width, columns, 14);
  const panels = maps.map((map) => {
    const drawn = panel(map, options.scale, width);
    const with_ = map.spearman === undefined ? "" : `  ${rText(map.spearman)}`;
    return headed(`${map.nucleus}${with_}`, drawn, nucleusColour(map.nucleus));
  });
  return figure(
    {
      title: `How does each nucleus arrange pictures after epoch ${options.epoch}?`,
      subtitle: `${options.about}; colour: rated valence, red unpleasant, blue pleasant; size: rated arousal; number: Spearman with the ratings' RDM`,
      description: `Multidimensional scaling maps of ${maps.map(({ nucleus }) => nucleus).join(", ")} after epoch ${options.epoch}.`,
    },
    inRows(panels, columns, 14),
    canvas,
  );
}

function panel(
  { points }: NucleusMap,
  scale: { readonly lo: number; readonly hi: number },
  size: number,
): Panel {
  const frame = `<rect x=".5" y=".5" width="${size - 1}" height="${size - 1}" fill="none" stroke="var(--line)"/>`;
  if (points.length === 0)
    return {
      svg: `${frame}${label("one answer to all", { x: size / 2, y: size / 2, anchor: "middle", fill: "var(--soft)" })}`,
      width: size,
      height: size,
    };
  const reach = Math.max(1e-12, ...points.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
  const place = (value: number) => at(size / 2 + (value / reach) * (size / 2 - 8));
  const dots = points.map(
    ({ id, valence, arousal, x, y }) =>
      `<circle cx="${place(x)}" cy="${place(-y)}" r="${at(1.4 + (2.2 * (arousal - scale.lo)) / (scale.hi - scale.lo))}" fill="${valenceColour(valence, scale)}" fill-opacity=".8"><title>${escaped(`${id.replace(/\s+/g, " ")}\nrated valence ${valence.toFixed(1)}, arousal ${arousal.toFixed(1)}`)}</title></circle>`,
  );
  return { svg: `${frame}${dots.join("")}`, width: size, height: size };
}
