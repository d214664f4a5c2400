/**
 * @file Encoders of the Hugging Face hub in the cache. A branch or tag is turned into a commit at the first pull and
 * stays that commit until it is pulled again; a commit's folder has the hub's own layout, so it opens like any other.
 *
 *     encoders/<owner>--<name>/refs/<revision>          the commit that a branch or tag stands for
 *     encoders/<owner>--<name>/<commit>/<path>          files, under their paths in the repository
 *     encoders/<owner>--<name>/<commit>/<file>.sha256   (`--` for `/`) written last: hash and path of all that the model needs
 */
import {
  cacheFolder,
  environment,
  exists,
  isFolder,
  listFolder,
  readBytes,
  readText,
  sha256File,
  writeFileAtomic,
} from "#files";
import { VcaError } from "../errors.ts";
import { decodeOnnx } from "../graph/onnx.ts";
import { fetchFile, type HubFacts, type HubOptions, hubEndpoint, lookUp } from "./hub-http.ts";
import type { HubName } from "./hub-name.ts";
import { externalFiles, LARGEST_MODEL, tooLarge } from "./model-file.ts";

/** An encoder of the hub that lies in the cache. */
export interface PulledEncoder {
  readonly repository: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** The commit's folder, in the hub's layout. */
  readonly folder: string;
  /** The model's path in it. */
  readonly file: string;
  /** Recorded sha256 by path: settings, model, and the files of its weights. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** The preprocessing, below a folder in the hub's layout. */
export const SETTINGS = "preprocessor_config.json";
const COMMIT = /^[0-9a-f]{40}$/;
const OFFLINE = /^(1|true|yes|on)$/i;

/**
 * The encoder from the cache, or fetched into it.
 * @param options.refresh ask again which commit a branch or tag stands for (default false)
 * @param options.sha256 of the model, where it is known beforehand
 * @throws NetworkError, StorageError, UnsupportedError for a model above 2 GiB.
 */
export async function pullEncoder(
  name: HubName,
  options: HubOptions & { readonly refresh?: boolean; readonly sha256?: string } = {},
): Promise<PulledEncoder> {
  const root = `${cacheFolder()}/encoders/${name.repository.replace("/", "--")}`;
  const reference = `${root}/refs/${encodeURIComponent(name.revision)}`;
  const offline = OFFLINE.test(environment("HF_HUB_OFFLINE") ?? "");
  const pinned = COMMIT.test(name.revision) ? name.revision : await readReference(reference);
  if (pinned !== undefined && (offline || !options.refresh || pinned === name.revision)) {
    const cached = await findCached(root, pinned, name);
    if (cached) return cached;
  }
  if (offline) {
    throw new VcaError(
      "NetworkError",
      `${name.repository}: an encoder in the cache was expected, got none in ${root} while HF_HUB_OFFLINE is set. Unset it, or copy the folder from another machine's cache.`,
    );
  }
  const { repository } = name;
  const revision = (options.refresh ? undefined : pinned) ?? name.revision;
  const settings = await lookUpOne({ repository, revision }, [SETTINGS], options);
  const commit = COMMIT.test(revision) ? revision : commitOf(name, settings.commit);
  const at = { repository, revision: commit };
  const folder = `${root}/${commit}`;
  const sha256: Record<string, string> = {};
  const fetchTo = async (found: Found, known?: string) => {
    const { path } = found;
    const file = { repository, revision: commit, path };
    const expected = known === undefined ? found : { ...found, sha256: known };
    sha256[path] = await fetchFile(file, expected, `${folder}/${path}`, options);
  };
  await fetchTo(settings);
  const model = await lookUpOne(at, name.files, options);
  await fetchTo(model, options.sha256);
  const path = `${folder}/${model.path}`;
  const inside = model.path.slice(0, model.path.lastIndexOf("/") + 1);
  for (const file of externalFiles(decodeOnnx(await readBytes(path), path), path)) {
    await fetchTo(await lookUpOne(at, [`${inside}${file}`], options));
  }
  const lines = Object.entries(sha256).map(([file, hash]) => `${hash}  ${file}\n`);
  await writeFileAtomic(recordPath(folder, model.path), lines.join(""));
  if (commit !== name.revision) await writeFileAtomic(reference, `${commit}\n`);
  return { repository, commit, folder, file: model.path, sha256 };
}

interface Found extends HubFacts {
  readonly path: string;
}

/** What the hub says of the first of some files that exists. */
async function lookUpOne(
  { repository, revision }: Pick<HubName, "repository" | "revision">,
  files: readonly string[],
  options: HubOptions,
): Promise<Found> {
  for (const path of files) {
    const facts = await lookUp({ repository, revision, path }, options);
    if (!facts) continue;
    if ((facts.bytes ?? 0) > LARGEST_MODEL) throw tooLarge(`${repository}:${path}`, facts.bytes!);
    return { ...facts, path };
  }
  throw new VcaError(
    "NetworkError",
    `${repository}: ${files.join(" or ")} was expected at revision "${revision}", got no such file. Choose a repository with ONNX files, or name one of its files as ${repository}:FILE.onnx.`,
  );
}

function commitOf({ repository, revision }: HubName, told = ""): string {
  if (COMMIT.test(told)) return told;
  throw new VcaError(
    "NetworkError",
    `${repository}: the commit of "${revision}" was expected, got none from ${hubEndpoint()}. Name the commit as ${repository}@COMMIT.`,
  );
}

/** The record of a cached model: the lines of `sha256sum`. */
function recordPath(folder: string, file: string): string {
  return `${folder}/${file.replaceAll("/", "--")}.sha256`;
}

/** Hashes by path from a record. @throws DataError when it is malformed. */
async function readRecord(path: string): Promise<Record<string, string>> {
  const lines = (await readText(path)).split("\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [, hash, file] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      if (hash !== undefined) return [file, hash];
      throw new VcaError(
        "DataError",
        `${path}: lines of a sha256 and a path were expected, got "${line}". Remove the file and pull the encoder again.`,
      );
    }),
  );
}

