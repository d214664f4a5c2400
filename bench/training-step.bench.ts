/**
 * @file One training step against PyTorch eager, in one run: four pre-norm transformer blocks of width 256
 * on 197 tokens of 384, batch 32, exact GELU, AdamW with bias correction. Prints milliseconds per step
 * of both, taken in turns, and their ratio; the same for the step's matrix products alone, which no graph can do
 * without; and the rate of a large bare product in the same engine.
 *
 * Run: `npx tsx --conditions=source bench/training-step.bench.ts PYTHON` (a Python that has torch 2.13).
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { openSession } from "#engine";
import { type NdArray, sizeOf } from "../src/core/array.ts";
import { Random } from "../src/core/random.ts";
import { gradients } from "../src/graph/backward.ts";
import {
  add,
  Graph,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  reshape,
  softmax,
  sub,
  swapLast,
  transpose,
  type Value,
} from "../src/graph/build.ts";
import { emitOnnx } from "../src/graph/emit.ts";
import { encodeOnnx } from "../src/graph/onnx.ts";
import { adamw } from "../src/graph/optimizer.ts";

const [B, T, V, D, H, L] = [32, 197, 384, 256, 4, 4];
const K = D / H;

function buildStep(): { graph: Graph; parameters: Map<string, number[]>; carry: Record<string, string> } {
  const graph = new Graph();
  const parameters = new Map<string, Value>();
  const parameter = (name: string, shape: number[]) => {
    const value = graph.parameter(name, shape);
    parameters.set(name, value);
    return value;
  };
  const linear = (x: Value, name: string, width: number) =>
    add(
      matmul(x, parameter(`${name}/weight`, [x.shape[1] as number, width])),
      parameter(`${name}/bias`, [width]),
    );
  const norm = (x: Value, name: string) =>
    layerNorm(x, parameter(`${name}/scale`, [D]), parameter(`${name}/shift`, [D]));
  const heads = (x: Value) => transpose(reshape(x, [B, T, H, K]), [0, 2, 1, 3]); // [B, H, T, K]

  let x = linear(graph.input("x", [B * T, V]), "embed", D); // [B*T, D]
  for (let layer = 0; layer < L; layer++) {
    x = graph.scope(`block${layer}`, () => {
      const name = (part: string) => `block${layer}/${part}`;
      const h = norm(x, name("norm1"));
      const [q, k, v] = ["query", "key", "value"].map((part) => heads(linear(h, name(part), D)));
      const scores = softmax(mul(matmul(q!, swapLast(k!)), 1 / Math.sqrt(K))); // [B, H, T, T]
      const mixed = reshape(transpose(matmul(scores, v!), [0, 2, 1, 3]), [B * T, D]);
      const z = add(x, linear(mixed, name("out"), D));
      return add(z, linear(gelu(linear(norm(z, name("norm2")), name("expand"), 4 * D)), name("reduce"), D));
    });
  }
  const pooled = mean(reshape(norm(x, "norm"), [B, T, D]), [1], false); // [B, D]
  const error = sub(linear(pooled, "readout", 2), graph.input("y", [B, 2]));
  const loss = mean(mul(error, error), [0, 1], false);
  graph.output("loss", loss);

  const rate = { lr: graph.input("lr", []), c1: graph.input("c1", []), c2: graph.input("c2", []) };
  const sources = [...parameters.values()];
  const found = gradients(loss, sources);
  const carry: Record<string, string> = {};
  const shapes = new Map<string, number[]>();
  sources.forEach((source, i) => {
    const { name } = source.node;
    const shape = source.shape as number[];
    const moments = ["m", "v"].map((moment) => graph.input(`${name}:${moment}`, shape));
    const update = graph.scope("adamw", () =>
      adamw({ parameter: source, gradient: found[i]!, moments }, rate, { decay: 0.01 }),
    );
    for (const [input, value] of [
      [name, update.parameter],
      [`${name}:m`, update.moments[0]!],
      [`${name}:v`, update.moments[1]!],
    ] as const) {
      shapes.set(input, shape);
      carry[`next/${input}`] = input;
      graph.output(`next/${input}`, value);
    }
  });
  return { graph, parameters: shapes, carry };
}

const random = Random.seeded(0);
const filled = (shape: number[], scale: number): NdArray => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => scale * (2 * random.uniform() - 1)),
});

/** The products of a step: `batch` times `[m, k] x [k, n]`, forward, and twice as many backward. */
const PRODUCTS = [
  { batch: 1, m: B * T, k: V, n: D, count: 2 }, // no gradient of the input
  { batch: 1, m: B * T, k: D, n: D, count: 12 * L },
  { batch: 1, m: B * T, k: D, n: 4 * D, count: 3 * L },
  { batch: 1, m: B * T, k: 4 * D, n: D, count: 3 * L },
  { batch: B * H, m: T, k: K, n: T, count: 3 * L },
  { batch: B * H, m: T, k: T, n: K, count: 3 * L },
] as const;
type Product = Omit<(typeof PRODUCTS)[number], "count">;

