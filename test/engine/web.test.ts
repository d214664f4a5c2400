/**
 * @file The engine in a real browser: a page built by Vite, served with the headers the lab has, in
 * headless Chromium, held against the engine in Node.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, present, why } from "../support/chromium.ts";
import { relativeDifference } from "../support/graphs.ts";
import { takeSteps } from "./steps.ts";
import type { Tab } from "./tab/page.ts";

declare const tab: Tab; // in the page

const WASM = fileURLToPath(
  new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", import.meta.url),
);

/** Nothing but our own files; compiling WebAssembly is the one freedom. No blob: and no eval. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src data:";
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves the built page twice: isolated, and under /plain/ without the headers that allow threads. */
function serve(folder: string): Server {
  return createServer(async ({ url = "/" }, response) => {
    const plain = url.startsWith("/plain/");
    const path = (plain ? url.slice("/plain".length) : url).replace(/\/$/, "/index.html");
    const file = path === "/engine.wasm" ? WASM : join(folder, path);
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
        ...(!plain && ISOLATION),
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}

describe.skipIf(!present)(`the engine in a tab${why}`, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let origin: string;
  const requests: string[] = [];
  const complaints: string[] = [];

  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage();
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(origin + path);
    await page.waitForFunction(() => "tab" in globalThis);
    return page;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vca-tab-"));
    await build({
      root: fileURLToPath(new URL("tab", import.meta.url)),
      base: "./",
      configFile: false,
      logLevel: "error",
      resolve: { conditions: ["source", ...defaultClientConditions] },
      worker: { format: "es" },
      build: { outDir: folder, emptyOutDir: true, reportCompressedSize: false },
    });
    server = serve(folder);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("computes known numbers", async () => {
    const page = await open("/");
    const [first, second] = await page.evaluate(() => tab.knownNumbers({}));
    expect(first).toBeCloseTo(1 / (1 + Math.E), 6);
    expect(second).toBeCloseTo(Math.E / (1 + Math.E), 6);
    expect(await page.evaluate(() => tab.listProviders())).toEqual([{ name: "wasm", bundled: true }]);
  });

  it("takes the same training steps as Node, with threads or where the page may have none", async () => {
    const [threads, inNode] = [2, await takeSteps({ threads: 2 })];
    const take = async (path: string) => {
      const page = await open(path);
      const steps = await page.evaluate((options) => tab.steps(options), { threads });
      return { isolated: await page.evaluate(() => tab.isolated), steps };
    };
    const [isolated, plain] = [await take("/"), await take("/plain/")];
    expect([isolated.isolated, plain.isolated]).toEqual([true, false]);
    expect(plain.steps.losses).toEqual(isolated.steps.losses); // bit for bit, with 1 and 2 threads
    expect(plain.steps.state).toEqual(isolated.steps.state);

    inNode.losses.forEach((losses, i) => {
      expect(difference(isolated.steps.losses[i]!, losses)).toBeLessThan(1e-5);
    });
    expect(Object.keys(isolated.steps.state).sort()).toEqual(Object.keys(inNode.state).sort());
    for (const [name, { data }] of Object.entries(inNode.state)) {
      expect(difference(isolated.steps.state[name]!, [...data]), name).toBeLessThan(1e-5);
    }
  });

  it("takes the same training steps on a GPU, here Chromium's software adapter", async ({ skip }) => {
    const withGpu = await launch({ gpu: true });
    try {
      const page = await withGpu.newPage();
      await page.goto(`${origin}/`);
      await page.waitForFunction(() => "tab" in globalThis);
      const providers = await page.evaluate(() => tab.listProviders());
      if (!providers.some(({ name }) => name === "webgpu")) skip("this Chromium has no WebGPU adapter");
      const take = (provider: string) => page.evaluate((options) => tab.steps(options), { provider });
      const [wasm, gpu] = [await take("wasm"), await take("webgpu")];
      expect(gpu.losses).toHaveLength(5);
      for (const [i, losses] of wasm.losses.entries())
        expect(difference(gpu.losses[i]!, losses)).toBeLessThan(1e-4);
      expect(gpu.losses).not.toEqual(wasm.losses); // the last bits say that something else computed them
    } finally {
      await withGpu.close();
    }
  }, 240_000);

  it("loads the wasm file from where the page says", async () => {
    const page = await open("/");
    const from = requests.length;
    await page.evaluate(() => tab.useWasm({ wasm: "engine.wasm" }));
    await page.evaluate(() => tab.knownNumbers({}));
    expect(requests.slice(from).filter((url) => url.endsWith(".wasm"))).toEqual([`${origin}/engine.wasm`]);
  });

  it("says what failed", async () => {
    const page = await open("/");
    expect(await page.evaluate(() => tab.failures())).toMatchInlineSnapshot(`
        {
          "closed": "EngineError: engine: an open session was expected, got "a closed one". Open the model again.",
          "missing": "EngineError: engine: a model that runs was expected, got "input "x" was neither fed nor held". Feed or hold every input in its type and shape.",
          "model": "EngineError: engine: a model that the engine can load was expected, got "Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: Failed to load model because protobuf parsing failed.". Check that the file is a whole ONNX model.",
          "provider": "EngineError: engine: provider "cuda" is not in this browser. Choose one that is: wasm.",
          "webgpu": "EngineError: engine: provider "webgpu" is not in this browser. Choose one that is: wasm.",
        }
      `);
  });

  it("asks its own server only, and breaks no policy", () => {
    expect(requests.filter((url) => url.endsWith(".wasm")).length).toBeGreaterThan(0); // workers are seen too
    expect(requests.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    // Of the pages that asked for a GPU.
    expect(complaints.filter((text) => text !== "warning: No available adapters.")).toEqual([]);
  });
});

const difference = (got: number[], expected: number[]) =>
  relativeDifference(
    { shape: [got.length], data: Float32Array.from(got) },
    { shape: [expected.length], data: expected },
  );
