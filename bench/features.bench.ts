/**
 * @file Tokens of OASIS from picture files, decoding included, against PyTorch and Pillow with the same encoder
 * (DeiT-Tiny, last block, all 197 tokens, batches of 8), in turns in one run. PyTorch decodes in the same process or in one
 * beside, whichever is faster. Ours also hashes each file and writes each picture's tokens; PyTorch writes once, untimed.
 *
 * Run: npx tsx --conditions=source bench/features.bench.ts PYTHON ../shared/data/oasis \
 *        ../shared/encoders/deit-tiny-patch16-224
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBytes } from "#files";
import { decodeNpy } from "../src/core/npy.ts";
import { openEncoder } from "../src/encoders/encoder.ts";
import { extractFeatures } from "../src/encoders/features.ts";
import { resolveTaps } from "../src/encoders/taps.ts";
import { openStimuli } from "../src/stimuli/set.ts";

const [python, data, encoderFolder] = process.argv.slice(2) as [string, string, string];
const TURNS = 3;
const set = await openStimuli(`oasis:${data}`);
const encoder = await openEncoder(encoderFolder);
const taps = await resolveTaps(encoder, "12");
const scratch = await mkdtemp(join(tmpdir(), "vca-features-"));

async function ours() {
  const cacheFolder = await mkdtemp(join(scratch, "cache-"));
  const start = performance.now();
  const features = await extractFeatures({ encoder, taps, tokens: { kind: "grid", size: 14 } }, set, {
    cacheFolder,
  });
  const seconds = (performance.now() - start) / 1000;
  const tokens = (await features.load()).data;
  await rm(cacheFolder, { recursive: true });
  return { seconds, tokens };
}

const peer = fileURLToPath(new URL("peers/features.py", import.meta.url));
async function theirs(workers: number) {
  const out = join(scratch, "tokens.npy");
  const { stdout, stderr, status } = spawnSync(
    python,
    [peer, `${encoderFolder}/onnx/model.onnx`, out, String(workers)],
    { input: set.files.join("\n"), encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return { seconds: Number(stdout), tokens: decodeNpy(await readBytes(out), out).data as Float32Array };
}

const [mine, alone, beside]: [number[], number[], number[]] = [[], [], []];
let difference = 0;
for (let turn = 0; turn < TURNS; turn++) {
  const a = await ours();
  const b = await theirs(0);
  mine.push(a.seconds);
  alone.push(b.seconds);
  beside.push((await theirs(1)).seconds);
  if (turn > 0) continue;
  const largest = b.tokens.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  a.tokens.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - b.tokens[i]!) / largest);
  });
}
await rm(scratch, { recursive: true });
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
const peerSeconds = Math.min(median(alone), median(beside));
console.log(
  "| pictures | vca | PyTorch + Pillow, one process | decoding beside | ratio | largest difference of tokens |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
console.log(
  `| ${set.ids.length} | ${median(mine).toFixed(1)} s | ${median(alone).toFixed(1)} s | ${median(beside).toFixed(1)} s | ${(peerSeconds / median(mine)).toFixed(2)} | ${difference.toExponential(1)} of the maximum |`,
);
