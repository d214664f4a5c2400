/** @file A disk that is full at any moment of a fit: one error, no half file, and the next call finishes the work. */
import type { FileHandle } from "node:fs/promises";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { fitStudy } from "../../src/study/fit.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { filesOf, type TinyStudy, tinyStudy } from "./support.ts";

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return { ...real, open: vi.fn(real.open) };
});

const cache = process.env.VCA_CACHE;
const work = { reporter: SILENT, threads: 1 };
const FULL = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
let study: TinyStudy;

beforeAll(async () => {
  study = await tinyStudy();
});
afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(study.folder, { recursive: true });
});

/** Lets so many files be written whole; the next one gets half of its bytes, and from then on none any. */
function roomFor(writes: number): void {
  const real = vi.mocked(open).getMockImplementation()!;
  let left = writes;
  vi.mocked(open).mockImplementation(async (...args) => {
    const file = await real(...args);
    if (args[1] === "r") return file; // a folder, to be synced
    const write = file.writeFile.bind(file);
    if (left-- > 0) return file;
    file.writeFile = (async (data: Uint8Array) => {
      if (left === -1) await write(data.slice(0, data.length / 2));
      throw FULL;
    }) as FileHandle["writeFile"];
    return file;
  });
}

it("fails with one sentence, keeps what is whole, and goes on when there is room", async () => {
  const config = { ...study.config, epochs: 1, seeds: 1 };
  process.env.VCA_CACHE = join(study.folder, "cache");
  const whole = join(study.folder, "whole");
  await fitStudy(config, { ...work, out: whole });
  const expected = await filesOf(whole);

  process.env.VCA_CACHE = join(study.folder, "small-cache");
  const out = join(study.folder, "small");
  const real = vi.mocked(open).getMockImplementation()!;
  for (const writes of [0, 2, 20, 9, 3]) {
    roomFor(writes);
    const failure = await fitStudy(config, { ...work, out }).catch((error) => error);
    vi.mocked(open).mockImplementation(real);
    if (!(failure instanceof Error)) break; // all that was left fitted in
    expect(failure).toMatchObject({
      tag: "StorageError",
      message: expect.stringMatching(
        /: could not be written, got a full disk\. Free some space and run the same command again\.$/,
      ),
    });
    const names = [...(await filesOf(study.folder)).keys()];
    expect(names.filter((name) => /\.(tmp|lock)$/.test(name))).toEqual([]);
    for (const [name, bytes] of await filesOf(out).catch(() => new Map<string, Buffer>()))
      if (expected.has(name)) expect(bytes.equals(expected.get(name)!), name).toBe(true);
  }
  await fitStudy(config, { ...work, out });
  const got = await filesOf(out);
  expect([...got.keys()]).toEqual([...expected.keys()]);
  for (const [name, bytes] of expected)
    if (name !== "manifest.json") expect(got.get(name)!.equals(bytes), name).toBe(true);
});
