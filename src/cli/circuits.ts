/** @file `vca circuits`: the ready-made circuits, and any circuit as a table of nuclei and projections with their sources. */
import type { Circuit } from "../circuits/circuit.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, addGroup, type CommonOptions, whole } from "./options.ts";
import { table } from "./table.ts";

/** Channels of a token that `show` assumes: those of a base-size vision transformer. */
const WIDTH = 768;
/** Tokens of a circuit that takes them: CLS and a 7 x 7 grid. */
const TOKENS = 50;

const VISUAL_STREAM: Readonly<Record<Circuit["visual"], string>> = {
  tokens: "all tokens",
  pooled: "one pooled vector of all taps",
  embedding: "the pooled vector of the last tap",
};

/** Adds `circuits` and `circuits show`. */
export function addCircuits(program: VcaCommand, io: Io): void {
  const circuits = addGroup(program, "circuits", {
    summary: "list circuits, or show one",
    examples: ["vca circuits", "vca circuits show liu2025"],
  });
  addCommand(
    circuits,
    "list",
    {
      summary: "list the ready-made circuits",
      about: "List the ready-made circuits. A YAML file is one too.",
      examples: ["vca circuits", "vca circuits list --json"],
    },
    true,
  ).action(async (options: CommonOptions) => {
    const { CIRCUIT_NAMES, presetCircuit } = await import("../circuits/presets.ts");
    const list = CIRCUIT_NAMES.map((name) => {
      const { description, visual, nuclei } = presetCircuit(name, WIDTH);
      return { name, visual, nuclei: nuclei.map(({ id }) => id), description };
    });
    const rows = list.map((row) => [row.name, row.visual, row.nuclei.join(" "), row.description]);
    show(io, options, list, table(["name", "visual", "nuclei", "what"], rows));
  });
  addCommand(circuits, "show", {
    summary: "show a circuit's nuclei, projections with sign and source, and parameters",
    examples: [
      "vca circuits show liu2025",
      "vca circuits show vca --width 192 --graph",
      "vca circuits show mine.yaml --json",
    ],
  })
    .argument("<circuit>", "a name of `vca circuits` or a YAML file")
    .option("--width <n>", `channels of a token (default: ${WIDTH})`, whole("--width", 1, WIDTH))
    .option("--graph", "print the graph of the whole model, one operation a line")
    .action(async (name: string, options: CommonOptions & { width?: number; graph?: boolean }) => {
      const { loadCircuit } = await import("../circuits/load.ts");
      const width = options.width ?? WIDTH;
      const circuit = await loadCircuit(name, width);
      const { parameters, graph } = await describe(circuit, width);
      const total = Object.values(parameters).reduce((sum, count) => sum + count, 0);
      const value = { ...circuit, width, parameters: { total, ...parameters } };
      show(io, options, value, options.graph ? graph : circuitText(circuit, width, { parameters, total }));
    });
}

/** Trained parameters by nucleus, and the model's graph as text. */
async function describe(
  circuit: Circuit,
  width: number,
): Promise<{ parameters: Record<string, number>; graph: string }> {
  const [{ applyCircuit }, { sizeOf }, { Graph }, { printGraph }, { BATCH }] = await Promise.all([
    import("../circuits/model.ts"),
    import("../core/array.ts"),
    import("../graph/build.ts"),
    import("../graph/print.ts"),
    import("../graph/shape.ts"),
  ]);
  const graph = new Graph();
  const tokens = graph.input("tokens", [BATCH, circuit.visual === "tokens" ? TOKENS : 1, width]);
  const { parameters, predictions } = applyCircuit(graph, circuit, { tokens, hasCls: true }, { replicas: 1 });
  graph.output("predictions", predictions);
  const counts: Record<string, number> = {};
  for (const { name, shape, trained } of parameters) {
    const owner = name.split("/")[0]!;
    if (trained) counts[owner] = (counts[owner] ?? 0) + sizeOf(shape);
  }
  return { parameters: counts, graph: printGraph(graph) };
}

function circuitText(
  circuit: Circuit,
  width: number,
  { parameters, total }: { parameters: Record<string, number>; total: number },
): string {
  const nuclei = circuit.nuclei.map(({ id, input, blocks, heads, output, rectify, summary }) => [
    id,
    String(input),
    String(blocks),
    blocks > 0 ? String(heads) : "-",
    summary === "none" ? "-" : String(summary.heads),
    String(output),
    rectify ? "yes" : "no",
    String(parameters[id] ?? 0),
  ]);
  const projections = circuit.projections.map(({ from, to, sign, density, source }) => [
    `${from} -> ${to}`,
    sign,
    density < 1 ? `${100 * density} %` : "all",
    source,
  ]);
  const passes = circuit.passes === 1 ? "One pass" : `${circuit.passes} passes`;
  return [
    `${circuit.name}: ${circuit.description}`,
    `Visual stream: ${VISUAL_STREAM[circuit.visual]}, ${width} channels. Readout: ${circuit.readout}. ${passes}, ${total} parameters.`,
    "",
    table(
      ["nucleus", "input", "blocks", "heads", "summary heads", "output", "rectified", "parameters"],
      nuclei,
    ),
    "",
    table(["projection", "sign", "connections", "source"], projections),
  ].join("\n");
}
