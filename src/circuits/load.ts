/**
 * @file A circuit by name or from a user's YAML file. The file has the fields of `circuit.ts`; what a
 * nucleus leaves out is that of a plain fully connected one, and every projection must name its source.
 */

import { z } from "zod";
import { readText } from "#files";
import { type Complain, readYaml } from "../core/yaml.ts";
import { type Circuit, VISUAL } from "./circuit.ts";
import { PLAIN, presetCircuit } from "./presets.ts";

const count = z.int().min(0);
const rate = z.number().min(0).lt(1);

const nucleus = z.strictObject({
  id: z.string().regex(/^[A-Za-z][\w-]*$/, "must be a letter, then letters, digits, - or _"),
  input: z.union([z.literal("concat"), z.int().min(1)]).default(PLAIN.input),
  blocks: count.default(PLAIN.blocks),
  heads: z.int().min(1).default(PLAIN.heads),
  feedForward: count.default(PLAIN.feedForward),
  norm: z.enum(["post", "pre"]).default(PLAIN.norm),
  gate: z.number().default(PLAIN.gate),
  output: z.union([z.literal("none"), z.int().min(1)]).default(PLAIN.output),
  rectify: z.boolean().default(PLAIN.rectify),
  summary: z
    .union([
      z.literal("none"),
      z.strictObject({ heads: z.int().min(1), channels: z.int().min(1), keys: z.int().min(1) }),
    ])
    .default("none"),
  dropout: z
    .strictObject({ input: rate.default(0), blocks: rate.default(0), output: rate.default(0) })
    .default(PLAIN.dropout),
});

const projection = z.strictObject({
  from: z.string(),
  to: z.string(),
  sign: z.enum(["+", "-"]).default("+"),
  density: z.number().gt(0).max(1).default(1),
  source: z.string().min(1, "must say where the anatomy is described"),
});

const schema = z.strictObject({
  name: z.string(),
  description: z.string().default(""),
  visual: z.enum(["tokens", "pooled", "embedding"]).default("tokens"),
  standardise: z.boolean().default(true),
  nuclei: z.array(nucleus).min(1),
  projections: z.array(projection).min(1),
  readout: z.string(),
  untrained: z.enum(["mean", "random"]).default("mean"),
  passes: z.int().min(1).max(8).default(1),
});

/**
 * A preset, or the circuit in a file that ends in .yaml or .yml, for tokens of width D.
 * @throws ConfigError for an unknown preset, or with the file's line for what is wrong in it.
 */
export async function loadCircuit(nameOrFile: string, width: number): Promise<Circuit> {
  if (!/\.ya?ml$/.test(nameOrFile)) return presetCircuit(nameOrFile, width);
  return parseCircuit(await readText(nameOrFile), nameOrFile);
}

/** The circuit in YAML text. @throws ConfigError with the line of what is wrong. */
export function parseCircuit(text: string, where: string): Circuit {
  const remedy = "See `vca circuits show vca` for a whole one.";
  const { data, complain } = readYaml(text, { schema, where, what: "circuit", remedy });
  checkWiring(data, complain);
  return data;
}

/** Every projection joins known places, goes forward (or back to the visual stream), and CeA-like readout exists. */
function checkWiring(circuit: Circuit, fail: Complain): void {
  const order = new Map(circuit.nuclei.map(({ id }, i) => [id, i]));
  const known = [VISUAL, ...order.keys()].join(", ");
  circuit.nuclei.forEach(({ id, input, heads, blocks, summary }, i) => {
    if (id === VISUAL || order.get(id) !== i)
      throw fail(["nuclei", i, "id"], `ids must differ from each other and from "${VISUAL}", got "${id}"`);
    if (typeof input === "number" && blocks > 0 && input % heads !== 0)
      throw fail(["nuclei", i, "heads"], `must divide input ${input}, got ${heads}`);
    if (input === "concat" && summary !== "none")
      throw fail(["nuclei", i, "summary"], `a number as input was expected beside summary, got "concat"`);
    const reached = circuit.projections.some(({ to, sign }) => to === id && sign === "+");
    if (!reached) throw fail(["nuclei", i], `an excitatory projection to ${id} was expected, got none`);
  });
  circuit.projections.forEach(({ from, to, sign }, i) => {
    const start = from === VISUAL ? -1 : order.get(from);
    const end = order.get(to);
    if (start === undefined)
      throw fail(["projections", i, "from"], `one of ${known} was expected, got "${from}"`);
    if (to === VISUAL && from !== VISUAL && sign === "+") return; // feedback
    if (end === undefined) throw fail(["projections", i, "to"], `one of ${known} was expected, got "${to}"`);
    if (start < end) return;
    const back = wayBetween(circuit, to, from);
    const [expected, got] = back
      ? ["no cycle", [...back, to].join(" -> ")]
      : ["a projection to a later nucleus", `${from} to ${to}`];
    throw fail(["projections", i], `${expected} was expected, got ${got}`);
  });
  if (!order.has(circuit.readout))
    throw fail(["readout"], `one of ${[...order.keys()].join(", ")} was expected, got "${circuit.readout}"`);
}

/** The shortest way along projections from one nucleus to another, both included; undefined when there is none. */
function wayBetween({ projections }: Circuit, from: string, to: string): string[] | undefined {
  const ways = [[from]];
  const seen = new Set([VISUAL, from]);
  for (const way of ways) {
    if (way.at(-1) === to) return way;
    for (const projection of projections) {
      if (projection.from !== way.at(-1) || seen.has(projection.to)) continue;
      seen.add(projection.to);
      ways.push([...way, projection.to]);
    }
  }
  return undefined;
}
