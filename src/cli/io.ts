/** @file Where a command writes. `main.ts` gives it the process, a test gives it strings. */
import type { StepProgress } from "../study/executor.ts";
import type { Reporter } from "../study/reporter.ts";
import type { CommonOptions } from "./options.ts";

/** The world of a command. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Notes, warnings, errors. */
  readonly err: (text: string) => void;
  /** The terminal on which progress bars may be drawn; undefined when there is none. */
  readonly terminal?: NodeJS.WriteStream | undefined;
  /** Told of progress as a reporter is: by this, a study knows how far its step is. */
  readonly progress?: StepProgress | undefined;
  /** Columns of help texts. */
  readonly columns?: number | undefined;
  /** Aborts when the user interrupts. */
  readonly signal?: AbortSignal | undefined;
}

/** What long work takes of a command: its reporter, threads and interruption. */
export interface Work {
  readonly reporter: Reporter;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Runs long work with a reporter that draws on the terminal, and clears its bar however it ends. */
export async function withWork<T>(
  io: Io,
  options: CommonOptions,
  task: (work: Work) => Promise<T>,
): Promise<T> {
  const { createReporter } = await import("./reporter.ts");
  const reporter = await createReporter(io, { quiet: options.quiet ?? false });
  try {
    return await task({
      reporter,
      ...(options.threads !== undefined && { threads: options.threads }),
      ...(io.signal && { signal: io.signal }),
    });
  } finally {
    reporter.end();
  }
}

/** Writes a result: as one JSON value, or as the text for people. */
export function show(io: Io, options: CommonOptions, value: unknown, text: string): void {
  io.out(options.json ? `${JSON.stringify(value)}\n` : `${text.replace(/\n+$/, "")}\n`);
}
