/** @file `vca` as a process: its streams, its interruption, and `bin/vca.js` before a build. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ran } from "./run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = ["--import", "tsx", "--conditions=source", "src/cli/main.ts"] as const;
const CUDA = join(
  ROOT,
  `node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime_providers_cuda.so`,
);

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs Node; `interrupt` is sent when the first note appears. */
function node(
  words: readonly string[],
  { interrupt = false, env = {} } = {},
): Promise<Ran & { signal: string | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, {
      cwd: ROOT,
      env: { ...process.env, VCA_CACHE: join(folder, "cache"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      if (interrupt && err === "") child.kill("SIGINT");
      err += chunk;
    });
    child.on("close", (code, signal) => resolve({ code: code ?? -1, out, err, signal }));
  });
}

describe("the process", () => {
  it("writes results to stdout and ends with 0", async () => {
    const { code, out, err } = await node([...MAIN, "data", "list", "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toHaveLength(10);
  });

  it("writes errors to stderr and ends with their code", async () => {
    const { code, out, err } = await node([...MAIN, "data", "chekc"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe('data: unknown command "chekc". Did you mean "check"? Choices: list, check.\n');
  });

  it.skipIf(existsSync(CUDA))("says in its own words only that a provider is not installed", async () => {
    const env = { VCA_PROVIDER: "cuda" };
    const { code, out, err } = await node([...MAIN, "doctor", "--json"], { env });
    expect({ code, err }).toEqual({
      code: 4,
      err: "doctor: product should work, got a failure. Mend what the table says.\n",
    });
    expect((JSON.parse(out) as { name: string; found: string }[])[1]!.found).toBe(
      'engine: provider "cuda" should load, got "no libonnxruntime_providers_cuda.so". On Linux x64 with an NVIDIA GPU, install CUDA 12 and cuDNN 9, and run onnxruntime-node\'s script/install.js with --onnxruntime-node-install=cuda12, or do without VCA_PROVIDER.',
    );
  });

  it("ends with 130 when interrupted, and says how to go on", async () => {
    const { code, out, err, signal } = await node([...MAIN, "demo", "--out", join(folder, "demo")], {
      interrupt: true,
    });
    expect({ code, out, signal }).toEqual({ code: 130, out: "", signal: null });
    expect(err).toMatch(
      /^Five minutes for a first look, not for science\.\n[\s\S]*Interrupted\. Run the same command again to go on\.\n$/,
    );
  });
});

describe("bin/vca.js", () => {
  it("says what to do before a build", async () => {
    await cp(join(ROOT, "bin/vca.js"), join(folder, "bin/vca.js"));
    await cp(join(ROOT, "package.json"), join(folder, "package.json"));
    const { code, out, err } = await node([join(folder, "bin/vca.js")]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe("vca: dist/cli/main.js was expected, got none. Run `npm run build`.\n");
  });
});
