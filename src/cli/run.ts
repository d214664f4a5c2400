/** @file `vca run`: a whole study. */
import { CommanderError } from "commander";
import type { PairRow } from "../study/compare-runs.ts";
import type { PlannedStep, StudyResult } from "../study/run-study.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, required, whole } from "./options.ts";
import { correlationText, secondsText, table } from "./table.ts";
import { thumbnail } from "./thumbnail.ts";

interface RunOptions extends CommonOptions {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly init?: boolean;
  readonly workers?: number;
}

/** A study that finished in part. */
const PARTLY = 6;

/** Adds `run`. */
export function addRun(program: VcaCommand, io: Io): void {
  addCommand(program, "run", {
    summary: "run a whole study: encoders x circuits, then every analysis",
    about:
      "Run a whole study: every encoder with every circuit, tests on other sets, units, geometry, lesions, attention. What was computed is never computed again: interrupted, the same command goes on; edited, it computes what changed.",
    examples: [
      "vca run --init > study.yaml",
      "vca run study.yaml --out runs/study --dry-run",
      "vca run study.yaml --out runs/study",
    ],
  })
    .argument("[study]", "a YAML file; `--init` writes a commented one")
    .option("--out <folder>", "the study's folder")
    .option("--dry-run", "print the steps, their state and how long they will take, and stop")
    .option("--init", "print a commented study and stop")
    .option(
      "--workers <n>",
      "steps at once, one thread each (default: as processors and memory allow)",
      whole("--workers", 1, 2),
    )
    .action(async (file: string | undefined, options: RunOptions) => {
      if (options.init) {
        const { STUDY_EXAMPLE } = await import("../study/study-example.ts");
        return io.out(STUDY_EXAMPLE);
      }
      const where = required("run", "STUDY", file);
      const out = required("run", "--out <folder>", options.out);
      const [{ readText }, { prepareStudy, runStudy }, { localExecutor }] = await Promise.all([
        import("#files"),
        import("../study/run-study.ts"),
        import("./local-executor.ts"),
      ]);
      const text = await readText(where);
      if (options.dryRun) {
        const { planned } = await withWork(io, options, ({ reporter }) =>
          prepareStudy(text, { where, out, reporter }),
        );
        return show(io, options, planned, planText(planned, out));
      }
      const executor = localExecutor({ out, places: options.workers });
      const result = await withWork(io, options, ({ reporter, signal }) =>
        runStudy(text, { where, out, executor, reporter, thumbnail, ...(signal && { signal }) }),
      );
      show(io, options, result, studyText(result));
      if (result.failed.length > 0)
        throw new CommanderError(PARTLY, "vca.partly", "The study finished in part.");
    });
}

function planText(planned: readonly PlannedStep[], out: string): string {
  const done = new Set(planned.filter(({ receipt }) => receipt).map(({ step }) => step.hash));
  const state = ({ step, receipt }: PlannedStep) =>
    receipt ? "done" : step.inputs.every((input) => done.has(input)) ? "ready" : "waiting";
  const time = ({ seconds }: PlannedStep) => (seconds === undefined ? "-" : secondsText(seconds));
  const left = planned.filter(({ receipt }) => !receipt);
  const known = left.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  const unknown = left.filter(({ seconds }) => seconds === undefined).length;
  const rest = unknown > 0 ? `, and ${unknown} of which nothing is known yet` : "";
  return [
    table(
      ["step", "state", "time", "what"],
      planned.map((each) => [each.step.hash, state(each), time(each), each.step.name]),
    ),
    "",
    `${left.length} of ${planned.length} steps to do: about ${secondsText(known)} of work${rest}; one at a time with \`vca step HASH --out ${out}\`.`,
  ].join("\n");
}

/** A study's result as text. */
export function studyText({
  fits,
  attention,
  comparisons,
  computed,
  steps,
  failed,
  report,
  out,
  seconds,
}: StudyResult): string {
  const lines = [
    `${computed} of ${steps} steps computed, ${steps - computed - failed.length} were there.`,
    "",
  ];
  if (fits.length > 0) lines.push(fitsText(fits), "");
  if (attention.length > 0) lines.push("Attention after training:", "", attentionText(attention), "");
  if (comparisons.length > 0) lines.push("Paired differences in r:", "", pairsText(comparisons), "");
  for (const { step, failure } of failed) lines.push(`Failed: ${step}: ${failure}`);
  return [...lines, `${report ?? out}, ${secondsText(seconds)}`].join("\n");
}

function fitsText(fits: StudyResult["fits"]): string {
  const shown = ({ r, ci: [lower, upper] }: { r: number; ci: readonly [number, number] }) =>
    `${correlationText(r)} [${correlationText(lower)}, ${correlationText(upper)}]`;
  return table(
    ["circuit", "encoder", "parameters", "folds", "r valence", "r arousal", "ridge valence", "ridge arousal"],
    fits.map(({ circuit, encoder, parameters, design, metrics, ridge }) => [
      circuit,
      encoder,
      String(parameters),
      design,
      ...[metrics, ridge].flatMap(({ valence, arousal }) => [shown(valence), shown(arousal)]),
    ]),
  );
}

function attentionText(attention: StudyResult["attention"]): string {
  return table(
    ["circuit", "encoder", "nucleus", "entropy", "effective tokens", "warning"],
    attention.map(({ circuit, encoder, nucleus, entropy, effectiveTokens, tokens, degenerate }) => [
      circuit,
      encoder,
      nucleus,
      entropy.toFixed(2),
      `${effectiveTokens.toFixed(1)} of ${tokens}`,
      degenerate ?? "",
    ]),
  );
}

function pairsText(pairs: readonly PairRow[]): string {
  const interval = ({ lower, upper }: PairRow) => `[${correlationText(lower)}, ${correlationText(upper)}]`;
  return table(
    ["a", "b", "folds", "scale", "r a", "r b", "difference", "95 % interval", "p corrected"],
    pairs.map((pair) => [
      pair.a,
      pair.b,
      pair.design,
      pair.scale,
      correlationText(pair.rA),
      correlationText(pair.rB),
      correlationText(pair.difference),
      interval(pair),
      pair.pCorrected.toPrecision(2),
    ]),
  );
}
