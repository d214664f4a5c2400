/** @file `vca geometry`: how the nuclei arrange pictures, over epochs and over the hierarchy. */
import type { GeometryResult } from "../study/geometry.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf } from "./options.ts";
import { epochTable, testTable } from "./table.ts";

interface GeometryCliOptions extends CommonOptions {
  readonly stimuli?: string;
  readonly scale?: string;
  readonly rdm?: "correlation" | "spearman";
  readonly control?: string;
}

/** Adds `geometry`. */
export function addGeometry(program: VcaCommand, io: Io): void {
  addCommand(program, "geometry", {
    summary: "population geometry over nuclei and epochs",
    about:
      "Compare the geometry of every nucleus with that of the ratings, inside each network on pictures that it did not train on: RDMs (Spearman, rho-a, partial), maps, dimensions, what a line can decode, the plane of the predictions, trends over epochs and over the hierarchy.",
    examples: [
      "vca geometry runs/halves",
      "vca geometry runs/halves --control runs/serial-linear-halves",
      "vca geometry runs/oasis --stimuli table:other.csv --scale 1-9 --rdm spearman --json",
    ],
  })
    .argument("<run>", "a folder that `vca fit` made, best with --folds 2 and --group")
    .option(
      "--stimuli <stimuli>",
      "an independent set for the final networks, instead of the pictures held out",
    )
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option(
      "--rdm <measure>",
      "dissimilarity of two pictures' patterns, 1 - correlation or 1 - spearman (default: correlation)",
      oneOf("geometry", "measure", ["correlation", "spearman"]),
    )
    .option(
      "--control <run>",
      "a run of serial-* or vca-shuffled on the same pictures, held against each nucleus at equal depth",
    )
    .action(async (path: string, options: GeometryCliOptions) => {
      const { analyseGeometry } = await import("../study/geometry.ts");
      const { json: _, quiet: __, threads: ___, ...given } = options;
      const result = await withWork(io, options, (work) => analyseGeometry(path, { ...work, ...given }));
      show(io, options, result, geometryText(result, options.control !== undefined));
    });
}

const DEPTH = "run - control at equal depth";

/** Alignment by nucleus and epoch, and the tests over the hierarchy. */
function geometryText({ rows, tests, hierarchy, out }: GeometryResult, controlled: boolean): string {
  const own = rows.filter(({ measure, of }) => measure === "spearman" && of === "circumplex");
  const readout = hierarchy.at(-1)!.join("+");
  const ofDepth = tests.filter(
    ({ comparison }) => comparison === "rises over the hierarchy" || comparison === DEPTH,
  );
  const exceeds = ofDepth.some(
    ({ comparison, nucleus, lower }) =>
      comparison === DEPTH && nucleus.startsWith(`${readout} - `) && lower !== undefined && lower > 0,
  );
  const claim = !controlled
    ? `The last layer of any network would look most like the ratings: before claiming anything of ${readout}, hold the run against a serial-* or vca-shuffled one with --control.`
    : exceeds
      ? `${readout} exceeds the control at equal depth and number of units.`
      : `${readout} does not exceed the control at equal depth and number of units: what rises over the hierarchy is an effect of depth.`;
  return [
    "Spearman's correlation of each nucleus's RDM with distances on the plane of valence and arousal; mean over seeds.",
    epochTable(own),
    "",
    testTable([
      ...tests.filter(
        ({ measure, of, comparison }) =>
          measure === "spearman" &&
          of === "circumplex" &&
          !ofDepth.some((each) => each.comparison === comparison),
      ),
      ...ofDepth,
    ]),
    "",
    claim,
    "",
    out,
  ].join("\n");
}
