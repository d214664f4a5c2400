/** @file `vca test`: an independent picture set through a trained model. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, together } from "./options.ts";
import { comparisonTable, secondsText, withinSetsText } from "./table.ts";

interface TestOptions extends CommonOptions {
  readonly scale?: string;
  readonly force?: boolean;
}

/** Adds `test`. */
export function addTest(program: VcaCommand, io: Io): void {
  addCommand(program, "test", {
    summary: "test a run's final model on another picture set, ridge beside it",
    examples: ["vca test runs/oasis table:other.csv --scale 1-9", "vca test runs/emoji oasis:PATH --json"],
  })
    .argument("<run>", "a folder that `vca fit` made")
    .argument("<stimuli...>", "oasis:FOLDER, iaps:FOLDER, table:FILE.csv, emoji, ...: see `vca data list`")
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option("--force", "test although the model was trained on some of these pictures")
    .action(async (run: string, stimuli: string[], options: TestOptions) => {
      const { testRun } = await import("../study/test.ts");
      const { scale, force } = options;
      const result = await withWork(io, options, (work) =>
        testRun(run, together(stimuli), {
          ...work,
          ...(scale !== undefined && { scale }),
          ...(force !== undefined && { force }),
        }),
      );
      const { set, n } = result.stimuli;
      const text = [
        `${set}, ${n} pictures through ${run}: ${result.encoder}, circuit ${result.circuit}.`,
        "",
        comparisonTable(result),
        ...withinSetsText(result.sets),
        "",
        `${result.out}, ${secondsText(result.seconds)}`,
      ];
      show(io, options, result, text.join("\n"));
    });
}
