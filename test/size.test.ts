/** @file The program stays small: lines of each file, lines in all, bytes of the package. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINES_OF_A_FILE = 400;
/** Raised on purpose, by whoever adds an area. */
const LINES_IN_ALL = 36_500;
const BYTES_OF_THE_PACKAGE = 8e6;

const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.endsWith("_pb.ts"), // generated
);
const lines = files.map((name) => ({
  name,
  count: readFileSync(join(ROOT, "src", name), "utf8").split("\n").length - 1,
}));

describe("source", () => {
  it(`has at most ${LINES_OF_A_FILE} lines in a file`, () => {
    expect(lines.filter(({ count }) => count > LINES_OF_A_FILE)).toEqual([]);
  });

  it(`has at most ${LINES_IN_ALL} lines in all`, () => {
    expect(lines.reduce((total, { count }) => total + count, 0)).toBeLessThanOrEqual(LINES_IN_ALL);
  });

  it("says in each file what it holds", () => {
    const silent = files.filter(
      (name) => !/^\/\*\*[\s*]+@file /.test(readFileSync(join(ROOT, "src", name), "utf8")),
    );
    expect(silent).toEqual([]);
  });
});

describe("package", () => {
  const report = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ size, files: packed }] = JSON.parse(report) as [{ size: number; files: { path: string }[] }];

  it(`has at most ${BYTES_OF_THE_PACKAGE / 1e6} MB`, () => {
    expect(size).toBeLessThan(BYTES_OF_THE_PACKAGE);
  });

  it("holds the program, its assets and its papers", () => {
    const outside = packed
      .map(({ path }) => path)
      .filter((path) => !/^(bin|dist|assets)\//.test(path))
      .sort();
    expect(outside).toEqual(["CHANGELOG.md", "LICENSE", "NOTICE", "README.md", "package.json"]);
  });
});
