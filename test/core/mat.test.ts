import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeMat } from "../../src/core/mat.ts";

const bytes = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../fixtures/brain/${name}`, import.meta.url))));

const numbers = (shape: number[], ...values: number[]) => ({
  kind: "numbers",
  shape,
  data: Float64Array.from(values),
});

describe("MATLAB files", () => {
  it.each(["plain.mat", "compressed.mat"])("reads what scipy writes into %s", (name) => {
    const variables = decodeMat(bytes(name), name);
    const text = (...rows: string[]) => ({ kind: "text", rows });
    expect(Object.fromEntries(variables)).toEqual({
      struct: {
        kind: "struct",
        shape: [1, 1],
        elements: [
          {
            name: text("dog"),
            numbers: numbers([2, 3], 0, 3, 1, 4, 2, 5),
            inner: { kind: "struct", shape: [1, 1], elements: [{ deep: numbers([1, 2], -1, 2) }] },
          },
        ],
      },
      cell: {
        kind: "cell",
        shape: [1, 3],
        values: [text("text"), numbers([1, 1], 0.5), { kind: "cell", shape: [1, 0], values: [] }],
      },
      letters: text("ab", "cde"),
      empty: numbers([0, 3]),
      flag: numbers([1, 2], 1, 0),
      wide: numbers([1, 1], 2 ** 40),
      complex: { kind: "other" },
      text: text("ümläut"),
    });
  });

  it("reads the variables that are named", () => {
    expect([...decodeMat(bytes("plain.mat"), "x", ["flag", "none"]).keys()]).toEqual(["flag"]);
  });

  it.each([
    ["level 4", () => bytes("level4.mat"), "level 4, or no MATLAB file"],
    ["a few bytes", () => bytes("plain.mat").subarray(0, 54), "54 bytes"],
    ["level 4, longer", () => new Uint8Array(500), "level 4, or no MATLAB file"],
    ["another file", () => new Uint8Array(500).fill(65), "bytes that are no MATLAB file"],
    ["an unknown version", () => withVersion(0x0300), "version 0x0300"],
    ["a cut file", () => bytes("plain.mat").subarray(0, -100), "a file that is cut short or broken"],
    ["a cut stream", () => bytes("compressed.mat").subarray(0, 200), "a file that is cut short or broken"],
  ])("refuses %s", (_, make, got) => {
    expect(() => decodeMat(make(), "x.mat")).toThrow(
      expect.objectContaining({
        tag: "DataError",
        message: `x.mat: a MATLAB file of level 5 or 7.3 was expected, got ${got}. Save it again with save(..., '-v7').`,
      }),
    );
  });
});

function withVersion(version: number): Uint8Array {
  const copy = bytes("plain.mat").slice();
  new DataView(copy.buffer).setUint16(124, version, true);
  return copy;
}
