/** @file Imports go downwards only, and what exists only in Node stays in its places. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Areas from the ground up; areas of one row may not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["errors"],
  ["core"],
  ["graph"],
  ["engine"],
  ["encoders", "circuits", "stimuli", "brain"],
  ["training"],
  ["rsa"],
  ["neurons", "geometry", "lesions", "encoding"],
  ["report"],
  ["study"],
  ["cli", "index"],
];

/** Where the seams lie. */
const SEAMS: Readonly<Record<string, string>> = {
  "#engine": "engine",
  "#files": "core",
  "#cores": "core",
  "#decode": "encoders",
  "#hdf5": "brain",
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"$]+)"/g;
const STATIC_IMPORT = /^(?:import|export)\s+(?:(?!type\b)[^;"]*?\bfrom\s+)?"([^"]+)"/gm;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const sources = new Map(files.map((name) => [name, readFileSync(join(SRC, name), "utf8")]));

const areaOf = (file: string) => file.split("/")[0]!.replace(/\.ts$/, "");
const rankOf = (area: string) => LAYERS.findIndex((layer) => layer.includes(area));
const targetOf = (file: string, specifier: string) => relative(SRC, resolve(SRC, file, "..", specifier));

function imports(file: string, pattern = IMPORT): string[] {
  return [...sources.get(file)!.matchAll(pattern)].map((match) => match[1]!);
}

function offenders(allowed: (file: string) => boolean, matches: (specifier: string) => boolean): string[] {
  return files.filter((file) => !allowed(file) && imports(file).some(matches));
}

describe("layers", () => {
  it("have a place for every area", () => {
    expect(files.filter((file) => rankOf(areaOf(file)) < 0)).toEqual([]);
  });

  it("are imported downwards only", () => {
    const upward = files.flatMap((file) =>
      imports(file).flatMap((specifier) => {
        const area = specifier.startsWith(".") ? areaOf(targetOf(file, specifier)) : SEAMS[specifier];
        if (area === undefined || area === areaOf(file)) return [];
        return rankOf(area) < rankOf(areaOf(file)) ? [] : [`${file} imports ${specifier}`];
      }),
    );
    expect(upward).toEqual([]);
  });

  it("keep onnxruntime in the engine, sharp in the decoder, h5wasm in the reader, node: in the Node files and the command line", () => {
    const engine = /^engine\/(node|web|host)(\.worker)?\.ts$/;
    expect(
      offenders(
        (file) => engine.test(file),
        (name) => name.startsWith("onnxruntime"),
      ),
    ).toEqual([]);
    expect(
      offenders(
        (file) => file === "encoders/decode.node.ts" || file.startsWith("cli/"),
        (name) => name === "sharp",
      ),
    ).toEqual([]);
    expect(
      offenders(
        (file) => file === "brain/hdf5.node.ts",
        (name) => name.startsWith("h5wasm"),
      ),
    ).toEqual([]);
    const node = /\.node\.ts$|^engine\/node\.ts$|^cli\//;
    expect(
      offenders(
        (file) => node.test(file),
        (name) => name.startsWith("node:"),
      ),
    ).toEqual([]);
  });
});

describe("vca --help", () => {
  it("loads the command line and nothing that computes", () => {
    const reached = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const specifier of imports(file, STATIC_IMPORT)) {
        if (specifier.startsWith(".")) visit(targetOf(file, specifier));
        else if (!specifier.startsWith("node:")) packages.add(specifier);
      }
    };
    visit("cli/main.ts");
    expect([...reached].filter((file) => !["cli", "errors"].includes(areaOf(file)))).toEqual([]);
    expect([...packages].sort()).toEqual(["commander", "fastest-levenshtein"]);
  });
});
