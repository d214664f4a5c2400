/** @file Participants who differ: masks of their own, pictures that others did not see, the sessions of NSD. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Affine, Grid } from "../../src/brain/grid.ts";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import { nsdPictures } from "../../src/brain/nsd.ts";
import { openBetas } from "../../src/brain/open.ts";
import { type BrainFiles, readBrain } from "../../src/study/brain-data.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { commonGrid } from "../../src/study/searchlight.ts";
import { fixture, voxels } from "../brain/support.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const save = async (name: string, content: Uint8Array | string) => {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), content);
};
/** Reads, and what was noted. */
async function read(files: BrainFiles) {
  const notes: string[] = [];
  const brain = await readBrain(files, { reporter: { ...SILENT, note: (text) => notes.push(text) } });
  return { ...brain, notes };
}

const affine: Affine = [2, 0, 0, -3, 0, 2, 0, 0, 0, 0, 2, 0];
/** Volumes 0, 1, 2, ... of voxels 0, 10, 20, ... */
const volumes = ({ shape }: Grid, count: number) => {
  const size = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: size * count }, (_, i) => (i % size) * 10 + Math.floor(i / size));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-brain-participants-"));
  for (const [participant, length] of [
    ["sub-01", 4],
    ["sub-02", 5],
  ] as const) {
    const grid = { shape: [length, 1, 1] as const, affine };
    await save(`${participant}/betas.nii.gz`, writeNifti({ grid, data: volumes(grid, 4) }));
    const own = Float32Array.from({ length }, (_, v) => Number(v > 0));
    await save(`masks/${participant}_amygdala.nii.gz`, writeNifti({ grid, data: own }));
    await save(
      `one-side/${participant}.nii.gz`,
      writeNifti({ grid, data: length === 4 ? own : own.map((_, v) => Number(v > 1)) }),
    );
  }
  const seen = { "sub-01": ["a", "b", "c", "d"], "sub-02": ["e", "c", "b", "a"] };
  const rows = Object.entries(seen).flatMap(([who, ids]) => ids.map((id) => `${who},${id},1`));
  await save("conditions.csv", ["participant,id,run", ...rows].join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

const files = () => ({
  brain: [at("sub-01/betas.nii.gz"), at("sub-02/betas.nii.gz")],
  mask: at("masks/{participant}_amygdala.nii.gz"),
  conditions: at("conditions.csv"),
});

describe("participants on grids of their own", () => {
  it("have masks of their own, and keep the pictures that all saw", async () => {
    const { ids, regions, notes } = await read({ ...files(), sharedPictures: true });
    expect(ids).toEqual(["a", "b", "c"]);
    expect(notes).toEqual(["3 pictures were seen by all 2 participants, of 4 each."]);
    expect(regions.map(({ name, grid }) => [name, grid])).toEqual([
      ["amygdala", undefined],
      ["amygdala left", undefined],
      ["amygdala right", undefined],
    ]);
    const [first, second] = regions[0]!.participants;
    expect([...first!.data.data]).toEqual([10, 20, 30, 11, 21, 31, 12, 22, 32]);
    expect([...second!.data.data]).toEqual([11, 21, 31, 41, 12, 22, 32, 42, 13, 23, 33, 43]);
    expect([...second!.stimuli]).toEqual([2, 1, 0]);
    expect(() => commonGrid(regions[0]!)).toThrow(
      "searchlight: betas of all participants on one grid were expected for amygdala, got grids that differ. Pass betas in a standard space, or leave --searchlight out.",
    );
  });

  it("must have seen the same pictures, unless others are to be left out", async () => {
    await expect(read(files())).rejects.toThrow(
      "sub-02: the 4 pictures of sub-01 were expected, got none of d and e besides. Keep the pictures that all participants saw, with --shared-pictures.",
    );
  });

  it("must have regions of the same sides", async () => {
    await expect(
      read({ ...files(), mask: at("one-side/{participant}.nii.gz"), sharedPictures: true }),
    ).rejects.toThrow(
      "sub-02: the regions of sub-01, mask, mask left, mask right, were expected, got mask. Give all participants masks of both hemispheres, or of one.",
    );
  });
});

describe("NSD", () => {
  const design = fixture("nsd/nsd_expdesign.mat");

  it("joins sessions with the design, and participants by the pictures that they share", async () => {
    const pictures = await Promise.all(
      Array.from({ length: 8 }, async (_, p) => new Set(await nsdPictures(design, p + 1))),
    );
    const shared = (p: number) => [...pictures[0]!].filter((id) => pictures[p]!.has(id));
    const other = [1, 2, 3, 4, 5, 6, 7].find((p) => shared(p).length >= 3)!;
    const who = ["subj01", `subj0${other + 1}`];
    for (const name of who) await cp(fixture("nsd"), at(`ppdata/${name}/betas`), { recursive: true });
    const { ids, participants, regions } = await read({
      brain: who.map((name) => at(`ppdata/${name}/betas`)),
      mask: fixture("nsd-mask.nii.gz"),
      conditions: design,
      sharedPictures: true,
    });
    expect(participants).toEqual(who);
    expect(ids).toEqual(shared(other));
    const own = regions[0]!.participants[1]!;
    expect(own.ids).toHaveLength(3 * ids.length); // each is shown three times
    expect([...new Set(own.runs)].sort()).toEqual(["session01", "session02"]);
    const whole = await (await openBetas(at(`ppdata/${who[1]}/betas`))).read(voxels(12));
    const trials = await nsdPictures(design, other + 1);
    const row = trials.indexOf(own.ids[0]!);
    expect([...own.data.data.subarray(0, 12)]).toEqual([...whole.data.subarray(12 * row, 12 * row + 12)]);
    const session = await read({
      brain: [at("ppdata/subj01/betas/betas_session01.hdf5")],
      mask: fixture("nsd-mask.nii.gz"),
      conditions: design,
    });
    expect(session.regions[0]!.participants[0]!.ids).toEqual((await nsdPictures(design, 1)).slice(0, 750));
  });

  it("needs the participant's number", async () => {
    await cp(fixture("nsd"), at("nsd/anna"), { recursive: true });
    await expect(
      read({ brain: [at("nsd/anna")], mask: fixture("nsd-mask.nii.gz"), conditions: design }),
    ).rejects.toThrow(
      `brain: a participant such as subj01 was expected with ${design}, got nsd. Put the betas into a folder of that name.`,
    );
  });
});
