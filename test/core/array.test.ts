import { describe, expect, test } from "vitest";
import { ndarray, row, rowMajor, sizeOf, takeRows, toFloat64, zeros } from "../../src/core/array.ts";

const array = ndarray(new Float32Array([1, 2, 3, 4, 5, 6]), [3, 2]);

describe("array", () => {
  test("sizes, zeros and rows", () => {
    expect(sizeOf([])).toBe(1);
    expect(zeros([2, 2]).data).toEqual(new Float32Array(4));
    expect(row(array, 1)).toEqual({ shape: [2], data: new Float32Array([3, 4]) });
    expect(takeRows(array, [2, 0])).toEqual({ shape: [2, 2], data: new Float32Array([5, 6, 1, 2]) });
  });

  test("Fortran order, as numpy's ravel(order='F') of 0 to 5 in shape [1, 2, 3]", () => {
    const columns = ndarray(new Int32Array([0, 3, 1, 4, 2, 5]), [1, 2, 3]);
    expect(rowMajor(columns)).toEqual(ndarray(new Int32Array([0, 1, 2, 3, 4, 5]), [1, 2, 3]));
  });

  test("any numbers in Float64; what is there already is not copied", () => {
    const wide = ndarray(new Float64Array([1.5]), [1]);
    expect(toFloat64(wide).data).toBe(wide.data);
    expect(toFloat64(ndarray(new BigInt64Array([-3n]), [1])).data).toEqual(new Float64Array([-3]));
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
