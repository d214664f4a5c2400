import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  assetPath,
  cacheFolder,
  exists,
  isFolder,
  listFolder,
  readBytes,
  readText,
  removeTemporaryFiles,
  sha256,
  writeFileAtomic,
} from "../../src/core/files.node.ts";

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return { ...real, open: vi.fn(real.open) };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-files-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.mocked(open).mockClear();
  await rm(folder, { recursive: true });
});

/** The next file that is opened fails while it is written. */
function failNextWrite(error: Error) {
  const real = vi.mocked(open).getMockImplementation()!;
  vi.mocked(open).mockImplementationOnce(async (...args) => {
    const file = await real(...args);
    file.writeFile = () => Promise.reject(error);
    return file;
  });
}

describe("writeFileAtomic", () => {
  test("makes folders, writes, and replaces", async () => {
    const path = join(folder, "a/b/c.txt");
    await writeFileAtomic(path, "one");
    await writeFileAtomic(path, new Uint8Array([116, 119, 111]), false);
    expect(await readText(path)).toBe("two");
    expect(await readdir(join(folder, "a/b"))).toEqual(["c.txt"]);
  });

  test("a write that fails leaves the old file and nothing else, and says how to go on", async () => {
    const path = join(folder, "c.txt");
    await writeFileAtomic(path, "old");
    failNextWrite(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
    await expect(writeFileAtomic(path, "new")).rejects.toMatchObject({
      tag: "StorageError",
      message: `${path}: could not be written, got a full disk. Free some space and run the same command again.`,
      cause: { code: "ENOSPC" },
    });
    expect(await readdir(folder)).toEqual(["c.txt"]);
    expect(await readText(path)).toBe("old");
  });

  test("a place that cannot be written is an error with the system's reason", async () => {
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file/below");
    await expect(writeFileAtomic(path, "")).rejects.toMatchObject({
      tag: "StorageError",
      message: expect.stringMatching(/: could not be written, got E(NOTDIR|EXIST): .*\. Check the folder\.$/),
    });
  });

  test("long names, and ten writers of one file at a time: one whole file remains", async () => {
    const path = join(folder, `${"n".repeat(240)}.bin`);
    const contents = Array.from({ length: 10 }, (_, i) => new Uint8Array(100_000).fill(i));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content, false)));
    const found = await readFile(path);
    expect(contents.some((content) => found.equals(content))).toBe(true);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("removeTemporaryFiles removes what a killed write left, and only that", async () => {
    await mkdir(join(folder, "deep"));
    const left = `.c.txt.${crypto.randomUUID()}.tmp`;
    for (const name of [left, `deep/${left}`, "keep.tmp", ".hidden", "c.txt"])
      await writeFile(join(folder, name), "");
    expect(await removeTemporaryFiles(folder)).toBe(2);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ".hidden",
      "c.txt",
      "deep",
      "keep.tmp",
    ]);
    expect(await removeTemporaryFiles(join(folder, "missing"))).toBe(0);
  });
});

describe("reading", () => {
  test("text comes without a byte order mark", async () => {
    await writeFile(join(folder, "t.csv"), "\ufeffid");
    expect(await readText(join(folder, "t.csv"))).toBe("id");
  });

  test("a missing file or a folder is an error", async () => {
    const missing = join(folder, "missing");
    await expect(readBytes(missing)).rejects.toMatchObject({
      tag: "DataError",
      message: `${missing}: a readable file was expected, got no such file. Check the path.`,
    });
    await expect(readBytes(folder)).rejects.toThrow(
      `${folder}: a readable file was expected, got a folder. Check the path.`,
    );
    await expect(listFolder(missing)).rejects.toThrow(
      `${missing}: a folder was expected, got none. Check the path.`,
    );
  });

  test("what is there and what is not", async () => {
    for (const name of ["b", "B", "a"]) await writeFile(join(folder, name), "");
    expect(await listFolder(folder)).toEqual(["B", "a", "b"]);
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    expect([
      await exists(join(folder, "a")),
      await exists(join(folder, "c")),
      await exists(join(folder, "dangling")),
    ]).toEqual([true, false, false]);
    expect([
      await isFolder(folder),
      await isFolder(join(folder, "a")),
      await isFolder(join(folder, "c")),
    ]).toEqual([true, false, false]);
  });

  test("sha256 of nothing, the cache folder, an asset", () => {
    expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    vi.stubEnv("VCA_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", "/x");
    expect(cacheFolder()).toBe(join("/x", "vca"));
    vi.stubEnv("VCA_CACHE", "/y");
    expect(cacheFolder()).toBe("/y");
    expect(assetPath("a.onnx")).toMatch(/assets[/\\]a\.onnx$/);
  });
});
