/**
 * @file One file of the Hugging Face hub over HTTP. The one idea: what fails in passing (429, 5xx, a broken
 * connection, a body cut short) is tried again a bounded number of times, each time from the byte where it
 * broke; a file takes its name only when size and sha256 are right. The token goes to the hub's own host alone.
 * Source: huggingface_hub, `file_download.py` (headers `X-Repo-Commit`, `X-Linked-Etag`, `X-Linked-Size`) and
 * `utils/_http.py` (`X-Error-Code`).
 */
import {
  environment,
  exists,
  fileSize,
  freeDisk,
  removeFile,
  renameFile,
  sha256File,
  writeChunks,
} from "#files";
import { VcaError } from "../errors.ts";

/** A file of a repository at a revision. */
export interface HubFile {
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

/** What the hub says of a file before it is fetched. */
export interface HubFacts {
  /** Hash of the commit that the revision stands for, where the server tells. */
  readonly commit?: string | undefined;
  readonly etag: string;
  readonly bytes?: number | undefined;
  /** Of files in large-file storage. */
  readonly sha256?: string | undefined;
}

/** How to fetch. */
export interface HubOptions {
  /** Told what is fetched, and how far it is; the study's `Reporter` is one. */
  readonly reporter?: {
    note(text: string): void;
    progress(stage: string, done: number, total: number): void;
  };
  /** Stops a download; what came stays, for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Waits between two tries, in milliseconds; a test passes its own. */
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

const TRIES = 5;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;
const HOPS = 5;
const LINKED = ["x-repo-commit", "x-linked-etag", "x-linked-size"];
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** A failure that another try may mend. */
class Passing extends Error {
  readonly after: number | undefined;
  constructor(got: string, options?: { after?: number | undefined; cause?: unknown }) {
    super(got, options);
    this.after = options?.after;
  }
}

/** The hub's address: `HF_ENDPOINT`, or huggingface.co. @throws ConfigError when it is no address. */
export function hubEndpoint(): string {
  const address = (environment("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
  if (/^https?:\/\//.test(address) && URL.canParse(address)) return address;
  throw new VcaError(
    "ConfigError",
    `HF_ENDPOINT: an address such as https://huggingface.co was expected, got "${address}". Correct or unset it.`,
  );
}

/** How a file is named in errors. */
function hubWhere({ repository, revision, path }: HubFile): string {
  return `${repository}@${revision}:${path}`;
}

/**
 * What the hub says of a file; undefined when the repository has none of that path.
 * @throws NetworkError when the repository, the revision or the hub cannot be reached.
 */
export async function lookUp(file: HubFile, options: HubOptions): Promise<HubFacts | undefined> {
  const answer = await retried(hubWhere(file), options, () => request(file, "HEAD", {}, options));
  if (!answer) return undefined;
  const { headers, status } = answer.response;
  const linked = (name: string) => answer.linked.get(name) ?? undefined;
  const etag = (linked("x-linked-etag") ?? headers.get("etag") ?? "").replace(/^W\/|"/g, "");
  const bytes = linked("x-linked-size") ?? (status === 200 ? headers.get("content-length") : null);
  return {
    etag,
    commit: linked("x-repo-commit"),
    bytes: bytes === null ? undefined : Number(bytes),
    sha256: /^[0-9a-f]{64}$/.test(etag) ? etag : undefined,
  };
}

/**
 * Fetches a file to `target`, going on where an earlier try broke off, and gives its sha256. Several processes may
 * do so at once: the bytes before the end of a `.part` file are the same whoever wrote them.
 * @throws NetworkError when it does not arrive whole, StorageError when it cannot be kept.
 */
export async function fetchFile(
  file: HubFile,
  facts: HubFacts,
  target: string,
  options: HubOptions,
): Promise<string> {
  const { bytes } = facts;
  if (facts.sha256 && (await fileSize(target)) === bytes && (await sha256File(target)) === facts.sha256) {
    return facts.sha256;
  }
  const part = `${target}.${facts.etag.replace(/\W/g, "").slice(0, 16)}.part`;
  await refuseFullDisk(target, (bytes ?? 0) - ((await fileSize(part)) ?? 0));
  options.reporter?.note(
    `Fetching ${hubWhere(file)}, ${bytes === undefined ? "size unknown" : sizeText(bytes)}.`,
  );
  return retried(hubWhere(file), options, async () => {
    const had = (await fileSize(part)) ?? 0;
    if (bytes === undefined || had > bytes) await removeFile(part);
    if (had === 0 || had !== bytes) await download(file, facts, part, options);
    const ours = await sha256File(part).catch(() => undefined);
    const hash = ours ?? (await sha256File(target).catch(() => undefined)); // another process was faster
    if (hash !== undefined && (facts.sha256 ?? hash) === hash) {
      if (ours !== undefined) await takeName(part, target);
      return hash;
    }
    await removeFile(part);
    if (had > 0 || hash === undefined) throw new Passing(`bytes of sha256 ${hash ?? "unknown"}`); // from the start
    throw new VcaError(
      "NetworkError",
      `${hubWhere(file)}: sha256 ${facts.sha256} was expected, got ${hash}. Fetch it again later, or name another revision.`,
    );
  });
}

/** Gives a whole `.part` its final name, unless another process just did. */
async function takeName(part: string, target: string): Promise<void> {
  await renameFile(part, target).catch(async (error) => {
    if (!(await exists(target))) throw error;
  });
}

/** Bytes as people read them. */
function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}

async function refuseFullDisk(target: string, bytes: number): Promise<void> {
  const free = await freeDisk(target);
  if (free > bytes) return;
  throw new VcaError(
    "StorageError",
    `${target}: ${sizeText(bytes)} of free disk were expected, got ${sizeText(free)}. Free some space, or point VCA_CACHE to another disk.`,
  );
}

/** Writes what is missing of a `.part` file. */
async function download(
  file: HubFile,
  { bytes }: HubFacts,
  part: string,
  options: HubOptions,
): Promise<void> {
  const had = (await fileSize(part)) ?? 0;
  const answer = await request(file, "GET", had > 0 ? { range: `bytes=${had}-` } : {}, options);
  const response = answer?.response;
  if (!response?.body) throw new Passing("no content");
  const from =
    response.status === 206
      ? Number(/bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1])
      : 0;
  if (from !== 0 && from !== had) throw new Passing(`a part from byte ${from} on`);
  let done = from;
  const body = response.body;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        done += chunk.length;
        if (bytes !== undefined && done > bytes) break;
        yield chunk;
        if (bytes !== undefined) options.reporter?.progress("encoder", done, bytes);
      }
    } catch (cause) {
      throw new Passing(`a connection that broke after ${done} of ${bytes ?? "?"} bytes`, { cause });
    }
  }
  await writeChunks(part, from, counted());
  if (bytes !== undefined && done !== bytes)
    throw new Passing(`${done > bytes ? "more than" : `${done} of`} ${bytes} bytes`);
}

/**
 * Asks for a file, following redirects by hand: a HEAD as far as the hub's own host goes, a GET to the end.
 * @returns undefined when the repository has no such file
 */
async function request(
  file: HubFile,
  method: "HEAD" | "GET",
  extra: Readonly<Record<string, string>>,
  { signal }: HubOptions,
): Promise<{ response: Response; linked: Headers } | undefined> {
  const endpoint = hubEndpoint();
  const { origin } = new URL(endpoint);
  const token = environment("HF_TOKEN");
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  let url = new URL(`${endpoint}/${file.repository}/resolve/${encodeURIComponent(file.revision)}/${path}`);
  const linked = new Headers(); // the first answer that has them knows the file; later ones are a store's
  for (let hop = 0; hop < HOPS; hop++) {
    const headers: Record<string, string> = { "accept-encoding": "identity", ...extra };
    if (token && url.origin === origin) headers.authorization = `Bearer ${token}`;
    const response = await fetch(url, { method, headers, redirect: "manual", signal: signal ?? null }).catch(
      (cause) => {
        signal?.throwIfAborted();
        throw new Passing(`no connection to ${url.host}`, { cause });
      },
    );
    for (const name of LINKED) {
      const value = response.headers.get(name);
      if (value !== null && !linked.has(name)) linked.set(name, value);
    }
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      return refuse(file, response, url.host) ? undefined : { response, linked };
    }
    await response.body?.cancel();
    url = new URL(location, url);
    if (method === "HEAD" && url.origin !== origin) return { response, linked };
  }
  throw new Passing(`more than ${HOPS} redirects`);
}

