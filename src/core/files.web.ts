/**
 * @file Files in a browser tab: what its server gives (`mountFiles`, read only), runs and the user's own rated pictures in
 * the browser's own storage (OPFS, below `runs/`, `sets/` and `encoders/`; they outlive the tab), everything else in memory. A write
 * is atomic, as in Node.
 */
import { VcaError } from "../errors.ts";
import { sha256Bytes } from "./sha256.ts";

/** What outlives the tab: runs, rated tables with their pictures, and encoders. */
const KEPT = ["runs/", "sets/", "encoders/"];
/** Where the package's own files appear. */
const ASSETS = "assets";
const TEMPORARY = ".tmp";
/** A tab is not told how much memory is free; training plans with this. */
const MEMORY = 2 ** 30;

const memory = new Map<string, Uint8Array>();
const served = new Map<string, string>();
const stored = new Map<string, FileSystemFileHandle>();
const listeners = new Set<(path: string, data: Uint8Array | string) => void>();
let root: FileSystemDirectoryHandle | undefined;
let version = "";

/** Shows files of the server below `folder`, by their paths there. @param base the URL before their paths, absolute */
export function mountFiles(folder: string, base: string, names: readonly string[]): void {
  for (const name of names)
    served.set(`${folder}/${name}`, base + name.split("/").map(encodeURIComponent).join("/"));
}

/** Sets what `packageVersion` says. */
export function setVersion(text: string): void {
  version = text;
}

/** Finds what earlier visits kept. Where the browser has no storage, they live in memory. */
export async function restoreFiles(): Promise<void> {
  root = await navigator.storage?.getDirectory?.().catch(() => undefined);
  const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
    for await (const [name, handle] of folder as unknown as AsyncIterable<[string, FileSystemHandle]>) {
      const at = path ? `${path}/${name}` : name;
      if (handle.kind === "directory") await walk(handle as FileSystemDirectoryHandle, at);
      else if (!name.endsWith(TEMPORARY)) stored.set(at, handle as FileSystemFileHandle);
    }
  };
  if (root) await walk(root, "");
}

/** Tells of each file that is written. */
export function watchFiles(listener: (path: string, data: Uint8Array | string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Removes a folder and all below it. */
export async function removeFolder(path: string): Promise<void> {
  for (const file of filesBelow(path)) await removeFile(file);
}

/** All files below a folder, sorted. */
export function filesBelow(folder: string): string[] {
  const start = `${normal(folder)}/`;
  return paths()
    .filter((path) => path.startsWith(start))
    .sort();
}

function paths(): string[] {
  return [...memory.keys(), ...stored.keys(), ...served.keys()];
}

/** The bytes of a file. @throws DataError when it is missing or a folder. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const at = normal(path);
  const bytes = memory.get(at) ?? (await fromStorage(at)) ?? (await fromServer(at));
  if (bytes) return bytes;
  const got = filesBelow(at).length > 0 ? "a folder" : "no such file";
  throw new VcaError("DataError", `${path}: a readable file was expected, got ${got}. Check the path.`);
}

function normal(path: string): string {
  return path
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

async function fromStorage(path: string): Promise<Uint8Array | undefined> {
  const handle = stored.get(path);
  return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
}

async function fromServer(path: string): Promise<Uint8Array | undefined> {
  const url = served.get(path);
  if (url === undefined) return undefined;
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok) return new Uint8Array(await response.arrayBuffer());
  const got = response ? `status ${response.status}` : "no answer";
  throw new VcaError(
    "NetworkError",
    `${path}: the lab's server should give it, got ${got}. Start \`vca lab\` again and reload the page.`,
  );
}

/** The text of a UTF-8 file, without a byte order mark. @throws DataError as `readBytes`. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/** Writes a file whole or not at all. @throws StorageError when the browser's storage is full. */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  _durable = true,
): Promise<void> {
  const at = normal(path);
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
  if (root && KEPT.some((folder) => at.startsWith(folder))) stored.set(at, await store(root, at, bytes));
  else memory.set(at, bytes);
  for (const listener of listeners) listener(at, data);
}

async function store(
  top: FileSystemDirectoryHandle,
  path: string,
  bytes: Uint8Array,
): Promise<FileSystemFileHandle> {
  const names = path.split("/");
  const name = names.pop()!;
  try {
    let folder = top;
    for (const part of names) folder = await folder.getDirectoryHandle(part, { create: true });
    const handle = (await folder.getFileHandle(name + TEMPORARY, { create: true })) as Handle;
    const file = await handle.createSyncAccessHandle();
    try {
      file.truncate(0);
      file.write(bytes);
      file.flush();
    } finally {
      file.close();
    }
    await handle.move(name);
    return await folder.getFileHandle(name);
  } catch (cause) {
    const full = cause instanceof DOMException && cause.name === "QuotaExceededError";
    const got = full ? "full storage" : String(cause);
    const remedy = full ? "Delete a run in this browser or free disk space" : "Reload the page";
    throw new VcaError("StorageError", `${path}: could not be kept in this browser, got ${got}. ${remedy}.`, {
      cause,
    });
  }
}

/** What TypeScript's library does not know yet: https://fs.spec.whatwg.org. */
type Handle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array): number;
    flush(): void;
    close(): void;
  }>;
  move(name: string): Promise<void>;
};

