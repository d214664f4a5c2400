/** @file Equal and near-equal pictures: what is found, and what is not. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodePicture } from "#decode";
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

/** Code points of animals, food and plants, celebrations and places, clothes, objects, vehicles: no faces. */
const THINGS = [
  ["1F400", "1F43D"],
  ["1F32D", "1F37F"],
  ["1F380", "1F3F0"],
  ["1F451", "1F462"],
  ["1F484", "1F48A"],
  ["1F4A1", "1F4FF"],
  ["1F525", "1F52E"],
  ["1F680", "1F6A5"],
] as const;

/** A drawing as a PNG of 256 x 256, black on white. */
const silhouette = async (svg: Buffer) => {
  const drawn = sharp(svg)
    .resize(256, 256, { fit: "contain", background: "#fff" })
    .flatten({ background: "#fff" });
  return sharp(await drawn.png().toBuffer())
    .threshold(240)
    .png()
    .toBuffer();
};
const hashOf = async (file: Buffer) => perceptualHash(await decodePicture(file, "drawing"));

/** Black pixels that two silhouettes share, of those that either has. */
async function overlap(...pair: readonly [Buffer, Buffer]): Promise<number> {
  const [a, b] = await Promise.all(pair.map(async (png) => (await decodePicture(png, "drawing")).data));
  let [both, either] = [0, 0];
  for (const [i, value] of a!.entries()) {
    if (value === 0 && b![i] === 0) both++;
    if (value === 0 || b![i] === 0) either++;
  }
  return both / either;
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

describe("two-tone silhouettes of 420 drawings of animals, food and things", async () => {
  const sprites = await readFile("node_modules/@svgmoji/noto/sprites/all.svg", "utf8");
  const drawings = [...sprites.matchAll(/<svg[^>]* id="(1F[0-9A-F]{3})"/g)]
    .filter(([, code]) => THINGS.some(([first, last]) => code! >= first && code! <= last))
    .map(({ index }) => sprites.slice(index, sprites.indexOf("</svg>", index) + "</svg>".length))
    .map((svg) => Buffer.from(svg.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"')));
  const silhouettes = await Promise.all(drawings.map(silhouette));
  const hashes = await Promise.all(silhouettes.map(hashOf));

  test("are seldom taken for one another, and then look alike", async () => {
    const pairs = nearDuplicates(hashes, hashes);
    const overlaps = await Promise.all(pairs.map(({ a, b }) => overlap(silhouettes[a]!, silhouettes[b]!)));
    expect(hashes).toHaveLength(420);
    expect(pairs.length).toBeLessThan(50); // 40
    expect(overlaps.filter((share) => share > 0.8).length).toBeGreaterThan(0.7 * pairs.length); // 31
  });

  test.each([
    ["JPEG at quality 30", 0.99, (png: Buffer) => sharp(png).jpeg({ quality: 30 })],
    ["half the size", 0.99, (png: Buffer) => sharp(png).resize(128)],
    [
      "cropped by 1.5 % a side",
      0.97,
      (png: Buffer) => sharp(png).extract({ left: 4, top: 4, width: 248, height: 248 }),
    ],
  ])("are found again as %s", async (_, share, copy) => {
    const copies = await Promise.all(silhouettes.map(async (png) => hashOf(await copy(png).toBuffer())));
    const found = copies.filter(
      (hash, s) => nearDuplicates([hash, hashes[s]!], ["copy", "picture"]).length > 0,
    );
    expect(found.length / hashes.length).toBeGreaterThanOrEqual(share);
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
