/** @file Help: every command has one, its examples are command lines that exist, its defaults are the real ones. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { RECIPES } from "../../src/training/recipe.ts";
import { vca } from "./run.ts";

const program = createProgram({ out: () => {}, err: () => {} });

/** Every command with the words that reach it. */
function all(command: Command, path: string[] = []): { path: string[]; command: Command }[] {
  return [{ path, command }, ...command.commands.flatMap((sub) => all(sub, [...path, sub.name()]))];
}

const commands = all(program);

/** The command that an example runs, and the options it uses. */
function target(words: readonly string[]): { command: Command; options: string[] } {
  let command: Command = program;
  for (const word of words) {
    const sub = command.commands.find((candidate) => candidate.name() === word);
    if (!sub) break;
    command = sub;
  }
  return { command, options: words.filter((word) => word.startsWith("--")) };
}

describe("help", () => {
  it.each(commands.map(({ path }) => [path.join(" ") || "vca", path] as const))(
    "of %s shows examples that exist",
    async (_, path) => {
      const { code, out, err } = await vca(...path, "--help");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const examples = out.split("\nExamples:\n")[1]!.trim().split("\n");
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example).toMatch(/^\s*\$ vca /);
        const { command, options } = target(example.trim().split(" ").slice(2));
        const known = ["--help", ...command.options.map(({ long }) => long)];
        expect(options.filter((option) => !known.includes(option))).toEqual([]);
      }
    },
  );

  it("offers the common options on every command that does something", () => {
    const lacking = commands.filter(
      ({ command }) =>
        command.commands.length === 0 &&
        !["--json", "--quiet", "--seed", "--threads"].every((option) =>
          command.options.some(({ long }) => long === option),
        ),
    );
    expect(lacking.map(({ path }) => path.join(" "))).toEqual([]);
  });

  it("states the defaults that a fit has", () => {
    const defaults = fitConfig({ stimuli: "emoji" });
    const { options } = commands.find(({ path }) => path.join(" ") === "fit")!.command;
    const stated = Object.fromEntries(
      options.flatMap((option) => {
        const text = /\(default: ([\w-]+)\)$/.exec(option.description)?.[1];
        return text === undefined ? [] : [[option.attributeName(), text]];
      }),
    );
    const { encoder, tapChoice, grid, circuit, folds, split, seeds, seed } = defaults;
    const expected = { encoder, tapChoice, grid, circuit, folds, split, seeds, seed };
    expect(stated).toEqual(
      Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, String(value)])),
    );
  });

  it("names the recipes that there are", () => {
    const { options } = commands.find(({ path }) => path.join(" ") === "fit")!.command;
    const { description } = options.find(({ long }) => long === "--recipe")!;
    const named = /: (.*) \(default/.exec(description)![1]!.split(/, | or /);
    expect(named.sort()).toEqual(Object.keys(RECIPES).sort());
  });

  it("has an option for every field of a fit", () => {
    const fields = [
      "scale",
      "taps",
      "epochs",
      "batch",
      "lr",
      "group",
      ...Object.keys(fitConfig({ stimuli: "emoji" })),
    ];
    const { options } = commands.find(({ path }) => path.join(" ") === "fit")!.command;
    const names = options.map((option) => option.attributeName());
    expect(fields.filter((name) => name !== "stimuli" && !names.includes(name))).toEqual([]);
  });

  it("is printed with exit code 2 when no command is named", async () => {
    const { code, out, err } = await vca();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("Usage: vca");
  });

  it("says the version", async () => {
    const { code, out } = await vca("--version");
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
