import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBetas } from "../../src/brain/betas.ts";
import { parseConditions } from "../../src/brain/conditions.ts";
import { featureCoordinates, rdmCoordinates } from "../../src/brain/coordinates.ts";
import { voxelIndices, voxelMillimetres } from "../../src/brain/grid.ts";
import { openBetas } from "../../src/brain/open.ts";
import { maskRoi } from "../../src/brain/roi.ts";
import { planSimulation, type SimulatedParticipant, simulateParticipant } from "../../src/brain/simulate.ts";
import { writeSimulation } from "../../src/brain/simulate-files.ts";
import { readImage } from "../../src/brain/source.ts";
import type { Matrix } from "../../src/core/linear-algebra.ts";
import { Random } from "../../src/core/random.ts";
import { pearson } from "../../src/core/statistics.ts";
import { filesOf } from "../study/support.ts";

const S = 12;
const ids = Array.from({ length: S }, (_, s) => `p${s}`);
const features: Matrix = {
  shape: [S, 2],
  data: Float64Array.from({ length: 2 * S }, (_, at) => Math.sin(3 * at) + at / 9),
};
const geometry = featureCoordinates(features);
const plan = (more: object = {}) => planSimulation({ ids, geometry, runs: 4, snr: 1, ...more });

/** Squared distances of rows, by the number of columns: `[n, V] -> [M]`. */
function euclidean({ shape: [n = 0, V = 0], data }: Matrix): number[] {
  const out: number[] = [];
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      let sum = 0;
      for (let v = 0; v < V; v++) sum += (data[i * V + v]! - data[j * V + v]!) ** 2;
      out.push(sum / V);
    }
  return out;
}

/** The mean over runs of each picture, `[S, V]`. */
function averages({ ids: trials, amygdala: { shape, data } }: SimulatedParticipant): Matrix {
  const V = shape[1]!;
  const out = new Float64Array(S * V);
  for (const [n, id] of trials.entries())
    for (let v = 0; v < V; v++) out[ids.indexOf(id) * V + v]! += data[n * V + v]! / (trials.length / S);
  return { shape: [S, V], data: out };
}

const column = ({ shape: [n = 0, V = 0], data }: Matrix, v: number) =>
  Array.from({ length: n }, (_, row) => data[row * V + v]!);

describe("coordinates", () => {
  it("of features have the distances of the features", () => {
    const [a, b] = [euclidean(features), euclidean(geometry)];
    for (const [m, value] of a.entries()) expect(b[m]).toBeCloseTo(value, 10);
  });

  it("of an RDM, as a vector or a square, have its distances", () => {
    const vector = Float64Array.from(euclidean(features), (value) => 2 * value); // by two columns: squared distances
    const square = Float64Array.from({ length: S * S }, (_, at) => {
      const [i, j] = [Math.floor(at / S), at % S].sort((a, b) => a - b) as [number, number];
      return i === j ? 0 : vector[i * S - (i * (i + 1)) / 2 + j - i - 1]!;
    });
    for (const rdm of [
      { shape: [vector.length], data: vector },
      { shape: [S, S], data: square },
    ]) {
      const coordinates = rdmCoordinates(rdm);
      expect(coordinates.shape).toEqual([S, 2]);
      for (const [m, value] of euclidean(coordinates).entries())
        expect(2 * value).toBeCloseTo(vector[m]!, 10);
    }
  });

  it.each([
    [{ shape: [4], data: [1, 2, 3, 4] }, "shape [4]"],
    [{ shape: [3, 3], data: [0, 1, 2, 1, 0, 3, 2, 9, 0] }, "9 and 3 for pictures 2 and 3"],
    [{ shape: [3, 3], data: [1, 1, 2, 1, 0, 3, 2, 3, 0] }, "1 and 1 for pictures 1 and 1"],
    [{ shape: [3], data: [1, Number.NaN, 3] }, "NaN and NaN for pictures 1 and 3"],
  ])("need an RDM (%#)", (rdm, got) => {
    expect(() => rdmCoordinates(rdm)).toThrow(
      expect.objectContaining({
        tag: "DataError",
        message: `simulate: a finite, symmetric RDM of at least 3 pictures, with zeros on its diagonal, was expected, got ${got}. Correct the geometry.`,
      }),
    );
  });
});

