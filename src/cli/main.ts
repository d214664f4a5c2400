/** @file The process of `vca`: its streams, its first interruption as a signal, its exit code. */
import { run } from "./program.ts";

const { stdout, stderr } = process;
const controller = new AbortController();

process.once("SIGINT", () => controller.abort()); // the second one ends the process at once
// A step of a study ends when the study does, however that ends: nobody else holds the other end of its input.
if (process.env.VCA_STEP_OF_STUDY) {
  process.stdin.on("end", () => process.exit(130)).resume();
  process.stdin.unref();
}
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
});
