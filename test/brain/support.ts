/** @file Fixtures of brain files: paths, what other programs read in them, arrays back into their order. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { readNifti } from "../../src/brain/nifti.ts";
import expected from "../fixtures/brain/expected.json" with { type: "json" };

export { expected };

/** The path of a fixture. */
export const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/brain/${name}`, import.meta.url));

/** The bytes of a fixture. */
export const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)));

/** A fixture as an image, named by its file alone. */
export const image = (name: string) => readNifti(bytes(name), name);

/** All voxels of a grid of `n`. */
export const voxels = (n: number) => Int32Array.from({ length: n }, (_, v) => v);

/** A DataError of this text. */
export const dataError = (message: string) => expect.objectContaining({ tag: "DataError", message });
