/**
 * @file How widely the nuclei of a run attend over pictures that their networks did not train on, and where attention
 * chooses nothing: beside a circuit's r, whether its attention did any work.
 */
import { attends } from "../circuits/circuit.ts";
import { type HeadSpread, meanSpread, openAttention, type Spread } from "../training/attention.ts";
import { readTensors, tablesFolder, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";
import { openUnseen, type UnseenOptions } from "./unseen.ts";

/** One head of one seed's networks at one epoch: means over folds, pictures and queries. */
export interface AttentionRow extends HeadSpread {
  readonly source: "run";
  readonly seed: number;
  readonly epoch: number;
}

/** A nucleus after the last epoch: means over its heads and seeds. */
export interface NucleusAttention extends Spread {
  readonly nucleus: string;
  /** Why some of its `heads` (over all seeds) choose nothing; absent when all choose. */
  readonly degenerate?: string;
  readonly heads: number;
}

/** What `analyseAttention` finds. */
export interface AttentionResult {
  readonly nuclei: readonly NucleusAttention[];
  readonly rows: readonly AttentionRow[];
  readonly out: string;
}

const HEADER = [
  "source",
  "seed",
  "epoch",
  "nucleus",
  "head",
  "entropy",
  "effectiveTokens",
  "largestWeight",
  "tokens",
] as const;

/** Share of its maximum, in effective tokens or in weight, above which attention counts as degenerate. */
const DEGENERATE = 0.99;

/**
 * Reads the attention of a run's networks and writes `attention.csv`, without rows for a circuit that does not attend.
 * @throws DataError, ConfigError as `openUnseen`; DataError when the pictures are gone.
 */
export async function analyseAttention(path: string, options: UnseenOptions): Promise<AttentionResult> {
  const { reporter, signal } = options;
  const run = await openUnseen(path, options);
  const alike = new Map<string, AttentionRow[]>(); // rows of a seed's folds, by place
  for (const [i, network] of (attends(run.manifest.circuit) ? run.networks : []).entries()) {
    const { circuit, visual, tokens } = await run.sight(network);
    const reader = await openAttention(circuit, visual);
    try {
      for (const epoch of run.epochs) {
        signal?.throwIfAborted();
        const { arrays } = await readTensors(run.folder.parametersFile(network.name, epoch));
        for (const head of await reader.run(arrays, tokens)) {
          const place = JSON.stringify([network.seed, epoch, head.nucleus, head.head]);
          const row = { source: "run" as const, seed: network.seed, epoch, ...head };
          alike.set(place, [...(alike.get(place) ?? []), row]);
        }
      }
    } finally {
      await reader.close();
    }
    reporter.progress("attention", i + 1, run.networks.length);
  }
  const rows = [...alike.values()].map((folds) => ({ ...folds[0]!, ...meanSpread(folds) }));
  const nuclei = summarised(rows.filter(({ epoch }) => epoch === run.epochs.at(-1)));
  for (const { nucleus, degenerate } of nuclei)
    if (degenerate)
      reporter.warn(`${run.manifest.circuit.name}: attention of ${nucleus} is degenerate: ${degenerate}.`);
  const out = `${tablesFolder(path, options)}/attention.csv`;
  await writeTable(out, HEADER, cellsOf(HEADER, rows));
  return { nuclei, rows, out };
}

function summarised(rows: readonly AttentionRow[]): NucleusAttention[] {
  return [...new Set(rows.map(({ nucleus }) => nucleus))].map((nucleus) => {
    const heads = rows.filter((row) => row.nucleus === nucleus);
    const degenerate = degenerateHeads(heads);
    return { nucleus, heads: heads.length, ...meanSpread(heads), ...(degenerate && { degenerate }) };
  });
}

/** Why heads choose nothing among their tokens, and how many. */
export function degenerateHeads(heads: readonly Spread[]): string | undefined {
  const reasons = heads.flatMap((head) => degeneracy(head) ?? []);
  const counted = [...new Set(reasons)].map(
    (reason) => `${reason} in ${reasons.filter((each) => each === reason).length} of ${heads.length} heads`,
  );
  return counted.length > 0 ? counted.join(", ") : undefined;
}

function degeneracy({ tokens, effectiveTokens, largestWeight }: Spread): string | undefined {
  if (tokens === 1) return "one token to attend to";
  if (effectiveTokens > DEGENERATE * tokens) return "all tokens alike";
  return largestWeight > DEGENERATE ? "all weight on one token" : undefined;
}