/**
 * Whether an answer says that the repository has no such file.
 * @throws NetworkError for other refusals, `Passing` for those that pass.
 */
function refuse(
  { repository, revision, path }: HubFile,
  { status, headers }: Response,
  host: string,
): boolean {
  if (status === 200 || status === 206) return false;
  const code = headers.get("x-error-code");
  const got = `${status} of ${host}`;
  if (PASSING.has(status)) throw new Passing(got, { after: retryAfter(headers.get("retry-after")) });
  if (status === 401 || status === 403) {
    throw new VcaError(
      "NetworkError",
      `${repository}: a repository that may be read was expected, got ${got}. Check the name; set HF_TOKEN if it is private, and accept its terms on its page if it is gated.`,
    );
  }
  if (status === 404 && code === "RevisionNotFound") {
    throw new VcaError(
      "NetworkError",
      `${repository}: a branch, tag or commit of the repository was expected, got "${revision}". Choose one that its page shows.`,
    );
  }
  if (status === 404 && code === "RepoNotFound") {
    throw new VcaError(
      "NetworkError",
      `${repository}: a repository of ${host} was expected, got none. Check the name.`,
    );
  }
  if (status === 404) return true;
  const message = `${hubWhere({ repository, revision, path })}: the file was expected, got ${got}. Check the name and HF_ENDPOINT.`;
  throw new VcaError("NetworkError", message);
}

/** Milliseconds that a `Retry-After` of seconds or of a date asks for. */
function retryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Tries until it works, waiting twice as long each time or as long as the server asks for, a minute at most. */
async function retried<T>(
  where: string,
  { signal, wait = sleep }: HubOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (cause) {
      signal?.throwIfAborted();
      if (!(cause instanceof Passing)) throw cause;
      if (n === TRIES) {
        throw new VcaError(
          "NetworkError",
          `${where}: the whole file was expected, got ${cause.message}, at the last of ${TRIES} tries. Run the same command again; what has come is kept.`,
          { cause },
        );
      }
      await wait(Math.min(LONGEST_WAIT, cause.after ?? FIRST_WAIT * 2 ** (n - 1)), signal);
    }
  }
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
