/** @file Labels on the plane: none covers another, a dot, or leaves the plane. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { boxOf, overlap, placeLabels } from "../../lab/src/labels.ts";

const SIZE = 360;
const widthOf = (text: string) => text.length * 6.6;

it("moves the later of two that would meet", () => {
  const dots = [
    { id: "a", text: "heart-eyes", x: 150, y: 200 },
    { id: "b", text: "crying", x: 152, y: 206 },
  ];
  const places = placeLabels(dots, dots, SIZE);
  expect(places.get("a")).toEqual({ x: 162, y: 204, anchor: "start" });
  expect(places.get("b")).toEqual({ x: 140, y: 210, anchor: "end" });
});

it("keeps up to six labels apart and inside, wherever the dots lie", () => {
  const dot = fc.record({
    text: fc.constantFrom("crying", "heart-eyes", "screaming", "a longer name\u2026"),
    x: fc.integer({ min: 30, max: 350 }),
    y: fc.integer({ min: 10, max: 326 }),
  });
  fc.assert(
    fc.property(fc.array(dot, { minLength: 1, maxLength: 6 }), (drawn) => {
      const dots = drawn.map((each, i) => ({ ...each, id: String(i) }));
      const boxes = [...placeLabels(dots, dots, SIZE)].map(([id, label]) =>
        boxOf(label, widthOf(dots[Number(id)]!.text)),
      );
      for (const [i, box] of boxes.entries()) {
        expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...box)).toBeLessThanOrEqual(SIZE);
        for (const other of boxes.slice(i + 1)) expect(overlap(box, other)).toBe(0);
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});
