/** @file Brain files and RDMs that cannot be what they should: one sentence with file and remedy, and exit code 3. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Affine } from "../../src/brain/grid.ts";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import { encodeNpy } from "../../src/core/npy.ts";
import { Random } from "../../src/core/random.ts";
import { readBrain } from "../../src/study/brain-data.ts";
import { numbersOf } from "../../src/study/brain-maps.ts";
import { checkVoxels } from "../../src/study/brain-rdms.ts";
import { writeRegions } from "../../src/study/brain-tables.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { bytes, fixture } from "../brain/support.ts";
import { vca } from "./run.ts";

const AFFINE: Affine = [2, 0, 0, -3, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
const SHIFTED: Affine = [2, 0, 0, -2, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
const random = Random.seeded(0);
const normals = (n: number) => Float32Array.from({ length: n }, () => random.normal());
/** Four voxels in a row, two on each side. */
const nifti = (data: Float32Array, affine = AFFINE) =>
  writeNifti({ grid: { shape: [4, 1, 1], affine }, data });
const conditions = (pictures: number, runs: readonly string[]) =>
  ["id,run", ...runs.flatMap((run) => Array.from({ length: pictures }, (_, i) => `p${i},${run}`))].join("\n");

let folder: string;
const at = (name: string) => join(folder, name);
const save = async (name: string, content: Uint8Array | string) => {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), content);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-bad-brain-"));
  const betas = nifti(normals(6 * 4));
  const holes = normals(6 * 4);
  holes[0] = Number.NaN;
  for (let row = 0; row < 6; row++) holes[4 * row + 3] = 1;
  await save("sub-01/betas.nii.gz", betas);
  await save("sub-02/betas.nii.gz", nifti(normals(6 * 4)));
  await save("sub-01/again.nii.gz", betas);
  await save("sub-10/betas.nii.gz", nifti(holes));
  await save("sub-10/bold-1.nii.gz", nifti(Float32Array.of(9, 8, 5, 40, 11, 8, 5, 44)));
  await save("sub-10/bold-2.nii.gz", nifti(Float32Array.of(19, 8, 5, 40, 21, 8, 5, 44)));
  await save("sub-03/betas.nii.gz", nifti(new Float32Array(6 * 4).fill(1)));
  await save("sub-04/betas.nii.gz", betas.subarray(0, betas.length - 60));
  await save("sub-05/betas.nii.gz", "not an image ".repeat(40));
  await save("sub-06/TYPED.mat", bytes("level4.mat"));
  await save("sub-07/TYPED.mat", bytes("plain.mat").subarray(0, 300));
  await save("sub-08/TYPED.hdf5", bytes("TYPED_FITHRF_GLMDENOISE_RR.hdf5").subarray(0, 1000));
  await save("mask.nii.gz", nifti(Float32Array.of(1, 1, 1, 1)));
  await save("atlas.nii.gz", nifti(Float32Array.of(10, 9, 0, 20)));
  await save("cit168.nii.gz", nifti(Float32Array.of(1, 4, 1, 2)));
  await save("empty.nii.gz", nifti(new Float32Array(4)));
  await save("shifted.nii.gz", nifti(Float32Array.of(1, 1, 1, 1), SHIFTED));
  await save("longer.nii.gz", writeNifti({ grid: { shape: [5, 1, 1], affine: AFFINE }, data: normals(5) }));
  await save("conditions.csv", conditions(3, ["1", "2"]));
  await save("two.csv", conditions(2, ["1", "2", "3"]));
  await save("named.csv", conditions(3, ["1-1", "1-2", "2-1", "2-2"]));
  await save("sessions.csv", conditions(3, ["1", "2", "1", "2"]));
  await save("sub-01/bold.nii.gz", nifti(normals(4)));
  await save("sub-02/bold.nii.gz", nifti(normals(40), SHIFTED));
  await save("sub-09/bold.nii.gz", nifti(normals(40)));
  const npy = (name: string, shape: number[], data: number[]) =>
    save(name, encodeNpy({ shape, data: Float64Array.from(data) }));
  await npy("rdms.npy", [2, 3], [1, 2, 3, 3, 1, 2]);
  await npy("one.npy", [1, 3], [1, 2, 3]);
  await npy("model.npy", [1, 3], [1, 2, 4]);
  await npy("pair.npy", [2, 1], [1, 2]);
  await npy("oblong.npy", [1, 2, 3], [0, 1, 2, 1, 0, 3]);
  await npy("crooked.npy", [1, 3, 3], [0, 1, 2, 1, 0, 3, 2, 4, 0]);
  await npy("endless.npy", [1, 3], [1, Number.POSITIVE_INFINITY, 3]);
  await npy("flat.npy", [2, 3], [1, 1, 1, 1, 2, 3]);
  await save("cut.npy", (await readFile(at("rdms.npy"))).subarray(0, -8));
  await save("words.npy", "these are no numbers");
  await save("words.npz", "these are no numbers");
  await save("old.mat", bytes("level4.mat"));
  await save("other.csv", "id,p0,p1,x\np0,0,1,2\np1,1,0,3\nx,2,3,0\n");
  await save("ids.csv", "id\np0\np1\np2\n");
});
afterAll(() => rm(folder, { recursive: true }));

