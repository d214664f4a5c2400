import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHdf5 } from "../../src/brain/hdf5.node.ts";
import { nsdPictures } from "../../src/brain/nsd.ts";
import { openBetas } from "../../src/brain/open.ts";
import { parseBids, participantOf } from "../../src/brain/paths.ts";
import { encodeNpy } from "../../src/core/npy.ts";
import { bytes, dataError, expected, fixture, voxels } from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-brain-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows of a matrix, NaN as 0. */
const rows = ({ shape, data }: { shape: readonly number[]; data: Float64Array }) =>
  Array.from({ length: shape[0]! }, (_, n) =>
    [...data.subarray(n * shape[1]!, (n + 1) * shape[1]!)].map((value) => (Number.isNaN(value) ? 0 : value)),
  );

describe("NIfTI series", () => {
  it("gives chosen voxels of each volume, and tells how far it is", async () => {
    const source = await openBetas(fixture("float32.nii.gz"));
    const all = expected.nifti["float32.nii.gz"].data;
    const told: number[][] = [];
    const { shape, data } = await source.read(Int32Array.of(59, 7), (...progress) => told.push(progress));
    expect(shape).toEqual([6, 2]);
    expect([...data]).toEqual(
      Array.from({ length: 6 }, (_, t) => [all[60 * t + 59]!, all[60 * t + 7]!]).flat(),
    );
    expect([told.length, told.at(-1)]).toEqual([6, [6, 6]]);
    expect(source.labels).toBeUndefined();
  });
});

describe("SPM", () => {
  it.each(["spm", "spm73"])("reads the conditions of %s and leaves out the rest", async (name) => {
    const source = await openBetas(fixture(name));
    expect(source.labels).toEqual({ ids: expected.spm.ids, runs: expected.spm.runs });
    expect(source.grid.shape).toEqual([5, 4, 3]);
    expect(rows(await source.read(voxels(60)))).toEqual(expected.spm.data);
    expect(source.notes).toEqual([
      `${fixture(name)}/SPM.mat: 8 of 14 columns are no conditions (movement, constants, derivatives, modulators), left out.`,
    ]);
    expect((await openBetas(fixture(`${name}/SPM.mat`))).labels).toEqual(source.labels);
  });

  it("names what an SPM.mat lacks", async () => {
    await copyFile(fixture("plain.mat"), join(folder, "SPM.mat"));
    await expect(openBetas(folder)).rejects.toThrow(
      dataError(
        `${folder}/SPM.mat: one beta image for each column of the design (SPM.xX.name, SPM.Vbeta) was expected, got 0 columns and 0 images. Estimate the model in SPM first.`,
      ),
    );
    await rm(join(folder, "SPM.mat"));
  });

  it("names the file that is missing, and files that do not lie on one another", async () => {
    const own = join(folder, "spm");
    await mkdir(own);
    await copyFile(fixture("spm/SPM.mat"), join(own, "SPM.mat"));
    await expect(openBetas(own)).rejects.toThrow(
      dataError(`${own}/beta_0001.nii: a readable file was expected, got no such file. Check the path.`),
    );
    for (const number of [1, 2, 3, 7, 8]) {
      const file = `beta_000${number}.nii`;
      await copyFile(fixture(`spm/${file}`), join(own, file));
    }
    await copyFile(fixture("half-turn.nii"), join(own, "beta_0009.nii"));
    const source = await openBetas(own);
    await expect(source.read(voxels(60))).rejects.toThrow(
      new RegExp(`^${own}/beta_0009.nii: the affine of ${own}/beta_0001.nii, .* was expected, got `),
    );
  });
});

