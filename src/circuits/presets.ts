/**
 * @file The ready-made circuits. Each is built for the width of its visual stream, because the published
 * model takes its own width from it and the controls are matched in parameters.
 *
 * Names in the published code (cswin/VCA_Full): BA is our AB, BL our B, CE our CeA.
 */

import { sizeOf } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { unknownName } from "../errors.ts";
import { Graph } from "../graph/build.ts";
import { type Circuit, type Nucleus, VISUAL } from "./circuit.ts";
import { applyCircuit } from "./model.ts";
import { PROJECTIONS, projections } from "./projections.ts";

/** A circuit that takes its sizes from the visual stream's width D. */
type Preset = (name: string, width: number) => Circuit;

/** A fully connected nucleus of nothing: what presets and files start from. */
export const PLAIN: Omit<Nucleus, "id"> = {
  input: "concat",
  blocks: 0,
  heads: 1,
  feedForward: 0,
  norm: "post",
  gate: 1,
  output: "none",
  rectify: false,
  summary: "none",
  dropout: { input: 0, blocks: 0, output: 0 },
};

const ANATOMY = projections("visual->LA", "LA->AB", "LA->B", "LA->CeA", "AB->CeA", "B->CeA");

/** The published code: pooled vector; LA keeps the visual width, AB and B have 256 units, CeA the sum of all three. */
const liu2025: Preset = (name, width) => {
  const block = { ...PLAIN, feedForward: 512 };
  const narrow = {
    ...block,
    blocks: 1,
    heads: 1,
    output: 256,
    rectify: true,
    dropout: { input: 0, blocks: 0.1, output: 0.1 },
  };
  return {
    name,
    description: "Liu et al. 2025, as published: one pooled vector per picture, so attention has one key",
    visual: "embedding",
    standardise: false,
    nuclei: [
      { ...block, id: "LA", blocks: 2, heads: 4, dropout: { input: 0, blocks: 0.1, output: 0 } },
      { ...narrow, id: "AB" },
      { ...narrow, id: "B" },
      {
        ...block,
        id: "CeA",
        blocks: 2,
        heads: 2,
        output: width + 512,
        rectify: true,
        dropout: { input: 0, blocks: 0.1, output: 0.5 },
      },
    ],
    projections: ANATOMY,
    readout: "CeA",
    untrained: "random",
    passes: 1,
  };
};

const SERIES = ["stage-1", "stage-2", "stage-3", "stage-4"];
const SERIAL = SERIES.map((to, i) => ({
  ...PROJECTIONS["visual->LA"],
  from: SERIES[i - 1] ?? "visual",
  to,
  source: "control: no anatomy",
}));

/** One of the paper's four: a structure with a mechanism, `units` wide in every stage. */
function structured(
  name: string,
  structure: "serial" | "anatomical",
  attention: boolean,
  visual: Circuit["visual"],
  units: number,
): Circuit {
  const ids = structure === "serial" ? SERIES : ["LA", "AB", "B", "CeA"];
  const nucleus = attention
    ? {
        ...PLAIN,
        input: units,
        blocks: 1,
        heads: 4,
        feedForward: 2 * units,
        dropout: { input: 0, blocks: 0.1, output: 0 },
      }
    : { ...PLAIN, input: units, rectify: true, dropout: { input: 0, blocks: 0, output: 0.1 } };
  return {
    name,
    description: `${structure}, ${attention ? "self-attention blocks" : "fully connected"}, ${units} units in each stage`,
    visual,
    standardise: true,
    nuclei: ids.map((id) => ({ ...nucleus, id })),
    projections: structure === "serial" ? SERIAL : ANATOMY,
    readout: ids[3]!,
    untrained: "mean",
    passes: 1,
  };
}

/** Number of trained parameters of a circuit on tokens of width D. */
export function countParameters(circuit: Circuit, width: number): number {
  const graph = new Graph();
  const visual = { tokens: graph.input("tokens", [1, 2, width]), hasCls: true };
  const { parameters } = applyCircuit(graph, circuit, visual, { replicas: 1 });
  return parameters.filter(({ trained }) => trained).reduce((total, { shape }) => total + sizeOf(shape), 0);
}

const REFERENCE_UNITS = 64;

/** The paper's I to IV (fig. 5), all with as many parameters as the fourth at 64 units, as near as whole units allow. */
function matched(structure: "serial" | "anatomical", attention: boolean, visual: Circuit["visual"]): Preset {
  return (name, width) => {
    const target = countParameters(structured(name, "anatomical", true, visual, REFERENCE_UNITS), width);
    const step = attention ? 4 : 1; // heads divide the units
    let units = step;
    const excess = (n: number) =>
      countParameters(structured(name, structure, attention, visual, n), width) - target;
    while (excess(units + step) <= 0) units += step;
    const next = units + step;
    return structured(
      name,
      structure,
      attention,
      visual,
      Math.abs(excess(next)) < Math.abs(excess(units)) ? next : units,
    );
  };
}