/** Milliseconds of one product, its result left in the engine. */
async function openProduct({ batch, m, k, n }: Product) {
  const graph = new Graph();
  const [a, b] = [[batch, m, k].slice(batch > 1 ? 0 : 1), [batch, k, n].slice(batch > 1 ? 0 : 1)];
  graph.output("c", matmul(graph.input("a", a), graph.input("b", b)));
  const session = await openSession(encodeOnnx(emitOnnx(graph)), { carry: { c: "c" } });
  await session.hold({ a: filled(a, 1), b: filled(b, 1) });
  return {
    close: session.close,
    async time() {
      const start = performance.now();
      for (let i = 0; i < 4; i++) await session.run({});
      return (performance.now() - start) / 4;
    },
  };
}

const { graph, parameters, carry } = buildStep();
const session = await openSession(encodeOnnx(emitOnnx(graph)), { carry });
await session.hold(
  Object.fromEntries(
    [...parameters].map(([name, shape]) => {
      if (/:[mv]$/.test(name)) return [name, filled(shape, 0)];
      if (name.endsWith("scale")) return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(1) }];
      return [name, filled(shape, shape.length === 2 ? 1 / Math.sqrt(shape[0]!) : 0)];
    }),
  ),
);
const x = filled([B * T, V], 1);
const y = filled([B, 2], 1);
let t = 0;
/** Lets the other's waiting threads come to rest. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
const ours = async () => {
  t++;
  await pause();
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });
  const start = performance.now();
  await session.run({ x, y, lr: scalar(1e-3), c1: scalar(1 - 0.9 ** t), c2: scalar(1 - 0.999 ** t) });
  return performance.now() - start;
};

// The peer does the task of each line of its input and answers with milliseconds.
const python = process.argv[2];
const peer = python
  ? spawn(python, [new URL("peers/training_step.py", import.meta.url).pathname])
  : undefined;
const lines = peer ? createInterface(peer.stdout)[Symbol.asyncIterator]() : undefined;
peer?.stderr.pipe(process.stderr);
const theirs = async (task: string) => {
  await pause();
  peer!.stdin.write(`${task}\n`);
  return Number((await lines!.next()).value);
};

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** Medians of two works taken in turns. */
async function inTurns(turns: number, work: readonly (() => Promise<number>)[]): Promise<number[]> {
  for (let i = 0; i < 3; i++) for (const task of work) await task();
  const times = work.map((): number[] => []);
  for (let i = 0; i < turns; i++) for (const [w, task] of work.entries()) times[w]!.push(await task());
  return times.map(median);
}

const [mine, other] = (await inTurns(15, peer ? [ours, () => theirs("step")] : [ours])) as [number, number?];
await session.close();
const products: [number, number] = [0, 0];
for (const { count, ...product } of PRODUCTS) {
  const { time, close } = await openProduct(product);
  const { batch, m, k, n } = product;
  const both = await inTurns(7, peer ? [time, () => theirs(`${batch} ${m} ${k} ${n}`)] : [time]);
  for (const i of [0, 1] as const) products[i] += count * (both[i] ?? Number.NaN);
  await close();
}
peer?.stdin.end();
const bare = await openProduct({ batch: 1, m: 1024, k: 1024, n: 1024 });
const rate = (2 * 1024 ** 3) / (await inTurns(5, [bare.time]))[0]! / 1e6;
await bare.close();
const flop = PRODUCTS.reduce((sum, { batch, m, k, n, count }) => sum + count * 2 * batch * m * k * n, 0);
const gigaflops = (ms: number) => `${(flop / ms / 1e6).toFixed(0)} GFLOP/s`;
const line = (name: string, vca: number, torch = Number.NaN) =>
  `| ${name} | ${vca.toFixed(0)} ms, ${gigaflops(vca)} | ${torch.toFixed(0)} ms, ${gigaflops(torch)} | ${(torch / vca).toFixed(2)} |`;
console.log("| | vca | PyTorch eager | ratio |\n| --- | --- | --- | --- |");
console.log(line("training step", mine, other));
console.log(line("its matrix products alone", ...products));
console.log(`\nA product of 1,024 x 1,024 in the engine: ${rate.toFixed(0)} GFLOP/s.`);
