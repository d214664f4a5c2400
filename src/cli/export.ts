/** @file `vca export`: a run as one ONNX model. */
import type { VcaCommand } from "./command.ts";
import { type Io, show } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { bytesText } from "./table.ts";

interface ExportOptions extends CommonOptions {
  readonly out?: string;
  readonly gains?: boolean;
}

/** Adds `export`. */
export function addExport(program: VcaCommand, io: Io): void {
  addCommand(program, "export", {
    summary: "write a run as one model.onnx",
    about:
      "Write a run as one model.onnx: pixels in 0..1 in; valence, arousal and the activation of every nucleus out.",
    examples: ["vca export runs/oasis", "vca export runs/oasis --gains --out model-with-gains.onnx"],
  })
    .argument("<run>", "a folder that `vca fit` made")
    .option("--out <file>", "the file to write (default: model.onnx in the run's folder)")
    .option("--gains", "keep a gain input for every nucleus and projection; 1 is rest, 0 a lesion")
    .action(async (run: string, options: ExportOptions) => {
      const { exportRun } = await import("../study/export.ts");
      const { out, gains } = options;
      const result = await exportRun(run, {
        ...(out !== undefined && { out }),
        ...(gains !== undefined && { gains }),
      });
      show(io, options, result, `${result.out}, ${bytesText(result.bytes)}`);
    });
}
