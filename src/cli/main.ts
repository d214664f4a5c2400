/** @file The process of `vca`: its streams, its first interruption as a signal, its exit code. */
import type { StepProgress } from "../study/executor.ts";
import { run } from "./program.ts";

const { stdout, stderr } = process;
const controller = new AbortController();
const MILLISECONDS_BETWEEN_MESSAGES = 200;

process.once("SIGINT", () => controller.abort()); // the second one ends the process at once
// A step of a study ends when the study does, however that ends: nobody else holds the other end of its input.
if (process.env.VCA_STEP_OF_STUDY) {
  process.stdin.on("end", () => process.exit(130)).resume();
  process.stdin.unref();
}

/** Tells the study, which listens when it started this process, how far its step is: at each stage, then now and then. */
let told = { stage: "", at: 0 };
const tellStudy: StepProgress = (stage, done, total) => {
  const at = performance.now();
  if (stage === told.stage && at - told.at < MILLISECONDS_BETWEEN_MESSAGES) return;
  told = { stage, at };
  process.send?.([stage, done, total], () => {}); // the study may be gone
};
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error; // `vca ... | head` closes the pipe early
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  terminal: stderr.isTTY ? stderr : undefined,
  columns: stdout.columns,
  signal: controller.signal,
  progress: process.send && tellStudy,
});
