import { describe, expect, it } from "vitest";
import { ATLASES, findAtlas, findLabels } from "../../src/brain/atlases.ts";
import { readNifti } from "../../src/brain/nifti.ts";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import {
  atlasRoi,
  maskRoi,
  smoothingWarning,
  splitHemispheres,
  valueRoi,
  valueWarnings,
} from "../../src/brain/roi.ts";
import { dataError, image } from "./support.ts";

/** An image of one row of voxels, 2 mm wide, the middle one at x = 0. */
function rowOf(...values: number[]) {
  const affine = [2, 0, 0, 1 - values.length, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
  return readNifti(
    writeNifti({ grid: { shape: [values.length, 1, 1], affine }, data: Float32Array.from(values) }),
    "atlas.nii",
  );
}

/** The values that a name means in an atlas. */
const values = (atlas: string, name: string) => findLabels(findAtlas(atlas), name).map(({ value }) => value);

describe("atlases", () => {
  it.each([
    ["harvard-oxford", "amygdala", [10, 20]],
    ["harvard-oxford", "left amygdala", [10]],
    ["aal", "amygdala", [41, 42]],
    ["aal2", "amygdala", [45, 46]],
    ["aal3", "Amygdala_R", [46]],
    ["aal-spm", "amygdala", [4201, 4202]],
    ["juelich", "amygdala", [7, 8, 9, 10, 11, 12]],
    ["juelich", "CM", [7, 8]],
    ["juelich", "BLA", [9, 10]],
    ["juelich", "SF", [11, 12]],
    ["cit168", "LA", [1]],
    ["cit168", "B", [2, 6]],
    ["cit168", "AB", [3]],
    ["cit168", "CeA", [4]],
    ["brainnetome", "amygdala", [211, 212, 213, 214]],
    ["freesurfer-aseg", "amygdala", [18, 54]],
    ["freesurfer-nuclei", "LA", [7001]],
    ["freesurfer-nuclei", "B", [7003]],
    ["freesurfer-nuclei", "CeA", [7005]],
    ["freesurfer-nuclei", "AB", [7008]],
  ])("%s: %s is %j", (atlas, name, expected) => {
    expect(values(atlas, name)).toEqual(expected);
  });

  it.each([
    [
      "harvard-oxford",
      9,
      "harvard-oxford: the value 9 is the left hippocampus: 9 is the amygdala's index in the XML list, its value is 10.",
    ],
    [
      "harvard-oxford",
      19,
      "harvard-oxford: the value 19 is the right hippocampus: 19 is the amygdala's index in the XML list, its value is 20.",
    ],
    ["aal2", 41, "aal2: the value 41 is the left hippocampus: 41 is the amygdala in the first AAL."],
    ["aal3", 42, "aal3: the value 42 is the right hippocampus: 42 is the amygdala in the first AAL."],
    [
      "freesurfer-nuclei",
      7002,
      "freesurfer-nuclei: the value 7002 is the basolateral complex, not the basal nucleus, which is 7003.",
    ],
    [
      "freesurfer-nuclei",
      7004,
      "freesurfer-nuclei: the value 7004 is the centromedial group, not the central nucleus, which is 7005.",
    ],
  ])("%s: %i is taken for the amygdala, and warned of", (atlas, value, warning) => {
    expect(valueWarnings(atlas, [value])).toEqual([warning]);
    expect(values(atlas, "amygdala")).not.toContain(value);
  });

  it("warn of no value that is theirs, and of each value once", () => {
    for (const { name, labels } of ATLASES) {
      const all = labels.map(({ value }) => value);
      expect(valueWarnings(name, all)).toEqual([]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("name the nearest", () => {
    expect(() => findAtlas("harvard")).toThrow(
      /^roi: unknown atlas "harvard". Did you mean "\S+"\? Choices: harvard-oxford, aal, aal2, /,
    );
    expect(() => findLabels(findAtlas("juelich"), "CeA")).toThrow(
      'roi: unknown region of juelich "CeA". Did you mean "CM"? Choices: amygdala, CM, BLA, SF, GM Amygdala_centromedial group L,',
    );
  });
});

describe("regions", () => {
  it("are the voxels of a mask", () => {
    const { voxels, where } = maskRoi(image("mask.nii.gz"));
    expect([where, [...voxels]]).toEqual(["mask.nii.gz", [26, 27, 28, 31, 32, 33, 59]]);
    expect(() => maskRoi(rowOf(0, Number.NaN, 0))).toThrow(
      dataError(
        "atlas.nii: a mask with voxels above 0 was expected, got none. Check that it was resampled with nearest neighbour, into the space of the betas.",
      ),
    );
  });

  it("are the voxels of values", () => {
    expect([...valueRoi(rowOf(0, 10, 20, 10, 9), [10, 20]).voxels]).toEqual([1, 2, 3]);
    expect(() => valueRoi(rowOf(0, 10, 9), [10, 20])).toThrow(
      dataError(
        "atlas.nii: the value 20 was expected, got 9, 10. Check which atlas this is, and its label file.",
      ),
    );
    expect(() => valueRoi(rowOf(0, 0.5, 9), [9])).toThrow(
      dataError(
        "atlas.nii: whole numbers were expected in an atlas, got 0.5. Pass the labels, not probabilities, resampled with nearest neighbour.",
      ),
    );
    expect(() => valueRoi(rowOf(...Array.from({ length: 25 }, (_, v) => v)), [99])).toThrow(
      "got 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 and 4 more. ",
    );
  });

  it("are found by name", () => {
    const harvard = rowOf(9, 10, 0, 20, 19);
    const both = atlasRoi(harvard, { atlas: "harvard-oxford" });
    expect([[...both.voxels], both.nucleus, both.name]).toEqual([[1, 3], false, "amygdala"]);
    const right = atlasRoi(harvard, { atlas: "harvard-oxford", region: "Right Amygdala" });
    expect([[...right.voxels], right.nucleus]).toEqual([[3], false]);
    const nuclei = rowOf(7001, 7002, 7003, 7005, 7008);
    const basal = atlasRoi(nuclei, { atlas: "freesurfer-nuclei", region: "B" });
    expect([[...basal.voxels], basal.nucleus]).toEqual([[2], true]);
    expect([...atlasRoi(nuclei, { atlas: "freesurfer-nuclei" }).voxels]).toEqual([0, 2, 3, 4]); // some nuclei are lost
  });

  it("need each value of an atlas of whole amygdalae", () => {
    expect(() => atlasRoi(rowOf(9, 10, 19), { atlas: "harvard-oxford" })).toThrow(
      "atlas.nii: the value 20 was expected, got 9, 10, 19. ",
    );
    expect(() => atlasRoi(rowOf(17, 18), { atlas: "freesurfer-nuclei" })).toThrow(
      "atlas.nii: the value 7001 was expected, got 17, 18. ",
    );
  });

  it("have a left side, x < 0 mm, and a right", () => {
    const { left, right } = splitHemispheres(maskRoi(rowOf(1, 1, 1, 1, 0)));
    expect([left.name, [...left.voxels], right.name, [...right.voxels]]).toEqual([
      "mask left",
      [0, 1],
      "mask right",
      [2, 3],
    ]);
  });

  it("are warned of smoothing when they are nuclei", () => {
    const roi = (region: string) => atlasRoi(rowOf(1, 2, 3), { atlas: "cit168", region });
    expect(smoothingWarning(roi("LA"), 8)).toBe(
      "LA: smoothing of 8 mm cannot separate nuclei of the amygdala. Use unsmoothed betas, or ask for the whole amygdala.",
    );
    expect([smoothingWarning(roi("LA"), 2), smoothingWarning(roi("amygdala"), 8)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
