/** @file Work of many items in a browser tab: on the thread that asks, in slices. */
import { oneByOne, type SpreadOptions, type Task } from "./task.ts";

/** Does all items of a task, `[items]` results in order. */
export async function spread<I, O>(
  { open }: Task<I, O>,
  input: I,
  items: number,
  options: SpreadOptions = {},
): Promise<O[]> {
  return oneByOne(open(input), items, options);
}
