/** @file Where labels stand beside their dots, so that none covers another label or a dot: the first place of a few that is free, else the least covered. */

/** A dot with its text; the earlier come first. */
export interface Dot {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}
/** Where a text is anchored, its baseline at `y`. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}
type Box = readonly [left: number, top: number, right: number, bottom: number];

const CHARACTER = 6.6; // of 11.7 px system sans, the bold one too
const HEIGHT = 14;
const RADIUS = 8;
const GAP = 12;
/** How far a label beside its dot moves up or down, by turns. */
const SHIFTS = [0, -1, 1, -2, 2, -3, 3].map((step) => step * HEIGHT);

/** Labels of some dots among all, inside a square of `size`. */
export function placeLabels(
  labelled: readonly Dot[],
  all: readonly { readonly x: number; readonly y: number }[],
  size: number,
): Map<string, Label> {
  const taken: Box[] = all.map(({ x, y }) => [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS]);
  const placed = new Map<string, Label>();
  for (const { id, text, x, y } of labelled) {
    const width = text.length * CHARACTER;
    const sides = [
      ...SHIFTS.map((shift): Label => ({ x: x + GAP, y: y + 4 + shift, anchor: "start" })),
      ...SHIFTS.map((shift): Label => ({ x: x - GAP, y: y + 4 + shift, anchor: "end" })),
    ].sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y));
    const cost = (label: Label) => {
      const box = boxOf(label, width);
      const outside = Math.max(0, -box[0], box[2] - size, -box[1], box[3] - size) * size;
      return taken.reduce((sum, other) => sum + overlap(box, other), outside);
    };
    const costs = sides.map(cost);
    const best = sides[costs.indexOf(Math.min(...costs))]!;
    placed.set(id, best);
    taken.push(boxOf(best, width));
  }
  return placed;
}

/** What a label covers. */
export function boxOf({ x, y, anchor }: Label, width: number): Box {
  const left = anchor === "start" ? x : x - width;
  return [left, y - 11, left + width, y + 3];
}

/** The area that two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}