describe("GLMsingle", () => {
  it.each(["TYPED_FITHRF_GLMDENOISE_RR.hdf5", "TYPED_v5.mat", "TYPED_v73.mat", "TYPED.npy"])(
    "reads every trial of %s",
    async (name) => {
      const source = await openBetas(fixture(name));
      expect([source.grid, source.count]).toEqual([{ shape: [5, 4, 3] }, 7]);
      expect(rows(await source.read(voxels(60)))).toEqual(expected.glmsingle);
      const some = Int32Array.of(58, 3, 31, 33); // two slabs of each order, not sorted
      const chosen = expected.glmsingle.map((trial) => [...some].map((v) => trial[v]!));
      expect(rows(await source.read(some))).toEqual(chosen);
    },
  );

  it("refuses other files, and results of another shape", async () => {
    const npy = join(folder, "features.npy");
    await writeFile(npy, encodeNpy({ shape: [2], data: new Float32Array(2) }));
    await expect(openBetas(npy)).rejects.toThrow(
      dataError(`${npy}: an array "betasmd" or "modelmd" was expected, got no dict. Use the .hdf5 output.`),
    );
    const mat = fixture("plain.mat");
    await expect(openBetas(mat)).rejects.toThrow(
      dataError(
        `${mat}: an array "betasmd" or "modelmd" of four axes was expected, got none. Pass the TYPED result of GLMsingle, fitted to volumes.`,
      ),
    );
    const path = fixture("nsd/betas_session01.hdf5");
    await copyFile(path, join(folder, "other.hdf5"));
    await expect(openBetas(join(folder, "other.hdf5"))).rejects.toThrow(
      dataError(`${folder}/other.hdf5: "betasmd" was expected, got betas. Check that it is the right file.`),
    );
    await writeFile(join(folder, "cut.hdf5"), bytes("nsd/betas_session01.hdf5").subarray(0, 9000));
    await expect(openBetas(join(folder, "cut.hdf5"))).rejects.toThrow(
      dataError(
        `${folder}/cut.hdf5: an HDF5 file was expected, got bytes that are none, or cut short. Copy the file again.`,
      ),
    );
    await writeFile(join(folder, "text.hdf5"), "id,run\n".repeat(500));
    await expect(openBetas(join(folder, "text.hdf5"))).rejects.toThrow(
      dataError(
        `${folder}/text.hdf5: an HDF5 file was expected, got bytes that are none, or cut short. Copy the file again.`,
      ),
    );
    for (const name of ["none.hdf5", "none.mat"])
      await expect(openBetas(join(folder, name))).rejects.toThrow(
        dataError(`${folder}/${name}: a readable file was expected, got no such file. Check the path.`),
      );
  });
});

describe("NSD", () => {
  const design = fixture("nsd/nsd_expdesign.mat");

  it("joins sessions in percent signal change, and names pictures from 1", async () => {
    const source = await openBetas(fixture("nsd"), { nsd: { path: design, participant: 5 } });
    expect([source.count, source.grid.shape]).toEqual([1500, [3, 2, 2]]);
    const ids = expected.nsd.pictures.map((number) => `nsd${String(number).padStart(5, "0")}`);
    expect(source.labels!.ids).toEqual(ids);
    expect([0, 749, 750, 1499].map((t) => source.labels!.runs[t])).toEqual([
      "session01",
      "session01",
      "session02",
      "session02",
    ]);
    const read = rows(await source.read(voxels(12)));
    const chosen = [0, 1, 749, 750, 751, 1499].map((t) => read[t]!);
    for (const [t, row] of chosen.entries())
      for (const [v, value] of row.entries()) expect(value).toBeCloseTo(expected.nsd.data[t]![v]!, 12);
  });

  it("scales the NIfTI version as well", async () => {
    const source = await openBetas(fixture("betas_session03.nii.gz"));
    const { data } = await source.read(Int32Array.of(1));
    expect([...data].map((value) => Math.round(value * 300))).toEqual([8, 9]);
  });

  it("refuses sessions that the design does not have", async () => {
    const own = join(folder, "nsd");
    await mkdir(own);
    const file = join(own, "betas_session03.hdf5");
    await copyFile(fixture("nsd/betas_session01.hdf5"), file);
    await expect(openBetas(own, { nsd: { path: design, participant: 1 } })).rejects.toThrow(
      dataError(`${file}: 0 trials as ${design} has were expected, got 750. Check that both are of NSD.`),
    );
  });

  it("refuses a participant that there is not, and another file", async () => {
    await expect(nsdPictures(design, 9)).rejects.toThrow(
      dataError(
        `${design}: a participant from 1 to 8 was expected, got 9. Name the participant whose betas these are.`,
      ),
    );
    const other = fixture("plain.mat");
    await expect(nsdPictures(other, 1)).rejects.toThrow(
      dataError(
        `${other}: "masterordering" and "subjectim" were expected, got neither. Pass nsd_expdesign.mat.`,
      ),
    );
  });
});

