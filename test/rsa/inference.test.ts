/** @file Comparisons, ceilings, fits, variances and tests against rsatoolbox 0.3.2, to 1e-9. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Draws, drawsLess, dualVariance, samplingVariance } from "../../src/rsa/bootstrap.ts";
import { ceilingIn, noiseCeiling } from "../../src/rsa/ceiling.ts";
import {
  COMPARISONS,
  type Comparison,
  compare,
  comparisonName,
  comparisonOf,
  prepare,
  sample,
  similarities,
} from "../../src/rsa/comparisons.ts";
import { drawOf, wholeSample } from "../../src/rsa/draw.ts";
import { fitModel, type Model } from "../../src/rsa/models.ts";
import { pAboveZero, pDifferent } from "../../src/rsa/pairwise.ts";
import { groupsOf } from "../../src/rsa/participants.ts";
import { averageOver, pairCount, type Rdms, stimulusCount } from "../../src/rsa/rdm.ts";
import { readRdms } from "../../src/rsa/read-rdms.ts";
import { shared } from "../support/shared.ts";

type Named<T> = Record<Comparison, T>;
interface Fixtures {
  readonly data: number[][];
  readonly models: number[][];
  readonly scores: Named<number[][]>;
  readonly ceiling: Named<[number, number]>;
  readonly missing: { readonly pairs: number[]; readonly scores: Named<number[][]> };
  readonly samples: readonly { readonly pictures: number[]; readonly scores: Named<number[][]> }[];
  readonly fits: {
    readonly select: Named<number>;
    readonly weighted: Partial<Named<number[]>>;
    readonly nonNegative: Partial<Named<number[]>>;
    readonly interpolate: Partial<Named<number[]>>;
  };
  readonly variances: {
    readonly draws: number[][][];
    readonly model: number[];
    readonly pairs: number[];
    readonly ceiling: number[];
    readonly participantsOnly: number[];
    readonly scores: number[];
    readonly dof: number;
    readonly pZero: number[];
    readonly pPairs: number[];
    readonly pCeiling: number[];
  };
  readonly objects92: {
    readonly models: string[];
    readonly scores: Named<number[]>;
    readonly ceiling: Named<[number, number]>;
    readonly apart: { readonly scores: Named<number[]>; readonly ceiling: Named<[number, number]> };
  };
}
const fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/rsa/inference.json", import.meta.url), "utf8"),
) as Fixtures;

function rdmsOf(rows: readonly (readonly number[])[], axis = "participant"): Rdms {
  const m = rows[0]!.length;
  return {
    ids: Array.from({ length: stimulusCount(m) }, (_, i) => `picture ${i}`),
    vectors: { shape: [rows.length, m], data: Float64Array.from(rows.flat()) },
    labels: { [axis]: rows.map((_, k) => String(k)) },
  };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
}

const data = rdmsOf(fixtures.data);
const models = rdmsOf(fixtures.models, "model");

describe.each(COMPARISONS)("%s", (comparison) => {
  it("has its command-line name", () => {
    expect(comparisonOf(comparisonName(comparison))).toBe(comparison);
  });

  it("scores as rsatoolbox", () => {
    expectClose(compare(data, models, comparison).data, fixtures.scores[comparison].flat());
  });

  it("drops a pair that is NaN in one RDM from all", () => {
    const gap = (rdms: Rdms, row: number, pairs: readonly number[]): Rdms => {
      const holes = Float64Array.from(rdms.vectors.data);
      for (const pair of pairs) holes[row * rdms.vectors.shape[1]! + pair] = Number.NaN;
      return { ...rdms, vectors: { ...rdms.vectors, data: holes } };
    };
    const [a, b] = fixtures.missing.pairs as [number, number];
    expectClose(
      compare(gap(data, 2, [a]), gap(models, 1, [b]), comparison).data,
      fixtures.missing.scores[comparison].flat(),
    );
  });

  it("scores bootstrap samples as rsatoolbox scores copies of pictures", () => {
    for (const { pictures, scores } of fixtures.samples) {
      const counts = new Int32Array(data.ids.length);
      for (const picture of pictures) counts[picture]!++;
      const draw = drawOf(counts);
      const of = (rows: readonly (readonly number[])[]) =>
        sample(
          prepare(
            rows.map((row) => Float64Array.from(row)),
            comparison,
          ),
          draw,
          comparison,
        );
      const actual = similarities(of(fixtures.data), of(fixtures.models), comparison);
      expectClose(actual, scores[comparison].flat());
    }
  });

  it("has the noise ceiling of rsatoolbox", () => {
    const { lower, upper } = noiseCeiling(data, comparison);
    expectClose([lower, upper], fixtures.ceiling[comparison]);
  });

  it("has ceilings of samples of participants, each before the pool of all others in the study", () => {
    const draw = wholeSample(data.ids.length);
    const rows = fixtures.data.map((row) => Float64Array.from(row));
    const of = ceilingIn(
      sample(prepare(rows, comparison), draw, comparison),
      draw,
      groupsOf(data),
      comparison,
    );
    const P = rows.length;
    const alone = rows.map((_, p) => of(Int32Array.from({ length: P }, (_, q) => (q === p ? 1 : 0))));
    const mean = (which: "lower" | "upper") => alone.reduce((sum, one) => sum + one[which] / P, 0);
    expectClose([mean("lower"), mean("upper")], fixtures.ceiling[comparison]);
    const drawn = of(Int32Array.from({ length: P }, (_, q) => (q === 0 ? 3 : q === 1 ? 1 : 0)));
    expectClose([drawn.lower], [(3 * alone[0]!.lower + alone[1]!.lower) / 4]);
  });

  it("selects the model that rsatoolbox selects", () => {
    const model: Model = {
      name: "one",
      kind: "select",
      rdms: rdmsOf(
        [0, 1, 3].map((k) => fixtures.models[k]!),
        "model",
      ),
    };
    expect([...fitModel(model, data, comparison)].indexOf(1)).toBe(fixtures.fits.select[comparison]);
  });
});

it("reads .mat as the numbers were saved", () => {
  const bytes = readFileSync(new URL("../fixtures/rsa/rdms.mat", import.meta.url));
  const { vectors, labels } = readRdms(new Uint8Array(bytes), "rdms.mat", { axes: ["participant"] });
  expect([...vectors.data]).toEqual(fixtures.data.flat());
  expect(labels).toEqual({ participant: ["1", "2", "3", "4", "5"] });
});

describe("fits", () => {
  const rdms = rdmsOf(
    [0, 1, 3].map((k) => fixtures.models[k]!),
    "model",
  );
  const names = (of: object) => Object.keys(of) as Comparison[];

  it.each(names(fixtures.fits.weighted))("weigh as regression does: %s", (comparison) => {
    // whitened pools of rsatoolbox come from conjugate gradients, to 1e-5 of their length
    const tolerance = comparison.startsWith("whitened") ? 1e-5 : 1e-9;
    const fit = (nonNegative: boolean) =>
      fitModel({ name: "sum", kind: "weighted", nonNegative, rdms }, data, comparison);
    expectClose(fit(false), fixtures.fits.weighted[comparison]!, tolerance);
    expectClose(fit(true), fixtures.fits.nonNegative[comparison]!, tolerance);
  });

  it.each(names(fixtures.fits.interpolate))("find the place between two RDMs: %s", (comparison) => {
    const fit = fitModel({ name: "between", kind: "interpolate", rdms }, data, comparison);
    expectClose(fit, fixtures.fits.interpolate[comparison]!, 1e-3); // its bounded search stops there
  });

  it("recover planted weights, none below 0", () => {
    const [a, b, c] = [0, 1, 3].map((k) => fixtures.models[k]!) as [number[], number[], number[]];
    const truth = rdmsOf([a.map((value, i) => 3 * value + 4 * c[i]! - 0 * b[i]!)]);
    const weights = fitModel({ name: "sum", kind: "weighted", nonNegative: true, rdms }, truth, "cosine");
    expectClose(weights, [0.6, 0, 0.8], 1e-6);
    const minus = rdmsOf([a.map((value, i) => value - 0.2 * b[i]!)]);
    const held = fitModel({ name: "sum", kind: "weighted", nonNegative: true, rdms }, minus, "cosine");
    expect(Math.min(...held)).toBe(0);
  });
});

describe("variances", () => {
  const { variances } = fixtures;
  const rows = (draws: number[][]) => draws.map((row) => [Float64Array.from(row)]);
  const [both, participants, pictures] = variances.draws as [number[][], number[][], number[][]];
  const sizes = { participants: fixtures.data.length, pictures: data.ids.length };
  const draws: Draws = {
    both: rows(both),
    participants: rows(participants),
    pictures: rows(pictures),
    numbers: [...both.keys()],
    sizes,
  };
  const pairs = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [a, b] as const));

  it("are dual, of models, of their differences, of their distance from the ceiling", () => {
    expectClose(
      [0, 1, 2, 3].map((k) => samplingVariance(draws, k)),
      variances.model,
    );
    expectClose(
      pairs.map(([a, b]) => samplingVariance(draws, a, b)),
      variances.pairs,
    );
    expectClose(
      [0, 1, 2, 3].map((k) => samplingVariance(draws, k, 4)),
      variances.ceiling,
    );
  });

  it("of two bootstraps of one draw are those of their difference, in the draws that both have", () => {
    expectClose(
      pairs.map((columns) => samplingVariance(drawsLess(draws, draws, columns), 0)),
      variances.pairs,
    );
    const only = (kept: readonly number[]): Draws => ({
      both: kept.map((i) => draws.both[i]!),
      participants: kept.map((i) => draws.participants[i]!),
      pictures: kept.map((i) => draws.pictures[i]!),
      numbers: kept,
      sizes,
    });
    const odd = draws.numbers.filter((i) => i % 2 === 1);
    const shared = drawsLess(only(odd), only(draws.numbers.filter((i) => i > 5)), [0, 1]);
    expect(shared.numbers).toEqual(odd.filter((i) => i > 5));
    expect(shared.both[0]![0]![0]).toBe(both[7]![0]! - both[7]![1]!);
    expect(drawsLess({ ...draws, both: [], pictures: [] }, draws, [0, 1]).both).toEqual([]);
  });

  it("of one factor are corrected for its size", () => {
    const single = { ...draws, both: [], pictures: [] };
    expectClose(
      [0, 1, 2, 3].map((k) => samplingVariance(single, k)),
      variances.participantsOnly,
    );
  });

  it("lie between one factor's and the sample's", () => {
    const of = (both: number) =>
      dualVariance({ both, participants: 1, pictures: 2 }, { participants: 5, pictures: 11 });
    expect(of(3.9)).toBeCloseTo(1.25 + 2.2 - 1.25 * 1.1 * 0.9, 12);
    expect(of(10)).toBeCloseTo(2.2, 12); // a large interaction
    expect(of(3)).toBe(3); // the sum is 3.45
  });

  it("give the p-values of rsatoolbox", () => {
    const { scores, dof } = variances;
    expectClose(
      scores.map((score, k) => pAboveZero(score, variances.model[k]!, dof)!),
      variances.pZero,
    );
    expectClose(
      pairs.map(([a, b], k) => pDifferent(scores[a]! - scores[b]!, variances.pairs[k]!, dof)!),
      variances.pPairs,
    );
    expectClose(
      scores.map((score, k) => pDifferent(score - 0.5, variances.ceiling[k]!, dof)!),
      variances.pCeiling,
    );
  });
});

describe.skipIf(shared === undefined)("objects92 (needs the shared data)", () => {
  const read = (name: string, axes: string[]) =>
    readRdms(readFileSync(`${shared}/data/objects92/${name}`), name, { axes });
  it.each(COMPARISONS)("%s: scores and ceilings, sessions averaged and kept apart", (comparison) => {
    const apart = read("hit_rdms.npy", ["participant", "session"]);
    const averaged = averageOver(apart, "session");
    const candidates = read("model_rdms.npz", ["model"]);
    expect(candidates.labels.model).toEqual(fixtures.objects92.models);
    expect(averaged.vectors.shape).toEqual([4, pairCount(92)]);
    for (const [rdms, expected] of [
      [averaged, fixtures.objects92],
      [apart, fixtures.objects92.apart],
    ] as const) {
      const scores = compare(rdms, candidates, comparison).data;
      const n = rdms.vectors.shape[0]!;
      const means = candidates.labels.model!.map((_, k) => {
        let sum = 0;
        for (let row = 0; row < n; row++) sum += scores[row * 8 + k]! / n;
        return sum;
      });
      expectClose(means, expected.scores[comparison]);
      const { lower, upper } = noiseCeiling(rdms, comparison);
      expectClose([lower, upper], expected.ceiling[comparison]);
    }
  });
});
