/** @file `vca demo`: the whole study on what the package carries, without a network. */
import type { VcaCommand } from "./command.ts";
import { fitText } from "./fit.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { predictionsText } from "./predict.ts";

/** Pictures that are predicted at the end: a pleasant, an aroused and a sad one. */
const SHOWN = ["smiling-face-with-heart-shaped-eyes", "face-screaming-in-fear", "crying-face"] as const;

/** Adds `demo`. */
export function addDemo(program: VcaCommand, io: Io): void {
  addCommand(program, "demo", {
    summary: "fit the embedded emoji and predict three of them; no network",
    about:
      "Fit 81 rated emoji with the embedded encoder and predict three of them; no network, at most five minutes on two cores.",
    examples: ["vca demo", "vca demo --out runs/first --json"],
  })
    .option("--out <folder>", "the run's folder (default: runs/demo)")
    .action(async (options: CommonOptions & { out?: string }) => {
      const [{ fitConfig }, { fitStudy }, { predictPictures }, { openStimuli }] = await Promise.all([
        import("../study/fit-config.ts"),
        import("../study/fit.ts"),
        import("../study/predict.ts"),
        import("../stimuli/set.ts"),
      ]);
      const { out = "runs/demo", seed = 0 } = options;
      const config = fitConfig({
        stimuli: "emoji",
        encoder: "efficientnet-lite0",
        circuit: "vca",
        tapChoice: "inner",
        folds: 10,
        seeds: 3,
        seed,
      });
      const value = await withWork(io, options, async (work) => {
        work.reporter.note("Five minutes for a first look, not for science.");
        const fit = await fitStudy(config, { ...work, out });
        const { ids, files } = await openStimuli("emoji");
        const pictures = SHOWN.map((id) => files[ids.indexOf(id)]!);
        const answers = await predictPictures(out, pictures, work);
        return { fit, predictions: answers.map((answer, i) => ({ ...answer, file: SHOWN[i]! })) };
      });
      const text = [
        fitText(value.fit),
        "",
        "The final model on three emoji that it has seen:",
        "",
        predictionsText(value.predictions),
        "",
        "Next: `vca predict` with a picture of yours, `vca fit --help`.",
      ];
      show(io, options, value, text.join("\n"));
    });
}
