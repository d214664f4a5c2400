/** @file Equal and near-equal pictures: what is found, and what is not. */
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import {
  equalDigests,
  findDuplicates,
  nearDuplicates,
  perceptualHash,
} from "../../src/stimuli/duplicates.ts";
import { folderOf, paint } from "./support.ts";

/** A smooth picture of eight random waves; `light` changes its brightness, `width` its size. */
function waves(seed: number, width = 96, light = 1) {
  const random = Random.seeded(seed);
  const parts = Array.from(
    { length: 8 },
    () => [random.normal(), random.normal(), 6 * random.uniform()] as const,
  );
  return paint(width, (width * 3) / 4, (x, y) => {
    const value = parts.reduce(
      (sum, [u, v, phase]) => sum + Math.sin((8 * (u * x + v * y)) / width + phase),
      0,
    );
    const grey = Math.round(light * (120 + 12 * value));
    return [grey, grey, grey];
  });
}

describe("perceptualHash", () => {
  test("hardly changes with size and brightness", () => {
    const hashes = [waves(1), waves(1, 192), waves(1, 96, 0.7)].map(perceptualHash);
    expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(nearDuplicates(hashes, ["a", "b", "c"], 4)).toHaveLength(3);
  });

  test("parts different pictures", () => {
    const hashes = Array.from({ length: 20 }, (_, seed) => perceptualHash(waves(seed)));
    expect(nearDuplicates(hashes, hashes)).toEqual([]);
  });

  test("splits the frequencies at their median", () => {
    const bits = BigInt(`0x${perceptualHash(waves(2))}`).toString(2);
    expect([...bits].filter((bit) => bit === "1")).toHaveLength(31);
  });
});

test("nearDuplicates counts differing bits up to the threshold", () => {
  const hashes = ["0000000000000000", "00000000000003ff", "80000000000003ff", "ffffffffffffffff"];
  expect(nearDuplicates(hashes, ["a", "b", "c", "d"])).toEqual([
    { a: 0, b: 1, ids: ["a", "b"], distance: 10 },
    { a: 1, b: 2, ids: ["b", "c"], distance: 1 },
  ]);
});

test("equalDigests joins each to the first of its kind", () => {
  expect(equalDigests(["x", "y", "x", "x"], ["a", "b", "c", "d"])).toEqual([
    { a: 0, b: 2, ids: ["a", "c"], distance: 0 },
    { a: 0, b: 3, ids: ["a", "d"], distance: 0 },
  ]);
});

test("findDuplicates says what must share a fold", async () => {
  const folder = await folderOf({ a: "1", b: "1+", c: "2", d: "1" });
  const ids = ["a", "b", "c", "d"];
  const files = ids.map((id) => `${folder}/${id}`);
  const decode = async (bytes: Uint8Array) => waves(bytes[0]!, 96, bytes.length > 1 ? 0.8 : 1);
  const done: number[] = [];
  const found = await findDuplicates(
    { ids, files, columns: {} },
    { decode, onProgress: (s) => done.push(s) },
  );
  expect(found.equal.map((pair) => pair.ids)).toEqual([["a", "d"]]);
  expect(found.near.map((pair) => pair.ids)).toEqual([
    ["a", "b"],
    ["b", "d"],
  ]);
  expect(found.together).toEqual([
    [0, 3],
    [0, 1],
    [1, 3],
  ]);
  expect(done).toEqual([1, 2, 3, 4]);
  expect(new Set(found.digests).size).toBe(3);

  const columns = { group: ["x", "y", "x", "z"] };
  const declared = await findDuplicates({ ids, files, columns, nearEqual: "group" }, { decode });
  expect(declared.near).toEqual([]);
  expect(declared.together).toEqual([
    [0, 3],
    [0, 2],
  ]);
});