/** The last line of what a command says, its folder taken out. */
async function says(...words: string[]): Promise<{ code: number; out: string; said: string }> {
  const { code, out, err } = await vca(...words);
  const said = err.trimEnd().split("\n").at(-1)!.replaceAll(`${folder}/`, "");
  return { code, out, said };
}

describe("regions of an atlas", () => {
  /** Voxels of the mask, and warnings. */
  async function regionOf(mask: string, smoothing?: number) {
    const warnings: string[] = [];
    const files = {
      brain: [at("sub-01/betas.nii.gz"), at("sub-02/betas.nii.gz")],
      conditions: at("conditions.csv"),
    };
    const { regions } = await readBrain(
      { ...files, mask: at(mask), smoothing },
      { reporter: { ...SILENT, warn: (text) => warnings.push(text.replaceAll(`${folder}/`, "")) } },
    );
    return { name: regions[0]!.name, voxels: [...numbersOf(regions[0]!.participants[0]!)], warnings };
  }

  it.each([
    ["atlas.nii.gz#harvard-oxford", "amygdala", [0, 3]],
    ["atlas.nii.gz#20,10", "atlas 20+10", [0, 3]],
    ["atlas.nii.gz#20", "atlas 20", [3]],
    ["cit168.nii.gz#cit168:LA", "LA", [0, 2]],
  ])("%s", async (mask, name, voxels) => {
    expect(await regionOf(mask)).toEqual({ name, voxels, warnings: [] });
  });

  it.each([
    ["atlas.nii.gz#harvard-oxford:9", undefined, /^harvard-oxford: the value 9 is the left hippocampus/],
    ["cit168.nii.gz#cit168:LA", 8, /^LA: smoothing of 8 mm cannot separate nuclei/],
    [
      "atlas.nii.gz",
      undefined,
      /^atlas.nii.gz: a mask holds one value, this holds 3, .*: atlas.nii.gz#10,9\.$/,
    ],
  ])("%s is warned of", async (mask, smoothing, warning) => {
    expect((await regionOf(mask, smoothing)).warnings).toEqual([expect.stringMatching(warning)]);
  });
});