/** Writes no chunks: nothing in a tab is too large to be written whole. @throws UnsupportedError always. */
export async function writeChunks(
  path: string,
  _position: number,
  _chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  throw unsupported(path, "a download into the cache");
}

function unsupported(where: string, what: string): VcaError {
  return new VcaError(
    "UnsupportedError",
    `${where}: ${what} was asked for, got a browser tab. Use the command line.`,
  );
}

/** Renames nothing. @throws UnsupportedError always. */
export async function renameFile(from: string, _to: string): Promise<void> {
  throw unsupported(from, "another name for a file");
}

/** Nothing to remove: temporary files are overwritten. */
export async function removeTemporaryFiles(_folder: string, _options = { below: true }): Promise<number> {
  return 0;
}

/** The file that marks a folder as worked in, in Node; a tab holds a lock of the browser instead. */
export const LOCK_FILE = ".vca.lock";

/** Keeps other tabs out of a folder until the returned function is called. @throws StorageError when another works there. */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      if (lock) return new Promise<void>((release) => resolve(async () => release()));
      const message = `${path}: a run in which no other tab works was expected, got one there. Close the other tab.`;
      reject(new VcaError("StorageError", message));
      return undefined;
    };
    navigator.locks.request(`vca ${normal(path)}`, { ifAvailable: true }, hold).catch(reject);
  });
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  const at = normal(path);
  return memory.has(at) || stored.has(at) || served.has(at) || filesBelow(at).length > 0;
}

/** Whether a folder is there. */
export async function isFolder(path: string): Promise<boolean> {
  return filesBelow(path).length > 0;
}

/** The names in a folder, sorted by code unit; none where it was never written to. */
export async function listFolder(path: string): Promise<string[]> {
  const at = normal(path);
  return [...new Set(filesBelow(at).map((file) => file.slice(at.length + 1).split("/")[0]!))].sort();
}

/** SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return sha256Bytes(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
}

/** SHA-256 of a file, in hexadecimal. @throws DataError when it cannot be read. */
export async function sha256File(path: string): Promise<string> {
  return sha256(await readBytes(path));
}

/** Bytes of a file, undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return (await exists(path)) && !(await isFolder(path)) ? (await readBytes(path)).length : undefined;
}

/** A tab has no environment. */
export function environment(_name: string): string | undefined {
  return undefined;
}

/** Where features are kept while the tab is open. */
export function cacheFolder(): string {
  return "cache";
}

/** A file that the package carries, by its path below `assets/`. */
export function assetPath(name: string): string {
  return `${ASSETS}/${name}`;
}

/** Removes a file that may be there. */
export async function removeFile(path: string): Promise<void> {
  const at = normal(path);
  memory.delete(at);
  if (!stored.delete(at) || !root) return;
  const names = at.split("/");
  const name = names.pop()!;
  let folder = root;
  for (const part of names) folder = await folder.getDirectoryHandle(part);
  await folder.removeEntry(name);
}

/** Processors that this tab may use. */
export function coresAvailable(): number {
  return navigator.hardwareConcurrency;
}

/** Bytes of memory that this tab holds now: a browser does not say. */
export function memoryHeld(): number {
  return 0;
}

/** Bytes of memory to plan with. */
export function freeMemory(): number {
  return MEMORY;
}

/** Bytes that the browser would still store. */
export async function freeDisk(_path: string): Promise<number> {
  const { quota = 0, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return root ? quota - usage : MEMORY;
}

/** What the program runs in: the browser, as it calls itself. */
export function runtimeVersion(): string {
  return navigator.userAgent;
}

/** The version of this package. */
export async function packageVersion(): Promise<string> {
  return version;
}
