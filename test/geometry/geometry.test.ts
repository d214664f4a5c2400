import { describe, expect, it } from "vitest";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { Random } from "../../src/core/random.ts";
import {
  compareRanked,
  heldConstant,
  nucleusRdm,
  partialSpearman,
  patterned,
  rankedRdm,
} from "../../src/geometry/alignment.ts";
import { behaviouralRdms, columnsRdm, labelRdm } from "../../src/geometry/behaviour.ts";
import { decodability } from "../../src/geometry/decoding.ts";
import { participationRatio, subsampled } from "../../src/geometry/dimensionality.ts";
import { hierarchy } from "../../src/geometry/hierarchy.ts";
import { classicalMds, smacof } from "../../src/geometry/mds.ts";
import { disparity } from "../../src/training/metrics.ts";
import fixture from "../fixtures/neurons/geometry.json" with { type: "json" };

const { valence, arousal, units: U } = fixture;
const S = valence.length;
const activations = { shape: [S, U], data: Float64Array.from(fixture.activations) };
const close = (got: ArrayLike<number>, expected: readonly number[]) => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(got[i]! - value)).toBeLessThan(1e-9);
  });
};
const column = ({ data }: { data: Float64Array }, k: number) =>
  Float64Array.from({ length: S }, (_, i) => data[2 * i + k]!);

describe("RDMs", () => {
  it("of a nucleus are scipy's, of patterns and of their ranks", () => {
    close(nucleusRdm(activations), fixture.rdm);
    close(nucleusRdm(activations, "spearman"), fixture.ranked);
  });

  it("of behaviour are distances on the plane, along a rating, by intensity and category", () => {
    const category = fixture.category.map(String);
    const rdms = behaviouralRdms({ valence, arousal, scale: { lo: 1, hi: 7 }, category });
    expect([...rdms.keys()]).toEqual(["circumplex", "valence", "arousal", "intensity", "category"]);
    close(rdms.get("circumplex")!, fixture.circumplex);
    close(rdms.get("category")!, fixture.same);
    expect(rdms.get("valence")![1]).toBe(Math.abs(valence[0]! - valence[2]!));
    expect(rdms.get("arousal")![0]).toBe(Math.abs(arousal[0]! - arousal[1]!));
    const intensity = (s: number) => Math.abs(valence[s]! - 4);
    expect(rdms.get("intensity")![0]).toBe(Math.abs(intensity(0) - intensity(1)));
    close(columnsRdm([...fixture.low, Array<number>(S).fill(2)]), fixture.lowest);
  });

  it("compare as scipy and rsatoolbox compare, alone and partial", () => {
    const [rdm, rated] = [rankedRdm(fixture.rdm), rankedRdm(fixture.circumplex)];
    const { spearman, rhoA } = compareRanked(rdm, rated);
    close([spearman, rhoA], [fixture.spearman, fixture.rhoA]);
    const constant = heldConstant([fixture.lowest, labelRdm(fixture.category)].map(rankedRdm));
    close([partialSpearman(rdm, rated, constant)], [fixture.partial]);
    expect(partialSpearman(rdm, rated, heldConstant([rated]))).toBeNaN();
  });

  it("need a pattern", () => {
    const silent = { shape: [3, 2], data: Float64Array.of(1, 2, 0, 0, 3, 1) };
    expect(patterned(silent)).toEqual([0, 2]);
    expect(() => nucleusRdm(silent)).toThrow(
      expect.objectContaining({
        tag: "DataError",
        message:
          "dissimilarities: a pattern that varies was expected for correlation, got a flat one for stimulus 1. Drop this stimulus, or use euclidean.",
      }),
    );
  });
});

describe("maps", () => {
  it("by classical scaling are those of numpy's eigenvectors", () => {
    close(classicalMds(fixture.rdm).points.data, fixture.classical.flat());
  });

  it("by SMACOF are scikit-learn's, and Procrustes of them scipy's", () => {
    const { points, stress } = smacof(fixture.rdm, { iterations: 40, least: 0 });
    close(points.data, fixture.smacof.points.flat());
    close([stress], [fixture.smacof.stress]);
    const map = { valence: column(points, 0), arousal: column(points, 1) };
    close([disparity({ valence, arousal }, map).disparity], [fixture.procrustes]);
  });

  it("recover points from their distances", () => {
    const { points, stress } = classicalMds(fixture.circumplex);
    expect(stress).toBeLessThan(1e-12);
    const map = { valence: column(points, 0), arousal: column(points, 1) };
    expect(disparity({ valence, arousal }, map).disparity).toBeLessThan(1e-12);
    expect(smacof(fixture.rdm).stress).toBeLessThanOrEqual(classicalMds(fixture.rdm).stress);
  });

  it("need a whole RDM", () => {
    expect(() => classicalMds([1, 2])).toThrow(expect.objectContaining({ tag: "ShapeError" }));
  });
});

describe("dimensions", () => {
  it("are numpy's participation ratio, the same for a matrix and more units than pictures", () => {
    close([participationRatio(activations)], [fixture.participationRatio]);
    const wide = { shape: [4, 3 * U], data: Float64Array.from(fixture.activations.slice(0, 12 * U)) };
    expect(participationRatio(wide)).toBeLessThanOrEqual(3);
  });

  it("are compared at equal pictures and units", () => {
    const random = Random.seeded(4);
    const noise = (units: number) => ({
      shape: [300, units],
      data: Float64Array.from({ length: 300 * units }, () => random.normal()),
    });
    const equal = (units: number) =>
      subsampled(noise(units), participationRatio, { pictures: 100, units: 10, random: random.at(units) });
    expect(Math.abs(equal(10) - equal(80))).toBeLessThan(0.4);
    expect(subsampled(activations, () => Number.NaN, { pictures: 5, units: 2, random })).toBeNaN();
  });
});

describe("decoding", () => {
  it("reads what was planted and nothing else", async () => {
    const random = Random.seeded(2);
    const n = 120;
    const ratings = { shape: [n, 2], data: Float64Array.from({ length: 2 * n }, () => random.normal()) };
    const units = Float64Array.from({ length: n * 3 }, (_, i) =>
      i % 3 === 0 ? ratings.data[2 * Math.floor(i / 3)]! + 0.3 * random.normal() : random.normal(),
    );
    const groups = Array.from({ length: n }, (_, s) => `theme ${s % 30}`);
    const found = await decodability({ shape: [n, 3], data: units }, ratings, { groups, random });
    expect(found!.valence).toBeGreaterThan(0.9);
    expect(Math.abs(found!.arousal)).toBeLessThan(0.35);
  });
});

describe("the hierarchy", () => {
  it("is the longest way by excitation; what only inhibits stands outside", () => {
    expect(hierarchy(presetCircuit("vca", 8))).toEqual([["LA"], ["AB", "B"], ["CeA"]]);
    expect(hierarchy(presetCircuit("serial-linear", 8))).toEqual([
      ["stage-1"],
      ["stage-2"],
      ["stage-3"],
      ["stage-4"],
    ]);
    expect(hierarchy(presetCircuit("vca-feedback", 8))).toEqual([["LA"], ["AB", "B"], ["CeA"]]);
  });
});
