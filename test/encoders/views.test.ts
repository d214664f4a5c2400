import { expect, test } from "vitest";
import { applyView, flip, gaussianBlur, rotate, viewName } from "../../src/encoders/views.ts";
import { expectedPicture } from "./pictures.ts";

const picture = await expectedPicture("rgb.png.npy");

test.each([17.3, -20])("rotation by %d degrees gives Pillow's pixels, bit for bit", async (degrees) => {
  expect(rotate(picture, degrees)).toEqual(await expectedPicture(`rotate${degrees}.npy`));
});

test("a flip mirrors each row and undoes itself", () => {
  const flipped = flip(picture);
  expect([...flipped.data.subarray(0, 3)]).toEqual([...picture.data.subarray(44 * 3, 45 * 3)]);
  expect(flip(flipped)).toEqual(picture);
});

test("a blur keeps the mean of a dot and spreads it as a Gaussian", () => {
  const dot = { width: 21, height: 21, data: new Uint8Array(21 * 21 * 3) };
  dot.data.fill(255, (10 * 21 + 10) * 3, (10 * 21 + 10) * 3 + 3);
  const { data } = gaussianBlur(dot, 1);
  const at = (x: number, y: number) => data[(y * 21 + x) * 3]!;
  expect(at(10, 10)).toBe(41); // 255 / (2 pi), the kernel being cut at 3 sd
  expect(at(11, 10)).toBe(Math.round(41 * Math.exp(-0.5)));
  expect(at(11, 11)).toBe(Math.round(41 * Math.exp(-1)));
  const one = { width: 1, height: 1, data: new Uint8Array([9, 8, 7]) };
  expect(gaussianBlur(one, 2)).toEqual(one);
});

test("a random view depends on seed, picture and index alone", () => {
  const views = (seed: number, identity: string) =>
    [0, 1, 2, 3].map((index) => applyView(picture, { kind: "random", seed, index }, identity).data.join());
  expect(views(1, "abc")).toEqual(views(1, "abc"));
  expect(views(1, "abc")).not.toEqual(views(2, "abc"));
  expect(views(1, "abc")).not.toEqual(views(1, "abd"));
  expect(new Set(views(1, "abc")).size).toBeGreaterThan(1);
});

test("random views flip half, turn half and blur a fifth of the pictures", () => {
  const small = { width: 4, height: 3, data: Uint8Array.from({ length: 36 }, (_, i) => i * 7) };
  const names = Array.from({ length: 600 }, (_, index) =>
    applyView(small, { kind: "random", seed: 3, index }, "abc").data.join(),
  );
  const share = (data: Uint8Array) => names.filter((name) => name === data.join()).length / names.length;
  // neither turned nor blurred: .5 * .8 = .4, half of them flipped
  expect(share(small.data)).toBeGreaterThan(0.15);
  expect(share(small.data)).toBeLessThan(0.27);
  expect(share(flip(small).data)).toBeGreaterThan(0.15);
  expect(share(flip(small).data)).toBeLessThan(0.27);
});

test("views have file names", () => {
  expect(viewName({ kind: "plain" })).toBe("plain");
  expect(viewName({ kind: "flip" })).toBe("flip");
  expect(viewName({ kind: "random", seed: 7, index: 2 })).toBe("random-7-2");
  expect(applyView(picture, { kind: "plain" }, "abc")).toBe(picture);
  expect(applyView(picture, { kind: "flip" }, "abc")).toEqual(flip(picture));
});
