/** @file What users of the library have of `study`: the commands as functions, and the run's folder. */
export { exportRun } from "./export.ts";
export { type FitResult, fitStudy } from "./fit.ts";
export { type FitConfig, fitConfig } from "./fit-config.ts";
export { predictPictures } from "./predict.ts";
export { type Reporter, SILENT } from "./reporter.ts";
export { RunFolder } from "./run-folder.ts";
export { testRun } from "./test.ts";
