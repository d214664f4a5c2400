/**
 * @file Files in Node. A write is atomic: the bytes go to a temporary file beside the target, are
 * synced, and take the target's name in one rename; whoever reads sees the old file or the new one.
 */
import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import {
  access,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
} from "node:fs/promises";
import { availableParallelism, freemem, homedir, hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VcaError } from "../errors.ts";

/** Who writes a temporary file or holds a lock: `HOST-PID`. */
const HOST = hostname()
  .replace(/[^\w-]/g, "-")
  .slice(0, 60);
const SELF = `${HOST}-${process.pid}`;
const OWNER = /^(.*)-(\d+)$/;
const TEMPORARY = /^\..*\.([\w-]+-\d+)\.[0-9a-f-]{36}\.tmp$/;
/** Temporary files and locks of this process. */
const own = new Set<string>();

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
    throw readFailure(path, cause);
  }
}

function readFailure(path: string, cause: unknown): VcaError {
  const got = isCode(cause, "ENOENT", "ENOTDIR")
    ? "no such file"
    : isCode(cause, "EISDIR")
      ? "a folder"
      : isCode(cause, "EACCES", "EPERM")
        ? "no permission to read it"
        : String(cause);
  const message = `${path}: a readable file was expected, got ${got}. Check the path.`;
  return new VcaError("DataError", message, { cause });
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
  const temporary = temporaryFor(path);
  own.add(temporary);
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
    throw writeFailure(path, cause);
  } finally {
    own.delete(temporary);
  }
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 40)}.${SELF}.${randomUUID()}.tmp`);
}

function writeFailure(path: string, cause: unknown): VcaError {
  const full = isCode(cause, "ENOSPC", "EDQUOT");
  const got = full ? "a full disk" : cause instanceof Error ? cause.message : String(cause);
  const remedy = full ? "Free some space and run the same command again" : "Check the folder";
  return new VcaError("StorageError", `${path}: could not be written, got ${got}. ${remedy}.`, { cause });
}

/**
 * Writes chunks into a file from a position on, in order, and syncs it; what lies before stays. A source that
 * fails leaves the chunks before, and its error passes through.
 * @throws StorageError when the disk is full or the place cannot be written.
 */
export async function writeChunks(
  path: string,
  position: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const written = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw writeFailure(path, cause);
    });
  await written(mkdir(dirname(path), { recursive: true }));
  const file = await written(open(path, constants.O_WRONLY | constants.O_CREAT));
  try {
    let at = position;
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; ) {
        const { bytesWritten } = await written(file.write(chunk, from, chunk.length - from, at));
        from += bytesWritten;
        at += bytesWritten;
      }
    }
    await written(file.sync());
  } finally {
    await file.close();
  }
}

/** Gives a file its final name; one of that name is replaced. @throws StorageError as `writeChunks`. */
export async function renameFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (cause) {
    throw writeFailure(to, cause);
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

/** Whether the owner of a file may still be at work: a live process of this machine, or any of another one. */
function isAlive(owner: string, file: string): boolean {
  const [, host, pid] = OWNER.exec(owner) ?? [];
  if (host !== HOST) return true;
  if (Number(pid) === process.pid) return own.has(file);
  try {
    return process.kill(Number(pid), 0);
  } catch (cause) {
    return isCode(cause, "EPERM"); // another user's
  }
}

/**
 * Removes what a killed `writeFileAtomic` left in a folder, and below it unless told otherwise; what a live process
 * is writing stays. Returns how many files.
 */
export async function removeTemporaryFiles(folder: string, { below = true } = {}): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder, { recursive: below }).catch(() => [])) {
    const path = join(folder, name);
    const owner = TEMPORARY.exec(basename(name))?.[1];
    if (owner === undefined || isAlive(owner, path)) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

/** The file that marks a folder as worked in; it names the process and is gone when the work is. */
export const LOCK_FILE = ".vca.lock";

/**
 * Makes a folder, when needed, and keeps other processes out of it until the returned function is called. The lock
 * of a process that died on this machine is taken over.
 * @throws StorageError when another process works there, naming it, or the lock cannot be written.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  const lock = join(resolve(path), LOCK_FILE);
  if (own.has(lock)) throw held(path, lock, SELF);
  own.add(lock);
  let made = false;
  try {
    made = (await mkdir(path, { recursive: true })) !== undefined;
    while (!(await createLock(lock, SELF))) {
      const holder = await readFile(lock, "utf8").catch(() => "");
      if (holder !== SELF && isAlive(holder, lock)) throw held(path, lock, holder);
      await takeAway(lock, holder);
    }
  } catch (cause) {
    own.delete(lock);
    throw cause instanceof VcaError ? cause : writeFailure(lock, cause);
  }
  return async () => {
    own.delete(lock);
    await rm(lock, { force: true });
    if (made) await rmdir(path).catch(() => {}); // only when nothing came of it
  };
}

/** Whether the lock could be created; false when there is one. It says its holder from the first moment: a process may be killed at any. */
async function createLock(lock: string, holder: string): Promise<boolean> {
  const temporary = temporaryFor(lock);
  own.add(temporary);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(holder);
    } finally {
      await file.close();
    }
    await link(temporary, lock).catch((cause) => {
      if (isCode(cause, "EEXIST")) throw cause;
      return copyFile(temporary, lock, constants.COPYFILE_EXCL); // a file system without hard links
    });
    return true;
  } catch (cause) {
    if (isCode(cause, "EEXIST")) return false;
    throw cause;
  } finally {
    await rm(temporary, { force: true });
    own.delete(temporary);
  }
}

/** Removes a dead holder's lock; one that a third process put there in the meantime is put back. */
async function takeAway(lock: string, holder: string): Promise<void> {
  const aside = temporaryFor(lock);
  await rename(lock, aside).catch(() => {});
  const taken = await readFile(aside, "utf8").catch(() => holder);
  if (taken !== holder) await createLock(lock, taken);
  await rm(aside, { force: true });
}

function held(path: string, lock: string, holder: string): VcaError {
  const [, host, pid] = OWNER.exec(holder) ?? [];
  const who = pid === undefined ? "one that does not say its name" : `process ${pid} on ${host}`;
  return new VcaError(
    "StorageError",
    `${path}: a folder in which no other process works was expected, got ${who} there. Wait until it ends, or delete ${lock} if it has.`,
  );
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

/** SHA-256 of a file of any size, in hexadecimal. @throws DataError when it cannot be read. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (cause) {
    throw readFailure(path, cause);
  }
  return hash.digest("hex");
}

/** Bytes of a file, undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** A variable of the environment; undefined when it is empty or not set. */
export function environment(name: string): string | undefined {
  return process.env[name] || undefined;
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

/** Bytes of memory that this process holds now. */
export function memoryHeld(): number {
  return process.memoryUsage.rss();
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

/** What the program runs in: the version of Node. */
export function runtimeVersion(): string {
  return process.version;
}

/** The version of this package. */
export async function packageVersion(): Promise<string> {
  const text = await readText(fileURLToPath(new URL("../../package.json", import.meta.url)));
  return (JSON.parse(text) as { version: string }).version;
}
