/** @file Tasks for the test of `spread`, which threads import by themselves. */
import { isMainThread, threadId } from "node:worker_threads";
import { VcaError } from "../../src/errors.ts";

/** What an item of `waste` says: itself, where it was done, and which input it saw. */
export interface Wasted {
  readonly item: number;
  readonly thread: number;
  readonly factor: number;
}

/** Takes `ms` of processor time for an item. */
export function waste({ ms, factor }: { readonly ms: number; readonly factor: number }) {
  return (item: number): Wasted => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    return { item: item * factor, thread: threadId, factor };
  };
}

/** Fails in a worker thread, at item `at`: as data would, or by ending the thread. */
export function fail({ at, how }: { readonly at: number; readonly how: "data" | "exit" | "bug" }) {
  const work = waste({ ms: 10, factor: 1 });
  return (item: number) => {
    if (item === at && !isMainThread && how === "exit") process.exit(7);
    if (item === at && how === "data")
      throw new VcaError("DataError", "table: a number was expected, got none. Mend it.");
    if (item === at && how === "bug") throw new TypeError("undefined is not a function");
    return work(item);
  };
}
