/**
 * @file Cross-validation on OASIS tokens against PyTorch eager, in turns in one run: 5 folds x 25 epochs, 50 tokens per
 * picture, AdamW. CIRCUIT is `vca`, ours with LA of 96 units and the others in proportion, or `attention`, the paper's
 * wiring with a self-attention block of width 96 in every nucleus; `vca-reordered` has the peer take its products in our
 * order (decision 010). Ours trains the folds as replicas in one graph. PyTorch trains one model per fold on the same batches, less the pictures that the fold may
 * not see, so it computes a fifth less. No dropout on either side: both then learn the same function. Each turn has
 * a seed of its own; held-out predictions are part of the time, loading tokens is not. Seconds of processor time stand
 * beside those of the clock: on one thread they say what a busy machine's clock does not.
 *
 * Run: npx tsx --conditions=source bench/cross-validation.bench.ts PYTHON CIRCUIT ../shared/data/oasis \
 *        ../shared/encoders/deit-tiny-patch16-224 [TURNS] [EPOCHS] [THREADS]
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, readBytes } from "#files";
import type { Circuit } from "../src/circuits/circuit.ts";
import { presetCircuit } from "../src/circuits/presets.ts";
import { type Data, type NdArray, row, takeRows } from "../src/core/array.ts";
import { decodeNpy, encodeNpy } from "../src/core/npy.ts";
import { Random } from "../src/core/random.ts";
import { pearson } from "../src/core/statistics.ts";
import { openEncoder } from "../src/encoders/encoder.ts";
import { extractFeatures } from "../src/encoders/features.ts";
import { resolveTaps } from "../src/encoders/taps.ts";
import { openStimuli } from "../src/stimuli/set.ts";
import { openInference } from "../src/training/inference.ts";
import { type Replica, trainGroup } from "../src/training/loop.ts";
import { batchSize, findRecipe, learningRate } from "../src/training/recipe.ts";

const [python, kind, data, encoderFolder, turns = "3", epochs = "25", threads = "2"] = process.argv.slice(
  2,
) as string[];
const FOLDS = 5;
const WIDTH = 96;

const set = await openStimuli(`oasis:${data}`);
const encoder = await openEncoder(encoderFolder!);
const taps = await resolveTaps(encoder, undefined);
const features = await extractFeatures({ encoder, taps, tokens: { kind: "grid", size: 7 } }, set, {
  cacheFolder: cacheFolder(),
});
const tokens = await features.load();
const [S, T, D] = tokens.shape as [number, number, number];
const visual = { tokens: T, width: D, hasCls: features.hasCls };

const preset = presetCircuit(kind === "attention" ? "anatomical-attention" : "vca", D);
const width = preset.nuclei[0]!.input as number;
const circuit: Circuit = {
  ...preset,
  nuclei: preset.nuclei.map((nucleus) => ({
    ...nucleus,
    input: Math.round(((nucleus.input as number) * WIDTH) / width),
    feedForward: 2 * WIDTH,
    dropout: { input: 0, blocks: 0, output: 0 },
  })),
};
const recipe = findRecipe("vca", { epochs: Number(epochs), lr: 1e-3, flip: false });
const batch = batchSize(recipe, S);
const steps = Math.ceil(S / batch);

async function ours(folds: Int32Array, seed: number) {
  const start = performance.now();
  const before = process.cpuUsage();
  const replicas = Array.from(
    { length: FOLDS },
    (_, fold): Replica => ({
      name: `fold${fold}`,
      fold,
      seed,
      train: Int32Array.from([...folds.keys()].filter((s) => folds[s] !== fold)),
    }),
  );
  let parameters: ReadonlyMap<string, NdArray> = new Map();
  await trainGroup({
    circuit,
    recipe,
    data: { views: [tokens], ratings: set.ratings, hasCls: features.hasCls },
    seed,
    replicas,
    threads: Number(threads),
    onEpoch: async (epoch) => {
      if (epoch.epoch === recipe.epochs) parameters = await epoch.parameters();
    },
  });
  const inference = await openInference(circuit, visual);
  const predictions = new Float32Array(S * 2);
  for (const { fold } of replicas) {
    const unseen = [...folds.keys()].filter((s) => folds[s] === fold);
    const own = new Map([...parameters].map(([name, array]) => [name, row(array, fold)]));
    const answers = (await inference.run(own, takeRows(tokens, unseen))).predictions.data;
    unseen.forEach((s, i) => {
      predictions.set(answers.subarray(2 * i, 2 * i + 2), 2 * s);
    });
  }
  await inference.close();
  const { user, system } = process.cpuUsage(before);
  return { seconds: [(performance.now() - start) / 1000, (user + system) / 1e6], predictions };
}

const scratch = await mkdtemp(join(tmpdir(), "vca-cross-validation-"));
const write = (name: string, array: NdArray<Data>) =>
  writeFile(join(scratch, `${name}.npy`), encodeNpy(array));
const peer = fileURLToPath(new URL("peers/cross_validation.py", import.meta.url));
async function theirs(folds: Int32Array, seed: number) {
  const random = Random.seeded(seed);
  const orders = Array.from({ length: recipe.epochs }, (_, epoch) => [
    ...random.at("order", epoch).permutation(S), // the same as in src/training/loop.ts
  ]).flat();
  const rates = Float64Array.from({ length: recipe.epochs * steps }, (_, t) =>
    learningRate(recipe, t, steps),
  );
  await write("folds", { shape: [S], data: folds });
  await write("orders", { shape: [recipe.epochs, S], data: Int32Array.from(orders) });
  await write("rates", { shape: [rates.length], data: rates });
  const words = [peer, scratch, String(batch), String(seed), threads, kind!];
  const { stdout, stderr, status } = spawnSync(python!, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const out = join(scratch, "predictions.npy");
  return {
    seconds: stdout.split(" ").map(Number),
    predictions: decodeNpy(await readBytes(out), out).data as Float32Array,
  };
}

const rOf = (predictions: Float32Array) =>
  [0, 1]
    .map((k) => {
      const column = (from: Float32Array | Float64Array) =>
        Float64Array.from({ length: S }, (_, s) => from[2 * s + k]!);
      return pearson(column(set.ratings.data), column(predictions)).toFixed(3);
    })
    .join(", ");

await write("tokens", tokens);
await write("ratings", set.ratings);
console.log(
  "| seed | vca | PyTorch eager | ratio | vca, processor | PyTorch, processor | ratio | r of vca (valence, arousal) | r of PyTorch |",
);
console.log(`|${" --- |".repeat(9)}`);
for (let seed = 0; seed < Number(turns); seed++) {
  const order = Random.seeded(0).at("folds").permutation(S); // the same folds for every seed
  const folds = new Int32Array(S);
  order.forEach((s, i) => {
    folds[s] = i % FOLDS;
  });
  const a = await ours(folds, seed);
  const b = await theirs(folds, seed);
  const times = [0, 1].map((i) => {
    const [mine, other] = [a.seconds[i]!, b.seconds[i]!];
    return `${mine.toFixed(1)} s | ${other.toFixed(1)} s | ${(other / mine).toFixed(2)}`;
  });
  console.log(`| ${seed} | ${times.join(" | ")} | ${rOf(a.predictions)} | ${rOf(b.predictions)} |`);
}
await rm(scratch, { recursive: true });
