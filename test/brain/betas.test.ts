import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBetas, summarizeRoi, temporalSnr } from "../../src/brain/betas.ts";
import { parseConditions } from "../../src/brain/conditions.ts";
import type { Affine } from "../../src/brain/grid.ts";
import { readPatterns } from "../../src/brain/patterns.ts";
import type { Roi } from "../../src/brain/roi.ts";
import { arraySource } from "../../src/brain/source.ts";
import { encodeNpy } from "../../src/core/npy.ts";
import { dataError } from "./support.ts";

const affine: Affine = [2, 0, 0, -3, 0, 2, 0, 0, 0, 0, 2, 5, 0, 0, 0, 1];
const grid = { shape: [4, 1, 1], affine } as const;
const roi: Roi = { where: "mask.nii", grid, name: "mask", voxels: Int32Array.of(0, 1, 2, 3), nucleus: false };
/** Three volumes: voxel 1 holds a NaN, voxel 2 never changes. */
const source = arraySource({ where: "sub-01/betas.nii", grid }, [
  1,
  2,
  7,
  4,
  2,
  Number.NaN,
  7,
  5,
  3,
  4,
  7,
  9,
]);
const csv = "id,run,onset,theme\ndog,1,0,a\ncup,1,2.5,b\ndog,2,0,a\n";
const conditions = parseConditions(csv, "conditions.csv");

describe("betas of a region", () => {
  it("drop voxels with NaN and constant voxels, and count them", async () => {
    const betas = await loadBetas(source, roi, { conditions });
    expect(betas).toEqual({
      where: "sub-01/betas.nii",
      ids: ["dog", "cup", "dog"],
      runs: ["1", "1", "2"],
      onsets: Float64Array.of(0, 2.5, 0),
      data: { shape: [3, 2], data: Float64Array.of(1, 4, 2, 5, 3, 9) },
      voxels: { ijk: Int32Array.of(0, 0, 0, 3, 0, 0), mm: Float64Array.of(-3, 0, 5, 3, 0, 5) },
      affine,
      dropped: { nan: 1, constant: 1 },
      notes: [],
    });
  });

  it("take the labels of their format when there are no conditions", async () => {
    const labels = { ids: ["a", "b", "c"], runs: ["1", "1", "1"] };
    const betas = await loadBetas({ ...source, labels }, roi);
    expect([betas.ids, betas.onsets]).toEqual([["a", "b", "c"], undefined]);
    expect((await loadBetas({ ...source, labels }, roi, { conditions })).ids).toEqual(["dog", "cup", "dog"]);
  });

  it("need a grid of their own, names and voxels that vary", async () => {
    await expect(loadBetas(source, roi)).rejects.toThrow(
      dataError(
        "sub-01/betas.nii: the stimulus of each of the 3 volumes was expected, got none. Pass --conditions with a table of id, run and onset.",
      ),
    );
    await expect(loadBetas(source, { ...roi, voxels: Int32Array.of(1, 2) }, { conditions })).rejects.toThrow(
      dataError(
        "sub-01/betas.nii: voxels that vary were expected in mask.nii, got 1 with NaN and 1 constant. Check that the mask covers the betas.",
      ),
    );
    const other = { ...roi, grid: { shape: [4, 1, 2], affine } as const };
    await expect(loadBetas(source, other, { conditions })).rejects.toThrow(
      dataError(
        "mask.nii: the shape of sub-01/betas.nii, 4 x 1 x 1, was expected, got 4 x 1 x 2. Resample one of them to the other's grid (nearest neighbour for masks and atlases).",
      ),
    );
  });
});

describe("conditions", () => {
  it("keep other columns and the rows of the file", () => {
    expect(conditions).toMatchObject({ rows: [2, 3, 4], columns: { theme: ["a", "b", "a"] } });
  });

  it("are those of one participant where the table names participants", () => {
    const table = "participant,id,run\nsub-01,dog,1\nsub-02,cup,1\nsub-01,cup,2\n";
    expect(parseConditions(table, "c.csv", "sub-01")).toEqual({
      where: "c.csv",
      ids: ["dog", "cup"],
      runs: ["1", "2"],
      rows: [2, 4],
      columns: {},
    });
    expect(() => parseConditions(table, "c.csv", "sub-03")).toThrow(
      dataError(
        'c.csv: rows of participant "sub-03" were expected, got sub-01, sub-02. Add its rows, or name the folder of its betas as the table does.',
      ),
    );
  });

  it.each([
    [
      "id,run\ndog,\n",
      "c.csv row 2: run was expected, got an empty cell. Fill it, or remove the row with its volume.",
    ],
    [
      "id,run,onset\ndog,1,soon\n",
      'c.csv row 2 (dog): onset must be a number from 0, got "soon". Correct the cell, or remove the row.',
    ],
    [
      "id,onset\ndog,1\n",
      'c.csv: a column "run" was expected, got "id", "onset". Rename "id", or add the column.',
    ],
  ])("refuse %j", (text, message) => {
    expect(() => parseConditions(text, "c.csv")).toThrow(dataError(message));
  });

  it.each([
    [`${csv}cup,2,2.5,b\n`, "got 4: row 5 (cup) has no volume."],
    ["id,run\ndog,1\n\ncup,1\n", "got 2: volume 3 has no row after row 4."],
  ])("must be as many as the volumes (%#)", async (text, got) => {
    await expect(loadBetas(source, roi, { conditions: parseConditions(text, "c.csv") })).rejects.toThrow(
      dataError(
        `c.csv: one row for each of the 3 volumes of sub-01/betas.nii was expected, ${got} Write one row for each volume, in their order.`,
      ),
    );
  });
});

