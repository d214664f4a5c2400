/**
 * @file The near end of a session whose host runs in a worker: numbers requests, waits for replies, and
 * turns failures into EngineErrors.
 */
import { VcaError } from "../errors.ts";
import type { Reply, Request } from "./host.ts";
import type { Session, SessionOptions } from "./session.ts";

/** The part of a worker that a client needs. */
export interface Channel {
  /** @param moved buffers that the host gets instead of a copy */
  send(request: Request, moved: ArrayBuffer[]): void;
  onReply(listener: (reply: Reply) => void): void;
  /** Called when the worker is gone, with what to do about it; pending requests then fail. */
  onEnd(listener: (reason: string, remedy: string) => void): void;
  end(): Promise<void>;
}

/** What a request of each kind is for, and what to do when it fails. */
const FAULTS: Readonly<Record<Request["kind"], readonly [expected: string, remedy: string]>> = {
  open: ["a model that the engine can load", "Check that the file is a whole ONNX model"],
  hold: ["an array that the engine can hold", "Pass one of a type that it knows"],
  held: ["an input that holds a value", "Hold it first"],
  run: ["a model that runs", "Feed or hold every input in its type and shape"],
  close: ["a session that closes", "Open the model again"],
};
const NO_MEMORY = /alloc|out of memory/i;

type Body = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/**
 * Opens `model` in the host behind `channel`.
 * @throws EngineError when the engine refuses the model.
 */
export async function connect(
  channel: Channel,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Session> {
  const pending = new Map<
    number,
    { kind: Request["kind"]; resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  let next = 0;
  let gone: VcaError | undefined;

  channel.onReply((reply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (!waiting) return;
    if ("failure" in reply) waiting.reject(failed(...FAULTS[waiting.kind], reply.failure));
    else waiting.resolve(reply.result);
  });
  channel.onEnd((reason, remedy) => {
    gone ??= failed("an engine that works", remedy, reason);
    for (const waiting of pending.values()) waiting.reject(gone);
    pending.clear();
  });
  const ask = <T>(body: Body, moved: ArrayBuffer[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      if (gone) return reject(gone);
      const id = next++;
      pending.set(id, { kind: body.kind, resolve: resolve as (value: unknown) => void, reject });
      channel.send({ ...body, id } as Request, moved);
    });

  try {
    const { inputs, outputs } = await ask<{ inputs: string[]; outputs: string[] }>({
      kind: "open",
      model,
      options,
    });
    return {
      inputs,
      outputs,
      hold: (values) => ask({ kind: "hold", values }),
      held: (names) => ask({ kind: "held", names }),
      run: (feeds, fetches, { handOver = false } = {}) => {
        const moved = handOver ? Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer) : [];
        return ask({ kind: "run", feeds, fetches }, moved);
      },
      close: async () => {
        await ask({ kind: "close" });
        gone = failed("an open session", "Open the model again", "a closed one");
        await channel.end();
      },
    };
  } catch (error) {
    await channel.end();
    throw error;
  }
}

function failed(expected: string, remedy: string, got: string): VcaError {
  const mend = NO_MEMORY.test(got) ? "Free some memory, or ask for less at once" : remedy;
  return new VcaError("EngineError", `engine: ${expected} was expected, got "${got}". ${mend}.`);
}
