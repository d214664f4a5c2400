import fc from "fast-check";
import { expect, test } from "vitest";
import { FILTERS, resize } from "../../src/encoders/resample.ts";
import { expectedPicture } from "./pictures.ts";

const picture = await expectedPicture("rgb.png.npy");
const CASES = FILTERS.flatMap((filter) =>
  [
    [17, 23],
    [45, 12],
    [70, 40],
  ].map(([width, height]) => [filter, width!, height!] as const),
);

test.each(CASES)("%s to %d x %d gives Pillow's pixels, bit for bit", async (filter, width, height) => {
  expect(resize(picture, width, height, filter)).toEqual(
    await expectedPicture(`resize-${filter}-${width}x${height}.npy`),
  );
});

test("the same size is the same picture", () => {
  expect(resize(picture, picture.width, picture.height, "bicubic")).toBe(picture);
});

test("one colour stays that colour at any size", () => {
  const size = fc.integer({ min: 1, max: 40 });
  const color = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(
      size,
      size,
      size,
      size,
      color,
      fc.constantFrom(...FILTERS),
      (w, h, toW, toH, value, filter) => {
        const plain = { width: w, height: h, data: new Uint8Array(w * h * 3).fill(value) };
        return resize(plain, toW, toH, filter).data.every((sample) => sample === value);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});
