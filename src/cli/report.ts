/** @file `vca report`: a run as one self-contained HTML file. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { bytesText } from "./table.ts";
import { thumbnail } from "./thumbnail.ts";

interface ReportOptions extends CommonOptions {
  readonly out?: string;
  readonly thumbnails?: boolean;
  readonly redistribute?: boolean;
  readonly beside?: string[];
  readonly brain?: string[];
}

/** Adds `report`. */
export function addReport(program: VcaCommand, io: Io): void {
  addCommand(program, "report", {
    summary: "a run as one HTML file: figures, numbers, what was run",
    about:
      "Write a run's figures and numbers as one HTML file that needs no network: circuit, prediction, structure, units, geometry, lesions, brain, what was run. Analyses that were not made yet are named with the command that makes them.",
    examples: [
      "vca report runs/demo --thumbnails",
      "vca report runs/oasis --beside runs/serial runs/liu2025",
      "vca report runs/mine --out mine.html --json",
    ],
  })
    .argument("<run>", "a folder that `vca fit` made")
    .option("--out <file>", "the HTML file (default: report.html in the run's folder, with figures/*.svg)")
    .option("--thumbnails", "with small pictures, where the set's terms allow passing them on")
    .option("--redistribute", "your word that the pictures may be passed on, where the set does not say so")
    .option("--beside <runs...>", "runs of other circuits or encoders on the same pictures, to compare with")
    .option("--brain <folders...>", "folders that `vca rsa --out` made, each named after its region")
    .action(
      async (run: string, { out, thumbnails, redistribute, beside, brain, ...options }: ReportOptions) => {
        const { writeReport } = await import("../study/report.ts");
        const result = await withWork(io, options, (work) =>
          writeReport(run, {
            ...work,
            out,
            beside,
            brain,
            redistribute,
            thumbnail: thumbnails ? thumbnail : undefined,
          }),
        );
        const text = [
          `${result.out}: ${result.figures.length} figures, ${result.thumbnails} small pictures, ${bytesText(result.bytes)}.`,
          ...result.absent.map(({ what, command }) => `Not in it: ${what}. Run \`${command}\`.`),
        ];
        show(io, options, result, text.join("\n"));
      },
    );
}
