/**
 * @file Correlation RDM of 838 x 62,720 in float64 against rsatoolbox 0.3.2 and against the bare float64 product, in
 * turns; before that the two cases that must keep the memory they state: 5,000 of 73,000 x 300 streamed patterns, and the
 * noise precision of 7,000 channels.
 *
 * Run: `npm run build && npx tsx bench/rdm.bench.ts PYTHON [TURNS]` (a Python that has rsatoolbox 0.3.2). Without the condition `source` the
 * engine's worker is the built one, as users have it, and compiles no TypeScript.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Random } from "../src/core/random.ts";
import { correlationRdm, correlationRdmMemory, sampledRows } from "../src/rsa/correlation-rdm.ts";
import { noisePrecision, precisionMemory } from "../src/rsa/precision.ts";

const TURNS = Number(process.argv[3] ?? 3);
const [S, V] = [838, 62_720];
const random = Random.seeded(0);
const filled = (rows: number, columns: number) => {
  const data = new Float64Array(rows * columns);
  for (let at = 0; at < data.length; at++) data[at] = random.uniform();
  return { shape: [rows, columns], data };
};

/** Seconds and processor seconds of `work`, and by how much the process's peak rose over what it held before. */
async function measured<T>(work: () => Promise<T>) {
  const rest = process.memoryUsage.rss();
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  const bytes = 1024 * process.resourceUsage().maxRSS - rest;
  return { seconds, processor: (user + system) / 1e6, bytes, result };
}

async function streamed(): Promise<void> {
  const [pictures, channels, sample] = [73_000, 300, 5000];
  function* blocks() {
    for (let from = 0; from < pictures; from += 1000) yield filled(1000, channels);
  }
  const rows = Int32Array.from({ length: sample }, (_, i) => Math.floor((i * pictures) / sample));
  const stated = correlationRdmMemory(sample, channels) + 8 * sample * channels;
  const { seconds, bytes } = await measured(async () => correlationRdm(await sampledRows(blocks(), rows)));
  report("RDM of 5,000 among 73,000 x 300, streamed", seconds, bytes, stated);
}

async function precision(): Promise<void> {
  const [residuals, channels, stimuli] = [600, 7000, 100];
  const x = filled(residuals, channels);
  const patterns = filled(stimuli, channels);
  const { seconds, bytes } = await measured(async () => noisePrecision(x).times(patterns));
  report(
    "precision of 7,000 channels, 600 residuals, times 100 patterns",
    seconds,
    bytes,
    precisionMemory(residuals, channels, stimuli),
  );
}

function report(name: string, seconds: number, bytes: number, stated: number): void {
  const mb = (value: number) => `${(value / 1e6).toFixed(0)} MB`;
  console.log(`${name}: ${seconds.toFixed(1)} s; added ${mb(bytes)}, stated ${mb(stated)}.`);
}

// a process's peak only grows: the smaller case first
await precision();
await streamed();

const python = process.argv[2];
if (python) {
  const folder = await mkdtemp(join(tmpdir(), "vca-rdm-"));
  try {
    const patterns = filled(S, V);
    const path = join(folder, "patterns.f64");
    await writeFile(path, patterns.data);
    const peer = spawn(python, [new URL("peers/rdm.py", import.meta.url).pathname]);
    peer.stderr.pipe(process.stderr);
    const lines = createInterface(peer.stdout)[Symbol.asyncIterator]();
    const theirs = (task: string) => async () => {
      peer.stdin.write(`${task} ${path} ${S}\n`);
      const [seconds, processor, ...first] = String((await lines.next()).value)
        .split(" ")
        .map(Number);
      return { seconds: seconds!, processor: processor!, first };
    };
    const ours = (work: () => Promise<Float64Array>) => async () => {
      const { seconds, processor, result } = await measured(work);
      return { seconds, processor, first: [...result.subarray(0, 3)] };
    };
    const work = {
      vca: ours(() => correlationRdm(patterns)),
      "numpy, X Y^T": theirs("product"),
      "numpy, X X^T": theirs("symmetric"),
      rsatoolbox: theirs("rsatoolbox"),
    };
    const names = Object.keys(work) as (keyof typeof work)[];
    console.log(`\n| turn | ${names.join(" | ")} | rsatoolbox / vca | vca / X Y^T of numpy |`);
    console.log(`| ---${" | ---".repeat(names.length + 2)} |`);
    for (let turn = 1; turn <= TURNS; turn++) {
      const done = {} as Record<keyof typeof work, Awaited<ReturnType<(typeof work)["vca"]>>>;
      for (const name of names) done[name] = await work[name]();
      const { vca, rsatoolbox } = done;
      for (const unit of ["seconds", "processor"] as const) {
        const ratios = [rsatoolbox[unit] / vca[unit], vca[unit] / done["numpy, X Y^T"][unit]];
        const cells = [...names.map((name) => done[name][unit]), ...ratios].map((value) => value.toFixed(2));
        console.log(`| ${turn}, ${unit} | ${cells.join(" | ")} |`);
      }
      const apart = Math.max(...vca.first.map((value, i) => Math.abs(value - rsatoolbox.first[i]!)));
      if (!(apart < 1e-9)) throw new Error(`vca and rsatoolbox differ by ${apart}`);
    }
    peer.stdin.end();
  } finally {
    await rm(folder, { recursive: true });
  }
}
