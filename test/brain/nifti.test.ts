import { gunzipSync, gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { checkSameGrid, voxelAt, voxelIndices, voxelMillimetres } from "../../src/brain/grid.ts";
import { onlyVolume, readNifti } from "../../src/brain/nifti.ts";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import { bytes, dataError, expected, image } from "./support.ts";

const names = Object.keys(expected.nifti) as (keyof typeof expected.nifti)[];

/** All numbers of an image; its volumes share one array. */
function numbers(read: ReturnType<typeof image>): number[] {
  const all: number[] = [];
  for (const volume of read.volumes()) all.push(...volume);
  return all;
}

/** The fixture with some bytes of its header changed. */
function changed(name: string, change: (view: DataView) => void): Uint8Array {
  const copy = bytes(name).slice();
  change(new DataView(copy.buffer));
  return copy;
}

describe("NIfTI", () => {
  it.each(names)("reads %s as nibabel does: shape, affine and every number", (name) => {
    const { shape, count, affine, data } = expected.nifti[name];
    const read = image(name);
    expect(read.grid.shape).toEqual(shape);
    expect(read.count).toBe(count);
    expect(numbers(read)).toEqual(data);
    for (const [at, value] of read.grid.affine.entries()) expect(value).toBeCloseTo(affine[at]!, 6);
  });

  it("reads a series in as many pieces as it comes in", () => {
    const data = Float32Array.from({ length: 64 * 64 * 40 * 8 }, (_, i) => Math.sin(i * i));
    const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
    const file = writeNifti({ grid: { shape: [64, 64, 40], affine }, data });
    expect(file.length).toBeGreaterThan(2 ** 21); // more than two pieces
    let at = 0;
    let wrong = 0;
    for (const volume of readNifti(file, "long").volumes())
      for (const value of volume) wrong += Number(value !== data[at++]);
    expect([at, wrong]).toEqual([data.length, 0]);
  });

  it("finds the numbers where a header says offset 0", () => {
    const read = readNifti(
      changed("qform.nii", (view) => view.setFloat32(108, 0, true)),
      "x.nii",
    );
    expect(numbers(read)).toEqual(expected.nifti["qform.nii"].data);
  });

  it("says how numbers are stored", () => {
    expect(image("int16-slope.nii").stored).toEqual({ type: "int16", scaled: true });
    expect(image("int16-zero-slope.nii").stored).toEqual({ type: "int16", scaled: false });
  });

  it.each([
    [
      "bytes of something else",
      () => new TextEncoder().encode("id,run\n".repeat(80)),
      "x.nii: a NIfTI file (magic n+1 or n+2) was expected, got bytes that start with 69 64 2c 72. Convert it to .nii or .nii.gz.",
    ],
    [
      "an Analyze header",
      () => changed("qform.nii", (view) => view.setUint32(344, 0)),
      "x.nii: a NIfTI file (magic n+1 or n+2) was expected, got an Analyze 7.5 header, which does not say left from right. Convert it to .nii or .nii.gz.",
    ],
    [
      "another magic",
      () => changed("qform.nii", (view) => view.setUint32(344, 0x78787800)),
      'x.nii: a NIfTI file (magic n+1 or n+2) was expected, got magic "xxx". Convert it to .nii or .nii.gz.',
    ],
    [
      "the header of a pair",
      () => changed("qform.nii", (view) => view.setUint8(345, "i".charCodeAt(0))),
      "x.nii: a NIfTI file (magic n+1 or n+2) was expected, got a header whose numbers lie in an .img file. Convert it to .nii or .nii.gz.",
    ],
    [
      "no affine",
      () => changed("qform.nii", (view) => view.setInt16(252, 0)),
      "x.nii: an sform or a qform was expected, got neither, so that left and right are unknown. Write the affine into the header, as from the image it was made of.",
    ],
    [
      "complex numbers",
      () => changed("qform.nii", (view) => view.setInt16(70, 32, true)),
      "x.nii: numbers of type uint8, int16, int32, float32, float64, int8, uint16, uint32, int64, uint64 were expected, got datatype code 32. Save the image as float32.",
    ],
    [
      "an empty axis",
      () => changed("qform.nii", (view) => view.setInt16(42, 0, true)),
      "x.nii: 1 to 7 axes of at least 1 voxel were expected, got dim 3 0 4 3 1 1 1 1. Save the image again.",
    ],
    [
      "numbers that start within a byte",
      () => changed("qform.nii", (view) => view.setFloat32(108, 352.5, true)),
      "x.nii: numbers that start at a whole byte were expected, got 352.5. Copy the file again.",
    ],
    [
      "more voxels than any file of its size holds",
      () => changed("qform.nii", (view) => view.setInt16(42, 32_000, true)),
      "x.nii: at least 3072000 bytes were expected, got 832: the file is cut short. Copy the file again.",
    ],
    [
      "a NIfTI-2 header that is cut short",
      () => new Uint8Array(gunzipSync(bytes("nifti2.nii.gz"))).subarray(0, 500),
      "x.nii: a header of 540 bytes was expected, got 500. Copy the file again.",
    ],
    [
      "an empty file",
      () => new Uint8Array(),
      "x.nii: at least 348 bytes were expected, got 0: the file is cut short. Copy the file again.",
    ],
  ])("refuses %s", (_, make, message) => {
    expect(() => readNifti(make(), "x.nii")).toThrow(dataError(message));
  });

  it("refuses numbers that are cut short, plain and gzipped", () => {
    const plain = readNifti(bytes("qform.nii").subarray(0, -8), "x.nii");
    expect(() => onlyVolume(plain)).toThrow(
      dataError(
        "x.nii: at least 832 bytes were expected, got 824: the file is cut short. Copy the file again.",
      ),
    );
    const zipped = bytes("float32.nii.gz");
    const cut = () => [...readNifti(zipped.subarray(0, zipped.length - 300), "x.nii.gz").volumes()];
    expect(cut).toThrow(
      dataError('x.nii.gz: a whole gzip file was expected, got "unexpected EOF". Copy the file again.'),
    );
    const short = gzipSync(gunzipSync(zipped).subarray(0, 1000));
    expect(() => [...readNifti(short, "x.nii.gz").volumes()]).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("the file is cut short. Copy the file again."),
      }),
    );
  });

  it("refuses several volumes where one is meant", () => {
    expect(() => onlyVolume(image("float32.nii.gz"))).toThrow(
      dataError("float32.nii.gz: one volume was expected, got 6. Pass a 3-D image."),
    );
  });

  it("writes what it reads, the same bytes each time", () => {
    const { grid } = image("float32.nii.gz");
    const data = Float32Array.from(expected.nifti["float32.nii.gz"].data);
    const file = writeNifti({ grid, data, description: "a test" });
    const back = readNifti(file, "back");
    expect(back.grid.shape).toEqual(grid.shape);
    for (const [at, value] of back.grid.affine.entries()) expect(value).toBeCloseTo(grid.affine[at]!, 6);
    expect(numbers(back)).toEqual([...data]);
    expect(writeNifti({ grid, data, description: "a test" })).toEqual(file);
    expect(() => writeNifti({ grid, data: data.subarray(1) })).toThrow(
      expect.objectContaining({
        tag: "ShapeError",
        message:
          "nifti: whole volumes of 5 x 4 x 3 voxels were expected, got 359 numbers. Pass the grid the data has.",
      }),
    );
  });
});

