import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import { Random } from "../../src/core/random.ts";
import { dissimilarities } from "../../src/rsa/dissimilarities.ts";
import { noisePrecision, precisionMatrix, repeatResiduals } from "../../src/rsa/precision.ts";
import { type BrainData, readBrain } from "../../src/study/brain-data.ts";
import { brainRdms } from "../../src/study/brain-rdms.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { comparedTogether } from "../../src/study/rsa-figures.ts";

const [PICTURES, RUNS, VOXELS] = [6, 3, 5];
const grid = {
  shape: [VOXELS, 1, 1] as const,
  affine: [2, 0, 0, 1, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
};
let folder: string;
let brain: BrainData;

/** One participant who saw each picture in each run, or all but the last picture in the last run. */
async function study(rows: number): Promise<BrainData> {
  const random = Random.seeded(1);
  const data = Float32Array.from({ length: rows * VOXELS }, () => random.normal());
  const at = (name: string) => join(folder, name);
  await writeFile(at("betas.nii.gz"), writeNifti({ grid, data }));
  await writeFile(at("mask.nii.gz"), writeNifti({ grid, data: new Float32Array(VOXELS).fill(1) }));
  const labels = Array.from({ length: rows }, (_, n) => `p${n % PICTURES},r${Math.floor(n / PICTURES)}`);
  await writeFile(at("conditions.csv"), ["id,run", ...labels].join("\n"));
  const files = { mask: at("mask.nii.gz"), conditions: at("conditions.csv") };
  return readBrain({ ...files, brain: [at("betas.nii.gz")] }, { reporter: SILENT });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sub-01-"));
  brain = await study(PICTURES * RUNS);
});
afterAll(() => rm(folder, { recursive: true }));

describe("crossnobis of a region", () => {
  const rdm = (precision: "pooled" | "runs", of = brain) =>
    brainRdms(of, of.regions[0]!, { measure: "crossnobis", precision }).vectors.data;

  it("is whitened by all runs together", () => {
    const { data: patterns, stimuli, runs: folds } = brain.regions[0]!.participants[0]!;
    const { residuals, dof } = repeatResiduals(patterns, stimuli);
    expect(dof).toBe(PICTURES * (RUNS - 1));
    const precision = noisePrecision(residuals, { dof });
    expect(rdm("pooled")).toEqual(
      dissimilarities({ patterns, stimuli, folds }, { measure: "crossnobis", precision }),
    );
  });

  it("or by the runs that are crossed", () => {
    const { data: patterns, stimuli, runs: folds } = brain.regions[0]!.participants[0]!;
    const { data } = repeatResiduals(patterns, stimuli).residuals;
    const dof = ((PICTURES - 1) * (RUNS - 1)) / RUNS; // what means of pictures and of runs leave
    const foldPrecisions = new Map(
      Array.from({ length: RUNS }, (_, run) => {
        const own = data.slice(run * PICTURES * VOXELS, (run + 1) * PICTURES * VOXELS);
        return [
          `r${run}`,
          precisionMatrix(noisePrecision({ shape: [PICTURES, VOXELS], data: own }, { dof })),
        ];
      }),
    );
    const expected = dissimilarities({ patterns, stimuli, folds }, { measure: "crossnobis", foldPrecisions });
    expect(rdm("runs")).toEqual(expected);
    expect(rdm("runs")).not.toEqual(rdm("pooled"));
  });

  it("needs every picture in every run for a precision of each", async () => {
    const short = await study(PICTURES * RUNS - 1);
    expect(rdm("pooled", short)).toHaveLength(15);
    expect(() => rdm("runs", short)).toThrow(
      /^sub-01: every picture in every run was expected for --precision runs, got 17 of 18\. Pass --precision pooled\.$/,
    );
  });
});

describe("pictures in a figure", () => {
  it("stand beside those that they are compared with, in their order", () => {
    const folds = [0, 1, 0, 1, 2];
    const distances = (fold: (i: number) => number) =>
      Float64Array.from(
        folds.flatMap((_, i) =>
          folds.slice(i + 1).map((_, j) => (fold(i) === fold(i + 1 + j) ? 1 : Number.NaN)),
        ),
      );
    const parted = distances((i) => folds[i]!);
    const whole = distances(() => 0);
    expect(comparedTogether([whole, parted])).toEqual([0, 2, 1, 3, 4]);
    expect(comparedTogether([whole])).toEqual([0, 1, 2, 3, 4]);
  });
});