async function readReference(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined;
  const commit = (await readText(path)).trim();
  return COMMIT.test(commit) ? commit : undefined;
}

async function findCached(
  root: string,
  commit: string,
  { repository, files }: HubName,
): Promise<PulledEncoder | undefined> {
  const folder = `${root}/${commit}`;
  for (const file of files) {
    const record = recordPath(folder, file);
    if (!(await exists(record))) continue;
    const sha256 = await readRecord(record);
    const there = await Promise.all(Object.keys(sha256).map((path) => exists(`${folder}/${path}`)));
    if (there.every(Boolean)) return { repository, commit, folder, file, sha256 };
  }
  return undefined;
}

/** All encoders of the hub in the cache. */
export async function listPulled(): Promise<PulledEncoder[]> {
  const root = `${cacheFolder()}/encoders`;
  const pulled: PulledEncoder[] = [];
  for (const owned of await namesIn(root)) {
    const repository = owned.replace("--", "/");
    for (const commit of (await namesIn(`${root}/${owned}`)).filter((name) => COMMIT.test(name))) {
      const folder = `${root}/${owned}/${commit}`;
      for (const record of (await namesIn(folder)).filter((name) => name.endsWith(".sha256"))) {
        const sha256 = await readRecord(`${folder}/${record}`);
        const [, file = ""] = Object.keys(sha256); // after the settings
        pulled.push({ repository, commit, folder, file, sha256 });
      }
    }
  }
  return pulled;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await isFolder(folder)) ? listFolder(folder) : [];
}

/** The files of a pulled encoder whose sha256 is another than the recorded one, with what was found. */
export async function changedFiles({
  folder,
  sha256,
}: Pick<PulledEncoder, "folder" | "sha256">): Promise<string[]> {
  const changed: string[] = [];
  for (const [path, hash] of Object.entries(sha256)) {
    const found = await sha256File(`${folder}/${path}`).catch(() => "no readable file");
    if (found !== hash) changed.push(`${path}: ${found}`);
  }
  return changed;
}
