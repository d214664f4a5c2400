/** @file Any text where a circuit or a study should be: one or a tagged error, never a crash or a hang; and one that is read can be built. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseCircuit } from "../../src/circuits/load.ts";
import { applyCircuit } from "../../src/circuits/model.ts";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { isVcaError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/build.ts";
import { parseStudy } from "../../src/study/study-file.ts";
import { EVERYTHING } from "../support/step-cases.ts";

/** Values near those that a circuit has, and far from them. */
const value = fc.oneof(
  fc.constantFrom("LA", "CeA", "visual", "concat", "none", "tokens", "+", "-", "__proto__", "", null),
  fc.boolean(),
  fc.integer({ min: -2, max: 9 }),
  fc.constantFrom(0.5, 1e308, 2 ** 53, -0, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constant([]),
  fc.constant({}),
);
const id = fc.constantFrom("LA", "B", "AB", "CeA", "visual");
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 9, arbitrary }, value);
const nucleus = fc.record(
  {
    id: sometimes(id),
    input: sometimes(fc.constantFrom("concat", 1, 4)),
    blocks: sometimes(fc.nat(2)),
    heads: sometimes(fc.integer({ min: 1, max: 2 })),
    feedForward: sometimes(fc.nat(4)),
    norm: sometimes(fc.constantFrom("post", "pre")),
    gate: sometimes(fc.constant(0.1)),
    output: sometimes(fc.constantFrom("none", 2)),
    rectify: sometimes(fc.boolean()),
    summary: sometimes(fc.constantFrom("none", { heads: 2, channels: 3, keys: 2 })),
    dropout: sometimes(fc.constant({ input: 0.1 })),
  },
  { requiredKeys: ["id"] },
);
const projection = fc.record(
  {
    from: sometimes(id),
    to: sometimes(id),
    sign: sometimes(fc.constantFrom("+", "-")),
    density: sometimes(fc.constantFrom(0.5, 1)),
    source: sometimes(fc.constant("s")),
  },
  { requiredKeys: ["from", "to", "source"] },
);
const wired = fc.constantFrom("LA", "B", "AB", "CeA").map((to) => ({ from: "visual", to, source: "s" }));
const circuit = fc.record(
  {
    name: sometimes(fc.constant("n")),
    visual: sometimes(fc.constantFrom("tokens", "pooled", "embedding")),
    standardise: sometimes(fc.boolean()),
    nuclei: sometimes(fc.uniqueArray(nucleus, { minLength: 1, maxLength: 4, selector: ({ id }) => id })),
    projections: sometimes(fc.array(fc.oneof(wired, projection), { minLength: 1, maxLength: 8 })),
    readout: sometimes(id),
    untrained: sometimes(fc.constantFrom("mean", "random")),
    passes: sometimes(fc.integer({ min: 1, max: 3 })),
  },
  { requiredKeys: ["name", "nuclei", "projections", "readout"] },
);

const tagged = <T>(work: () => T): T | undefined => {
  const started = performance.now();
  try {
    return work();
  } catch (error) {
    if (!isVcaError(error)) throw error;
    expect(error.message).toMatch(/\.$/);
    return undefined;
  } finally {
    expect(performance.now() - started).toBeLessThan(3000);
  }
};
/** Reads a circuit and, when it is one, builds it. */
function tryCircuit(text: string): void {
  const read = tagged(() => parseCircuit(text, "f.yaml"));
  if (!read || JSON.stringify(read).length > 10_000) return;
  const graph = new Graph();
  const tokens = graph.input("tokens", [2, 3, 4]);
  const { predictions } = applyCircuit(
    graph,
    read,
    { tokens, hasCls: true },
    { replicas: 2, gains: true, dropout: true },
  );
  expect(predictions.shape).toEqual([2, 2, 2]);
}
const RUNS = { numRuns: 400, interruptAfterTimeLimit: 5_000 };

test("structures near a circuit's", () => {
  fc.assert(
    fc.property(circuit, (data) => tryCircuit(stringify(data))),
    RUNS,
  );
});

/** Pieces that mean something in YAML. */
const piece = fc.constantFrom(
  ..."&a,*a,<<: ,- ,: ,{,},[,],!!,!!binary ,!!set ,|\n,>\n,? ,#,%YAML 1.1\n,---\n,...\n,\t,\n,\n  ,',\",~,.inf,.nan,0x1p,1e999,__proto__,constructor,\0,\ufeff,é".split(
    ",",
  ),
);
const damage = fc.record({ at: fc.nat(100_000), remove: fc.nat(30), put: fc.array(piece, { maxLength: 4 }) });

test.each([
  ["a circuit", stringify(EVERYTHING), tryCircuit],
  ["a preset", stringify(presetCircuit("vca", 4)), tryCircuit],
  [
    "a study",
    "stimuli: emoji\nencoders: [efficientnet-lite0]\nfolds: 5\nsplits: [random]\nlesions: { draws: 2, amplify: [1] }\nfit: { epochs: 3 }\n",
    (text: string) => tagged(() => parseStudy(text, "f.yaml")),
  ],
])("the text of %s, damaged", (_, text, read) => {
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      let damaged = text;
      for (const { at, remove, put } of damages) {
        const from = Math.floor((at / 100_000) * damaged.length);
        damaged = damaged.slice(0, from) + put.join("") + damaged.slice(from + remove);
      }
      read(damaged);
    }),
    RUNS,
  );
});
