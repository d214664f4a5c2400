/** @file The page of `web.test.ts`: gives the test what it may call in the tab, in numbers that JSON holds. */
import { listProviders, openSession } from "#engine";
import type { SessionOptions } from "../../../src/engine/session.ts";
import { useWasm } from "../../../src/engine/web.ts";
import { isVcaError } from "../../../src/errors.ts";
import { counter, knownNumbers, type StepOptions, takeSteps } from "../steps.ts";

async function failure(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return "nothing failed";
  } catch (error) {
    return isVcaError(error) ? `${error.tag}: ${error.message}` : `not ours: ${error}`;
  }
}

const tab = {
  isolated: crossOriginIsolated,
  listProviders,
  useWasm,
  knownNumbers,
  steps: async (options: StepOptions) => {
    const { state, ...rest } = await takeSteps(options);
    const arrays = Object.entries(state).map(([name, { data }]) => [name, Array.from(data)] as const);
    return { ...rest, state: Object.fromEntries(arrays) };
  },
  failures: async () => ({
    model: await failure(() => openSession(Uint8Array.of(1, 2, 3))),
    provider: await failure(() => openSession(counter(), { provider: "cuda" })),
    webgpu: await failure(() => openSession(counter(), { provider: "webgpu" })),
    ...(await failuresOf({ carry: { next: "sum" } })),
  }),
};

async function failuresOf(options: SessionOptions): Promise<Record<string, string>> {
  const session = await openSession(counter(), options);
  const missing = await failure(() => session.run({}));
  await session.close();
  return { missing, closed: await failure(() => session.run({})) };
}

/** What the page offers. */
export type Tab = typeof tab;
Object.assign(globalThis, { tab });
