import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loadCircuit, parseCircuit } from "../../src/circuits/load.ts";
import { CIRCUIT_NAMES, PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { EVERYTHING } from "../support/step-cases.ts";

const SMALL = `name: small
nuclei:
  - id: LA
    input: 8
    heads: 2
    blocks: 1
  - id: CeA
    input: 4
    rectify: true
projections:
  - from: visual
    to: LA
    source: Stefanacci & Amaral 2002
  - from: LA
    to: CeA
    source: Pitkanen & Amaral 1998
readout: CeA
`;

const folder = await mkdtemp(join(tmpdir(), "vca-circuits-"));
afterAll(() => rm(folder, { recursive: true }));

describe("a circuit in YAML", () => {
  it("is what its file says, and plain where the file is silent", async () => {
    const file = join(folder, "small.yaml");
    await writeFile(file, SMALL);
    expect(await loadCircuit(file, 16)).toEqual({
      name: "small",
      description: "",
      visual: "tokens",
      standardise: true,
      nuclei: [
        { ...PLAIN, id: "LA", input: 8, heads: 2, blocks: 1 },
        { ...PLAIN, id: "CeA", input: 4, rectify: true },
      ],
      projections: [
        { from: "visual", to: "LA", sign: "+", density: 1, source: "Stefanacci & Amaral 2002" },
        { from: "LA", to: "CeA", sign: "+", density: 1, source: "Pitkanen & Amaral 1998" },
      ],
      readout: "CeA",
      untrained: "mean",
      passes: 1,
    });
  });

  it.each(CIRCUIT_NAMES)("goes there and back: %s", (name) => {
    const circuit = presetCircuit(name, 24);
    expect(parseCircuit(stringify(circuit), "file.yaml")).toEqual(circuit);
  });

  it("goes there and back with every mechanism", () => {
    expect(parseCircuit(stringify(EVERYTHING), "file.yaml")).toEqual(EVERYTHING);
  });

  it("is a preset when no file is named", async () => {
    expect(await loadCircuit("vca", 24)).toEqual(presetCircuit("vca", 24));
  });
});

/** What is wrong, the change that makes it so, and what is said of it. */
const WRONG: readonly [what: string, from: string, to: string, message: string][] = [
  [
    "a missing source",
    "    source: Pitkanen & Amaral 1998\n",
    "",
    "line 14: projections.1: source: Invalid input: expected string, received undefined",
  ],
  [
    "an empty source",
    "Pitkanen & Amaral 1998",
    '""',
    "line 16: projections.1.source: must say where the anatomy is described",
  ],
  [
    "a projection to an earlier nucleus",
    "  - from: LA\n    to: CeA\n",
    "  - from: visual\n    to: CeA\n    source: none\n  - from: CeA\n    to: LA\n",
    "line 17: projections.2: a projection to a later nucleus was expected, got CeA to LA",
  ],
  [
    "a cycle",
    "readout: CeA",
    "  - from: CeA\n    to: LA\n    source: none\nreadout: CeA",
    "line 17: projections.2: no cycle was expected, got LA -> CeA -> LA",
  ],
  [
    "a nucleus that projects to itself",
    "readout: CeA",
    "  - from: LA\n    to: LA\n    source: none\nreadout: CeA",
    "line 17: projections.2: no cycle was expected, got LA -> LA",
  ],
  [
    "an unknown anchor",
    "readout: CeA",
    "readout: *cea",
    "line 17: circuit: an anchor &cea before *cea was expected",
  ],
  [
    "aliases of aliases",
    "name: small",
    `name:\n  - &a0 [x]\n${Array.from({ length: 9 }, (_, i) => `  - &a${i + 1} [${`*a${i}, `.repeat(9)}]\n`).join("")}`,
    "line 1: circuit: fewer aliases, one inside another, were expected",
  ],
  [
    "brackets without end",
    "name: small",
    `name: ${"[".repeat(20_000)}`,
    "line 1: circuit: fewer levels, one inside another, were expected",
  ],
  ["heads that do not divide", "heads: 2", "heads: 3", "line 5: nuclei.0.heads: must divide input 8, got 3"],
  [
    "an unknown nucleus",
    "from: LA",
    "from: BA",
    'line 14: projections.1.from: one of visual, LA, CeA was expected, got "BA"',
  ],
  [
    "a nucleus twice",
    "id: CeA",
    "id: LA",
    'line 3: nuclei.0.id: ids must differ from each other and from "visual", got "LA"',
  ],
  [
    "a nucleus that nothing reaches",
    "    to: CeA\n",
    "    to: CeA\n    sign: '-'\n",
    "line 7: nuclei.1: an excitatory projection to CeA was expected, got none",
  ],
  [
    "an unknown readout",
    "readout: CeA",
    "readout: Ce",
    'line 17: readout: one of LA, CeA was expected, got "Ce"',
  ],
  [
    "broken YAML",
    "  - id: CeA\n",
    "  - id: [CeA\n",
    "line 8: circuit: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
];

describe("a circuit that is wrong", () => {
  it.each(WRONG)("%s is met with its line", (_, from, to, message) => {
    expect(SMALL).toContain(from);
    expect(() => parseCircuit(SMALL.replace(from, to), "my.yaml")).toThrow(
      expect.objectContaining({
        tag: "ConfigError",
        message: `my.yaml ${message}. See \`vca circuits show vca\` for a whole one.`,
      }),
    );
  });

  it("that no one wrote is not parsed", () => {
    expect(() => parseCircuit("[".repeat(100_000), "my.yaml")).toThrow(
      "my.yaml: at most 32768 characters were expected, got 100000. See `vca circuits show vca` for a whole one.",
    );
  });

  it.each(["", "circuit", "- 1", "name: 1"])("%j is no circuit", (text) => {
    expect(() => parseCircuit(text, "my.yaml")).toThrow(expect.objectContaining({ tag: "ConfigError" }));
  });
});
