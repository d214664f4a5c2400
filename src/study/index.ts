/** @file What users of the library have of `study`: the commands as functions, and the run's folder. */

export { alignRun } from "./align.ts";
export { type AttentionResult, analyseAttention } from "./attention.ts";
export { encodeRun } from "./encode.ts";
export type { Executor } from "./executor.ts";
export { exportRun } from "./export.ts";
export { type FitResult, fitStudy } from "./fit.ts";
export { type FitConfig, fitConfig } from "./fit-config.ts";
export { analyseGeometry, type GeometryResult } from "./geometry.ts";
export { importWeights } from "./import.ts";
export { analyseLesions, type LesionResult } from "./lesions.ts";
export { analyseNeurons, type NeuronsResult } from "./neurons.ts";
export { predictPictures } from "./predict.ts";
export { writeReport } from "./report.ts";
export { type Reporter, SILENT } from "./reporter.ts";
export { compareRdms, type RsaResult } from "./rsa.ts";
export { RunFolder } from "./run-folder.ts";
export { runStep } from "./run-step.ts";
export { prepareStudy, runStudy, type StudyResult } from "./run-study.ts";
export { testRun } from "./test.ts";
