/** @file `vca predict`: valence and arousal of pictures. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { table } from "./table.ts";

/** A picture's predicted ratings, on the scale of the training set. */
export interface Predicted {
  readonly file: string;
  readonly valence: number;
  readonly arousal: number;
}

/** Adds `predict`. */
export function addPredict(program: VcaCommand, io: Io): void {
  addCommand(program, "predict", {
    summary: "predict valence and arousal of pictures",
    about: "Predict valence and arousal of pictures, on the scale of the pictures the model was trained on.",
    examples: [
      "vca predict runs/oasis picture.jpg other.png",
      "vca predict model.onnx *.jpg --csv > predictions.csv",
      "vca predict runs/oasis picture.jpg --json",
    ],
  })
    .argument("<run>", "a folder that `vca fit` made, or a model.onnx that `vca export` made")
    .argument("<pictures...>", "picture files")
    .option("--csv", "print a table that R, Python and spreadsheets read")
    .action(async (run: string, pictures: string[], options: CommonOptions & { csv?: boolean }) => {
      const { predictPictures } = await import("../study/predict.ts");
      const predictions = await withWork(io, options, (work) => predictPictures(run, pictures, work));
      show(io, options, predictions, options.csv ? await csvText(predictions) : predictionsText(predictions));
    });
}

/** Predictions as an aligned table. */
export function predictionsText(predictions: readonly Predicted[]): string {
  return table(
    ["file", "valence", "arousal"],
    predictions.map(({ file, valence, arousal }) => [file, valence.toFixed(2), arousal.toFixed(2)]),
  );
}

async function csvText(predictions: readonly Predicted[]): Promise<string> {
  const { writeCsv } = await import("../core/csv.ts");
  return writeCsv(
    ["file", "valence", "arousal"],
    predictions.map(({ file, valence, arousal }) => [file, valence, arousal]),
  );
}