describe("a region's summary", () => {
  it("has the mean by the standard deviation of each voxel's series", () => {
    const series = { shape: [4, 3], data: Float64Array.of(100, 5, 0, 102, 5, 1, 98, 5, 0, 100, 5, -1) };
    expect([...temporalSnr(series)]).toEqual([100 / Math.SQRT2, 0, 0]); // numpy: x.mean(0) / x.std(0)
  });

  it("has voxels and the median over voxels, whole and by side", async () => {
    const series = arraySource({ where: "bold.nii", grid }, [10, 100, 5, 40, 12, 104, 5, 44]);
    expect(await summarizeRoi(roi, series)).toEqual([
      { name: "mask", voxels: 4, tsnr: 21 },
      { name: "mask left", voxels: 2, tsnr: 31 },
      { name: "mask right", voxels: 2, tsnr: 21 },
    ]);
    expect(await summarizeRoi(roi)).toEqual([
      { name: "mask", voxels: 4 },
      { name: "mask left", voxels: 2 },
      { name: "mask right", voxels: 2 },
    ]);
  });
});

describe("patterns", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vca-patterns-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);

  it("are read from a table, with runs or without", async () => {
    await writeFile(path("a.csv"), "id,v1,v2\ndog,1,-2.5\ncup,3e2,4\n");
    expect(await readPatterns(path("a.csv"))).toEqual({
      where: path("a.csv"),
      ids: ["dog", "cup"],
      runs: ["1", "1"],
      data: { shape: [2, 2], data: Float64Array.of(1, -2.5, 300, 4) },
      names: ["v1", "v2"],
    });
    await writeFile(path("b.csv"), "run,id,v1\n2,dog,1\n3,dog,2\n");
    expect((await readPatterns(path("b.csv"))).runs).toEqual(["2", "3"]);
  });

  it("are read from an .npy with a table of its rows", async () => {
    await writeFile(path("a.npy"), encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }));
    await writeFile(path("c.csv"), "id,run\ndog,1\ncup,1\n");
    expect(await readPatterns(path("a.npy"), path("c.csv"))).toEqual({
      where: path("a.npy"),
      ids: ["dog", "cup"],
      runs: ["1", "1"],
      data: { shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) },
      names: ["1", "2"],
    });
  });

  it("are refused without ids, numbers or shape", async () => {
    await writeFile(path("d.csv"), "id,v1\ndog,n/a\n");
    await expect(readPatterns(path("d.csv"))).rejects.toThrow(
      dataError(
        `${path("d.csv")} row 2 (dog): v1 must be a number, got "n/a". Correct the cell, or remove the row.`,
      ),
    );
    await writeFile(path("e.csv"), "id,run\ndog,1\n");
    await expect(readPatterns(path("e.csv"))).rejects.toThrow(
      dataError(`${path("e.csv")}: a column for each voxel was expected, got none. Add them beside id.`),
    );
    await writeFile(path("f.npy"), encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, Number.NaN, 4) }));
    await expect(readPatterns(path("f.npy"))).rejects.toThrow(
      dataError(
        `${path("f.npy")}: a table with the id of each row was expected, got none. Pass --conditions.`,
      ),
    );
    await expect(readPatterns(path("f.npy"), path("c.csv"))).rejects.toThrow(
      dataError(
        `${path("f.npy")}: finite numbers were expected, got NaN in row 2, column 1 (cup). Remove the voxel.`,
      ),
    );
    await writeFile(path("g.npy"), encodeNpy({ shape: [4], data: new Float32Array(4) }));
    await expect(readPatterns(path("g.npy"), path("c.csv"))).rejects.toThrow(
      dataError(`${path("g.npy")}: rows of voxels were expected, got shape [4]. Save a matrix.`),
    );
  });
});
