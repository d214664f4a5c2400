/**
 * @file One training step against PyTorch eager, in one run: four pre-norm transformer blocks of width 256
 * on 197 tokens of 384, batch 32, exact GELU, AdamW with bias correction. Prints milliseconds per step
 * of both, taken in turns, their ratio, and the bare matrix product's rate in the same engine.
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

async function productRate(): Promise<number> {
  const graph = new Graph();
  graph.output("c", matmul(graph.input("a", [1024, 1024]), graph.input("b", [1024, 1024])));
  const session = await openSession(encodeOnnx(emitOnnx(graph)));
  await session.hold({ a: filled([1024, 1024], 1), b: filled([1024, 1024], 1) });
  for (let i = 0; i < 5; i++) await session.run({});
  const start = performance.now();
  for (let i = 0; i < 20; i++) await session.run({});
  const seconds = (performance.now() - start) / 20 / 1000;
  await session.close();
  return (2 * 1024 ** 3) / seconds / 1e9;
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

// The peer takes one step per line of its input and answers with milliseconds.
const python = process.argv[2];
const peer = python
  ? spawn(python, [new URL("peers/training_step.py", import.meta.url).pathname])
  : undefined;
const lines = peer ? createInterface(peer.stdout)[Symbol.asyncIterator]() : undefined;
peer?.stderr.pipe(process.stderr);
const theirs = async () => {
  await pause();
  peer!.stdin.write("step\n");
  return Number((await lines!.next()).value);
};

for (let i = 0; i < 3; i++) {
  await ours();
  if (peer) await theirs();
}
const times: [number[], number[]] = [[], []];
for (let i = 0; i < 15; i++) {
  times[0].push(await ours());
  if (peer) times[1].push(await theirs());
}
peer?.stdin.end();
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const [mine, other] = times.map(median) as [number, number];
const flop = 3 * (2 * B * T * V * D + L * (2 * B * T * 12 * D * D + 4 * B * T * T * D));
const bare = await productRate();
await session.close();
console.log(
  `vca ${mine.toFixed(0)} ms (${(flop / mine / 1e6).toFixed(0)} GFLOP/s, ${((100 * flop) / mine / 1e6 / bare).toFixed(0)} % of a bare product's ${bare.toFixed(0)})`,
);
console.log(`PyTorch eager ${other.toFixed(0)} ms; ratio ${(other / mine).toFixed(2)}`);
