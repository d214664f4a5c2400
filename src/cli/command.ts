/**
 * @file A commander command whose complaints are errors of ours: where, what was expected, what was got, the remedy.
 * Commander calls `error` for every fault it finds; that public method is the only one overridden.
 */
import { Command, type ErrorOptions } from "commander";
import { unknownName, VcaError } from "../errors.ts";

/** A command of `vca`. */
export class VcaCommand extends Command {
  override createCommand(name?: string): VcaCommand {
    return new VcaCommand(name);
  }

  /** @throws ConfigError always. */
  override error(message: string, options: ErrorOptions = {}): never {
    throw translated(this, message, options.code);
  }
}

/** A command as it is typed after `vca`, such as `circuits show`; `vca` for the whole. */
function commandName(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
  return names.join(" ") || "vca";
}

function helpOf(command: Command): string {
  return command.parent ? `vca ${commandName(command)} --help` : "vca --help";
}

function translated(command: Command, message: string, code: string | undefined): VcaError {
  const where = commandName(command);
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  const expected = (what: string) =>
    new VcaError("ConfigError", `${where}: ${what} was expected, got none. See \`${helpOf(command)}\`.`);
  switch (code) {
    case "commander.unknownCommand":
      return unknownCommand(command, command.args[0] ?? "");
    case "commander.unknownOption":
      return unknownName(where, "option", quoted, optionsOf(command));
    case "commander.missingArgument":
      return expected(quoted.toUpperCase());
    case "commander.optionMissingArgument":
      return expected(`a value as in ${quoted}`);
    case "commander.excessArguments":
      return excess(command, where);
    default:
      return new VcaError(
        "ConfigError",
        `${where}: ${message.replace(/^error: /, "")} See \`${helpOf(command)}\`.`,
      );
  }
}

function unknownCommand(command: Command, got: string): VcaError {
  const names = command.commands.map((sub) => sub.name());
  return unknownName(commandName(command), "command", got, names);
}

/** Words too many; after a command that has commands of its own, the first of them was meant as one. */
function excess(command: Command, where: string): VcaError {
  const { parent } = command;
  const first = command.args[command.registeredArguments.length] ?? "";
  if (parent?.parent && parent.args[0] === first) return unknownCommand(parent, first);
  return new VcaError(
    "ConfigError",
    `${where}: nothing more was expected, got "${first}". See \`${helpOf(command)}\`.`,
  );
}

function optionsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);
}
