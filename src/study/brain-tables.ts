/** @file Tables that `vca rsa RUN` and `vca encode` share: tests with their families, sizes of regions. */
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import type { SampleTest } from "../core/sample-tests.ts";
import type { BrainData } from "./brain-data.ts";
import { type Cell, writeTable } from "./run-folder.ts";

/** Columns of a table of tests. */
export const BRAIN_TEST_HEADER = [
  "comparison",
  "region",
  "nucleus",
  "estimate",
  "lower",
  "upper",
  "p",
  "q",
  "sign_p",
  "n",
] as const;

/** A test over seeds, participants, or participants and pictures. */
export type BrainTest = Readonly<Record<(typeof BRAIN_TEST_HEADER)[number], Cell>>;

/** A test as a row, without its q. */
export function testCells(
  comparison: string,
  region: string,
  nucleus: string | undefined,
  { estimate, lower, upper, p, signP, n }: SampleTest,
): Omit<BrainTest, "q"> {
  return { comparison, region, nucleus, estimate, lower, upper, p, sign_p: signP, n };
}

/** Adds q (Benjamini & Hochberg) within families of rows that have a p. */
export function withQ<T extends { readonly p: Cell }>(
  rows: readonly T[],
  familyOf: (row: T) => string,
): (T & { readonly q: number | undefined })[] {
  const q = new Map<T, number>();
  for (const family of new Set(rows.map(familyOf))) {
    const own = rows.filter((row) => row.p !== undefined && familyOf(row) === family);
    benjaminiHochberg(own.map(({ p }) => Number(p))).forEach((value, i) => {
      q.set(own[i]!, value);
    });
  }
  return rows.map((row) => ({ ...row, q: q.get(row) }));
}

/** Sizes of regions in each participant, and their temporal signal-to-noise. */
export async function writeRegions(out: string, { regions }: BrainData): Promise<void> {
  await writeTable(
    `${out}/regions.csv`,
    ["region", "kind", "participant", "voxels", "dropped_nan", "dropped_constant", "tsnr"],
    regions.flatMap(({ name, kind, participants }) =>
      participants.map(({ participant, data, dropped, tsnr }) => [
        name,
        kind,
        participant,
        data.shape[1]!,
        dropped.nan,
        dropped.constant,
        tsnr,
      ]),
    ),
  );
}
