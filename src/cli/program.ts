/**
 * @file The command line as a function: arguments in, exit code out. Commands import what they run when
 * they run, so that help loads no engine.
 */
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { EXIT_CODES, VcaError } from "../errors.ts";
import { addCache } from "./cache.ts";
import { addCircuits } from "./circuits.ts";
import { VcaCommand } from "./command.ts";
import { addData } from "./data.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addEncode } from "./encode.ts";
import { addEncoders } from "./encoders.ts";
import { addExport } from "./export.ts";
import { addFeatures } from "./features.ts";
import { addFit } from "./fit.ts";
import { addGeometry } from "./geometry.ts";
import { addImport } from "./import.ts";
import type { Io } from "./io.ts";
import { addLab } from "./lab.ts";
import { addLesion } from "./lesion.ts";
import { addNeurons } from "./neurons.ts";
import { addPredict } from "./predict.ts";
import { addReport } from "./report.ts";
import { addRsa } from "./rsa.ts";
import { addRun } from "./run.ts";
import { addSimulate } from "./simulate.ts";
import { addStep } from "./step.ts";
import { addTest } from "./test.ts";

const COMMANDS = [
  addDemo,
  addRun,
  addStep,
  addFit,
  addTest,
  addPredict,
  addRsa,
  addEncode,
  addExport,
  addNeurons,
  addGeometry,
  addLesion,
  addReport,
  addLab,
  addImport,
  addFeatures,
  addCache,
  addEncoders,
  addCircuits,
  addData,
  addSimulate,
  addDoctor,
] as const;

/** Help was asked for with too few words: a usage error. */
const USAGE = 2;
const INTERRUPTED = 130;

/** All commands, writing to `io`. */
export function createProgram(io: Io): VcaCommand {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = new VcaCommand("vca")
    .description("The Visual Cortex Amygdala model: train it on rated pictures, test it, export it, open it.")
    .version(version, "--version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
    })
    .addHelpText(
      "after",
      "\nExamples:\n  $ vca demo\n  $ vca fit oasis:PATH --out runs/oasis\n  $ vca fit --help",
    );
  for (const add of COMMANDS) add(program, io);
  return program;
}

/**
 * Runs one command line.
 * @param argv the words after `vca`
 * @returns the exit code: 0, that of the error's tag, 130 when interrupted, 1 for a bug of ours
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, { err, signal }: Io): number {
  if (signal?.aborted) {
    err("Interrupted. Run the same command again to go on.\n");
    return INTERRUPTED;
  }
  if (error instanceof CommanderError) return error.code === "commander.help" ? USAGE : error.exitCode;
  if (error instanceof VcaError) {
    err(`${error.message}\n`);
    return EXIT_CODES[error.tag];
  }
  err(`${error instanceof Error ? error.stack : String(error)}\n`);
  err("This is a bug of ours. Report it with the command and the lines above.\n");
  return 1;
}
