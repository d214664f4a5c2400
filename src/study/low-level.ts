/** @file Low-level statistics of a run's pictures, kept beside the run and for other runs on the same pictures. */
import { decodePicture } from "#decode";
import { cacheFolder, exists, packageVersion, readBytes, sha256 } from "#files";
import { parseCsv } from "../core/csv.ts";
import { LOW_LEVEL_NAMES, lowLevelStatistics } from "../stimuli/low-level.ts";
import { tablesFolder, writeTable } from "./run-folder.ts";
import type { UnseenOptions, UnseenRun } from "./unseen.ts";

/**
 * Low-level statistics of a run's pictures, one column per statistic, `[S]` each; kept in the run as `low-level.csv`, and
 * in the cache for other runs on the same pictures.
 * @returns undefined when the pictures are not there
 */
export async function lowLevelColumns(
  { folder, pictures, set }: UnseenRun,
  { reporter, signal, stimuli }: UnseenOptions,
): Promise<Float64Array[] | undefined> {
  const { ids } = pictures;
  const file = `${tablesFolder(folder.path, { stimuli })}/low-level.csv`;
  const kept = await readLowLevel(file, ids);
  if (kept) return columnsOf(kept);
  const files = (await set())?.files;
  if (!files) return undefined;
  const digests: string[] = [];
  for (const path of files) digests.push(sha256(await readBytes(path)));
  const key = sha256(JSON.stringify({ version: await packageVersion(), digests }));
  const cached = `${cacheFolder()}/low-level/${key.slice(0, 16)}.csv`;
  const places = ids.map((_, s) => String(s));
  const statistics = (await readLowLevel(cached, places)) ?? [];
  if (statistics.length === 0) {
    for (const path of files) {
      signal?.throwIfAborted();
      statistics.push(lowLevelStatistics(await decodePicture(await readBytes(path), path)));
      reporter.progress("low-level statistics", statistics.length, files.length);
    }
    await writeLowLevel(cached, places, statistics);
  }
  await writeLowLevel(file, ids, statistics);
  return columnsOf(statistics);
}

/** A table of low-level statistics, by picture; undefined when it is not there or of other pictures. */
async function readLowLevel(file: string, names: readonly string[]): Promise<Float64Array[] | undefined> {
  if (!(await exists(file))) return undefined;
  const { rows } = parseCsv(await readBytes(file), file);
  if (rows.length !== names.length || rows.some(({ cells }, s) => cells[0] !== names[s])) return undefined;
  return rows.map(({ cells }) => Float64Array.from(cells.slice(1), Number));
}

function writeLowLevel(file: string, names: readonly string[], statistics: readonly Float64Array[]) {
  const rows = statistics.map((values, s) => [names[s]!, ...values]);
  return writeTable(file, ["id", ...LOW_LEVEL_NAMES], rows);
}

function columnsOf(statistics: readonly Float64Array[]): Float64Array[] {
  return LOW_LEVEL_NAMES.map((_, k) => Float64Array.from(statistics, (values) => values[k]!));
}
