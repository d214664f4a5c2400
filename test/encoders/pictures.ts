/** @file The drawn pictures of `test/fixtures/pictures`, made by `scripts/fixtures/pictures.py`. */
import { fileURLToPath } from "node:url";
import { readBytes } from "#files";
import type { Data, NdArray } from "../../src/core/array.ts";
import { decodeNpy } from "../../src/core/npy.ts";
import type { Picture } from "../../src/core/picture.ts";

/** Path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/pictures/${name}`, import.meta.url));
}

/** An array that Python wrote. */
export async function expected(name: string): Promise<NdArray<Data>> {
  return decodeNpy(await readBytes(fixture(name)), name);
}

/** A picture that Python wrote as `[height, width, 3]`. */
export async function expectedPicture(name: string): Promise<Picture> {
  const { shape, data } = await expected(name);
  return { height: shape[0]!, width: shape[1]!, data: Uint8Array.from(data as Uint8Array) };
}
