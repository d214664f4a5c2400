/**
 * @file The engine in a browser tab: onnxruntime-web in a worker of its own, so that the page stays awake.
 * Everything comes from the page's own server, and a content security policy needs no more than
 * `script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`. Threads need a cross-origin isolated page
 * (headers COOP `same-origin` and COEP `require-corp`, on the scripts of workers too).
 *
 * Bundlers: Vite with `worker.format: "es"`, because a worker loads only the build its provider needs.
 */
import { VcaError } from "../errors.ts";
import { connect } from "./client.ts";
import type { Reply, Request } from "./host.ts";
import type { Session, SessionOptions } from "./session.ts";
import type { Lost, Start } from "./web.worker.ts";

type Provider = Start["provider"];

const HOST: typeof import("./web.worker.ts").HOST = "vca-engine-host";
const REMEDY = "Check that the page's server gives the engine's files, and load the page again";
const OTHER = "Open the model with the provider wasm";
const wasmFiles: Partial<Record<Provider, string>> = {};

/**
 * Sets where later sessions find onnxruntime's .wasm file of each provider: `ort-wasm-simd-threaded.wasm`
 * for `wasm`, `ort-wasm-simd-threaded.asyncify.wasm` for `webgpu`. Default: where the bundler put it.
 * @param files URLs, absolute or relative to the page
 */
export function useWasm(files: Readonly<Partial<Record<Provider, string>>>): void {
  Object.assign(wasmFiles, files);
}

/**
 * Opens an ONNX model in a worker of this tab.
 * @param model bytes of the .onnx file
 * @param options `threads` is 1 where the page is not cross-origin isolated
 * @throws EngineError when the engine refuses the model or the provider.
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const provider = await available(options.provider ?? "wasm");
  // Without an extension, because it is .ts in src and .js in dist.
  const worker = new Worker(new URL("./web.worker", import.meta.url), { type: "module", name: HOST });
  const wasm = wasmFiles[provider];
  worker.postMessage({
    provider,
    threads: crossOriginIsolated ? (options.threads ?? navigator.hardwareConcurrency) : 1,
    wasm: wasm && new URL(wasm, globalThis.document?.baseURI ?? location.href).href,
  } satisfies Start);

  let gone = (_reason: string, _remedy: string) => {};
  const channel = {
    send: (request: Request, moved: ArrayBuffer[]) => worker.postMessage(request, moved),
    onReply: (listener: (reply: Reply) => void) => {
      worker.onmessage = ({ data }: MessageEvent<Reply | Lost>) =>
        "lost" in data ? gone(`a GPU that was lost: ${data.lost}`, OTHER) : listener(data);
    },
    onEnd: (listener: typeof gone) => {
      gone = listener;
      // A script that cannot be loaded has no message.
      worker.onerror = ({ message }) => listener(message || "its worker could not be loaded", REMEDY);
    },
    end: async () => {
      worker.terminate(); // of which nobody is told
      gone("its worker ended", REMEDY);
    },
  };
  return connect(channel, model, options);
}

/** The provider of that name. Only a session on the GPU asks for one, because browsers log that they have none. */
async function available(name: string): Promise<Provider> {
  if (name === "wasm") return name;
  const names = (await listProviders()).map((provider) => provider.name);
  if (name === "webgpu" && names.includes(name)) return name;
  throw new VcaError(
    "EngineError",
    `engine: provider "${name}" is not in this browser. Choose one that is: ${names.join(", ")}.`,
  );
}

/** The providers of this browser: `wasm`, and `webgpu` where it shares a GPU. All of them come with the page. */
export async function listProviders(): Promise<{ name: string; bundled: boolean }[]> {
  const adapter = await navigator.gpu?.requestAdapter();
  return ["wasm", ...(adapter ? ["webgpu"] : [])].map((name) => ({ name, bundled: true }));
}
