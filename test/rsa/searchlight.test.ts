import { describe, expect, test } from "vitest";
import { searchlight, searchlightSpheres } from "../../src/rsa/searchlight.ts";

const cube = (side: number, size: number) => ({
  grid: {
    shape: [side, side, side] as const,
    affine: [-size, 0, 0, 9, 0, size, 0, 2, 0, 0, size, 3, 0, 0, 0, 1],
  },
  voxels: Int32Array.from({ length: side ** 3 }, (_, i) => i),
});
const sizeAt = (radius: number, centre: number, mask = cube(5, 3)) =>
  searchlightSpheres(mask, { radius, least: 1 })[centre]!.voxels.length;

describe("searchlight", () => {
  test.each([
    [2.999, 1],
    [3, 7], // the radius itself is in
    [3 * Math.SQRT2, 19],
    [3 * Math.sqrt(3), 27],
    [6, 33],
  ])("a sphere of %f mm on a 3 mm grid has %i voxels", (radius, count) => {
    expect(sizeAt(radius, 62)).toBe(count);
  });

  test("measures millimetres, also where voxels are not cubes", () => {
    const { voxels } = cube(5, 1);
    const grid = { shape: [5, 5, 5] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1] };
    expect(sizeAt(1, 62, { grid, voxels } as ReturnType<typeof cube>)).toBe(5);
  });

  test("spheres hold voxels of the mask alone, and enough of them", () => {
    const { grid } = cube(5, 3);
    const spheres = searchlightSpheres({ grid, voxels: [0, 1, 2, 124] }, { radius: 3, least: 3 });
    expect(spheres).toEqual([{ centre: 1, voxels: Int32Array.of(0, 1, 2) }]);
    expect([...searchlight(spheres, (columns, centre) => columns.length + centre, 4)]).toEqual([
      Number.NaN,
      4,
      Number.NaN,
      Number.NaN,
    ]);
  });

  test.each([
    [
      () => searchlightSpheres(cube(2, 3), { radius: 0 }),
      "searchlight: a radius above 0 mm was expected, got 0. Pass millimetres.",
    ],
    [
      () => searchlightSpheres({ grid: { shape: [2, 2, 2] }, voxels: [0] }, { radius: 3 }),
      "searchlight: a mask with an affine was expected, got none. Use a NIfTI mask, whose header tells millimetres.",
    ],
    [
      () => searchlightSpheres(cube(2, 3), { radius: 1 }),
      "searchlight: spheres of at least 2 voxels were expected, got none among 8 voxels at 1 mm. Choose a larger radius.",
    ],
  ])("refuses what has no answer (%#)", (act, message) => {
    expect(act).toThrow(expect.objectContaining({ message }));
  });
});
