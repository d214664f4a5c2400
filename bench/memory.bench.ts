/**
 * @file Peak memory, as VmHWM in /proc (Linux): of `vca features` at OASIS's 838 pictures and at ten times as many (each
 * picture again with another byte after its end, so that every hash differs), and of `vca fit` from the cache
 * against what it says beforehand. Each command is a process of its own. Prints a table.
 *
 * Run: npx tsx --conditions=source bench/memory.bench.ts ../shared/data/oasis \
 *        ../shared/encoders/efficientnet-lite0 [TIMES] (10 by default)
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCsv } from "../src/core/csv.ts";
import { openStimuli } from "../src/stimuli/set.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const [data, encoder, times = "10"] = process.argv.slice(2) as [string, string, string?];
const set = await openStimuli(`oasis:${data}`);
const scratch = await mkdtemp(join(tmpdir(), "vca-memory-"));

/** Runs a command; its peak resident set in MB, its seconds, and what it said. */
async function vca(words: readonly string[], cache: string) {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=source", "src/cli/main.ts", ...words],
    { cwd: ROOT, env: { ...process.env, VCA_CACHE: cache }, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  let peak = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => ""); // it may just have ended
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 50);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  return { peak: (peak * 1024) / 2 ** 20, seconds: (performance.now() - start) / 1000, said };
}

/** A table of every picture in so many versions. */
async function copies(count: number): Promise<string> {
  const folder = join(scratch, `pictures-${count}`);
  await mkdir(folder);
  const rows: (string | number)[][] = [];
  for (const [s, file] of set.files.entries()) {
    const bytes = await readFile(file);
    for (let copy = 0; copy < count; copy++) {
      const name = `${s}-${copy}.jpg`;
      await writeFile(join(folder, name), Buffer.concat([bytes, Buffer.of(copy)]));
      rows.push([`${s}-${copy}`, name, ...set.ratings.data.subarray(2 * s, 2 * s + 2)]);
    }
  }
  const table = join(folder, "table.csv");
  await writeFile(table, writeCsv(["id", "file", "valence", "arousal"], rows));
  return `table:${table}`;
}

const megabytes = (value: number) => `${value.toFixed(0)} MB`;
const sets = [await copies(1), await copies(Number(times))] as const;
const common = ["--scale", "1-7", "--encoder", encoder];
const peaks: number[] = [];
console.log("| what | peak | beside it | seconds |\n| --- | --- | --- | --- |");
for (const [i, spec] of sets.entries()) {
  const { peak, seconds } = await vca(["features", spec, ...common], join(scratch, `cache-${i}`));
  peaks.push(peak);
  const ratio = i === 0 ? "" : `${(peak / peaks[0]!).toFixed(3)} of the first`;
  const pictures = set.ids.length * (i === 0 ? 1 : Number(times));
  console.log(`| features, ${pictures} pictures | ${megabytes(peak)} | ${ratio} | ${seconds.toFixed(0)} |`);
}
const fit = ["fit", sets[0], ...common, "--folds", "5", "--seeds", "1", "--epochs"];
const cache = join(scratch, "cache-0");
await vca([...fit, "0", "--out", join(scratch, "none")], cache); // caches the mirrored views
const { peak, seconds, said } = await vca([...fit, "2", "--out", join(scratch, "run")], cache);
const [, stated, unit] = /about ([\d.]+) (GB) of memory/.exec(said) ?? [];
console.log(`| fit from the cache | ${megabytes(peak)} | stated ${stated} ${unit} | ${seconds.toFixed(0)} |`);
await rm(scratch, { recursive: true });
