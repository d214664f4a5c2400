/**
 * @file Bootstrap over pictures against rsatoolbox, in one run: 92 pictures, 8 RDMs, 8 models (two of them categories),
 * noise ceiling in each draw, as `eval_bootstrap_pattern` does by default. Both on one thread and taken in turns; draws
 * per second of processor time, so that other work on the machine counts for neither, and their ratio.
 *
 * Run: `npx tsx --conditions=source bench/rsa.bench.ts PYTHON` (a Python that has rsatoolbox 0.3.2).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { encodeNpy } from "../src/core/npy.ts";
import { Random } from "../src/core/random.ts";
import { type Comparison, comparisonName } from "../src/rsa/comparisons.ts";
import { evaluate } from "../src/rsa/evaluate.ts";
import { fixedModels } from "../src/rsa/models.ts";
import { pairCount, type Rdms } from "../src/rsa/rdm.ts";

const [PICTURES, RDMS, MODELS, CATEGORICAL, TURNS] = [92, 8, 8, 2, 5];
/** Draws of a turn: ours, theirs. */
const DRAWS = { tauA: [300, 15], rhoA: [1000, 25], cosine: [3000, 300] } as const;

const random = Random.seeded(0);
const rdms = (n: number, categorical: number): Rdms => ({
  ids: Array.from({ length: PICTURES }, (_, i) => String(i)),
  vectors: {
    shape: [n, pairCount(PICTURES)],
    data: Float64Array.from({ length: n * pairCount(PICTURES) }, (_, i) =>
      i < categorical * pairCount(PICTURES) ? random.integer(2) : random.uniform(),
    ),
  },
  labels: {},
});
const data = rdms(RDMS, 0);
const candidates = rdms(MODELS, CATEGORICAL);
const models = fixedModels(candidates);

const folder = mkdtempSync(join(tmpdir(), "vca-rsa-bench-"));
const files = [data, candidates].map(({ vectors }, i) => {
  const file = join(folder, `${i}.npy`);
  writeFileSync(file, encodeNpy(vectors));
  return file;
});
const python = process.argv[2];
const peer = python
  ? spawn(python, [new URL("peers/rsa.py", import.meta.url).pathname, ...files])
  : undefined;
const lines = peer ? createInterface(peer.stdout)[Symbol.asyncIterator]() : undefined;
await lines?.next();

/** Draws per second of processor time. */
const ours = async (comparison: Comparison, draws: number) => {
  const start = process.cpuUsage();
  await evaluate({ models, data, comparison, resample: "pictures", draws, random, threads: 1 });
  const { user, system } = process.cpuUsage(start);
  return (1e6 * draws) / (user + system);
};
const theirs = async (comparison: Comparison, draws: number) => {
  peer!.stdin.write(`${comparisonName(comparison)} ${draws}\n`);
  return draws / Number((await lines!.next()).value);
};
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

console.log("| comparison | vca, draws/s | rsatoolbox, draws/s | ratio |\n| --- | --- | --- | --- |");
for (const [comparison, [mine, other]] of Object.entries(DRAWS) as [
  Comparison,
  readonly [number, number],
][]) {
  await ours(comparison, Math.ceil(mine / 10));
  const rates: [number[], number[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    rates[0].push(await ours(comparison, mine));
    if (peer) rates[1].push(await theirs(comparison, other));
  }
  const [a, b] = rates.map(median) as [number, number];
  console.log(
    `| ${comparisonName(comparison)} | ${a.toFixed(0)} | ${b.toFixed(1)} | ${(a / b).toFixed(1)} |`,
  );
}
peer?.stdin.end();
