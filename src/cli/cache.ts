/** @file `vca cache`: what lies in the feature cache, and its removal. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { unknownName, VcaError } from "../errors.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, addGroup, type CommonOptions, whole } from "./options.ts";
import { bytesText, table } from "./table.ts";

/** One folder of features: those of one encoder, its taps and one form of tokens. */
interface CacheEntry {
  readonly key: string;
  readonly encoder: string;
  readonly taps: string;
  readonly files: number;
  readonly bytes: number;
  /** When the last picture was added, ISO 8601. */
  readonly changed: string;
}

const DAY = 24 * 3600 * 1000;

/** Adds `cache` and `cache prune`. */
export function addCache(program: VcaCommand, io: Io): void {
  const cache = addGroup(program, "cache", {
    summary: "show or prune the cache of features",
    examples: ["vca cache", "vca cache prune --older 30"],
  });
  addCommand(
    cache,
    "show",
    {
      summary: "show what lies in the cache",
      about: "Show what lies in the cache, and where. VCA_CACHE moves it.",
      examples: ["vca cache", "vca cache show --json"],
    },
    true,
  ).action(async (options: CommonOptions) => {
    const folder = await featuresFolder();
    const entries = await readEntries(folder);
    const bytes = entries.reduce((total, entry) => total + entry.bytes, 0);
    show(io, options, { folder, bytes, entries }, cacheText(folder, entries, bytes));
  });
  addCommand(cache, "prune", {
    summary: "remove features from the cache",
    about: "Remove features from the cache; they are computed again when needed.",
    examples: ["vca cache prune 0f3a9c51d2e4b687", "vca cache prune --older 30", "vca cache prune --all"],
  })
    .argument("[keys...]", "keys that `vca cache` shows")
    .option("--all", "everything")
    .option("--older <days>", "what has not grown for so many days", whole("--older", 0, 30))
    .action(async (keys: string[], options: CommonOptions & { all?: boolean; older?: number }) => {
      const folder = await featuresFolder();
      const entries = await readEntries(folder);
      const removed = choose(entries, keys, options);
      for (const { key } of removed) await rm(join(folder, key), { recursive: true });
      const bytes = removed.reduce((total, entry) => total + entry.bytes, 0);
      const text = `Removed ${removed.length} of ${entries.length}, ${bytesText(bytes)}.`;
      show(io, options, { removed: removed.map(({ key }) => key), bytes }, text);
    });
}

function choose(
  entries: readonly CacheEntry[],
  keys: readonly string[],
  { all, older }: { all?: boolean; older?: number },
): readonly CacheEntry[] {
  if (!all && older === undefined && keys.length === 0) {
    throw new VcaError(
      "ConfigError",
      "cache prune: keys, --older or --all was expected, got none. See `vca cache prune --help`.",
    );
  }
  if (all) return entries;
  const known = entries.map(({ key }) => key);
  const strange = keys.find((key) => !known.includes(key));
  if (strange !== undefined) throw unknownName("cache prune", "key", strange, known);
  const before = older === undefined ? Number.NEGATIVE_INFINITY : Date.now() - older * DAY;
  return entries.filter(({ key, changed }) => keys.includes(key) || Date.parse(changed) <= before);
}

async function featuresFolder(): Promise<string> {
  const { cacheFolder } = await import("#files");
  return join(cacheFolder(), "features");
}

/** The folders of features, by key. */
async function readEntries(folder: string): Promise<CacheEntry[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const entries: CacheEntry[] = [];
  for (const key of names.sort()) {
    const path = join(folder, key);
    const files = (await readdir(path)).filter((name) => name.endsWith(".npy"));
    const stats = await Promise.all(files.map((name) => stat(join(path, name))));
    const about = await readFile(join(path, "features.json"), "utf8").then(JSON.parse, () => undefined);
    entries.push({
      key,
      encoder: about?.encoder?.name ?? "?",
      taps: about?.taps?.map((tap: { name: string }) => tap.name).join(",") ?? "?",
      files: files.length,
      bytes: stats.reduce((total, { size }) => total + size, 0),
      changed: (await stat(path)).mtime.toISOString(),
    });
  }
  return entries;
}

function cacheText(folder: string, entries: readonly CacheEntry[], bytes: number): string {
  const rows = entries.map((entry) => [
    entry.key,
    entry.encoder,
    entry.taps,
    String(entry.files),
    bytesText(entry.bytes),
    entry.changed.slice(0, 10),
  ]);
  const summary = `${folder}, ${bytesText(bytes)}`;
  if (rows.length === 0) return `${folder}: empty`;
  return `${table(["key", "encoder", "taps", "files", "size", "changed"], rows)}\n\n${summary}`;
}