describe("grids", () => {
  const grid = image("mask.nii.gz").grid;

  it("number voxels with the first axis fastest, and place them by the affine", () => {
    const ijk = voxelIndices(grid, [0, 7, 59]);
    expect([...ijk]).toEqual([0, 0, 0, 2, 1, 0, 4, 3, 2]);
    const mm = [...voxelMillimetres(grid.affine, ijk)].map((value) => +value.toFixed(4));
    expect(mm).toEqual([5, -8, -20, 1.1, -6, -19.6, -2.7, -2.6, -14.2]);
    const back = [0, 3, 6].flatMap((v) => voxelAt(grid.affine, [mm[v]!, mm[v + 1]!, mm[v + 2]!]));
    expect(back.map((index) => index + 0)).toEqual([...ijk]); // without -0
  });

  it("lie on one another within a tenth of a millimetre", () => {
    const moved = (by: number) => ({
      shape: grid.shape,
      affine: grid.affine.map((a, at) => (at === 3 ? a + by : a)),
    });
    const [one, other] = [{ where: "mask.nii", grid: moved(0) }, "betas.nii"] as const;
    expect(() => checkSameGrid(one, { where: other, grid: moved(0.09) })).not.toThrow();
    expect(() => checkSameGrid(one, { where: other, grid: moved(0.5) })).toThrow(
      dataError(
        "mask.nii: the affine of betas.nii, [-2 0.1 0 5.5; 0 2 -0.3 -8; 0.2 0 2.5 -20], was expected, got [-2 0.1 0 5; 0 2 -0.3 -8; 0.2 0 2.5 -20]. Resample one of them to the other's grid (nearest neighbour for masks and atlases).",
      ),
    );
    expect(() => checkSameGrid(one, { where: other, grid: { shape: [5, 4, 4] } })).toThrow(
      dataError(
        "mask.nii: the shape of betas.nii, 5 x 4 x 4, was expected, got 5 x 4 x 3. Resample one of them to the other's grid (nearest neighbour for masks and atlases).",
      ),
    );
  });
});
