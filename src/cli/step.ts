/** @file `vca step`: one step of a study, alone. */
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, required } from "./options.ts";

/** Adds `step`. */
export function addStep(program: VcaCommand, io: Io): void {
  addCommand(program, "step", {
    summary: "carry out one step of a study, alone",
    about:
      "Carry out one step of a study, alone: a job for a cluster's scheduler. The steps that it reads must be finished; one that is finished itself is left as it is.",
    examples: ["vca run study.yaml --out runs/study --dry-run", "vca step 3f9c1a --out runs/study"],
  })
    .argument("<hash>", "the step's hash or its first digits, as `vca run --dry-run` prints them")
    .option("--out <folder>", "the study's folder")
    .action(async (hash: string, options: CommonOptions & { out?: string }) => {
      const out = required("step", "--out <folder>", options.out);
      const { runStep } = await import("../study/run-step.ts");
      const step = await withWork(io, options, (work) => runStep(out, hash, work));
      show(io, options, step, `${step.name}: done`);
    });
}
