/**
 * @file The far end of `web.ts`, in a module worker of the tab: loads the onnxruntime-web build that has
 * the provider, then hosts one session. It is a file of its own so that a page's bundle, which includes
 * `web.ts`, holds no onnxruntime.
 */
import { createHost, type Reply, type Request } from "./host.ts";

/** The name of this worker. onnxruntime's own threads may run this file too, under another name. */
export const HOST = "vca-engine-host";

/** The first message; all others are requests. */
export interface Start {
  readonly provider: "wasm" | "webgpu";
  readonly threads: number;
  /** Where the .wasm file is, when not beside the worker. */
  readonly wasm?: string | undefined;
}

/** Said when the GPU goes away, which may leave a run without an answer. */
export interface Lost {
  readonly lost: string;
}

type Host = (request: Request) => Promise<Reply>;

async function load({ provider, threads, wasm }: Start): Promise<Host> {
  const ort = await (provider === "webgpu"
    ? import("onnxruntime-web/webgpu")
    : import("onnxruntime-web/wasm"));
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  if (wasm !== undefined) ort.env.wasm.wasmPaths = { wasm };
  const host = createHost(ort, () => ({
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  }));
  if (provider === "wasm") return host;
  return async (request) => {
    const reply = await host(request);
    if (request.kind === "open") void watch(ort.env.webgpu.device); // which the first session makes
    return reply;
  };
}

async function watch(device: PromiseLike<unknown>): Promise<void> {
  const { lost } = (await device) as { readonly lost: Promise<{ readonly message: string }> };
  self.postMessage({ lost: (await lost).message } satisfies Lost);
}

if (self.name === HOST) {
  let host: Promise<Host> | undefined;
  self.onmessage = async ({ data }: MessageEvent<Start | Request>) => {
    if (!("id" in data)) {
      host = load(data);
      return;
    }
    const reply = await host!.then(
      (answer) => answer(data),
      (error): Reply => ({ id: data.id, failure: String(error) }),
    );
    self.postMessage(reply);
  };
}
