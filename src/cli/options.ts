/** @file Options that commands share, and the readers of their values. */
import { unknownName, VcaError } from "../errors.ts";
import type { VcaCommand } from "./command.ts";

/** What every command understands. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** First seed of everything that is drawn at random. */
  readonly seed?: number;
  readonly threads?: number;
}

/** What help says of a command. */
export interface CommandHelp {
  /** A few words for the list of commands. */
  readonly summary: string;
  /** What it does; default: the summary. */
  readonly about?: string;
  readonly examples: readonly string[];
}

/** Adds a command that does something, with the common options. */
export function addCommand(
  parent: VcaCommand,
  name: string,
  help: CommandHelp,
  isDefault = false,
): VcaCommand {
  return described(parent.command(name, { isDefault }) as VcaCommand, help)
    .option("--json", "print one JSON value on stdout, and nothing else there")
    .option("--quiet", "no notes and no progress; warnings and errors stay")
    .option("--seed <n>", "first seed of all that is drawn at random (default: 0)", whole("--seed", 0, 0))
    .option(
      "--threads <n>",
      "threads of the engine (default: one per core); results are the same",
      whole("--threads", 1, 2),
    );
}

/** Adds a command that only holds others. */
export function addGroup(parent: VcaCommand, name: string, help: CommandHelp): VcaCommand {
  return described(parent.command(name) as VcaCommand, help);
}

function described(command: VcaCommand, { summary, about, examples }: CommandHelp): VcaCommand {
  return command
    .summary(summary)
    .description(about ?? `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  $ ${line}`).join("\n")}`);
}

/** Several picture sets as one description, which `fit.yaml` and `study.yaml` take too: `iaps:A + naps:B`. */
export function together(stimuli: readonly string[]): string {
  return stimuli.join(" + ");
}

/**
 * The value of an option that a command cannot do without; checked by the command, so that an unknown option is named first.
 * @throws ConfigError when it is absent.
 */
export function required<T>(where: string, option: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new VcaError(
    "ConfigError",
    `${where}: ${option} was expected, got none. See \`vca ${where} --help\`.`,
  );
}

/** Reads a whole number from `least` on. */
export function whole(option: string, least: number, example: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new VcaError(
      "ConfigError",
      `${option}: a whole number of at least ${least} was expected, got "${text}". Write it as ${option} ${example}.`,
    );
  };
}

/** Reads a number above 0. */
export function positive(option: string, example: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw new VcaError(
      "ConfigError",
      `${option}: a number above 0 was expected, got "${text}". Write it as ${option} ${example}.`,
    );
  };
}

/** Reads one of a closed set. */
export function oneOf(where: string, what: string, choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw unknownName(where, what, text, choices);
  };
}