describe("BIDS", () => {
  it("reads nilearn's effect maps by run and contrast", async () => {
    const source = await openBetas(fixture("statmaps/sub-01"));
    expect(source.labels).toEqual({ ids: ["cup", "dog", "cup", "dog"], runs: ["1", "1", "2", "2"] });
    expect(rows(await source.read(voxels(60)))).toEqual(expected.statmaps);
    expect(source.notes).toEqual([
      `${fixture("statmaps/sub-01")}: 1 other images beside 4 effect maps, left out.`,
    ]);
  });

  it("refuses maps of two spaces", async () => {
    const own = join(folder, "sub-02");
    await mkdir(own);
    for (const space of ["MNI", "T1w"]) {
      const file = `sub-02_space-${space}_contrast-dog_stat-effect_statmap.nii.gz`;
      await copyFile(fixture("mask.nii.gz"), join(own, file));
    }
    await expect(openBetas(own)).rejects.toThrow(
      dataError(
        `${own}/sub-02_space-T1w_contrast-dog_stat-effect_statmap.nii.gz: space "MNI" as in sub-02_space-MNI_contrast-dog_stat-effect_statmap.nii.gz was expected, got "T1w". Pass a folder with maps of one space.`,
      ),
    );
  });

  it.each([
    ["sub-01_task-view_space-MNI_desc-preproc_bold.nii.gz", "a time series, as fMRIPrep leaves it"],
    ["sub-01_contrast-dog_stat-z_statmap.nii.gz", 'a map of "z"'],
  ])("refuses %s", async (name, got) => {
    await expect(openBetas(name)).rejects.toThrow(
      dataError(
        `${name}: betas were expected, got ${got}. Fit one beta for each trial first (SPM, GLMsingle, nilearn), and pass the effects.`,
      ),
    );
  });

  it("takes names apart", () => {
    expect(parseBids("x/sub-01_task-view_run-2_desc-brain_mask.nii.gz")).toEqual({
      entities: { sub: "01", task: "view", run: "2", desc: "brain" },
      suffix: "mask",
    });
    expect(["betas.nii.gz", "sub-01.nii", "my_mask.nii"].map(parseBids)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("finds the participant of a path", () => {
    const paths = [
      "data/sub-01/betas.nii.gz",
      "sub-01/ses-1/sub-01_x.nii",
      "pilot/anna/betas.nii",
      "anna.nii.gz",
    ];
    expect(paths.map(participantOf)).toEqual(["sub-01", "sub-01", "anna", "anna"]);
  });
});

describe("other paths", () => {
  it("are refused with what was found", async () => {
    const forms =
      ".nii, .nii.gz, .hdf5, .mat, a folder with SPM.mat, *_stat-effect_statmap.nii.gz or betas_session*";
    await expect(openBetas("betas.txt")).rejects.toThrow(
      dataError(`betas.txt: betas were expected (${forms}), got "betas.txt". See docs/formats.md.`),
    );
    const empty = join(folder, "empty");
    await mkdir(empty);
    await expect(openBetas(empty)).rejects.toThrow(
      dataError(
        `${empty}: betas were expected (${forms}), got a folder with nothing in it. See docs/formats.md.`,
      ),
    );
  });
});

describe("HDF5", () => {
  it("is opened where it lies, not read whole", async () => {
    const file = await openHdf5(fixture("nsd/betas_session01.hdf5"));
    expect([file.names, file.dataset("betas").shape]).toEqual([["betas"], [750, 2, 2, 3]]);
    file.close();
  });
});
