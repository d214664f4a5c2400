/** @file The near end of the worker: `call(name, argument)` waits for one answer, `onNews` hears what goes on. */
import type { Calls, News, ToPage, ToWorker } from "./protocol.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
const listeners = new Set<(news: News) => void>();
let next = 0;

worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
  if ("news" in data) {
    for (const listener of listeners) listener(data.news);
    return;
  }
  const call = waiting.get(data.id);
  waiting.delete(data.id);
  if ("failure" in data) call?.reject(new Error(data.failure));
  else call?.resolve(data.result as never);
};
worker.onerror = ({ message }) => {
  const reason = message || "it could not be loaded";
  const error = new Error(`lab: a worker that runs was expected, got "${reason}". Reload the page.`);
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
};

/** Asks the worker. @throws Error with a sentence for people */
export function call<C extends keyof Calls>(name: C, argument: Calls[C]["in"]): Promise<Calls[C]["out"]> {
  return new Promise((resolve, reject) => {
    const id = next++;
    waiting.set(id, { resolve: resolve as (value: never) => void, reject });
    worker.postMessage({ call: name, id, argument } satisfies ToWorker);
  });
}

/** Hears news until the returned function is called. */
export function onNews(listener: (news: News) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
