/**
 * @file A circuit as a diagram: nuclei by depth, excitation as arrows, inhibition as bar-headed lines, width by the share
 * of connections that exist, the anatomical source of each projection on hover. Drawn by hand: Plot has no networks.
 */
import { type Circuit, type Projection, projectionName, VISUAL } from "../../circuits/circuit.ts";
import { hierarchy } from "../../geometry/hierarchy.ts";
import { nucleusColour } from "../palette.ts";
import { at, type Canvas, escaped, figure, label, NARROW, type Panel } from "../svg.ts";

/** What the letters stand for. */
const NAMES: Readonly<Record<string, string>> = {
  visual: "visual stream",
  LA: "lateral",
  AB: "accessory basal",
  B: "basal",
  ITC: "intercalated",
  CeA: "central",
  MeA: "medial",
  CoA: "cortical",
};
const RADIUS = 34;
const PIXELS_PER_LEVEL = 195;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The diagram: from left to right, on a phone from top to bottom. */
export function circuitFigure(circuit: Circuit, canvas: Pick<Canvas, "width">): string {
  const upright = canvas.width < NARROW;
  const { places, middle, panel } = laidOut(circuit, canvas.width, upright);
  const edges = circuit.projections.map((projection) => edge(projection, places));
  const nodes = [...places].map(([id, place]) =>
    node(circuit, id, place, upright ? "inside" : place.y > middle ? "below" : "above"),
  );
  const inhibits = circuit.projections.some(({ sign }) => sign === "-");
  return figure(
    {
      title: "What is connected to what?",
      subtitle: `Circuit ${circuit.name}: arrows excite${inhibits ? ", bars inhibit" : ""}; width is the share of connections that exist; ${circuit.readout} is read out`,
      description: `The circuit ${circuit.name}: ${circuit.projections.map((projection) => `${projectionName(projection).replace("->", " to ")}${projection.sign === "-" ? ", inhibitory" : ""}`).join("; ")}.`,
    },
    { ...panel, svg: `${edges.join("")}${nodes.join("")}` },
    canvas,
  );
}

/** Places of the visual stream and of every nucleus; nuclei outside the hierarchy stand between, at the far side. */
function laidOut(
  circuit: Circuit,
  width: number,
  upright: boolean,
): { places: Map<string, Point>; middle: number; panel: Panel } {
  const levels = [[VISUAL], ...hierarchy(circuit)];
  const inLevels = new Set(levels.flat());
  const others = circuit.nuclei.map(({ id }) => id).filter((id) => !inLevels.has(id));
  const broadest = Math.max(...levels.map(({ length }) => length));
  const across = upright ? width : Math.max(240, broadest * 165) + (others.length > 0 ? 60 : 0);
  const along = upright ? (levels.length - 1) * 140 + 90 : width;
  const step = upright
    ? 140
    : Math.min(PIXELS_PER_LEVEL * 1.25, (width - 2 * 70) / Math.max(1, levels.length - 1));
  const first = upright ? 45 : (along - step * (levels.length - 1)) / 2;
  const middle = upright ? width * 0.45 : Math.max(240, broadest * 165) / 2;
  const spread = upright ? Math.min(130, (width * 0.8) / broadest) : 165;
  const places = new Map<string, Point>();
  const put = (id: string, main: number, cross: number) =>
    places.set(id, upright ? { x: cross, y: main } : { x: main, y: cross });
  levels.forEach((level, depth) => {
    level.forEach((id, k) => {
      put(id, first + depth * step, middle + (k - (level.length - 1) / 2) * spread);
    });
  });
  others.forEach((id, k) => {
    put(id, first + (levels.length - 1.35 - k * 0.6) * step, upright ? width - 48 : across - 40);
  });
  const height = upright ? along : across + 38;
  return { places, middle: upright ? 0 : middle, panel: { svg: "", width, height } };
}

/** A nucleus with its name and units above or below it, where no line arrives; on a phone there is room inside only. */
function node(circuit: Circuit, id: string, { x, y }: Point, where: "above" | "below" | "inside"): string {
  const nucleus = circuit.nuclei.find((candidate) => candidate.id === id);
  const units = nucleus && (nucleus.output === "none" ? nucleus.input : nucleus.output);
  const fill = nucleusColour(id);
  const tint = `fill="${fill}" fill-opacity=".18" stroke="${fill}" stroke-width="2.5"`;
  const outline = (attributes: string) =>
    nucleus
      ? `<circle cx="${at(x)}" cy="${at(y)}" r="${RADIUS}" ${attributes}/>`
      : `<rect x="${at(x - 44)}" y="${at(y - 30)}" width="88" height="60" rx="8" ${attributes}/>`;
  const count = typeof units === "number" ? `${units} units` : undefined;
  const lines = (
    where === "inside" ? [units === undefined ? undefined : count?.replace(" units", "")] : [NAMES[id], count]
  ).filter((text) => text !== undefined);
  const height = nucleus ? RADIUS : 30;
  const first =
    where === "inside"
      ? y + 20
      : where === "below"
        ? y + height + 18
        : y - height - 10 - 16 * (lines.length - 1);
  const texts = lines.map((text, k) =>
    label(text, { x, y: first + 16 * k, anchor: "middle", fill: "var(--soft)" }),
  );
  const name = nucleus ? id : "encoder";
  const middle = where === "inside" && lines.length > 0 ? y + 3 : y + 5;
  return `${outline('fill="var(--paper)"')}${outline(tint)}${label(name, { x, y: middle, anchor: "middle", weight: 600 })}${texts.join("")}`;
}