/**
 * Ours. LA reads the picture's summary and looks at its tokens from there; units after LA are rectified and
 * their numbers go as the human neuron counts, LA 4.00, B 3.24, AB 1.28, CeA .36 million,
 * LA being 256. Why this form: docs/decisions/010-the-vca-circuit.md.
 */
const vca: Preset = (name) => {
  const unit = { ...PLAIN, rectify: true };
  return {
    name,
    description: "summary attention in LA, B and AB from LA, ITC inhibits CeA, sparse LA to CeA",
    visual: "tokens",
    standardise: true,
    nuclei: [
      {
        ...unit,
        id: "LA",
        input: 256,
        summary: { heads: 4, channels: 64, keys: 16 },
        dropout: { input: 0.3, blocks: 0, output: 0.3 },
      },
      { ...unit, id: "AB", input: 80, dropout: { input: 0, blocks: 0, output: 0.3 } },
      { ...unit, id: "B", input: 208, dropout: { input: 0, blocks: 0, output: 0.3 } },
      { ...unit, id: "ITC", input: 32 },
      { ...unit, id: "CeA", input: 32, dropout: { input: 0, blocks: 0, output: 0.3 } },
    ],
    projections: projections(
      "visual->LA",
      "LA->AB",
      "LA->B",
      "LA->ITC",
      "B->ITC",
      "LA->CeA sparse",
      "AB->CeA",
      "B->CeA",
      "ITC->CeA",
    ),
    readout: "CeA",
    untrained: "mean",
    passes: 1,
  };
};

/** A variant of `vca`: what is changed, in words and in the circuit. */
function variant(description: string, change: (circuit: Circuit) => Partial<Circuit>): Preset {
  return (name, width) => {
    const circuit = vca(name, width);
    return { ...circuit, ...change(circuit), name, description: `vca ${description}` };
  };
}

const withoutNucleus = (gone: string) => (circuit: Circuit) => ({
  nuclei: circuit.nuclei.filter(({ id }) => id !== gone),
  projections: circuit.projections.filter(({ from, to }) => from !== gone && to !== gone),
});

/** Each nucleus keeps the number and signs of its afferents; where they come from is drawn among the nuclei before it. */
function shuffledProjections({ nuclei, projections }: Circuit): Partial<Circuit> {
  const random = Random.seeded(0).at("shuffled projections");
  const ids = nuclei.map(({ id }) => id);
  const used = new Set<string>();
  return {
    projections: projections.map((projection) => {
      if (projection.from === VISUAL) return projection;
      const earlier = ids
        .slice(0, ids.indexOf(projection.to))
        .filter((from) => !used.has(`${from} ${projection.to}`));
      const from = earlier[random.integer(earlier.length)]!;
      used.add(`${from} ${projection.to}`);
      return { ...projection, from, source: "control: no anatomy" };
    }),
  };
}

/** The ablations and controls of `vca`; each is trained anew, unlike a lesion. */
const VARIANTS: Readonly<Record<string, Preset>> = {
  "vca-no-itc": variant("without ITC", withoutNucleus("ITC")),
  "vca-no-direct": variant("without the direct projection from LA to CeA", ({ projections }) => ({
    projections: projections.filter(({ from, to }) => !(from === "LA" && to === "CeA")),
  })),
  "vca-no-attention": variant("with the summary alone, in pooled mode", ({ nuclei }) => ({
    visual: "pooled",
    nuclei: nuclei.map((nucleus) => ({ ...nucleus, summary: "none" })),
  })),
  "vca-feedback": variant("with feedback from B to the visual stream, two passes", ({ projections }) => ({
    passes: 2,
    projections: [...projections, PROJECTIONS["B->visual"]],
  })),
  "vca-shuffled": variant("with shuffled projections", shuffledProjections),
};

const PRESETS: Readonly<Record<string, Preset>> = {
  vca,
  ...VARIANTS,
  liu2025,
  "serial-linear": matched("serial", false, "tokens"),
  "serial-attention": matched("serial", true, "tokens"),
  "anatomical-linear": matched("anatomical", false, "tokens"),
  "anatomical-attention": matched("anatomical", true, "tokens"),
  "serial-linear-pooled": matched("serial", false, "pooled"),
  "serial-attention-pooled": matched("serial", true, "pooled"),
  "anatomical-linear-pooled": matched("anatomical", false, "pooled"),
  "anatomical-attention-pooled": matched("anatomical", true, "pooled"),
};

/** Names of the ready-made circuits. */
export const CIRCUIT_NAMES: readonly string[] = Object.keys(PRESETS);

/**
 * A ready-made circuit for tokens of width D.
 * @throws ConfigError for an unknown name, with the nearest one.
 */
export function presetCircuit(name: string, width: number): Circuit {
  const preset = PRESETS[name];
  if (!preset) throw unknownName("circuits", "circuit", name, CIRCUIT_NAMES);
  return preset(name, width);
}
