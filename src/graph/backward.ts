/** @file Reverse-mode differentiation: walks the nodes from last to first and adds up cotangents. */
import { VcaError } from "../errors.ts";
import { add, type Value } from "./build.ts";
import { type Applied, OPS, type Rule } from "./ops.ts";

/**
 * Gradients of a scalar with respect to `sources`, as new values of the same graph.
 * @param loss a value of shape `[]`
 * @throws ShapeError when `loss` is no scalar or does not depend on a source.
 */
export function gradients(loss: Value, sources: readonly Value[]): Value[] {
  const { graph } = loss;
  if (loss.shape.length > 0) {
    throw new VcaError(
      "ShapeError",
      `gradients: a scalar loss was expected, got shape [${loss.shape}]. Sum or average it first.`,
    );
  }
  const depends = new Set<Value>(sources);
  const tape = graph.nodes.filter((node) => {
    if (node.kind !== "op" || !node.inputs.some((input) => depends.has(input))) return false;
    for (const output of node.outputs) depends.add(output);
    return true;
  });
  const cotangents = new Map<Value, Value>([[loss, graph.constant(1)]]);
  graph.scope("gradient", () => {
    for (const node of tape.reverse()) {
      const cotangent = cotangents.get(node.outputs[0]!);
      if (!cotangent || node.kind !== "op") continue;
      const rule = OPS[node.op] as Rule<object>;
      const applied: Applied<object> = { ...node, cotangent };
      const found = graph.scope(node.name, () => rule.vjp(applied));
      node.inputs.forEach((input, i) => {
        const gradient = found[i];
        if (!gradient || !depends.has(input)) return;
        const before = cotangents.get(input);
        cotangents.set(input, before ? add(before, gradient) : gradient);
      });
    }
  });
  return sources.map((source) => {
    const gradient = cotangents.get(source);
    if (gradient) return gradient;
    throw new VcaError(
      "ShapeError",
      `gradients: the loss must depend on "${source.node.name}", got no path. Remove it from the sources.`,
    );
  });
}
