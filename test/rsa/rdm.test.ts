/** @file RDMs: forms, joins, averages, and every complaint. */
import { describe, expect, it } from "vitest";
import {
  averageOver,
  createRdms,
  joinByStimulus,
  pairCount,
  pairIndex,
  pairOf,
  type Rdms,
  squareForm,
  stimulusCount,
  takeStimuli,
  vectorForm,
} from "../../src/rsa/rdm.ts";

const rdms = (rows: number[][], labels: Record<string, string[]> = {}, ids = ["a", "b", "c"]): Rdms => ({
  ids,
  vectors: { shape: [rows.length, rows[0]!.length], data: Float64Array.from(rows.flat()) },
  labels,
});
const square = (s: number, data: number[]) => ({ shape: [s, s], data: Float64Array.from(data) });

describe("forms", () => {
  it("are inverse, in the order of scipy's squareform", () => {
    const vector = Float64Array.of(1, 2, 3, 4, 5, 6);
    const matrix = squareForm(vector);
    expect([...matrix.data]).toEqual([0, 1, 2, 3, 1, 0, 4, 5, 2, 4, 0, 6, 3, 5, 6, 0]);
    expect(vectorForm(matrix)).toEqual(vector);
  });

  it("number pairs", () => {
    for (const s of [2, 3, 7])
      for (let pair = 0; pair < pairCount(s); pair++) {
        const [i, j] = pairOf(pair, s);
        expect(i).toBeLessThan(j);
        expect(j).toBeLessThan(s);
        expect(pairIndex(i, j, s)).toBe(pair);
      }
    expect(stimulusCount(pairCount(92))).toBe(92);
  });

  it("keep a pair that both halves lack", () => {
    const matrix = square(3, [0, Number.NaN, 2, Number.NaN, 0, 3, 2, 3, 0]);
    expect([...vectorForm(matrix)]).toEqual([Number.NaN, 2, 3]);
  });

  it.each([
    [
      () => vectorForm({ shape: [2, 3], data: new Float64Array(6) }, "x.npy"),
      "x.npy: a square matrix was expected, got [2,3]. Pass [S, S].",
    ],
    [
      () => vectorForm(square(2, [0, 1, 2, 0]), "x.npy"),
      "x.npy: a symmetric matrix, so 2 was expected, got 1 in row 0, column 1. Average the two halves if both are right.",
    ],
    [
      () => vectorForm(square(2, [0, 1, Number.NaN, 0])),
      "rdm: a symmetric matrix, so NaN was expected, got 1 in row 0, column 1. Average the two halves if both are right.",
    ],
    [
      () => vectorForm(square(2, [1, 0.5, 0.5, 1])),
      "rdm: a diagonal of 0 was expected, got 1 in row 0, column 0. Subtract similarities from 1 to make them dissimilarities.",
    ],
    [
      () => vectorForm(square(2, [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0])),
      "rdm: a finite dissimilarity was expected, got Infinity in row 0, column 1. Mend the value, or make it NaN to leave the pair out.",
    ],
    [
      () => stimulusCount(4),
      "rdm: S (S - 1) / 2 pairs were expected, got 4. Pass the upper triangle without its diagonal.",
    ],
  ])("complain (%#)", (task, message) => {
    expect(task).toThrow(message);
  });
});

describe("createRdms", () => {
  it.each([
    [
      rdms([[1, 2, 3]], {}, ["a", "b"]),
      "rdm: 2 stimuli need vectors [n, 1], got [1,3]. Name the stimuli that the RDMs have.",
    ],
    [
      rdms([[1, 2, 3]], { participant: ["1", "2"] }),
      "rdm: a participant was expected for each of 1 RDMs, got 2. Label every RDM.",
    ],
    [
      rdms([[1, 2, 3]], {}, ["a", "b", "a"]),
      'rdm: each stimulus once was expected, got "a" twice. Rename one.',
    ],
    [
      rdms([[1, 2, Number.NEGATIVE_INFINITY]]),
      "rdm: finite dissimilarities were expected, got -Infinity for b and c. Mend the value, or make it NaN to leave the pair out.",
    ],
  ])("complains (%#)", (wrong, message) => {
    expect(() => createRdms(wrong)).toThrow(message);
  });
});

describe("averageOver", () => {
  it("averages sessions within participants, over those that have the pair", () => {
    const four = rdms(
      [
        [1, 2, 3],
        [3, Number.NaN, 5],
        [0, 1, Number.NaN],
        [2, 1, Number.NaN],
      ],
      { participant: ["p", "p", "q", "q"], session: ["1", "2", "1", "2"] },
    );
    const { vectors, labels } = averageOver(four, "session");
    expect([...vectors.data]).toEqual([2, 2, 4, 1, 1, Number.NaN]);
    expect(labels).toEqual({ participant: ["p", "q"] });
    expect(() => averageOver(four, "run")).toThrow(
      'rdm: an axis to average over was expected, got "run" beside participant, session. Name an axis of the RDMs.',
    );
  });
});

describe("joinByStimulus", () => {
  it("reorders by id", () => {
    const joined = joinByStimulus({ ids: ["c", "a", "b"] }, rdms([[1, 2, 3]]));
    expect(joined.ids).toEqual(["c", "a", "b"]);
    expect([...joined.vectors.data]).toEqual([2, 3, 1]); // ca, cb, ab
    expect([...takeStimuli(joined, [1, 2, 0]).vectors.data]).toEqual([1, 2, 3]);
  });

  it("names the stimuli of one side only", () => {
    expect(() => joinByStimulus({ ids: ["a", "b", "d"] }, rdms([[1, 2, 3]]), "model V1")).toThrow(
      "model V1: the 3 stimuli of the other side were expected, got d missing and c besides. Give both the same stimulus ids.",
    );
  });
});
