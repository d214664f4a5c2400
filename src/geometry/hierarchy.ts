/**
 * @file The order of nuclei along a circuit, for trends over the hierarchy. Any last hidden layer would look most
 * emotional, so a nucleus is held against the layer at equal depth of a circuit without anatomy.
 */
import { type Circuit, VISUAL } from "../circuits/circuit.ts";

/**
 * Nuclei by depth, the readout last: the depth of a nucleus is the longest way to it by excitatory projections from
 * the visual stream. Nuclei that only inhibit (ITC) stand on no such way to the readout and are left out.
 */
export function hierarchy({ nuclei, projections, readout }: Circuit): string[][] {
  const depth = new Map<string, number>([[VISUAL, 0]]);
  const excites = projections.filter(({ sign, to }) => sign === "+" && to !== VISUAL);
  for (const { id } of nuclei) {
    const before = excites.flatMap(({ from, to }) => (to === id ? (depth.get(from) ?? []) : []));
    if (before.length > 0) depth.set(id, 1 + Math.max(...before));
  }
  const leads = new Set([readout]);
  for (const { id } of [...nuclei].reverse())
    if (excites.some(({ from, to }) => from === id && leads.has(to))) leads.add(id);
  const levels: string[][] = [];
  for (const { id } of nuclei) {
    if (!leads.has(id)) continue;
    const level = depth.get(id)! - 1;
    levels[level] = [...(levels[level] ?? []), id];
  }
  return levels.filter(Boolean);
}
