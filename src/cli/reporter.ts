/** @file Notes, warnings and progress on stderr: bars on a terminal only, notes unless quiet, warnings always. */
import type { SingleBar } from "cli-progress";
import type { Reporter } from "../study/reporter.ts";
import type { Io } from "./io.ts";

/** A reporter that must be ended before other output. */
export interface TerminalReporter extends Reporter {
  /** Removes the bar. */
  end(): void;
}

const FORMAT = "{stage} {bar} {percentage} %  {value}/{total}  {eta_formatted} left  {now}";
/** Before there is a rate to estimate from. */
const YOUNG_FORMAT = "{stage} {bar} {percentage} %  {value}/{total}  {now}";
const YOUNG_MS = 2000;

/** A reporter for a command. */
export async function createReporter(io: Io, { quiet }: { quiet: boolean }): Promise<TerminalReporter> {
  const { terminal } = io;
  const bars = terminal && !quiet ? (await import("cli-progress")).default : undefined;
  let bar: SingleBar | undefined;
  let current = "";
  const end = () => {
    bar?.stop();
    bar = undefined;
    current = "";
  };
  const say = (text: string) => {
    end();
    io.err(`${text}\n`);
  };
  return {
    note: (text) => {
      if (!quiet) say(text);
    },
    warn: (text) => say(`Warning: ${text}`),
    progress: (stage, done, total, now = "") => {
      io.progress?.(stage, done, total);
      if (!bars) return;
      if (stage !== current) {
        end();
        if (done >= total) return;
        bar = new bars.SingleBar(
          {
            format: (options, params, payload) => {
              const isYoung = Date.now() - params.startTime < YOUNG_MS || !Number.isFinite(params.eta);
              const format = isYoung ? YOUNG_FORMAT : FORMAT;
              return bars.Format.Formatter({ ...options, format }, params, payload);
            },
            stream: terminal!,
            hideCursor: true,
            clearOnComplete: true,
            fps: 5,
            etaBuffer: 50,
          },
          bars.Presets.shades_classic,
        );
        bar.start(total, done, { stage: stage.padEnd(8), now });
        current = stage;
      }
      bar?.update(done, { now });
      if (done >= total) end();
    },
    end,
  };
}
