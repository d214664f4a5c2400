/**
 * @file Work of many items over all cores, in worker threads that stay for the next work. This file is both ends: the
 * main thread hands work out, a worker does it. Short work stays where it is.
 */
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, type Worker, workerData } from "node:worker_threads";
import { type ErrorTag, isVcaError, VcaError } from "../errors.ts";
import { oneByOne, type SpreadOptions, type Task } from "./task.ts";
import { startWorker } from "./worker.node.ts";

const HOST = "vca-core";
/** Less than this, in milliseconds, is done sooner than threads have started. */
const WORTH_THREADS = 400;
/** Between two looks at how far the threads are, in milliseconds. */
const LOOK = 100;

/** What a worker is asked. */
interface Request {
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
  readonly items: number;
  /** The next item that nobody has taken. */
  readonly next: Int32Array;
}

/** What it answers: items and their results, or what went wrong. */
type Reply =
  | { readonly done: readonly (readonly [number, unknown])[] }
  | { readonly message: string; readonly tag?: ErrorTag };

/**
 * Does all items of a task, `[items]` results in order, the same on any number of threads.
 * @throws what the task throws (a VcaError with its tag), the signal's reason; EngineError when a thread ends by itself
 */
export async function spread<I, O>(
  task: Task<I, O>,
  input: I,
  items: number,
  options: SpreadOptions = {},
): Promise<O[]> {
  const threads = Math.min(options.threads ?? availableParallelism(), items);
  const results = await oneByOne(
    task.open(input),
    items,
    options,
    (left) => threads > 1 && left > WORTH_THREADS,
  );
  if (results.length < items)
    for (const [item, result] of await shareOut(task, input, {
      ...options,
      items,
      first: results.length,
      threads,
    }))
      results[item] = result as O;
  return results;
}

async function shareOut<I, O>(
  { module, open }: Task<I, O>,
  input: I,
  work: SpreadOptions & { readonly items: number; readonly first: number; readonly threads: number },
): Promise<(readonly [number, unknown])[]> {
  const { items, first, threads, onProgress, signal } = work;
  const next = new Int32Array(new SharedArrayBuffer(4)).fill(first);
  const request: Request = { module, name: open.name, input, items, next };
  const stop = () => Atomics.store(next, 0, items);
  signal?.addEventListener("abort", stop);
  const look = setInterval(() => onProgress?.(Math.min(Atomics.load(next, 0), items), items), LOOK);
  try {
    const replies = Array.from({ length: threads }, async (_, k) => {
      const reply = await thread(k).ask(request);
      if ("message" in reply) stop();
      return reply;
    });
    const done: (readonly [number, unknown])[] = [];
    for (const reply of await Promise.all(replies)) {
      if ("done" in reply) done.push(...reply.done);
      else throw reply.tag ? new VcaError(reply.tag, reply.message) : new Error(reply.message);
    }
    signal?.throwIfAborted();
    onProgress?.(items, items);
    return done;
  } finally {
    clearInterval(look);
    signal?.removeEventListener("abort", stop);
  }
}

/** A worker and those who wait for it, in the order of their requests. */
interface Thread {
  readonly ask: (request: Request) => Promise<Reply>;
}
const threads: Thread[] = [];

/** Thread k, started when it is first asked for. */
function thread(k: number): Thread {
  threads[k] ??= openThread(() => delete threads[k]);
  return threads[k];
}

function openThread(onEnd: () => void): Thread {
  const worker: Worker = startWorker(import.meta.url, HOST);
  const waiting: ((reply: Reply) => void)[] = []; // a worker keeps the process alive only while somebody waits for it
  worker.unref();
  worker.on("message", (reply: Reply) => {
    waiting.shift()!(reply);
    if (waiting.length === 0) worker.unref();
  });
  const end = (why: string) => {
    onEnd();
    const message = `cores: a thread should work until the end, got "${why}". Run the command again, with --threads 1 if it recurs.`;
    for (const answer of waiting.splice(0)) answer({ tag: "EngineError", message });
  };
  worker.on("error", (error) => end(error.message));
  worker.on("exit", (code) => end(`exit code ${code}`));
  return {
    ask: (request) => {
      worker.ref();
      worker.postMessage(request);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

async function answer({ module, name, input, items, next }: Request): Promise<Reply> {
  try {
    const opened = (await import(module))[name](input) as (item: number) => unknown;
    const done: [number, unknown][] = [];
    for (let item = Atomics.add(next, 0, 1); item < items; item = Atomics.add(next, 0, 1))
      done.push([item, opened(item)]);
    return { done };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { message, ...(isVcaError(error) && { tag: error.tag }) };
  }
}

if (!isMainThread && workerData === HOST) {
  let before = Promise.resolve(); // answers keep the order of requests
  parentPort!.on("message", (request: Request) => {
    before = before.then(async () => parentPort!.postMessage(await answer(request)));
  });
}