/** A projection: a line between the borders of two nuclei, bowed where it would cross a nucleus. */
function edge(projection: Projection, places: ReadonlyMap<string, Point>): string {
  const [from, to] = [places.get(projection.from)!, places.get(projection.to)!];
  const others = [...places].flatMap(([id, place]) =>
    id === projection.from || id === projection.to ? [] : [place],
  );
  const control = controlPoint(from, to, others, projection.to === VISUAL);
  const leave = border(from, control, projection.from === VISUAL ? "box" : RADIUS + 3);
  const inhibits = projection.sign === "-";
  const arrive = border(to, control, projection.to === VISUAL ? "box" : RADIUS + (inhibits ? 7 : 6));
  const stroke = inhibits ? "var(--ITC)" : "var(--soft)";
  const width = 1 + 2.6 * projection.density;
  const head = heading(control, arrive, inhibits, width);
  const path = `M${at(leave.x)} ${at(leave.y)}Q${at(control.x)} ${at(control.y)} ${at(head.at.x)} ${at(head.at.y)}`;
  const share = projection.density < 1 ? `, ${Math.round(projection.density * 100)} % of connections` : "";
  const says = `${projection.from} \u2192 ${projection.to}: ${inhibits ? "inhibits" : "excites"}${share}\n${projection.source}`;
  return `<g fill="none" stroke="${stroke}"><title>${escaped(says)}</title><path d="${path}" stroke-width="${at(width)}"/>${head.svg(stroke)}<path d="${path}" stroke="transparent" stroke-width="16"/></g>`;
}

/** Bows of a line, as shares of its length. */
const BOWS = [0, 0.32, -0.32, 0.55, -0.55] as const;

/** The control point of the least bowed line that keeps off other nuclei; feedback bows to the side on which it starts. */
function controlPoint(from: Point, to: Point, others: readonly Point[], feedback: boolean): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const bowed = (bow: number) => ({ x: (from.x + to.x) / 2 - dy * bow, y: (from.y + to.y) / 2 + dx * bow });
  if (feedback) return bowed(dx * dy > 0 === Math.abs(dx) > Math.abs(dy) ? -0.45 : 0.45);
  const clear = (control: Point) =>
    [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8].every((t) =>
      others.every(({ x, y }) => {
        const along = (a: number, b: number, c: number) =>
          (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c;
        return (
          Math.hypot(along(from.x, control.x, to.x) - x, along(from.y, control.y, to.y) - y) > RADIUS + 8
        );
      }),
    );
  return bowed(BOWS.find((bow) => clear(bowed(bow))) ?? 0.55);
}

/** The point at a distance from a centre towards another point, or where the way leaves the box of the visual stream. */
function border(centre: Point, towards: Point, distance: number | "box"): Point {
  const length = Math.hypot(towards.x - centre.x, towards.y - centre.y);
  const [ux, uy] = [(towards.x - centre.x) / length, (towards.y - centre.y) / length];
  const away = distance === "box" ? Math.min(48 / Math.abs(ux), 34 / Math.abs(uy)) : distance;
  return { x: centre.x + ux * away, y: centre.y + uy * away };
}

/** An arrow's head or an inhibitory bar, and where the line before it ends. */
function heading(
  from: Point,
  tip: Point,
  inhibits: boolean,
  width: number,
): { at: Point; svg: (colour: string) => string } {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y);
  const [ux, uy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const half = inhibits ? 10 : 4 + width;
  const back = inhibits ? 0 : 8 + width;
  const base = { x: tip.x - ux * back, y: tip.y - uy * back };
  const [left, right] = [
    { x: base.x - uy * half, y: base.y + ux * half },
    { x: base.x + uy * half, y: base.y - ux * half },
  ];
  return {
    at: base,
    svg: (colour) =>
      inhibits
        ? `<path d="M${at(left.x)} ${at(left.y)}L${at(right.x)} ${at(right.y)}" stroke-width="3.5"/>`
        : `<path d="M${at(tip.x)} ${at(tip.y)}L${at(left.x)} ${at(left.y)}L${at(right.x)} ${at(right.y)}z" fill="${colour}" stroke="none"/>`,
  };
}
