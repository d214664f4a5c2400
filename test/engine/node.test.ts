/** @file Sessions in Node: what they hold, carry and refuse, and what threads and replicas may not change. */
import { describe, expect, it, vi } from "vitest";
import { listProviders, openSession } from "#engine";
import type { Data, NdArray } from "../../src/core/array.ts";
import type { Session, SessionOptions } from "../../src/engine/session.ts";
import { isVcaError } from "../../src/errors.ts";
import { Graph, matmul } from "../../src/graph/build.ts";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { Tensor_DataType } from "../../src/graph/onnx_pb.ts";
import { STEP_CASES } from "../support/step-cases.ts";
import { tinyModel } from "../support/tiny-onnx.ts";
import { counter, knownNumbers, onnx, part, takeSteps } from "./steps.ts";

const ATTENTION = STEP_CASES.find(({ name }) => name === "anatomical-attention with dropout")!;

const pair = (a: number, b: number): NdArray => ({ shape: [2], data: Float32Array.of(a, b) });
const CARRY = { carry: { next: "sum" } };

async function use<T>(model: Uint8Array, options: SessionOptions, action: (session: Session) => Promise<T>) {
  const session = await openSession(model, options);
  try {
    return await action(session);
  } finally {
    await session.close();
  }
}

describe("a session", () => {
  it("computes known numbers", async () => {
    const [first, second] = await knownNumbers({});
    expect(first).toBeCloseTo(1 / (1 + Math.E), 6);
    expect(second).toBeCloseTo(Math.E / (1 + Math.E), 6);
  });

  it("names its inputs and outputs", () =>
    use(counter(), CARRY, async (session) => {
      expect([...session.inputs].sort()).toEqual(["sum", "x"]);
      expect([...session.outputs].sort()).toEqual(["next", "twice"]);
    }));

  it("holds values, carries outputs into inputs, and returns what is not carried", () =>
    use(counter(), CARRY, async (session) => {
      await session.hold({ sum: pair(0, 100), x: pair(1, 2) });
      expect(await session.run({})).toEqual({ twice: pair(2, 4) });
      expect(await session.held(["sum", "x"])).toEqual({ sum: pair(1, 102), x: pair(1, 2) });
      expect(await session.run({ x: pair(10, 20) })).toEqual({ twice: pair(20, 40) }); // fed goes before held
      expect(await session.held(["sum", "x"])).toEqual({ sum: pair(11, 122), x: pair(1, 2) });
      await session.hold({ sum: pair(0, 0) });
      await session.run({});
      expect(await session.held(["sum"])).toEqual({ sum: pair(1, 2) });
    }));

  it("returns the outputs that are fetched, carried ones too, and carries all the same", () =>
    use(counter(), CARRY, async (session) => {
      await session.hold({ sum: pair(0, 0), x: pair(1, 2) });
      expect(await session.run({}, ["next"])).toEqual({ next: pair(1, 2) });
      expect(await session.run({}, [])).toEqual({});
      expect(await session.held(["sum"])).toEqual({ sum: pair(2, 4) });
    }));

  it("runs in the order of the calls", () =>
    use(counter(), CARRY, async (session) => {
      await session.hold({ sum: pair(0, 0) });
      const runs = [1, 2, 3, 4, 5].map((x) => session.run({ x: pair(x, 0) }, ["next"]));
      const sums = (await Promise.all(runs)).map(({ next }) => next!.data[0]);
      expect(sums).toEqual([1, 3, 6, 10, 15]);
    }));

  it("takes arrays that are handed over", () =>
    use(counter(), CARRY, async (session) => {
      await session.hold({ sum: pair(0, 0) });
      const x = pair(1, 2);
      expect(await session.run({ x }, ["next"], { handOver: true })).toEqual({ next: pair(1, 2) });
      expect(x.data).toHaveLength(0);
    }));

  it("leaves the caller's arrays as they were", () =>
    use(counter(), CARRY, async (session) => {
      const feeds = { sum: pair(1, 2), x: pair(3, 4) };
      await session.hold(feeds);
      await session.run(feeds);
      expect(feeds).toEqual({ sum: pair(1, 2), x: pair(3, 4) });
    }));

  it.each<[string, Tensor_DataType, Data]>([
    ["int64", Tensor_DataType.INT64, BigInt64Array.of(-1n, 2n ** 53n + 1n)],
    ["int32", Tensor_DataType.INT32, Int32Array.of(-1, 2 ** 30)],
    ["uint8", Tensor_DataType.UINT8, Uint8Array.of(0, 255)],
    ["float64", Tensor_DataType.DOUBLE, Float64Array.of(0.1, -1e300)],
  ])("takes and gives %s", (_, type, data) =>
    use(identityOf(type), {}, async (session) => {
      expect(await session.run({ x: { shape: [2], data } })).toEqual({ y: { shape: [2], data } });
    }),
  );

  it("leaves the event loop free while it runs", async () => {
    const size = 2048;
    const graph = new Graph();
    graph.output("c", matmul(graph.input("a", [size, size]), graph.input("b", [size, size])));
    const square: NdArray = { shape: [size, size], data: new Float32Array(size * size).fill(1) };
    await use(onnx(graph), { threads: 1 }, async (session) => {
      await session.hold({ a: square, b: square });
      let ticks = 0;
      const timer = setInterval(() => ticks++, 2);
      const { c } = await session.run({});
      clearInterval(timer);
      expect(c!.data[0]).toBe(size);
      expect(ticks).toBeGreaterThan(5);
    });
  });
});