describe("files of a brain study", () => {
  /** Reading comes before the run is opened: there need be none. */
  const rsa = ({
    brain = ["sub-01/betas.nii.gz", "sub-02/betas.nii.gz"],
    mask = "mask.nii.gz",
    table = "conditions.csv",
    more = [] as string[],
  }) =>
    says(
      "rsa",
      at("no-run"),
      "--brain",
      ...brain.map(at),
      "--mask",
      at(mask),
      "--conditions",
      at(table),
      ...more.map((word) => (word.includes(".nii") ? at(word) : word)),
    );
  const RESAMPLE = "Resample one of them to the other's grid (nearest neighbour for masks and atlases).";

  it.each([
    [
      "a mask of another affine",
      { mask: "shifted.nii.gz" },
      `shifted.nii.gz: the affine of sub-01/betas.nii.gz, [2 0 0 -3; 0 2 0 0; 0 0 2 0], was expected, got [2 0 0 -2; 0 2 0 0; 0 0 2 0]. ${RESAMPLE}`,
    ],
    [
      "a mask of another shape",
      { mask: "longer.nii.gz" },
      `longer.nii.gz: the shape of sub-01/betas.nii.gz, 4 x 1 x 1, was expected, got 5 x 1 x 1. ${RESAMPLE}`,
    ],
    [
      "a control mask of another affine",
      { more: ["--control-mask", "shifted.nii.gz"] },
      `shifted.nii.gz: the affine of sub-01/betas.nii.gz, [2 0 0 -3; 0 2 0 0; 0 0 2 0], was expected, got [2 0 0 -2; 0 2 0 0; 0 0 2 0]. ${RESAMPLE}`,
    ],
    [
      "an empty mask",
      { mask: "empty.nii.gz" },
      "empty.nii.gz: a mask with voxels above 0 was expected, got none. Check that it was resampled with nearest neighbour, into the space of the betas.",
    ],
    [
      "an atlas without the value",
      { mask: "atlas.nii.gz#41" },
      "atlas.nii.gz: the value 41 was expected, got 9, 10, 20. Check which atlas this is, and its label file.",
    ],
    [
      "another atlas than was named",
      { mask: "atlas.nii.gz#aal" },
      "atlas.nii.gz: the value 41 was expected, got 9, 10, 20. Check which atlas this is, and its label file.",
    ],
    [
      "a mask of several volumes",
      { mask: "sub-01/betas.nii.gz" },
      "sub-01/betas.nii.gz: one volume was expected, got 6. Pass a 3-D image.",
    ],
    [
      "voxels that never change",
      { brain: ["sub-03/betas.nii.gz"] },
      "sub-03/betas.nii.gz: voxels that vary were expected in mask.nii.gz, got 0 with NaN and 4 constant. Check that the mask covers the betas.",
    ],
    [
      "betas cut short",
      { brain: ["sub-04/betas.nii.gz"] },
      'sub-04/betas.nii.gz: a whole gzip file was expected, got "unexpected EOF". Copy the file again.',
    ],
    [
      "betas that are no NIfTI",
      { brain: ["sub-05/betas.nii.gz"] },
      "sub-05/betas.nii.gz: a NIfTI file (magic n+1 or n+2) was expected, got bytes that start with 6e 6f 74 20. Convert it to .nii or .nii.gz.",
    ],
    [
      "a .mat file of level 4",
      { brain: ["sub-06/TYPED.mat"] },
      "sub-06/TYPED.mat: a MATLAB file of level 5 or 7.3 was expected, got level 4, or no MATLAB file. Save it again with save(..., '-v7').",
    ],
    [
      "a .mat file cut short",
      { brain: ["sub-07/TYPED.mat"] },
      "sub-07/TYPED.mat: a MATLAB file of level 5 or 7.3 was expected, got a file that is cut short or broken. Save it again with save(..., '-v7').",
    ],
    [
      "an HDF5 file cut short",
      { brain: ["sub-08/TYPED.hdf5"] },
      "sub-08/TYPED.hdf5: an HDF5 file was expected, got bytes that are none, or cut short. Copy the file again.",
    ],
    [
      "two pictures",
      { table: "two.csv" },
      "two.csv: 3 or more pictures were expected, got 2. Add pictures: two have one dissimilarity.",
    ],
    [
      "sessions with runs of one name",
      { brain: ["sub-01/betas.nii.gz", "sub-01/again.nii.gz"], table: "sessions.csv" },
      'sessions.csv: runs of sub-01/betas.nii.gz and sub-01/again.nii.gz under different names were expected, got "1" in both. Name the session too, such as 2-1.',
    ],
    [
      "sessions with too few rows",
      { brain: ["sub-01/betas.nii.gz", "sub-01/again.nii.gz"] },
      "conditions.csv: one row for each of the 12 volumes of sub-01/betas.nii.gz + sub-01/again.nii.gz was expected, got 6: volume 7 has no row after row 7. Write one row for each volume, in their order.",
    ],
    [
      "a series of one volume",
      { more: ["--series", "sub-01/bold.nii.gz"] },
      "sub-01/bold.nii.gz: a time series was expected, got 1 volume. Pass the preprocessed run, not a map.",
    ],
    [
      "a series on another grid",
      { more: ["--series", "sub-02/bold.nii.gz"] },
      `mask.nii.gz: the affine of sub-02/bold.nii.gz, [2 0 0 -2; 0 2 0 0; 0 0 2 0], was expected, got [2 0 0 -3; 0 2 0 0; 0 0 2 0]. ${RESAMPLE}`,
    ],
  ])("%s", async (_, files, said) => {
    expect(await rsa(files)).toEqual({ code: 3, out: "", said });
  });

  it("voxels with NaN and constant ones are dropped and counted", async () => {
    const files = {
      brain: [at("sub-10/betas.nii.gz")],
      mask: at("mask.nii.gz"),
      conditions: at("conditions.csv"),
    };
    const warned: string[] = [];
    const reporter = { ...SILENT, warn: (text: string) => warned.push(text) };
    const brain = await readBrain(
      { ...files, series: [at("sub-10/bold-1.nii.gz"), at("sub-10/bold-2.nii.gz")] },
      { reporter },
    );
    const left = (where: string, nan: number, constant: number, of: number) =>
      `sub-10, ${where}: ${nan} voxels with NaN and ${constant} constant voxels are left out of ${of}.`;
    expect(warned).toEqual([left("mask", 1, 1, 4), left("mask left", 1, 0, 2), left("mask right", 0, 1, 2)]);
    await writeRegions(folder, brain);
    expect(await readFile(at("regions.csv"), "utf8")).toBe(
      [
        "region,kind,participant,voxels,dropped_nan,dropped_constant,tsnr",
        "mask,mask,sub-10,2,1,1,18",
        "mask left,left,sub-10,1,1,0,15",
        "mask right,right,sub-10,1,0,1,21",
        "",
      ].join("\n"),
    );
  });

  it("sessions of one participant are joined, and their runs kept apart", async () => {
    const both = [at("sub-01/betas.nii.gz"), at("sub-01/again.nii.gz")];
    const files = { mask: at("mask.nii.gz"), conditions: at("named.csv") };
    const read = (brain: string[]) => readBrain({ ...files, brain }, { reporter: SILENT });
    const joined = (await read(both)).regions[0]!.participants[0]!;
    const { data } = (
      await readBrain({ ...files, conditions: at("conditions.csv"), brain: [both[0]!] }, { reporter: SILENT })
    ).regions[0]!.participants[0]!;
    expect(joined.data).toEqual({ shape: [12, 4], data: Float64Array.of(...data.data, ...data.data) });
    expect([...new Set(joined.runs)]).toEqual(["1-1", "1-2", "2-1", "2-2"]);
    const spm = ["spm", "spm73"].map((name) => `${at("sub-11")}/${name}`);
    for (const [k, name] of ["spm", "spm73"].entries()) await cp(fixture(name), spm[k]!, { recursive: true });
    const mask = fixture("mask.nii.gz");
    const [own] = (await readBrain({ brain: spm, mask }, { reporter: SILENT })).regions[0]!.participants;
    expect([...new Set(own!.runs)]).toEqual(["1-1", "1-2", "2-1", "2-2"]);
  });

  it("an atlas, or a region of one, that is not known: mistakes in the command", async () => {
    const first = await rsa({ mask: "mask.nii.gz#foo" });
    expect(first).toMatchObject({ code: 2, out: "" });
    expect(first.said).toMatch(
      /^--mask mask\.nii\.gz#foo: unknown atlas "foo"\. Did you mean "\S+"\? Choices: harvard-oxford, aal, /,
    );
    const second = await rsa({ more: ["--control-mask", "cit168.nii.gz#cit168:V1"] });
    expect(second.said).toMatch(
      /^--control-mask cit168\.nii\.gz#cit168:V1: unknown region of cit168 "V1"\. Did you mean /,
    );
  });

  it("a mask of one or two voxels: refused where they are correlated, else warned of", async () => {
    await save("small.nii.gz", nifti(Float32Array.of(1, 1, 0, 0)));
    const warned: string[] = [];
    const reporter = { ...SILENT, warn: (text: string) => warned.push(text) };
    const brain = await readBrain(
      { brain: [at("sub-01/betas.nii.gz")], mask: at("small.nii.gz"), conditions: at("conditions.csv") },
      { reporter },
    );
    expect(() => checkVoxels(brain, "spearman", reporter)).toThrow(
      expect.objectContaining({
        tag: "DataError",
        message:
          "small: 3 or more voxels were expected for the measure spearman, got 2 in sub-01. Pass a larger mask, or --measure euclidean.",
      }),
    );
    checkVoxels(brain, "crossnobis", reporter);
    expect(warned).toEqual(["small: 2 voxels in sub-01 hardly hold a pattern. Pass a larger mask."]);
  });

  it("patterns too narrow to be correlated", async () => {
    for (const name of ["one", "two"]) await save(`narrow/${name}.csv`, "id,a,b\np0,1,2\np1,2,1\np2,0,3\n");
    const files = ["--patterns", at("narrow/one.csv"), at("narrow/two.csv"), "--models", at("model.npy")];
    expect(await says("rsa", ...files)).toEqual({
      code: 3,
      out: "",
      said: "narrow/one.csv: 3 or more voxels were expected for the measure correlation, got 2. Pass more voxels, or --measure euclidean.",
    });
    const { code, err } = await vca("rsa", ...files, "--measure", "euclidean", "--draws", "20");
    expect([code, err]).toEqual([0, expect.stringContaining("Patterns of one run are compared")]);
  });

  it("patterns of one run for crossnobis are named by their file", async () => {
    await save("pat/one.csv", "id,v0,v1,v2\na,1,2,3\nb,2,1,4\nc,0,3,1\n");
    await save("pat/two.csv", "id,v0,v1,v2\na,1,2,4\nb,2,1,3\nc,0,3,2\n");
    const patterns = ["--patterns", at("pat/one.csv"), at("pat/two.csv"), "--measure", "crossnobis"];
    expect(await says("rsa", ...patterns, "--models", at("model.npy"))).toEqual({
      code: 3,
      out: "",
      said: "pat/one.csv: two or more runs of each picture were expected for crossnobis, got one of a, b, c. Leave them out of the conditions, or pass --measure correlation.",
    });
  });

  it("a series of nobody, a path that comes twice, sessions of nobody: mistakes in the command", async () => {
    expect(await rsa({ more: ["--series", "sub-09/bold.nii.gz"] })).toEqual({
      code: 2,
      out: "",
      said: "brain: series of participants in --brain were expected, got sub-09/bold.nii.gz of sub-09. Name both paths by the participant, such as sub-01.",
    });
    expect(await rsa({ brain: ["sub-01/betas.nii.gz", "sub-01/betas.nii.gz"] })).toEqual({
      code: 2,
      out: "",
      said: "brain: each path once was expected, got sub-01/betas.nii.gz twice. Remove one.",
    });
    expect(await rsa({ brain: ["betas/a.nii.gz", "betas/b.nii.gz"] })).toEqual({
      code: 2,
      out: "",
      said: "brain: betas of different participants were expected, got betas/b.nii.gz, a second in betas. Put each participant into a folder of its own; sessions are joined where paths name the participant, such as sub-01.",
    });
  });
});

