/**
 * @file Names of brain files: BIDS names, which are `key-value` pairs joined by `_` and closed by a suffix, as in
 * `sub-01_task-view_run-2_contrast-dog_stat-effect_statmap.nii.gz`; and whom a path is of.
 * @see https://bids-specification.readthedocs.io/en/stable/common-principles.html#filenames
 */
import { fileName } from "../core/paths.ts";

/** A BIDS name taken apart: its entities and its suffix; `undefined` when the name is none. */
export function parseBids(
  path: string,
): { entities: Readonly<Record<string, string>>; suffix: string } | undefined {
  const parts = fileName(path).replace(/\..*$/, "").split("_");
  const suffix = parts.pop()!;
  const pairs = parts.map((part) => /^([a-zA-Z]+)-(.+)$/.exec(part));
  if (pairs.length === 0 || pairs.some((pair) => !pair) || suffix.includes("-")) return undefined;
  return { entities: Object.fromEntries(pairs.map((pair) => [pair![1], pair![2]])), suffix };
}

/** Names of participants: those of BIDS, and of the Natural Scenes Dataset. */
const PARTICIPANT = /sub-[a-zA-Z0-9]+|subj\d+/g;

/** Whether a path says by its name whom it is of. */
export function namesParticipant(path: string): boolean {
  return path.search(PARTICIPANT) >= 0;
}

/** Whom a path is of: the last `sub-01` or `subj01` in it, else the folder that holds it, else the name without its extensions. */
export function participantOf(path: string): string {
  const labels = [...path.matchAll(PARTICIPANT)];
  if (labels.length > 0) return labels.at(-1)![0];
  const parts = path.split(/[\\/]/).filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.at(-2) ?? fileName(path).replace(/\..*$/, "");
}
