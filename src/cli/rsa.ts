/** @file `vca rsa`: model RDMs against measured RDMs, with noise ceiling, intervals and tests. */
import type { Resample } from "../rsa/bootstrap.ts";
import type { Evaluation } from "../rsa/evaluate.ts";
import type { Correction } from "../rsa/pairwise.ts";
import type { RsaResult } from "../study/rsa.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf, required, whole } from "./options.ts";
import { correlationText, secondsText, table } from "./table.ts";

interface RsaOptions extends CommonOptions {
  readonly rdms?: string;
  readonly models?: string;
  readonly axes: string;
  readonly stimuli?: string;
  readonly comparison: string;
  readonly resample: Resample;
  readonly draws: number;
  readonly correction: Correction;
  readonly sessions: "average" | "keep";
  readonly out?: string;
}

/** Adds `rsa`. */
export function addRsa(program: VcaCommand, io: Io): void {
  const choice = (option: string, choices: readonly string[]) => oneOf("rsa", option, choices);
  addCommand(program, "rsa", {
    summary: "compare models with measured RDMs: ceiling, intervals, tests",
    about:
      "Representational similarity of models and participants: scores, noise ceiling, bootstrap intervals, p-values.",
    examples: [
      "vca rsa --rdms rdms.npy --axes participant,session --models models.npz",
      "vca rsa --rdms rdms.npy --stimuli stimuli.csv --models model.csv --comparison tau-a --json",
    ],
  })
    .option("--rdms <file>", "measured RDMs: .npy, .npz, .csv, .mat or .h5")
    .option("--models <file>", "model RDMs: .npz (named), .npy, .csv, .mat or .h5")
    .option("--axes <names>", "axes before the RDM in the file of measured RDMs", "participant")
    .option("--stimuli <file.csv>", "column id: the stimuli of arrays, which carry no ids")
    .option(
      "--comparison <name>",
      "cosine, pearson, spearman, tau-a, tau-b, rho-a, whitened-cosine or whitened-correlation",
      "rho-a",
    )
    .option(
      "--resample <what>",
      "pictures, participants, both, or none (p-values by permuted labels)",
      choice("--resample", ["pictures", "participants", "both", "none"]),
      "both",
    )
    .option("--draws <n>", "bootstrap draws, or permutations", whole("--draws", 2, 1000), 1000)
    .option(
      "--correction <name>",
      "of p-values over pairs of models: fdr or bonferroni",
      choice("--correction", ["fdr", "bonferroni"]),
      "fdr",
    )
    .option(
      "--sessions <how>",
      "average all axes but participant, or keep such RDMs apart, left out together",
      choice("--sessions", ["average", "keep"]),
      "average",
    )
    .option("--out <folder>", "write tables there")
    .action(async (options: RsaOptions) => {
      const rdms = required("rsa", "--rdms", options.rdms);
      const models = required("rsa", "--models", options.models);
      const [{ compareRdms }, { comparisonOf }] = await Promise.all([
        import("../study/rsa.ts"),
        import("../rsa/comparisons.ts"),
      ]);
      const { stimuli, resample, draws, correction, out, seed = 0 } = options;
      const { result, evaluation } = await withWork(io, options, (work) =>
        compareRdms(
          {
            rdms,
            models,
            axes: options.axes.split(",").map((axis) => axis.trim()),
            stimuli,
            comparison: comparisonOf(options.comparison),
            resample,
            draws,
            correction,
            average: options.sessions === "average",
            seed,
            out,
          },
          work,
        ),
      );
      show(io, options, result, resultText(result, evaluation, out));
    });
}

/** A p-value with three digits. */
function pText(p: number | null): string {
  return p === null ? "-" : p < 0.001 ? "< .001" : correlationText(p);
}

function resultText(result: RsaResult, evaluation: Evaluation, out: string | undefined): string {
  const { lower, upper } = result.ceiling;
  const order = [...result.models.keys()].sort((a, b) => result.models[b]!.score - result.models[a]!.score);
  const models = order.map((k) => {
    const { name, score, se, ci, p } = result.models[k]!;
    const { pCeiling, aboveCeiling } = evaluation.models[k]!;
    const interval = ci ? `[${correlationText(ci[0])}, ${correlationText(ci[1])}]` : "-";
    return [
      name,
      correlationText(score),
      correlationText(se),
      interval,
      pText(p),
      pText(pCeiling),
      aboveCeiling ? "above the ceiling" : "",
    ];
  });
  const pairs = result.pairs
    .filter(({ pCorrected }) => pCorrected !== null && pCorrected < 0.05)
    .map(({ a, b, difference, p, pCorrected }) => [
      `${a} - ${b}`,
      correlationText(difference),
      pText(p),
      pText(pCorrected),
    ]);
  return [
    `${result.comparison}, noise ceiling ${correlationText(lower)} to ${correlationText(upper)}.`,
    "",
    table(["model", "score", "se", "95 % interval", "p > 0", "p ceiling", ""], models),
    ...(pairs.length > 0 ? ["", table(["pairs that differ", "difference", "p", "corrected"], pairs)] : []),
    ...(pairs.length === 0 && result.pairs.length > 0 && result.resample !== "none"
      ? ["", "No two models differ after correction."]
      : []),
    "",
    `${result.draws} ${result.resample === "none" ? "permutations" : "draws"}, ${secondsText(result.seconds)}${out === undefined ? "" : `, ${out}`}`,
  ].join("\n");
}
