/**
 * @file The engine in Node: onnxruntime-node in a worker thread, because its `run` blocks the thread that
 * calls it. This file is both ends: the main thread opens sessions, the worker hosts one.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { startWorker } from "../core/worker.node.ts";
import { unknownName, VcaError } from "../errors.ts";
import { type Channel, connect } from "./client.ts";
import type { Reply, Request } from "./host.ts";
import type { Session, SessionOptions } from "./session.ts";

const HOST = "vca-engine-host";

/** An execution provider: its name in onnxruntime, and how a machine gets it. */
interface Provider {
  readonly name: string;
  readonly remedy: string;
  /** The library that does not come with onnxruntime, which looks for it beside its own. */
  readonly library?: string;
}

/**
 * The execution providers, by the name that a user gives. Remedies follow the tables of onnxruntime-node's README
 * and of onnxruntime.ai/docs/execution-providers.
 */
export const PROVIDERS: Readonly<Record<string, Provider>> = {
  cpu: { name: "cpu", remedy: "Install onnxruntime-node again" },
  cuda: {
    name: "cuda",
    remedy:
      "On Linux x64 with an NVIDIA GPU, install CUDA 12 and cuDNN 9, and run onnxruntime-node's script/install.js with --onnxruntime-node-install=cuda12",
    library: "libonnxruntime_providers_cuda.so",
  },
  coreml: { name: "coreml", remedy: "Use a Mac: it comes with onnxruntime there" },
  directml: { name: "dml", remedy: "Use Windows: it comes with onnxruntime there" },
  webgpu: {
    name: "webgpu",
    remedy: "Install a driver of Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS)",
  },
};

/** The provider of sessions that name none. */
export function defaultProvider(): string {
  return process.env.VCA_PROVIDER || "cpu";
}

function providerNamed(name: string): Provider {
  if (Object.hasOwn(PROVIDERS, name)) return PROVIDERS[name]!;
  throw unknownName("engine", "provider", name, Object.keys(PROVIDERS));
}

/** A provider's library that is not installed: onnxruntime would say so on stderr, beside any sentence of ours. */
function missingLibrary({ library }: Provider): string | undefined {
  if (library === undefined) return undefined;
  const root = join(createRequire(import.meta.url).resolve("onnxruntime-node"), "../..");
  const folder = join(root, "bin/napi-v6", process.platform, process.arch);
  const known = existsSync(join(folder, "onnxruntime_binding.node"));
  return known && !existsSync(join(folder, library)) ? library : undefined;
}

/**
 * Opens an ONNX model in a worker thread.
 * @param model bytes of the .onnx file
 * @param options `provider` is one of `PROVIDERS`; default: the environment's `VCA_PROVIDER`, or `cpu`
 * @throws ConfigError for a provider of another name; EngineError when the engine refuses the model or the provider.
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const asked = options.provider ?? defaultProvider();
  const provider = providerNamed(asked);
  const open = (name: string) => connect(startChannel(), model, { ...options, provider: name });
  const failed = async (got: string | undefined, cause?: unknown) => {
    await (await open("cpu")).close(); // throws when it is the model's fault
    return new VcaError(
      "EngineError",
      `engine: provider "${asked}" should load, got "${got}". ${provider.remedy}, or do without VCA_PROVIDER.`,
      { cause },
    );
  };
  const missing = missingLibrary(provider);
  if (missing !== undefined) throw await failed(`no ${missing}`);
  try {
    return await open(provider.name);
  } catch (cause) {
    if (asked === "cpu") throw cause;
    const got = cause instanceof Error ? /got "(.*)"/s.exec(cause.message)?.[1] : undefined;
    throw await failed(got?.trim(), cause);
  }
}

/** A new worker, as a client wants it. */
function startChannel(): Channel {
  const worker = startWorker(import.meta.url, HOST);
  let waiting = 0; // a worker keeps the process alive only while somebody waits for it
  return {
    send: (request, moved) => {
      if (waiting++ === 0) worker.ref();
      worker.postMessage(request, moved);
    },
    onReply: (listener) =>
      worker.on("message", (reply: Reply) => {
        if (--waiting === 0) worker.unref();
        listener(reply);
      }),
    onEnd: (listener) => {
      const remedy = "Run `vca doctor` to check this installation";
      worker.on("error", (error) => listener(error.message, remedy));
      worker.on("exit", (code) => listener(`its worker ended with code ${code}`, remedy));
    },
    end: async () => {
      await worker.terminate();
    },
  };
}

/** Which of the providers this onnxruntime was built with, and whether their libraries come with it. */
export async function listProviders(): Promise<{ name: string; bundled: boolean }[]> {
  const { listSupportedBackends } = await import("onnxruntime-node");
  const built = listSupportedBackends();
  return Object.entries(PROVIDERS).flatMap(([name, provider]) => {
    const found = built.find((backend) => backend.name === provider.name);
    return found ? [{ name, bundled: found.bundled }] : [];
  });
}

async function serve(): Promise<void> {
  const { createHost } = await import("./host.ts");
  const ort = await import("onnxruntime-node");
  const host = createHost(ort, (options) => ({
    executionProviders: [options.provider ?? "cpu"],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    // Idle threads that spin take the processor from other work; waiting costs nothing measurable.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  }));
  parentPort!.on("message", async (request: Request) => parentPort!.postMessage(await host(request)));
}

if (!isMainThread && workerData === HOST) await serve();
