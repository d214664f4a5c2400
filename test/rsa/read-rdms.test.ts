/** @file RDM files: arrays with named axes, archives, tables, and what is wrong with them. */
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { encodeNpy } from "../../src/core/npy.ts";
import { readRdms } from "../../src/rsa/read-rdms.ts";

const npy = (shape: number[], values: number[]) => encodeNpy({ shape, data: Float64Array.from(values) });
const text = (csv: string) => new TextEncoder().encode(csv);
const square = [0, 1, 2, 1, 0, 3, 2, 3, 0];

describe("readRdms", () => {
  it("reads vectors and squares with their leading axes", () => {
    const vectors = readRdms(npy([2, 3], [1, 2, 3, 4, 5, 6]), "x.npy", {
      axes: ["participant"],
      ids: ["a", "b", "c"],
    });
    expect(vectors.ids).toEqual(["a", "b", "c"]);
    expect(vectors.labels).toEqual({ participant: ["1", "2"] });
    const squares = readRdms(npy([1, 2, 3, 3], [...square, ...square.map((d) => 2 * d)]), "x.npy", {
      axes: ["participant", "session"],
    });
    expect(squares.ids).toEqual(["1", "2", "3"]);
    expect(squares.labels).toEqual({ participant: ["1", "1"], session: ["1", "2"] });
    expect([...squares.vectors.data]).toEqual([1, 2, 3, 2, 4, 6]);
  });

  it("reads archives, entries labelled by their names", () => {
    const zip = zipSync({ "V1.npy": npy([3], [1, 2, 3]), "IT.npy": npy([3, 3], square) });
    const { labels, vectors } = readRdms(zip, "models.npz", { axes: ["model"] });
    expect(labels).toEqual({ model: ["V1", "IT"] });
    expect([...vectors.data]).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it("reads a square table and a list of pairs", () => {
    const table = readRdms(text("id,a,b,c\na,0,1,2\nb,1,0,\nc,2,,0\n"), "dir/V1.csv", { axes: ["model"] });
    expect(table.labels).toEqual({ model: ["V1"] });
    expect([...table.vectors.data]).toEqual([1, 2, Number.NaN]);
    const pairs = readRdms(text("first,second,V1,IT\na,b,1,4\nc,a,2,5\n"), "x.csv", { axes: ["model"] });
    expect(pairs.ids).toEqual(["a", "b", "c"]);
    expect(pairs.labels).toEqual({ model: ["V1", "IT"] });
    expect([...pairs.vectors.data]).toEqual([1, 2, Number.NaN, 4, 5, Number.NaN]);
  });

  it.each([
    [
      npy([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      "x.npy",
      "x.npy: axes participant, S, S or pairs were expected, got shape [2,2,3]. Name each axis before the RDM with --axes, such as participant,session.",
    ],
    [
      npy([1, 4], [1, 2, 3, 4]),
      "x.npy",
      "x.npy: axes participant, S, S or pairs were expected, got shape [1,4]. Name each axis before the RDM with --axes, such as participant,session.",
    ],
    [
      npy([1, 2, 2], [0, 1, 2, 0]),
      "x.npy",
      "x.npy (participant 1): a symmetric matrix, so 2 was expected, got 1 in row 0, column 1. Average the two halves if both are right.",
    ],
    [
      text("PK"),
      "x.npz",
      "x.npz: a .npz archive was expected, got other bytes. Write it again with numpy.savez.",
    ],
    [
      zipSync({ "a.npy": npy([3], [1, 2, 3]), "b.npy": npy([1], [1]) }),
      "x.npz",
      "x.npz a: RDMs of one size were expected, got 3 and 1 pairs. Keep one set of stimuli in a file.",
    ],
    [
      text("id,a,b\nb,0,1\na,1,0\n"),
      "x.csv",
      'x.csv: rows in the order of the columns were expected, got "b" for "a". Name rows and columns alike, or list pairs under first,second.',
    ],
    [
      text("first,second,V1\na,b,1\nb,a,1\n"),
      "x.csv",
      'x.csv row 3: each pair of two stimuli once was expected, got "b" and "a" again. Remove the row.',
    ],
    [
      text(""),
      "x.txt",
      "x.txt: RDMs in .npy, .npz, .csv, .mat or .h5 were expected, got .txt. Save them in one of these.",
    ],
  ])("says what is wrong (%#)", (bytes, where, message) => {
    expect(() => readRdms(bytes, where, { axes: [where === "x.npz" ? "model" : "participant"] })).toThrow(
      message,
    );
  });
});
