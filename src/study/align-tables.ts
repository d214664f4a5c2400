/** @file Tables and files of `vca rsa RUN`. */
import { writeFileAtomic } from "#files";
import { encodeNpy } from "../core/npy.ts";
import type { Resample } from "../rsa/bootstrap.ts";
import type { Evaluation, ModelResult } from "../rsa/evaluate.ts";
import type { PartialResult } from "../rsa/partial.ts";
import type { Rdms } from "../rsa/rdm.ts";
import type { Candidate } from "./align-models.ts";
import type { BrainData, BrainRegion } from "./brain-data.ts";
import { BRAIN_TEST_HEADER, type BrainTest, writeRegions } from "./brain-tables.ts";
import { type Cell, writeTable } from "./run-folder.ts";
import type { SearchlightCells } from "./searchlight.ts";
import { cellsOf } from "./seed-table.ts";

const HEADER = [
  "region",
  "kind",
  "model",
  "nucleus",
  "epoch",
  "score",
  "se",
  "lower",
  "upper",
  "p",
  "q",
  "p_ceiling",
  "above_ceiling",
  "ceiling_lower",
  "ceiling_upper",
  "partial",
  "partial_lower",
  "partial_upper",
  "partial_p",
  "unique_variance",
  "beyond_all",
  "beyond_all_lower",
  "beyond_all_upper",
  "beyond_all_p",
  "unique_variance_all",
] as const;
/** A row of `alignment.csv`. */
export type AlignmentCells = Readonly<Record<(typeof HEADER)[number], Cell>>;
/** What `vca rsa RUN --json` prints. */
export interface AlignResult {
  readonly comparison: string;
  readonly measure: string;
  /** Of crossnobis. */
  readonly precision?: string;
  readonly resample: Resample;
  /** Of the mask. */
  readonly ceiling: Evaluation["ceiling"];
  readonly rows: readonly AlignmentCells[];
  readonly tests: readonly BrainTest[];
  readonly pairs: readonly ({ readonly region: string } & Evaluation["pairs"][number])[];
  /** Of nuclei at the last epoch and baselines, in mask and control masks. */
  readonly searchlight?: readonly SearchlightCells[];
  readonly draws: number;
  readonly out: string;
  readonly seconds: number;
}

/** A nucleus at an epoch, seed by seed. */
export interface SeedScores extends Pick<Candidate, "nucleus" | "epoch"> {
  readonly seeds: readonly string[];
  readonly scores: readonly number[];
}

/** A model in a region. */
interface Judged {
  readonly candidate: Candidate;
  readonly result: ModelResult;
  /** Beyond encoder and ratings; of the last epoch alone. */
  readonly partial: PartialResult | undefined;
  /** Beyond everything. */
  readonly all: PartialResult | undefined;
}

/** What was found in a region. */
export interface RegionResult {
  readonly region: BrainRegion;
  readonly data: Rdms;
  /** Nuclei at the last epoch, then baselines. */
  readonly main: Evaluation;
  /** Nuclei at other epochs, then controls. */
  readonly rest: Evaluation | undefined;
  /** Nuclei at the last epoch first. */
  readonly models: readonly Judged[];
  readonly seeds: readonly SeedScores[];
}

/** The region's rows of `alignment.csv`. */
export function rowsOf({ region, main, models }: RegionResult): Omit<AlignmentCells, "q">[] {
  return models.map((judged) => rowOf(region, main.ceiling, judged));
}

function rowOf(
  { name: region, kind }: BrainRegion,
  ceiling: Evaluation["ceiling"],
  { candidate: { model, nucleus, epoch }, result, partial, all }: Judged,
): Omit<AlignmentCells, "q"> {
  const { score, se, ci, p, pCeiling, aboveCeiling } = result;
  const cell = (value: number | null | undefined) => value ?? undefined;
  return {
    region,
    kind,
    model: model.name,
    nucleus,
    epoch,
    score,
    se: cell(se),
    lower: cell(ci?.[0]),
    upper: cell(ci?.[1]),
    p: cell(p),
    p_ceiling: cell(pCeiling),
    above_ceiling: aboveCeiling ? 1 : 0,
    ceiling_lower: cell(ceiling.lower),
    ceiling_upper: cell(ceiling.upper),
    partial: cell(partial?.score),
    partial_lower: cell(partial?.ci?.[0]),
    partial_upper: cell(partial?.ci?.[1]),
    partial_p: cell(partial?.p),
    unique_variance: cell(partial?.uniqueVariance),
    beyond_all: cell(all?.score),
    beyond_all_lower: cell(all?.ci?.[0]),
    beyond_all_upper: cell(all?.ci?.[1]),
    beyond_all_p: cell(all?.p),
    unique_variance_all: cell(all?.uniqueVariance),
  };
}

/** Writes all tables, `rsa.json` and `rdms/` into the result's folder. */
export async function writeAlignment(
  { rows, tests, pairs, out, seconds, ...summary }: AlignResult,
  regions: readonly RegionResult[],
  brain: BrainData,
): Promise<void> {
  const table = (name: string, header: readonly string[], cells: readonly (readonly Cell[])[]) =>
    writeTable(`${out}/${name}.csv`, header, cells);
  await writeFileAtomic(`${out}/rsa.json`, `${JSON.stringify(summary, undefined, 2)}\n`);
  await table("alignment", HEADER, cellsOf(HEADER, rows));
  await table("alignment-tests", BRAIN_TEST_HEADER, cellsOf(BRAIN_TEST_HEADER, tests));
  await table(
    "alignment-participants",
    ["region", "model", "participant", "score"],
    regions.flatMap(({ region, models }) =>
      models.flatMap(({ candidate, result }) =>
        brain.participants.map((participant, p) => [
          region.name,
          candidate.model.name,
          participant,
          result.perParticipant[p]!,
        ]),
      ),
    ),
  );
  await table(
    "alignment-seeds",
    ["region", "nucleus", "epoch", "seed", "score"],
    regions.flatMap(({ region, seeds: each }) =>
      each.flatMap(({ nucleus, epoch, seeds, scores }) =>
        scores.map((score, k) => [region.name, nucleus, epoch, seeds[k]!, score]),
      ),
    ),
  );
  await table(
    "alignment-pairs",
    ["region", "a", "b", "difference", "p", "p_corrected"],
    pairs.map(({ region, a, b, difference, p, pCorrected }) => [
      region,
      a,
      b,
      difference,
      p ?? undefined,
      pCorrected ?? undefined,
    ]),
  );
  await writeRegions(out, brain);
  await writeRdms(out, regions, brain);
}

async function writeRdms(
  out: string,
  regions: readonly RegionResult[],
  { ids, participants }: BrainData,
): Promise<void> {
  const save = (name: string, { vectors }: Rdms) =>
    writeFileAtomic(`${out}/rdms/${name.replace(/[^\w.-]+/g, "-")}.npy`, encodeNpy(vectors));
  for (const { region, data } of regions) await save(`brain-${region.name}`, data);
  for (const { candidate } of regions[0]!.models)
    await save(`model-${candidate.model.name}`, candidate.seeds ?? candidate.model.rdms);
  const names = { stimuli: ["id", ids], participants: ["participant", participants] } as const;
  for (const [file, [column, values]] of Object.entries(names))
    await writeTable(
      `${out}/rdms/${file}.csv`,
      [column],
      values.map((value) => [value]),
    );
}
