import { expect, test } from "vitest";
import { readPreprocessing } from "../../src/encoders/preprocess.ts";
import { planTokens, type TokenPlan } from "../../src/encoders/tokens.ts";
import { isVcaError } from "../../src/errors.ts";

const preprocessing = readPreprocessing(
  { size: 8, resample: 2, image_mean: [0, 0, 0], image_std: [1, 1, 1] },
  "p.json",
);
const tap = (name: string) => ({ name, tensor: name });
const grid = (size: number): TokenPlan => ({ kind: "grid", size });

/** Tokens of one output whose values are 0, 1, 2, ... */
function tokens(shape: number[], plan: TokenPlan, b = 0) {
  const data = Float32Array.from({ length: shape.reduce((x, y) => x * y) }, (_, i) => i);
  const planned = planTokens([tap("a")], [shape], plan, preprocessing);
  return { ...planned.shape, data: [...planned.read([{ shape, data }], b)] };
}

test("a map's cells are means, channels last", () => {
  expect(tokens([1, 2, 4, 4], grid(2))).toEqual({
    T: 4,
    D: 2,
    hasCls: false,
    channels: [{ tap: "a", from: 0, to: 2 }],
    data: [2.5, 18.5, 4.5, 20.5, 10.5, 26.5, 12.5, 28.5],
  });
  expect(tokens([2, 1, 2, 2], grid(2), 1).data).toEqual([4, 5, 6, 7]);
});

test("a map of channels last is read as one", () => {
  expect(tokens([1, 4, 4, 2], grid(1)).data).toEqual([15, 16]);
});

test("cells overlap where sizes are not multiples, as in PyTorch", () => {
  expect(tokens([1, 1, 3, 3], grid(2)).data).toEqual([2, 3, 5, 6]);
  expect(tokens([1, 1, 1, 1], grid(2)).data).toEqual([0, 0, 0, 0]);
});

test("CLS comes first; registers are left out", () => {
  expect(tokens([1, 5, 1], grid(2))).toMatchObject({ T: 5, hasCls: true, data: [0, 1, 2, 3, 4] });
  expect(tokens([1, 7, 1], grid(2))).toMatchObject({ T: 5, hasCls: true, data: [0, 3, 4, 5, 6] });
  expect(tokens([1, 4, 1], grid(2))).toMatchObject({ T: 4, hasCls: false, data: [0, 1, 2, 3] });
});

test("pooled: CLS, else the mean, else the vector itself", () => {
  expect(tokens([1, 5, 1], { kind: "pooled" })).toMatchObject({ T: 1, D: 1, hasCls: true, data: [0] });
  expect(tokens([1, 2, 2, 2], { kind: "pooled" })).toMatchObject({ T: 1, hasCls: false, data: [1.5, 5.5] });
  expect(tokens([2, 3], { kind: "pooled" }, 1)).toMatchObject({ T: 1, D: 3, data: [3, 4, 5] });
});

test("taps are joined along channels", () => {
  const shapes = [
    [1, 1, 2, 2],
    [1, 2, 1, 1],
  ];
  const { shape, read } = planTokens([tap("a"), tap("b")], shapes, grid(2), preprocessing);
  const outputs = [
    { shape: shapes[0]!, data: Float32Array.of(1, 2, 3, 4) },
    { shape: shapes[1]!, data: Float32Array.of(8, 9) },
  ];
  expect(shape.channels).toEqual([
    { tap: "a", from: 0, to: 1 },
    { tap: "b", from: 1, to: 3 },
  ]);
  expect([...read(outputs, 0)]).toEqual([1, 8, 9, 2, 8, 9, 3, 8, 9, 4, 8, 9]);
});

test.each([
  [
    [
      [1, 5, 1],
      [1, 4, 1],
    ],
    "ConfigError",
    "taps: all must have a CLS token or none, got a with one and b without. Choose taps of one kind.",
  ],
  [
    [[1, 90, 4]],
    "UnsupportedError",
    "tap a: tokens [B, n, D] or a map [B, C, h, w] of a 8 x 8 picture were expected, got [1,90,4]. Choose another tap.",
  ],
  [
    [[1, 5]],
    "UnsupportedError",
    "tap a: tokens [B, n, D] or a map [B, C, h, w] of a 8 x 8 picture were expected, got [1,5]. Choose another tap, or pooled tokens.",
  ],
] as const)("%j makes no tokens", (shapes, tag, message) => {
  let error: unknown;
  try {
    planTokens([tap("a"), tap("b")], shapes, grid(2), preprocessing);
  } catch (thrown) {
    error = thrown;
  }
  expect(isVcaError(error, tag)).toBe(true);
  expect((error as Error).message).toBe(message);
});
