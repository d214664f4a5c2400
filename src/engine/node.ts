/**
 * @file The engine in Node: onnxruntime-node in a worker thread, because its `run` blocks the thread that
 * calls it. This file is both ends: the main thread opens sessions, the worker hosts one.
 */
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { connect } from "./client.ts";
import type { Reply, Request } from "./host.ts";
import type { Session, SessionOptions } from "./session.ts";

const HOST = "vca-engine-host";

/**
 * Opens an ONNX model in a worker thread.
 * @param model bytes of the .onnx file
 * @throws EngineError when the engine refuses the model or the provider.
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const worker = startWorker();
  let waiting = 0; // a worker keeps the process alive only while somebody waits for it
  const channel = {
    send: (request: Request) => {
      if (waiting++ === 0) worker.ref();
      worker.postMessage(request);
    },
    onReply: (listener: (reply: Reply) => void) =>
      worker.on("message", (reply: Reply) => {
        if (--waiting === 0) worker.unref();
        listener(reply);
      }),
    onEnd: (listener: (reason: string) => void) => {
      worker.on("error", (error) => listener(error.message));
      worker.on("exit", (code) => listener(`its worker ended with code ${code}`));
    },
    end: async () => {
      await worker.terminate();
    },
  };
  return connect(channel, model, options);
}

/** A worker of this very file. Sources need their loader there too, which built files do not. */
function startWorker(): Worker {
  const { url } = import.meta;
  if (!url.endsWith(".ts")) return new Worker(new URL(url), { workerData: HOST });
  const script = `import("tsx/esm/api").then(({ register }) => (register(), import("${url}")))`;
  return new Worker(script, { eval: true, workerData: HOST, execArgv: ["--conditions=source"] });
}

/** The providers that this onnxruntime was built with, and whether their libraries come with it. */
export async function listProviders(): Promise<{ name: string; bundled: boolean }[]> {
  const { listSupportedBackends } = await import("onnxruntime-node");
  return listSupportedBackends();
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
