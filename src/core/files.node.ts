/**
 * @file Files in Node. A write is atomic: the bytes go to a temporary file beside the target, are
 * synced, and take the target's name in one rename; whoever reads sees the old file or the new one.
 */
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { availableParallelism, freemem, homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VcaError } from "../errors.ts";

const TEMPORARY = /^\.[^/]*\.[0-9a-f-]{36}\.tmp$/;

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/**
 * The bytes of a file.
 * @throws DataError when it is missing, a folder, or unreadable.
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength); // a Buffer's slice would not copy
  } catch (cause) {
    const got = isCode(cause, "ENOENT", "ENOTDIR")
      ? "no such file"
      : isCode(cause, "EISDIR")
        ? "a folder"
        : isCode(cause, "EACCES", "EPERM")
          ? "no permission to read it"
          : String(cause);
    throw new VcaError("DataError", `${path}: a readable file was expected, got ${got}. Check the path.`, {
      cause,
    });
  }
}

/** The text of a UTF-8 file, without a byte order mark. @throws DataError as `readBytes`. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/**
 * Writes a file whole or not at all, making its folder when needed.
 * @param durable sync the file and its folder before returning (default true; a cache may do without)
 * @throws StorageError when the disk is full or the place cannot be written.
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  durable = true,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 40)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(data);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    if (durable) await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const got = isCode(cause, "ENOSPC")
      ? "a full disk"
      : cause instanceof Error
        ? cause.message
        : String(cause);
    const remedy = isCode(cause, "ENOSPC")
      ? "Free some space and run the same command again"
      : "Check the folder";
    throw new VcaError("StorageError", `${path}: could not be written, got ${got}. ${remedy}.`, { cause });
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // Windows cannot open a folder for syncing
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what a killed `writeFileAtomic` left in a folder and below it. Returns how many files. */
export async function removeTemporaryFiles(folder: string): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (!TEMPORARY.test(basename(name))) continue;
    await rm(join(folder, name), { force: true });
    removed++;
  }
  return removed;
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a folder is there. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

/**
 * The names in a folder, sorted by code unit, so that the order is the same everywhere.
 * @throws DataError when the folder is missing.
 */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (cause) {
    throw new VcaError("DataError", `${path}: a folder was expected, got none. Check the path.`, { cause });
  }
}

/** SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where features and encoders are kept between runs: `VCA_CACHE`, or `vca` in the user's cache folder. */
export function cacheFolder(): string {
  return process.env.VCA_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "vca");
}

/** A file that the package carries, by its path below `assets/`. */
export function assetPath(name: string): string {
  return fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
}

/** Removes a file that may be there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Processors that this process may use. */
export function coresAvailable(): number {
  return availableParallelism();
}

/** Bytes of memory that are free now. */
export function freeMemory(): number {
  return freemem();
}

/** Bytes that are free on the disk of a folder, or of the nearest folder above it that exists. */
export async function freeDisk(path: string): Promise<number> {
  const folder = resolve(path);
  if (!(await exists(folder))) return freeDisk(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The version of this package. */
export async function packageVersion(): Promise<string> {
  const text = await readText(fileURLToPath(new URL("../../package.json", import.meta.url)));
  return (JSON.parse(text) as { version: string }).version;
}
