/** @file `vca neurons`: which units are selective, and since when. */
import type { NeuronsResult } from "../study/neurons.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf } from "./options.ts";
import { epochTable, table, testTable } from "./table.ts";

interface NeuronsOptions extends CommonOptions {
  readonly stimuli?: string;
  readonly scale?: string;
  readonly edges?: "thirds" | "terciles";
  readonly emotion?: string;
  readonly category?: string;
  readonly drop?: number;
  readonly control?: string;
}

/** Adds `neurons`. */
export function addNeurons(program: VcaCommand, io: Io): void {
  addCommand(program, "neurons", {
    summary: "unit selectivity over nuclei and epochs",
    about:
      "Test every unit of a run's networks on pictures that they did not train on: nine bins of valence and arousal (Liu et al. 2025) with false discovery rates, three emotion categories (Liu et al. 2024), rank correlation, tuning, analysis of variance. A test over networks takes the seed as its sample.",
    examples: [
      "vca fit oasis:PATH --folds 2 --group theme --seeds 5 --out runs/halves && vca neurons runs/halves",
      "vca neurons runs/halves --control runs/shuffled-ratings",
      "vca neurons runs/oasis --stimuli table:other.csv --scale 1-9 --json",
    ],
  })
    .argument("<run>", "a folder that `vca fit` made, best with --folds 2 and --group")
    .option(
      "--stimuli <stimuli>",
      "an independent set for the final networks, instead of the pictures held out",
    )
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option(
      "--edges <edges>",
      "edges of the bins: thirds of the scale, or terciles of the pictures (default: thirds)",
      oneOf("neurons", "edges", ["thirds", "terciles"]),
    )
    .option(
      "--emotion <column>",
      "labels pleasant, neutral, unpleasant (default: thresholds of valence, an approximation)",
    )
    .option("--category <column>", "labels of content (default: category, where there is one)")
    .option("--drop-lowest", "leave the fifth of units with the lowest selectivity index out of agreements")
    .option("--control <run>", "another run, such as one fitted with --shuffle-ratings, on the same pictures")
    .action(async (path: string, options: NeuronsOptions & { dropLowest?: boolean }) => {
      const { analyseNeurons } = await import("../study/neurons.ts");
      const { json: _, quiet: __, threads: ___, dropLowest, ...given } = options;
      const drop = dropLowest ? 0.2 : 0;
      const result = await withWork(io, options, (work) => analyseNeurons(path, { ...work, ...given, drop }));
      show(io, options, result, neuronsText(result));
    });
}

/** The counts of the bins, the share of selective units by nucleus and epoch, and its tests. */
function neuronsText({ bins, rows, tests, out }: NeuronsResult): string {
  const folds = [...new Set(bins.map(({ fold }) => fold))];
  const names = [...new Set(bins.map(({ bin }) => bin))];
  const counts = folds.map((fold) => [
    fold < 0 ? "the set" : `fold ${fold}`,
    ...names.map((name) => {
      const { pictures, testable } = bins.find((each) => each.fold === fold && each.bin === name)!;
      return testable ? String(pictures) : `(${pictures})`;
    }),
  ]);
  const of = "any";
  const measure = "selective-bh";
  const own = rows.filter((row) => row.measure === measure && row.of === of);
  return [
    "Pictures per bin (negative, middle, positive valence; low, middle, high arousal); in brackets: not testable.",
    table(["", ...names], counts),
    "",
    "Share of units selective for any bin: d' > .65, false discovery rate .05 (Benjamini & Hochberg); mean over seeds.",
    epochTable(own),
    "",
    testTable(tests.filter((row) => row.measure === measure && row.of === of)),
    "",
    out,
  ].join("\n");
}
