/** @file `vca doctor`: does this installation work. Every check runs, whatever the others say. */
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type ErrorTag, isVcaError, VcaError } from "../errors.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { bytesText, table } from "./table.ts";

/** A check: what it finds, or an error, of kind `tag` when it says no other. */
interface Check {
  readonly name: string;
  readonly tag: ErrorTag;
  readonly find: () => Promise<string>;
  /** Whether an installation does without what it looks for. */
  readonly optional?: boolean;
}

/** The oldest Node that `package.json` allows. */
const OLDEST_NODE = [20, 9] as const;

/** Adds `doctor`. */
export function addDoctor(program: VcaCommand, io: Io): void {
  addCommand(program, "doctor", {
    summary: "check this installation",
    about:
      "Check this installation: Node, engine and its providers, one product, encoders, cache, disk. The environment's VCA_PROVIDER (cpu, cuda, coreml, directml, webgpu) chooses the provider of every command.",
    examples: ["vca doctor", "vca doctor --json"],
  }).action(async (options: CommonOptions) => {
    const list: { name: string; ok: boolean; found: string }[] = [];
    const all = await checks();
    let failure: VcaError | undefined;
    for (const { name, tag, find } of all) {
      try {
        list.push({ name, ok: true, found: await find() });
      } catch (cause) {
        list.push({ name, ok: false, found: cause instanceof Error ? cause.message : String(cause) });
        failure ??= new VcaError(
          isVcaError(cause) ? cause.tag : tag,
          `doctor: ${name} should work, got a failure. Mend what the table says.`,
          { cause },
        );
      }
    }
    const mark = (ok: boolean, i: number) => (ok ? (all[i]!.optional ? "" : "ok") : "FAILED");
    const rows = list.map(({ ok, name, found }, i) => [mark(ok, i), name, found]);
    show(io, options, list, table(["", "check", "found"], rows));
    if (failure) throw failure;
  });
}

async function checks(): Promise<Check[]> {
  const { CATALOGUE } = await import("../encoders/catalogue.ts");
  return [
    { name: "node", tag: "UnsupportedError", find: checkNode },
    { name: "product", tag: "EngineError", find: checkProduct },
    ...(await otherProviders()),
    ...CATALOGUE.filter(({ asset }) => asset).map(
      ({ name }): Check => ({ name, tag: "DataError", find: () => checkEncoder(name) }),
    ),
    { name: "cache", tag: "StorageError", find: checkCache },
    { name: "machine", tag: "StorageError", find: machine },
  ];
}

async function checkNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.version;
  throw new VcaError(
    "UnsupportedError",
    `node: ${OLDEST_NODE.join(".")} or later was expected, got ${process.version}. Install a newer Node.`,
  );
}

/** The providers that are not in use: whether each is here, and how to get it. None of them is tried. */
async function otherProviders(): Promise<Check[]> {
  const { defaultProvider, listProviders, PROVIDERS } = await import("#engine");
  const here = new Map((await listProviders()).map(({ name, bundled }) => [name, bundled]));
  const found = (name: string): string => {
    const bundled = here.get(name);
    if (bundled) return `here, untested. Set VCA_PROVIDER=${name} to try it.`;
    const lacking = bundled === false ? "needs libraries, untested" : "not in this onnxruntime, untested";
    return `${lacking}. ${PROVIDERS[name]!.remedy}.`;
  };
  const others = Object.keys(PROVIDERS).filter((name) => name !== defaultProvider());
  return others.map((name) => ({
    name: `provider ${name}`,
    tag: "EngineError",
    find: async () => found(name),
    optional: true,
  }));
}

/** softmax([[1, 2]] [[1, 0], [0, 1]]), whose two numbers are 1 / (1 + e) and e / (1 + e). */
async function checkProduct(): Promise<string> {
  const [{ defaultProvider, openSession }, { Graph, matmul, softmax }, { emitOnnx }, { encodeOnnx }] =
    await Promise.all([
      import("#engine"),
      import("../graph/build.ts"),
      import("../graph/emit.ts"),
      import("../graph/onnx.ts"),
    ]);
  const graph = new Graph();
  const identity = graph.constant({ shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) });
  graph.output("y", softmax(matmul(graph.input("x", [1, 2]), identity)));
  const session = await openSession(encodeOnnx(emitOnnx(graph)));
  try {
    const { y } = await session.run({ x: { shape: [1, 2], data: Float32Array.of(1, 2) } });
    const got = Array.from(y!.data as Float32Array);
    const expected = [1 / (1 + Math.E), Math.E / (1 + Math.E)];
    if (expected.every((value, i) => Math.abs(value - got[i]!) < 1e-6))
      return `right to 1e-6 on ${defaultProvider()}`;
    throw new VcaError(
      "EngineError",
      `product: ${expected.map((value) => value.toFixed(6)).join(" ")} was expected, got ${got.join(" ")}. Install onnxruntime-node again.`,
    );
  } finally {
    await session.close();
  }
}

async function checkEncoder(name: string): Promise<string> {
  const { openEncoder } = await import("../encoders/encoder.ts");
  const { kind, preprocessing } = await openEncoder(name);
  return `${kind}, pictures of ${preprocessing.height} x ${preprocessing.width}`;
}

async function checkCache(): Promise<string> {
  const { cacheFolder } = await import("#files");
  const folder = cacheFolder();
  const file = join(folder, `doctor-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, "");
    await rm(file);
    return `${folder}, writable`;
  } catch (cause) {
    throw new VcaError(
      "StorageError",
      `cache: ${folder} must be writable, got ${cause instanceof Error ? cause.message : cause}. Point VCA_CACHE to another folder.`,
      { cause },
    );
  }
}

async function machine(): Promise<string> {
  const { cacheFolder, freeDisk, freeMemory } = await import("#files");
  const disk = await freeDisk(cacheFolder());
  return `${availableParallelism()} cores, ${bytesText(freeMemory())} of memory and ${bytesText(disk)} of disk free`;
}