describe("a failure is an EngineError that says", () => {
  const fails = (action: Promise<unknown>) =>
    action.then(
      () => "nothing failed",
      (error) => (isVcaError(error, "EngineError") ? error.message : `not ours: ${error}`),
    );

  it("which input is missing, and the session goes on", () =>
    use(counter(), CARRY, async (session) => {
      await session.hold({ sum: pair(0, 0) });
      expect(await fails(session.run({}))).toMatchInlineSnapshot(
        `"engine: a model that runs was expected, got "input "x" was neither fed nor held". Feed or hold every input in its type and shape."`,
      );
      expect(await fails(session.held(["x"]))).toMatchInlineSnapshot(
        `"engine: an input that holds a value was expected, got "no value is held for "x"". Hold it first."`,
      );
      expect(await session.run({ x: pair(1, 2) })).toEqual({ twice: pair(2, 4) });
    }));

  it("which shape was expected", () =>
    use(counter(), {}, async (session) => {
      const x: NdArray = { shape: [3], data: Float32Array.of(1, 2, 3) };
      expect(await fails(session.run({ x, sum: pair(0, 0) }))).toMatchInlineSnapshot(`
        "engine: a model that runs was expected, got "Got invalid dimensions for input: x for the following indices
         index: 0 Got: 3 Expected: 2
         Please fix either the inputs/outputs or the model.". Feed or hold every input in its type and shape."
      `);
    }));

  it("that a model is corrupt", async () => {
    expect(await fails(openSession(Uint8Array.of(1, 2, 3)))).toMatchInlineSnapshot(
      `"engine: a model that the engine can load was expected, got "Failed to load model because protobuf parsing failed.". Check that the file is a whole ONNX model."`,
    );
  });

  it("that the session is closed", async () => {
    const session = await openSession(counter());
    await session.close();
    expect(await fails(session.run({ x: pair(1, 2), sum: pair(0, 0) }))).toMatchInlineSnapshot(
      `"engine: an open session was expected, got "a closed one". Open the model again."`,
    );
    expect(await fails(session.hold({ x: pair(1, 2) }))).toMatch(/a closed one/);
  });
});

describe("a training step", () => {
  it("gives equal bits with 1 and 2 threads", async () => {
    const [one, two] = [
      await takeSteps({ stepCase: ATTENTION, threads: 1 }),
      await takeSteps({ stepCase: ATTENTION, threads: 2 }),
    ];
    expect(two.losses).toEqual(one.losses);
    expect(differing(two.state, one.state)).toEqual([]);
  });

  it.each([0, 1, 2])("gives replica %i the same bits alone as among three", async (replica) => {
    const stepCase = { ...ATTENTION, replicas: 3 };
    // Two threads share one replica's products in another way than three replicas', and last bits differ.
    const among = await takeSteps({ stepCase, steps: 3, threads: 1 });
    const alone = await takeSteps({ stepCase, steps: 3, threads: 1, replica });
    const own = Object.entries(among.state).map(([name, array]) => [name, part(array, replica)] as const);
    expect(differing(alone.state, Object.fromEntries(own))).toEqual([]);
    // The reported loss is a ReduceSum over [R, B], which adds in another order when R is 1.
    alone.losses.forEach(([loss], i) => {
      expect(loss).toBeCloseTo(among.losses[i]![replica]!, 6);
    });
  });
});

describe("providers", () => {
  const fails = (model: Uint8Array, provider: string) =>
    openSession(model, { provider }).then(
      () => "nothing failed",
      (error) => (isVcaError(error) ? `${error.tag}: ${error.message}` : `not ours: ${error}`),
    );

  it("of another name are refused, with the choices", async () => {
    const message =
      'ConfigError: engine: unknown provider "cud". Did you mean "cuda"? Choices: cpu, cuda, coreml, directml, webgpu.';
    expect(await fails(counter(), "cud")).toBe(message);
    vi.stubEnv("VCA_PROVIDER", "cud");
    await expect(openSession(counter())).rejects.toThrow(message.slice("ConfigError: ".length));
    vi.unstubAllEnvs();
  });

  const absent = process.platform === "win32" ? "coreml" : "directml";
  const remedy = absent === "coreml" ? "Use a Mac" : "Use Windows";
  it("that do not load say how to get them; a corrupt model is not their fault", async () => {
    expect(await fails(counter(), absent)).toMatch(
      new RegExp(
        `^EngineError: engine: provider "${absent}" should load, got "no available backend found.*"\\. ${remedy}: it comes with onnxruntime there, or do without VCA_PROVIDER\\.$`,
      ),
    );
    expect(await fails(Uint8Array.of(1, 2, 3), absent)).toMatch(
      /a model that the engine can load was expected/,
    );
  });

  it("include the processor, which comes with onnxruntime", async () => {
    expect(await listProviders()).toContainEqual({ name: "cpu", bundled: true });
  });
});

/** Names of the arrays whose bytes differ. */
function differing(a: Readonly<Record<string, NdArray>>, b: Readonly<Record<string, NdArray>>): string[] {
  const bytes = ({ data }: NdArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => !a[name] || !b[name] || !bytes(a[name]).equals(bytes(b[name])),
  );
}

/** y = x for two elements of a type. */
function identityOf(elemType: Tensor_DataType): Uint8Array {
  const model = tinyModel({ nodes: [["Identity", ["x"], "y"]], inputs: { x: [2] }, outputs: ["y"] });
  const type = model.graph!.input[0]!.type!.value;
  if (type.case === "tensorType") type.value.elemType = elemType;
  return encodeOnnx(model);
}