describe("coordinates of features", () => {
  it.each([
    [
      { shape: [2, 1], data: Float64Array.of(1, 2) },
      "finite features of at least 3 pictures were expected, got 2 pictures. Correct the geometry.",
    ],
    [
      { shape: [3, 1], data: Float64Array.of(1, 2, Number.NaN) },
      "finite features of at least 3 pictures were expected, got NaN in row 3. Correct the geometry.",
    ],
    [
      { shape: [3, 1], data: Float64Array.of(2, 2, 2) },
      "pictures that differ were expected, got the same for all. Choose another geometry.",
    ],
  ])("need pictures that differ (%#)", (of, text) => {
    expect(() => featureCoordinates(of)).toThrow(
      expect.objectContaining({ tag: "DataError", message: `simulate: ${text}` }),
    );
  });
});

describe("a simulated participant", () => {
  it("has the planted distances exactly where there is no noise, in each hemisphere", () => {
    const simulation = plan({ snr: 1e12, autocorrelation: 0 });
    const participant = simulateParticipant(simulation, Random.seeded(1));
    const mean = averages(participant);
    for (const [m, value] of euclidean(mean).entries())
      expect(value / simulation.truth[m]!).toBeCloseTo(1, 4);
    const V = mean.shape[1]! / 2;
    const left = { shape: [S, V], data: mean.data.filter((_, at) => at % (2 * V) < V) };
    for (const [m, value] of euclidean(left).entries())
      expect(value / simulation.truth[m]!).toBeCloseTo(1, 4);
  });

  it("has the stated signal-to-noise ratio, smoothness and autocorrelation", () => {
    const simulation = plan({ snr: 0.5, runs: 150, smoothness: 5, autocorrelation: 0.4 });
    const { amygdala, control, ids: trials, runs } = simulateParticipant(simulation, Random.seeded(2));
    const [n = 0, V = 0] = control.shape;
    let [noise, signal, lagged, pairs] = [0, 0, 0, 0];
    for (let v = 0; v < V; v += 7) {
      const values = column(control, v);
      noise += values.reduce((sum, value) => sum + value * value, 0) / n / Math.ceil(V / 7);
      for (let t = 1; t < n; t++)
        if (runs[t] === runs[t - 1]) [lagged, pairs] = [lagged + values[t]! * values[t - 1]!, pairs + 1];
    }
    const means = averages({ amygdala, ids: trials } as SimulatedParticipant);
    for (let v = 0; v < V; v++)
      signal += column(means, v).reduce((sum, value) => sum + value * value, 0) / S / V;
    expect(noise).toBeCloseTo(1, 1);
    expect(lagged / pairs).toBeCloseTo(0.4, 1);
    expect(Math.abs(signal - 0.5)).toBeLessThan(0.02); // the noise of 150 runs leaves .0067
    // neighbours at 2 mm: exp(-d^2 / 4 sd^2)
    const mm = voxelMillimetres(simulation.grid.affine!, voxelIndices(simulation.grid, simulation.control));
    const next = [...Array(V - 1).keys()].filter(
      (v) => Math.abs(mm[3 * v + 3]! - mm[3 * v]!) === 2 && mm[3 * v + 4] === mm[3 * v + 1],
    );
    const r = next.slice(0, 40).map((v) => pearson(column(control, v), column(control, v + 1)));
    const sd = 5 / (2 * Math.sqrt(2 * Math.log(2)));
    expect(r.reduce((a, b) => a + b) / r.length).toBeCloseTo(Math.exp(-4 / (4 * sd * sd)), 1);
  });

  it("sees every picture once in each run, in an order of its own", () => {
    const [one, other] = [0, 1].map((p) =>
      simulateParticipant(plan(), Random.seeded(3).at("participant", p)),
    );
    for (let run = 0; run < 4; run++) {
      expect([...one!.ids.slice(run * S, (run + 1) * S)].sort()).toEqual([...ids].sort());
    }
    expect(one!.ids).not.toEqual(other!.ids);
    expect(one!.runs.filter((run) => run === "2").length).toBe(S);
    expect([...one!.onsets.slice(S - 1, S + 1)]).toEqual([66, 0]);
  });

  it("is the same from the same seed, and carries nothing where nothing is planted", () => {
    const draw = (seed: number, more = {}) => simulateParticipant(plan(more), Random.seeded(seed));
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
    expect(plan({ snr: 0 }).truth.every((value) => value === 0)).toBe(true);
    const none = plan({ geometry: { shape: [S, 0], data: new Float64Array() } });
    expect(simulateParticipant(none, Random.seeded(4)).amygdala).toEqual(draw(4, { snr: 0 }).amygdala);
  });

  it.each([
    [{ runs: 0 }, "a whole number of at least 1 was expected as runs, got 0"],
    [{ snr: -1 }, "a number of at least 0 was expected as snr, got -1"],
    [{ smoothness: Number.NaN }, "a number of at least 0 was expected as smoothness in mm, got NaN"],
    [{ autocorrelation: 1 }, "a number from 0 to below 1 was expected as autocorrelation, got 1"],
  ])("refuses %j", (more, text) => {
    expect(() => plan(more)).toThrow(
      expect.objectContaining({ tag: "ConfigError", message: `simulate: ${text}. Correct it.` }),
    );
  });
});

