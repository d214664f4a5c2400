import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  assetPath,
  cacheFolder,
  exists,
  isFolder,
  LOCK_FILE,
  listFolder,
  lockFolder,
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

const HOST = hostname()
  .replace(/[^\w-]/g, "-")
  .slice(0, 60);
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
    const dead = spawnSync(process.execPath, ["--version"]).pid; // it has ended
    const left = (host: string, pid: number) => `.c.txt.${host}-${pid}.${crypto.randomUUID()}.tmp`;
    const [gone, alive, elsewhere] = [left(HOST, dead), left(HOST, process.ppid), left("elsewhere", dead)];
    const own = left(HOST, process.pid); // of a dead process whose number is now ours
    const kept = [".hidden", "c.txt", "deep", "keep.tmp", alive, elsewhere];
    for (const name of [gone, own, `deep/${gone}`, "keep.tmp", ".hidden", "c.txt", alive, elsewhere])
      await writeFile(join(folder, name), "");
    expect(await removeTemporaryFiles(folder, { below: false })).toBe(2);
    expect(await removeTemporaryFiles(folder)).toBe(1);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(kept.sort());
    expect(await removeTemporaryFiles(join(folder, "missing"))).toBe(0);
  });

  test("removeTemporaryFiles leaves what this process is writing", async () => {
    const real = vi.mocked(open).getMockImplementation()!;
    vi.mocked(open).mockImplementationOnce(async (...args) => {
      const file = await real(...args);
      await removeTemporaryFiles(folder);
      return file;
    });
    await writeFileAtomic(join(folder, "c.txt"), "kept");
    expect(await readText(join(folder, "c.txt"))).toBe("kept");
  });
});

describe("lockFolder", () => {
  const refused = (path: string, who: string) =>
    `${path}: a folder in which no other process works was expected, got ${who} there. Wait until it ends, or delete ${join(path, LOCK_FILE)} if it has.`;

  test("makes the folder, keeps others out until it is released, and leaves no trace", async () => {
    const path = join(folder, "run");
    const release = await lockFolder(path);
    expect(await readText(join(path, LOCK_FILE))).toBe(`${HOST}-${process.pid}`);
    await expect(lockFolder(path)).rejects.toMatchObject({
      tag: "StorageError",
      message: refused(path, `process ${process.pid} on ${HOST}`),
    });
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(path))();
  });

  test("keeps a folder that something came of", async () => {
    const path = join(folder, "run");
    const release = await lockFolder(path);
    await writeFile(join(path, "result"), "");
    await release();
    expect(await readdir(path)).toEqual(["result"]);
  });

  test("refuses where another process works, here or on another machine", async () => {
    const holders: [string, string][] = [
      [`${HOST}-${process.ppid}`, `process ${process.ppid} on ${HOST}`],
      ["elsewhere-7", "process 7 on elsewhere"],
      ["", "one that does not say its name"],
    ];
    for (const [holder, who] of holders) {
      await writeFile(join(folder, LOCK_FILE), holder);
      await expect(lockFolder(folder)).rejects.toThrow(refused(folder, who));
      expect(await readText(join(folder, LOCK_FILE))).toBe(holder);
    }
  });

  test("takes over from the dead, once", async () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    for (const pid of [dead, process.pid]) {
      await writeFile(join(folder, LOCK_FILE), `${HOST}-${pid}`);
      const tries = await Promise.allSettled([lockFolder(folder), lockFolder(folder)]);
      const won = tries.filter((attempt) => attempt.status === "fulfilled");
      expect(won).toHaveLength(1);
      await won[0]!.value();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("says that a disk is full", async () => {
    failNextWrite(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }));
    await expect(lockFolder(join(folder, "run"))).rejects.toMatchObject({
      tag: "StorageError",
      message: `${join(folder, "run", LOCK_FILE)}: could not be written, got a full disk. Free some space and run the same command again.`,
    });
    expect(await readdir(folder, { recursive: true })).toEqual(["run"]);
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
