import { describe, expect, test } from "vitest";
import { ndarray, row, sizeOf, takeRows, zeros } from "../../src/core/array.ts";

const array = ndarray(new Float32Array([1, 2, 3, 4, 5, 6]), [3, 2]);

describe("array", () => {
  test("sizes, zeros and rows", () => {
    expect(sizeOf([])).toBe(1);
    expect(zeros([2, 2]).data).toEqual(new Float32Array(4));
    expect(row(array, 1)).toEqual({ shape: [2], data: new Float32Array([3, 4]) });
    expect(takeRows(array, [2, 0])).toEqual({ shape: [2, 2], data: new Float32Array([5, 6, 1, 2]) });
  });

  test("a shape that does not hold the data is an error", () => {
    expect(() => ndarray(new Float32Array(5), [3, 2])).toThrow(
      "array: shape [3,2] holds 6 elements, got 5. Pass the shape the data has.",
    );
  });

  test.each([3, -1, 0.5])("row %d of three is an error", (from) => {
    expect(() => takeRows(array, [from])).toThrow(
      `array: a row from 0 to 2 was expected, got ${from}. Count rows from 0.`,
    );
  });
});