describe("a simulated study", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vca-simulated-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is read back through the same door as real data", async () => {
    const out = join(folder, "study");
    const simulation = plan();
    await writeSimulation(simulation, { out, participants: 2, seed: 7 });
    const mask = maskRoi(await readImage(join(out, "mask.nii.gz")));
    const table = await readFile(join(out, "conditions.csv"));
    const conditions = parseConditions(table, "conditions.csv", "sub-02");
    const betas = await loadBetas(await openBetas(join(out, "sub-02/betas.nii.gz")), mask, { conditions });
    const drawn = simulateParticipant(simulation, Random.seeded(7).at("participant", 1));
    expect([betas.ids, betas.runs, betas.onsets]).toEqual([drawn.ids, drawn.runs, drawn.onsets]);
    const order = [...simulation.amygdala.keys()].sort(
      (a, b) => simulation.amygdala[a]! - simulation.amygdala[b]!,
    );
    expect(betas.data.shape).toEqual([4 * S, order.length]);
    const V = order.length;
    const same = betas.data.data.every(
      (value, at) => value === Math.fround(drawn.amygdala.data[Math.floor(at / V) * V + order[at % V]!]!),
    );
    expect(same).toBe(true);
    const truth = JSON.parse(await readFile(join(out, "truth.json"), "utf8"));
    expect(truth).toMatchObject({ seed: 7, participants: 2, snr: 1, ids });
    expect(truth.rdm).toEqual([...simulation.truth]);
    const control = maskRoi(await readImage(join(out, "control.nii.gz")));
    expect(control.voxels.some((voxel) => mask.voxels.includes(voxel))).toBe(false);
  });

  it("has the same bytes from the same seed, and leaves a folder that is not empty alone", async () => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    for (const out of [a, b]) await writeSimulation(plan(), { out, participants: 1, seed: 7 });
    for (const name of ["sub-01/betas.nii.gz", "mask.nii.gz", "conditions.csv", "truth.json"])
      expect(await readFile(join(a, name))).toEqual(await readFile(join(b, name)));
    await writeFile(join(folder, "a", "notes.txt"), "mine");
    await expect(writeSimulation(plan(), { out: a, participants: 1, seed: 7 })).rejects.toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: `${a}: a new or empty folder was expected, got one with conditions.csv. Choose another --out.`,
      }),
    );
  });

  it("is written anew where the same study was interrupted, and only there", async () => {
    const [whole, cut] = [join(folder, "whole"), join(folder, "cut")];
    const study = { participants: 3, seed: 7 };
    await writeSimulation(plan(), { out: whole, ...study });
    const stop = new AbortController();
    const onProgress = (done: number) => done === 2 && stop.abort();
    const { signal } = stop;
    await expect(writeSimulation(plan(), { out: cut, ...study, onProgress, signal })).rejects.toThrow();
    await expect(writeSimulation(plan(), { out: cut, ...study, seed: 8 })).rejects.toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: `${cut}: the study that was begun there was expected, got another. Give the same options, or choose another --out.`,
      }),
    );
    await writeSimulation(plan(), { out: cut, ...study });
    expect(await filesOf(cut)).toEqual(await filesOf(whole));
    await expect(writeSimulation(plan(), { out: cut, ...study })).rejects.toThrow("a new or empty folder");
  });
});
