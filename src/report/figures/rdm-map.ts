/** @file A map of RDMs: models and participants whose geometries are alike lie together. */
import { colour, nucleusColour } from "../palette.ts";
import { at, type Canvas, escaped, figure, fitted, label, textWidth } from "../svg.ts";

/** One RDM on the map. */
export interface RdmPoint {
  readonly name: string;
  /** `brain` is a participant's measured RDM; `baseline` a model that is no nucleus. */
  readonly kind: "brain" | "model" | "baseline";
  readonly x: number;
  readonly y: number;
}

/** Participants are small and nameless, models named. */
export function rdmMapFigure(
  points: readonly RdmPoint[],
  options: { readonly comparison: string; readonly about: string },
  canvas: Canvas,
): string {
  const size = Math.min(canvas.width, 520);
  const reach = Math.max(1e-12, ...points.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
  const place = (value: number) => size / 2 + (value / reach) * (size / 2 - 24);
  const placed = points.map(({ x, y, ...point }) => ({ ...point, cx: place(x), cy: place(-y) }));
  const taken = placed.map(({ kind, cx, cy }) => boxAround(cx, cy, kind === "brain" ? 3 : 6));
  const dots = placed.map(({ name, kind, cx, cy }) => {
    const fill = kind === "model" ? nucleusColour(name) : colour("grey");
    const named = kind === "brain" ? "" : freeLabel(fitted(name, size * 0.3), { cx, cy, size, taken });
    return `<circle cx="${at(cx)}" cy="${at(cy)}" r="${kind === "brain" ? 3 : 6}" fill="${kind === "brain" ? "none" : fill}" stroke="${kind === "brain" ? "var(--soft)" : "none"}"><title>${escaped(name)}</title></circle>${named}`;
  });
  const frame = `<rect x=".5" y=".5" width="${size - 1}" height="${size - 1}" fill="none" stroke="var(--line)"/>`;
  return figure(
    {
      title: "Whose geometry is like whose?",
      subtitle: `${options.about}; distance: 1 - ${options.comparison} of two RDMs; rings: participants, dots: models`,
      description: `Multidimensional scaling of RDMs: ${points.map(({ name }) => name).join(", ")}.`,
    },
    { svg: `${frame}${dots.join("")}`, width: size, height: size },
    canvas,
  );
}

/** Left, top, right, bottom. */
type Box = readonly [number, number, number, number];

function boxAround(x: number, y: number, reach: number): Box {
  return [x - reach, y - reach, x + reach, y + reach];
}

const overlap = (a: Box, b: Box) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** A dot's name beside it, or above or below, or farther off: where nothing is yet and it is inside the frame. Adds its box to `taken`. */
function freeLabel(
  text: string,
  { cx, cy, size, taken }: { cx: number; cy: number; size: number; taken: Box[] },
): string {
  const width = textWidth(text);
  const sides = [
    { anchor: "start", x: cx + 9, left: cx + 9 },
    { anchor: "end", x: cx - 9, left: cx - 9 - width },
  ] as const;
  const middle = { anchor: "middle", x: cx, left: cx - width / 2 } as const;
  const beside = cx > size * 0.7 ? [...sides].reverse() : sides;
  const candidates = [
    ...beside.map((side) => ({ ...side, y: cy + 4 })),
    ...[cy - 11, cy + 19].map((y) => ({ ...middle, y })),
    ...[-10, 18, -24, 32].flatMap((off) => beside.map((side) => ({ ...side, y: cy + off }))),
  ];
  const boxOf = ({ left, y }: { left: number; y: number }): Box => [left, y - 10, left + width, y + 3];
  const isFree = (box: Box) =>
    box[0] > 0 && box[2] < size && box[1] > 0 && box[3] < size && !taken.some((other) => overlap(box, other));
  const { anchor, x, ...chosen } = candidates.find((one) => isFree(boxOf(one))) ?? candidates[0]!;
  taken.push(boxOf(chosen));
  return label(text, { anchor, x, y: chosen.y });
}
