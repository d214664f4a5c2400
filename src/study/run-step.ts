/** @file Carries out one step of a study, in this process: options and finished inputs in, a folder of results out. */
import { VcaError } from "../errors.ts";
import { analyseAttention } from "./attention.ts";
import { fitStudy } from "./fit.ts";
import type { FitConfig } from "./fit-config.ts";
import { analyseGeometry } from "./geometry.ts";
import { analyseLesions } from "./lesions.ts";
import { analyseNeurons } from "./neurons.ts";
import { prepareFit, type WorkOptions } from "./prepare.ts";
import { findStep, readReceipt, type Step, type StepKind, stepFolder, writeReceipt } from "./step.ts";
import type { Study } from "./study-file.ts";
import { testRun } from "./test.ts";

/** Where a step reads and writes. */
interface Place extends WorkOptions {
  readonly out: string;
  /** Folders of its inputs. */
  readonly inputs: readonly string[];
}

const WORK: Readonly<Record<StepKind, (step: Step, place: Place) => Promise<unknown>>> = {
  features: ({ options }, place) => prepareFit(options as FitConfig, place),
  fit: ({ options }, place) => fitStudy(options as FitConfig, place),
  units: ({ options }, { inputs: [run, control], ...place }) =>
    analyseNeurons(run!, { ...(options as { seed: number }), ...place, control }),
  geometry: ({ options }, { inputs: [run, control], ...place }) =>
    analyseGeometry(run!, { ...(options as { seed: number }), ...place, control }),
  lesions: ({ options }, { inputs: [run], ...place }) =>
    analyseLesions(run!, { ...(options as { seed: number } & Study["lesions"]), ...place }),
  attention: async (_, { inputs: [run], ...place }) => (await analyseAttention(run!, place)).nuclei,
  test: ({ options }, { inputs: [run], ...place }) =>
    testRun(run!, (options as { stimuli: string }).stimuli, place),
};

/** Steps whose result is small and read again by the study. */
const KEEPS_RESULT: ReadonlySet<StepKind> = new Set(["fit", "test", "attention"]);

/**
 * Carries out the step of a study's plan whose hash begins as given; one that is finished is left as it is.
 * @throws DataError when a step that it reads is not finished; as the step's own command.
 */
export async function runStep(study: string, hash: string, work: WorkOptions): Promise<Step> {
  const { step, plan } = await findStep(study, hash);
  if (await readReceipt(study, step)) return step;
  const inputs: string[] = [];
  for (const input of step.inputs) {
    const before = plan.find((each) => each.hash === input)!;
    if (!(await readReceipt(study, before)))
      throw new VcaError(
        "DataError",
        `step: ${before.name} was expected to be finished, got none. Run \`vca step ${before.hash} --out ${study}\` first.`,
      );
    inputs.push(stepFolder(study, before));
  }
  const started = performance.now();
  const result = await WORK[step.kind](step, { ...work, out: stepFolder(study, step), inputs });
  const seconds = (performance.now() - started) / 1000;
  await writeReceipt(study, step, KEEPS_RESULT.has(step.kind) ? { seconds, result } : { seconds });
  return step;
}
