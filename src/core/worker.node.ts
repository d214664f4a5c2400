/** @file Worker threads in Node, from sources or from built files. */
import { Worker } from "node:worker_threads";

/**
 * A worker that runs a file. Sources need their loader there too, which built files do not.
 * @param url of the file
 * @param name by which the file knows, as `workerData`, what it is for
 */
export function startWorker(url: string, name: string): Worker {
  if (!url.endsWith(".ts")) return new Worker(new URL(url), { workerData: name, execArgv: [] }); // none of the program's loaders
  const script = `import("tsx/esm/api").then(({ register }) => (register(), import("${url}")))`;
  return new Worker(script, { eval: true, workerData: name, execArgv: ["--conditions=source"] });
}
