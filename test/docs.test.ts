/** @file The documents: their links lead somewhere, their example circuit is one, their commands exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseCircuit } from "../src/circuits/load.ts";
import { createProgram } from "../src/cli/program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const documents = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

describe("documents", () => {
  it.each(documents)("%s has links that lead somewhere", (name) => {
    const targets = [...read(name).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1]!);
    const local = targets.filter((target) => !/^https?:/.test(target));
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(name), target)))).toEqual([]);
  });

  it.each(documents)("%s names commands that exist", (name) => {
    const names = createProgram({ out: () => {}, err: () => {} }).commands.map((command) => command.name());
    const used = [...read(name).matchAll(/(?:`|npx )vca ([a-z]+)/g)].map((match) => match[1]!);
    expect(used.filter((command) => !names.includes(command))).toEqual([]);
  });

  it("show a circuit that can be loaded", () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(read("docs/formats.md"))![1]!;
    expect(parseCircuit(yaml, "docs/formats.md").name).toBe("mine");
  });
});
