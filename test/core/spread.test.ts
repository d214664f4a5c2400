/** @file Work over all cores: the same results on any number of threads, errors and interruptions as on one. */
import { describe, expect, it } from "vitest";
import { spread } from "#cores";
import { spread as spreadInTab } from "../../src/core/cores.web.ts";
import { fail, waste } from "./spread-tasks.ts";

const module = new URL("./spread-tasks.ts", import.meta.url).href;
const WASTE = { module, open: waste };
const FAIL = { module, open: fail };
const items = (results: readonly { readonly item: number }[]) => results.map(({ item }) => item);
const doubled = (n: number) => Array.from({ length: n }, (_, i) => 2 * i);

describe("spread", () => {
  it("gives the results in order, from several threads when the work is long", async () => {
    const results = await spread(WASTE, { ms: 10, factor: 2 }, 200, { threads: 2 });
    expect(items(results)).toEqual(doubled(200));
    expect(new Set(results.map(({ thread }) => thread)).size).toBe(3); // this one began
  });

  it.each([
    { why: "on one thread", ms: 10, n: 100, threads: 1 },
    { why: "when the work is short", ms: 1, n: 3, threads: 2 },
  ])("stays where it is $why", async ({ ms, n, threads }) => {
    const results = await spread(WASTE, { ms, factor: 2 }, n, { threads });
    expect(items(results)).toEqual(doubled(n));
    expect(new Set(results.map(({ thread }) => thread)).size).toBe(1);
  });

  it("does two works at once without mixing them", async () => {
    const both = await Promise.all(
      [2, 3].map((factor) => spread(WASTE, { ms: 10, factor }, 120, { threads: 2 })),
    );
    for (const [i, results] of both.entries()) {
      expect(items(results)).toEqual(Array.from({ length: 120 }, (_, item) => item * (i + 2)));
      expect(results.every(({ factor }) => factor === i + 2)).toBe(true);
    }
  });

  it("says how far it is", async () => {
    const told: number[] = [];
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(200);
      told.push(done);
    };
    await spread(WASTE, { ms: 10, factor: 1 }, 200, { threads: 2, onProgress });
    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(200);
  });

  it.each([0, 300])("stops when it is interrupted after %i ms", async (after) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), after);
    const start = performance.now();
    await expect(
      spread(WASTE, { ms: 10, factor: 1 }, 3000, { threads: 2, signal: controller.signal }),
    ).rejects.toThrow("enough");
    expect(performance.now() - start).toBeLessThan(10_000); // of 30 seconds of work
  });

  it.each([
    { how: "data", tag: "DataError", message: /^table: a number/ },
    { how: "exit", tag: "EngineError", message: /got "exit code 7"/ },
    { how: "bug", tag: undefined, message: /^undefined is not a function$/ },
  ] as const)("passes on what a thread throws: $how", async ({ how, tag, message }) => {
    const failed = await spread(FAIL, { at: 150, how }, 200, { threads: 2 }).catch((error) => error);
    expect(failed.tag).toBe(tag);
    expect(failed.message).toMatch(message);
    expect(items(await spread(WASTE, { ms: 10, factor: 2 }, 200, { threads: 2 }))).toEqual(doubled(200));
  });

  it("does the same in a tab", async () => {
    expect(items(await spreadInTab(WASTE, { ms: 1, factor: 2 }, 100))).toEqual(doubled(100));
  });
});
