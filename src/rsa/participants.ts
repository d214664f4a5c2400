/** @file Which RDMs are whose: those of one participant are drawn, left out and counted together. */
import type { Rdms } from "./rdm.ts";

/** RDMs by participant. */
export interface Participants {
  /** In order of appearance, `[P]`. */
  readonly names: readonly string[];
  /** The RDMs of each, `[P][...]`. */
  readonly rows: readonly (readonly number[])[];
  /** The participant of each RDM, `[n]`. */
  readonly of: readonly number[];
}

/** Groups RDMs by their label `participant`; without one, each is a participant of its own. */
export function groupsOf({ labels, vectors }: Rdms): Participants {
  const label = labels.participant ?? Array.from({ length: vectors.shape[0]! }, (_, k) => String(k + 1));
  const names = [...new Set(label)];
  const of = label.map((name) => names.indexOf(name));
  return { names, rows: names.map((_, p) => of.flatMap((q, k) => (q === p ? [k] : []))), of };
}
