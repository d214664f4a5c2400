/** @file Work of many like items, as it is handed to threads. */

/** Work of many like items. */
export interface Task<I, O> {
  /** `import.meta.url` of the module that exports `open` under its own name. */
  readonly module: string;
  /** Opens the work in a thread; an item's result depends on nothing but the input and its number. Plain data go in and out. */
  readonly open: (input: I) => (item: number) => O;
}

/** How to spread work. */
export interface SpreadOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** At most; default: the machine's cores. Results are the same. */
  readonly threads?: number | undefined;
}

/** How long other work waits at most, in milliseconds. */
const SLICE = 40;

/**
 * Does items one after another on this thread, which yields between slices.
 * @param enough asked after each slice, with the milliseconds that are left by what is known: whether to stop here
 * @returns the results so far, in order
 */
export async function oneByOne<O>(
  work: (item: number) => O,
  items: number,
  { onProgress, signal }: SpreadOptions,
  enough: (left: number) => boolean = () => false,
): Promise<O[]> {
  const results: O[] = [];
  const start = performance.now();
  let rested = start;
  while (results.length < items) {
    results.push(work(results.length));
    const now = performance.now();
    if (now - rested < SLICE) continue;
    onProgress?.(results.length, items);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    if (enough(((now - start) / results.length) * (items - results.length))) return results;
    rested = performance.now();
  }
  onProgress?.(items, items);
  return results;
}
