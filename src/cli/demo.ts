/** @file `vca demo`: a small study on what the package carries, without a network. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions } from "./options.ts";
import { predictionsText } from "./predict.ts";
import { studyText } from "./run.ts";
import { thumbnail } from "./thumbnail.ts";

/** Pictures that are predicted at the end: a pleasant, an aroused and a sad one. */
const SHOWN = ["smiling-face-with-heart-shaped-eyes", "face-screaming-in-fear", "crying-face"] as const;

const STUDY = (seed: number) => `# What \`vca demo\` runs.
stimuli: emoji
encoders: [efficientnet-lite0]
circuits: [vca, serial-linear]
fit: { tapChoice: inner }
seed: ${seed}
`;

/** Adds `demo`. */
export function addDemo(program: VcaCommand, io: Io): void {
  addCommand(program, "demo", {
    summary: "a small study of the embedded emoji, with a report; no network",
    about:
      "Run a small study on 81 rated emoji with the embedded encoder: prediction beside ridge and beside a circuit without anatomy, units, geometry, lesions, a report; no network, at most five minutes on two cores.",
    examples: ["vca demo", "vca demo --out runs/first --json"],
  })
    .option("--out <folder>", "the study's folder (default: runs/demo)")
    .action(async (options: CommonOptions & { out?: string }) => {
      const [{ localExecutor }, { runStudy }, { predictPictures }, { openStimuli }] = await Promise.all([
        import("./local-executor.ts"),
        import("../study/run-study.ts"),
        import("../study/predict.ts"),
        import("../stimuli/set.ts"),
      ]);
      const { out = "runs/demo", seed = 0 } = options;
      const value = await withWork(io, options, async (work) => {
        work.reporter.note("Five minutes for a first look, not for science.");
        const executor = localExecutor({ out });
        const study = await runStudy(STUDY(seed), { ...work, where: "demo", out, executor, thumbnail });
        const { ids, files } = await openStimuli("emoji");
        const pictures = SHOWN.map((id) => files[ids.indexOf(id)]!);
        const answers = await predictPictures(out, pictures, work);
        return { study, predictions: answers.map((answer, i) => ({ ...answer, file: SHOWN[i]! })) };
      });
      const text = [
        studyText(value.study),
        "",
        "The final model on three emoji that it has seen:",
        "",
        predictionsText(value.predictions),
        "",
        `Next: open ${value.study.report}, \`vca predict ${out}\` with a picture of yours, \`vca run --init\`.`,
      ];
      show(io, options, value, text.join("\n"));
    });
}
