/**
 * @file The near end of a session whose host runs in a worker: numbers requests, waits for replies, and
 * turns failures into EngineErrors.
 */
import { VcaError } from "../errors.ts";
import type { Reply, Request } from "./host.ts";
import type { Session, SessionOptions } from "./session.ts";

/** The part of a worker that a client needs. */
export interface Channel {
  send(request: Request): void;
  onReply(listener: (reply: Reply) => void): void;
  /** Called when the worker is gone; pending requests then fail. */
  onEnd(listener: (reason: string) => void): void;
  end(): Promise<void>;
}

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
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let gone: string | undefined;
  const failed = (what: string) =>
    new VcaError(
      "EngineError",
      `engine: the model should run, got "${what}". Run \`vca doctor\` to check this installation.`,
    );

  channel.onReply((reply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if ("failure" in reply) waiting?.reject(failed(reply.failure));
    else waiting?.resolve(reply.result);
  });
  channel.onEnd((reason) => {
    gone = reason;
    for (const waiting of pending.values()) waiting.reject(failed(reason));
    pending.clear();
  });
  const ask = <T>(body: Body): Promise<T> =>
    new Promise((resolve, reject) => {
      if (gone !== undefined) return reject(failed(gone));
      const id = next++;
      pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      channel.send({ ...body, id } as Request);
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
      run: (feeds, fetches) => ask({ kind: "run", feeds, fetches }),
      close: async () => {
        await ask({ kind: "close" });
        await channel.end();
      },
    };
  } catch (error) {
    await channel.end();
    throw error;
  }
}
