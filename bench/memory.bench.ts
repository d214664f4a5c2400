/**
 * @file Peak memory, as VmHWM in /proc (Linux): of `vca features` at OASIS's 838 pictures and at ten times as many (each
 * picture again with another byte after its end, so that every hash differs), and of `vca fit` from the cache,
 * several circuits and sets, against what it says beforehand. Each command is a process of its own. Prints a table.
 *
 * Run: npx tsx --conditions=source bench/memory.bench.ts ../shared/data/oasis \
 *        ../shared/encoders/efficientnet-lite0 [TIMES] (10 by default; 0 measures the fits alone)
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
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
console.log("| what | peak | beside it | seconds |\n| --- | --- | --- | --- |");

if (Number(times) > 0) {
  const peaks: number[] = [];
  for (const [i, count] of [1, Number(times)].entries()) {
    const words = ["features", await copies(count), "--scale", "1-7", "--encoder", encoder];
    const { peak, seconds } = await vca(words, join(scratch, `cache-${i}`));
    peaks.push(peak);
    const ratio = i === 0 ? "" : `${(peak / peaks[0]!).toFixed(3)} of the first`;
    console.log(
      `| features, ${set.ids.length * count} pictures | ${megabytes(peak)} | ${ratio} | ${seconds.toFixed(0)} |`,
    );
  }
}

/** Eleven million parameters in two layers: what it carries outweighs what it computes. */
const WIDE = {
  name: "wide",
  visual: "pooled",
  nuclei: [
    { id: "LA", input: 2560, rectify: true },
    { id: "CeA", input: 2560, rectify: true },
  ],
  projections: [
    { source: "bench", from: "visual", to: "LA" },
    { source: "bench", from: "LA", to: "CeA" },
  ],
  readout: "CeA",
};
const wide = join(scratch, "wide.yaml");
await writeFile(wide, stringify(WIDE));
const oasis = [`oasis:${data}`, "--encoder", encoder];
/** Stimuli, circuit, folds, seeds. */
const FITS: readonly (readonly [words: readonly string[], circuit: string, folds: number, seeds: number])[] =
  [
    [["emoji"], "vca", 5, 1],
    [["emoji"], "vca", 10, 5],
    [["emoji"], "anatomical-attention", 5, 1],
    [["emoji"], "serial-linear-pooled", 10, 2],
    [["emoji"], wide, 5, 1],
    [["emoji", "--patience", "5"], wide, 5, 1],
    [["emoji", "--patience", "5"], "vca", 10, 5],
    [oasis, "vca-no-attention", 5, 1],
    [oasis, "vca", 5, 1],
  ];
const cache = join(scratch, "cache-fits");
for (const [stimuli, circuit, folds, seeds] of FITS) {
  const fit = ["fit", ...stimuli, "--circuit", circuit, "--folds", String(folds), "--seeds", String(seeds)];
  const run = (epochs: number) => [
    ...fit,
    "--epochs",
    String(epochs),
    "--out",
    join(scratch, `run-${epochs}`),
  ];
  await vca(run(0), cache); // fills the cache
  const { peak, seconds, said } = await vca(run(1), cache);
  const stated = Number(/up to ([\d.]+) GB of memory/.exec(said)![1]) * 1024;
  console.log(
    `| fit of ${circuit === wide ? "wide" : circuit}, ${stimuli[0]!.split(":")[0]}${stimuli.includes("--patience") ? ", early stopping" : ""}, ${folds} folds, ${seeds} seeds | ${megabytes(peak)} | stated ${megabytes(stated)} (${(stated / peak).toFixed(2)} of it) | ${seconds.toFixed(0)} |`,
  );
  for (const epochs of [0, 1]) await rm(join(scratch, `run-${epochs}`), { recursive: true });
}
await rm(scratch, { recursive: true });
