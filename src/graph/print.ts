/** @file A graph as text, one line per operation, for people. */
import type { Graph, Value } from "./build.ts";
import { tensorName } from "./emit.ts";

function attributesText(attributes: object): string {
  return Object.entries(attributes)
    .map(([name, value]) => `, ${name}=${Array.isArray(value) ? `[${value}]` : value}`)
    .join("");
}

/**
 * The graph's operations, inputs and parameters as lines `name  [shape] = op(inputs)`.
 * @example LA/attention/softmax  [1,4,50,50] = softmax(LA/attention/mul)
 */
export function printGraph(graph: Graph): string {
  const name = (value: Value) =>
    value.node.kind === "constant" && value.shape.length === 0
      ? String(value.node.array.data[0])
      : tensorName(value);
  const lines = graph.nodes
    .filter((node) => node.kind !== "constant")
    .map((node) => {
      const made =
        node.kind === "op"
          ? `${node.op}(${node.inputs.map(name).join(", ")}${attributesText(node.attributes)})`
          : node.kind;
      return `${node.name}  [${node.outputs[0]!.shape}] = ${made}`;
    });
  const outputs = [...graph.outputs].map(([output, value]) => `output ${output} = ${name(value)}`);
  return [...lines, ...outputs].join("\n");
}
