/**
 * @file Steps of a study as processes of this machine: each is `vca step HASH`, on one thread, as many at once as there are
 * processors and as memory allows. A step ends when this process does, however that ends.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { coresAvailable, freeMemory } from "#files";
import { VcaError } from "../errors.ts";
import type { Executor, StepProgress } from "../study/executor.ts";

/** Bytes that a step may come to need. */
const MEMORY_OF_A_STEP = 3 * 2 ** 30;

const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "main.ts" : "main.js", import.meta.url));

/** Runs steps here. @param options.places steps at once; default: what processors and memory allow */
export function localExecutor({ out, places }: { out: string; places?: number | undefined }): Executor {
  const allowed = Math.min(coresAvailable(), Math.floor(freeMemory() / MEMORY_OF_A_STEP));
  return {
    places: places ?? Math.max(1, allowed),
    run: ({ hash, name }, signal, onProgress) =>
      new Promise((resolve, reject) => {
        const child = spawn(
          process.execPath,
          [...process.execArgv, MAIN, "step", hash, "--out", out, "--threads", "1", "--quiet"],
          { stdio: ["pipe", "ignore", "pipe", "ipc"], env: { ...process.env, VCA_STEP_OF_STUDY: "1" } },
        );
        child.on("message", (progress) => onProgress(...(progress as Parameters<StepProgress>)));
        let said = "";
        child.stderr!.setEncoding("utf8").on("data", (text: string) => {
          said = (said + text).slice(-10_000);
        });
        const stop = () => child.kill("SIGINT");
        signal?.addEventListener("abort", stop, { once: true });
        child.on("error", reject);
        child.on("close", (code, killed) => {
          signal?.removeEventListener("abort", stop);
          if (code === 0) return resolve();
          const reason = said.trim() || (killed ? `stopped by ${killed}` : `exit code ${code}`);
          reject(new VcaError("EngineError", `${name}: ${reason}`));
        });
      }),
  };
}
