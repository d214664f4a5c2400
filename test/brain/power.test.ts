import { expect, it } from "vitest";
import { featureCoordinates } from "../../src/brain/coordinates.ts";
import { powerGrid, type StudyTest } from "../../src/brain/power.ts";
import type { SimulatedParticipant } from "../../src/brain/simulate.ts";
import { studentUpperP } from "../../src/core/distributions.ts";
import { Random } from "../../src/core/random.ts";
import { mean, pearson, sd } from "../../src/core/statistics.ts";

const S = 20;
const random = Random.seeded(11);
const ids = Array.from({ length: S }, (_, s) => `p${s}`);
const geometry = featureCoordinates({
  shape: [S, 1],
  data: Float64Array.from({ length: S }, () => random.normal()),
});

/** Correlation of a participant's distances (between trials of one run) with the planted ones. */
function agreement(
  { ids: trials, amygdala: { shape, data } }: SimulatedParticipant,
  names: readonly string[],
  truth: Float64Array,
) {
  const V = shape[1]!;
  const distances = new Float64Array(truth.length);
  const row = names.map((id) => trials.indexOf(id) * V);
  for (let i = 0, m = 0; i < names.length; i++)
    for (let j = i + 1; j < names.length; j++, m++)
      for (let v = 0; v < V; v++) distances[m]! += (data[row[i]! + v]! - data[row[j]! + v]!) ** 2;
  return pearson(distances, truth);
}

/** One-sided t test of the agreement over participants. */
const test: StudyTest = (participants, { options, truth }) => {
  const r = participants.map((participant) => agreement(participant, options.ids, truth));
  return studentUpperP((mean(r) / sd(r)) * Math.sqrt(r.length), r.length - 1);
};

it("grows with participants and pictures, and is the same from the same seed", async () => {
  const options = { ids, geometry, runs: 1, snr: 0.06, participants: [3, 8], pictures: [6, 20], studies: 12 };
  const told: number[] = [];
  const run = () => powerGrid({ ...options, onProgress: (done) => told.push(done) }, test, Random.seeded(1));
  const cells = await run();
  expect(cells.map(({ pictures, participants }) => [pictures, participants])).toEqual([
    [6, 3],
    [6, 8],
    [20, 3],
    [20, 8],
  ]);
  expect(told).toEqual(Array.from({ length: 48 }, (_, i) => i + 1));
  const [least, , , most] = cells.map(({ power }) => power);
  expect(most!).toBeGreaterThan(least! + 0.3);
  expect(await run()).toEqual(cells);
}, 120_000);

it("has Wilson's interval, and refuses pictures that there are not", async () => {
  const options = { ids, geometry, runs: 1, snr: 1, participants: [1], pictures: [5], studies: 10 };
  let study = 0;
  const [cell] = await powerGrid(options, () => (study++ < 3 ? 0.01 : 0.5), Random.seeded(1));
  expect(cell!.power).toBe(0.3);
  expect(cell!.interval[0]).toBeCloseTo(0.1077912674, 8); // scipy: binomtest(3, 10).proportion_ci(method="wilson")
  expect(cell!.interval[1]).toBeCloseTo(0.6032218525, 8);
  await expect(powerGrid({ ...options, pictures: [21] }, () => 1, Random.seeded(1))).rejects.toThrow(
    expect.objectContaining({
      tag: "ConfigError",
      message: "power: 3 to 20 pictures were expected, got 21. Pass more pictures, or ask for fewer.",
    }),
  );
});