describe("files of RDMs", () => {
  const AXES = "Name each axis before the RDM with --axes, such as participant,session.";
  it.each([
    [
      "not square",
      "oblong.npy",
      `oblong.npy: axes participant, S, S or pairs were expected, got shape [1,2,3]. ${AXES}`,
    ],
    [
      "asymmetric",
      "crooked.npy",
      "crooked.npy (participant 1): a symmetric matrix, so 4 was expected, got 3 in row 1, column 2. Average the two halves if both are right.",
    ],
    [
      "not finite",
      "endless.npy",
      "endless.npy: finite dissimilarities were expected, got Infinity for 1 and 3. Mend the value, or make it NaN to leave the pair out.",
    ],
    [
      "constant",
      "flat.npy",
      "flat.npy: dissimilarities that differ were expected, got a constant RDM 1 of the data. Leave it out.",
    ],
    [
      "of two pictures",
      "pair.npy",
      "pair.npy: 3 or more stimuli were expected, got 2. Add stimuli: two have one dissimilarity, and nothing to compare it with.",
    ],
    [
      "of one participant",
      "one.npy",
      "one.npy: 2 or more participants to resample were expected, got 1. Pass --resample pictures: with one participant nothing can be said about others.",
    ],
    [
      "cut short",
      "cut.npy",
      "cut.npy: shape (2,3) of <f8 needs 48 bytes, got 40. Write it again with numpy.save.",
    ],
    [
      "of another magic",
      "words.npy",
      "words.npy: a .npy file starts with \\x93NUMPY, got 20 bytes that do not. Write it again with numpy.save.",
    ],
    [
      "no archive",
      "words.npz",
      "words.npz: a .npz archive was expected, got other bytes. Write it again with numpy.savez.",
    ],
    [
      "of level 4",
      "old.mat",
      "old.mat: a MATLAB file of level 5 or 7.3 was expected, got level 4, or no MATLAB file. Save it again with save(..., '-v7').",
    ],
  ])("%s", async (_, file, said) => {
    const models = file === "pair.npy" ? "pair.npy" : "model.npy";
    expect(await says("rsa", "--rdms", at(file), "--models", at(models))).toEqual({ code: 3, out: "", said });
  });

  it("models of other pictures", async () => {
    expect(
      await says("rsa", "--rdms", at("rdms.npy"), "--stimuli", at("ids.csv"), "--models", at("other.csv")),
    ).toEqual({
      code: 3,
      out: "",
      said: "model other: the 3 stimuli of the other side were expected, got p2 missing and x besides. Give both the same stimulus ids.",
    });
  });
});
