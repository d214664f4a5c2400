import { describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy } from "../../src/core/npy.ts";
import fixtures from "../fixtures/statistics/npy.json" with { type: "json" };

const bytes = (base64: string): Uint8Array => Buffer.from(base64, "base64");
const third = new Float32Array([0, 1, 2, 3, 4, 5]).map((value) => value / 3);
const good = {
  float32: { shape: [2, 3], data: third },
  float64: { shape: [3], data: new Float64Array([Math.PI, -Infinity, 5e-324]) },
  scalar: { shape: [], data: new Float64Array([2.5]) },
  int32: { shape: [2, 1], data: new Int32Array([-(2 ** 31), 2 ** 31 - 1]) },
  int64: { shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 53n + 1n]) },
  uint8: { shape: [2], data: new Uint8Array([0, 255]) },
  empty: { shape: [0, 3], data: new Float32Array() },
  version2: { shape: [2, 3], data: third },
  version3: { shape: [2, 3], data: third },
};

describe("npy", () => {
  test.each(Object.entries(good))("reads numpy's %s and writes what it reads", (name, array) => {
    expect(decodeNpy(bytes(fixtures.good[name as keyof typeof good]))).toEqual(array);
    const written = encodeNpy(array);
    expect((written.length - array.data.byteLength) % 64).toBe(0);
    expect(decodeNpy(written)).toEqual(array);
  });

  test("reads numpy's Fortran order row by row", () => {
    expect(decodeNpy(bytes(fixtures.fortran))).toEqual(good.float32);
  });

  test("reads from the middle of a buffer, unaligned", () => {
    const inside = new Uint8Array(1000).subarray(3);
    inside.set(encodeNpy(good.float64));
    const view = inside.subarray(0, encodeNpy(good.float64).length);
    expect(decodeNpy(view)).toEqual(good.float64);
  });

  test("writes a view of a longer array as the view", () => {
    expect(decodeNpy(encodeNpy({ shape: [2], data: third.subarray(2, 4) })).data).toEqual(third.slice(2, 4));
  });

  test.each([
    [
      new Uint8Array(20),
      "a.npy: a .npy file starts with \\x93NUMPY, got 20 bytes that do not. Write it again with numpy.save.",
    ],
    [
      bytes(fixtures.good.float32).subarray(0, -1),
      "a.npy: shape (2,3) of <f4 needs 24 bytes, got 23. Write it again with numpy.save.",
    ],
    [
      bytes(fixtures.good.float32).subarray(0, 20),
      "a.npy: the header names descr and shape, got {'descr':. Write it again with numpy.save.",
    ],
    [
      bytes(fixtures.bigEndian),
      "a.npy: the type must be one of <f4, <f8, <i4, <i8, |u1, got >f4. Write it again with numpy.save.",
    ],
    [
      bytes(fixtures.half),
      "a.npy: the type must be one of <f4, <f8, <i4, <i8, |u1, got <f2. Write it again with numpy.save.",
    ],
  ])("refuses what it cannot read (%#)", (file, message) => {
    expect(() => decodeNpy(file, "a.npy")).toThrow(expect.objectContaining({ tag: "DataError", message }));
  });
});
