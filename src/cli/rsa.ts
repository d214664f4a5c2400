/** @file `vca rsa`: a run's nuclei against brains, or model RDMs against measured RDMs, with noise ceiling, intervals and tests. */
import { VcaError } from "../errors.ts";
import type { Resample } from "../rsa/bootstrap.ts";
import type { Correction } from "../rsa/pairwise.ts";
import type { BrainMeasure, BrainPrecision } from "../study/brain-measures.ts";
import type { Compared } from "../study/rsa.ts";
import { addBrainOptions, type BrainCliOptions, brainFiles } from "./brain-options.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf, positive, required, whole } from "./options.ts";
import { correlationText, secondsText, table } from "./table.ts";

interface RsaOptions extends CommonOptions, BrainCliOptions {
  readonly measure?: BrainMeasure;
  readonly precision?: BrainPrecision;
  readonly rdm?: "correlation" | "spearman";
  readonly rdms?: string;
  readonly patterns?: readonly string[];
  readonly models?: string;
  readonly axes: string;
  readonly stimuli?: string;
  readonly comparison: string;
  readonly resample: Resample;
  readonly draws: number;
  readonly correction: Correction;
  readonly sessions: "average" | "keep";
  readonly searchlight?: number;
  readonly out?: string;
}

/** Adds `rsa`. */
export function addRsa(program: VcaCommand, io: Io): void {
  const choice = (option: string, choices: readonly string[]) => oneOf("rsa", option, choices);
  const command = addCommand(program, "rsa", {
    summary: "compare a run, or model RDMs, with brains: ceiling, intervals, tests",
    about:
      "Representational similarity of models and participants: scores, noise ceiling, bootstrap intervals, p-values. With a run: every nucleus and kept epoch, beside encoder, ratings, ridge, pixels and low-level statistics, on pictures that its networks did not train on, in the mask, its hemispheres and control masks.",
    examples: [
      "vca rsa runs/oasis --brain sub-*/betas.nii.gz --mask amygdala.nii.gz --conditions conditions.csv --control-mask v1.nii.gz --stimuli iaps:IAPS",
      "vca rsa runs/halves --brain sub-*/betas.nii.gz --mask amygdala.nii.gz --conditions conditions.csv --within-fold",
      "vca rsa runs/oasis --brain betas/subj0* --mask 'masks/{participant}_amygdala.nii.gz' --conditions nsd_expdesign.mat --shared-pictures --stimuli table:nsd.csv --scale 1-9",
      "vca rsa runs/halves --rdms rdms.npy --conditions ids.csv --within-fold",
      "vca rsa --patterns sub-*/patterns.csv --models models.npz",
      "vca rsa --rdms rdms.npy --axes participant,session --models models.npz",
      "vca rsa --rdms rdms.npy --stimuli stimuli.csv --models model.csv --comparison tau-a --json",
    ],
  }).argument("[run]", "a folder that `vca fit` made; without one, --models");
  addBrainOptions(command)
    .option(
      "--measure <name>",
      "of measured patterns: auto (crossnobis where every picture has two runs, else correlation), crossnobis, correlation, spearman, euclidean",
      choice("--measure", [
        "auto",
        "crossnobis",
        "correlation",
        "spearman",
        "euclidean",
      ] satisfies BrainMeasure[]),
    )
    .option(
      "--precision <of>",
      "noise precision of crossnobis, from repeats: pooled over runs, or of the two runs that are crossed (default: pooled)",
      choice("--precision", ["pooled", "runs"] satisfies BrainPrecision[]),
    )
    .option(
      "--rdm <measure>",
      "of a nucleus's patterns, 1 - correlation or 1 - spearman (default: correlation)",
      choice("--rdm", ["correlation", "spearman"]),
    )
    .option("--rdms <file>", "measured RDMs: .npy, .npz, .csv, .mat or .h5")
    .option(
      "--patterns <files...>",
      "measured patterns, one table of each participant: CSV with id (and run) and a column for each voxel, or .npy with --conditions",
    )
    .option("--models <file>", "model RDMs: .npz (named), .npy, .csv, .mat or .h5")
    .option("--axes <names>", "axes before the RDM in the file of measured RDMs", "participant")
    .option(
      "--stimuli <stimuli>",
      "column id: the stimuli of arrays, which carry no ids; with a run, the set that was shown, such as iaps:FOLDER",
    )
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
    .option(
      "--searchlight <mm>",
      "radius of spheres around each voxel, itself included: maps of mask and control masks, tested over participants",
      positive("--searchlight", 8),
    )
    .option("--out <folder>", "write tables there")
    .action(async (path: string | undefined, options: RsaOptions) => {
      const isReady = options.rdms !== undefined || options.patterns !== undefined;
      if (path !== undefined && !isReady) return align(io, path, options);
      return compareReady(io, path, options);
    });
}

/** Ready RDMs or patterns, against ready models or a run. */
async function compareReady(io: Io, path: string | undefined, options: RsaOptions): Promise<void> {
  refuseWithReady(path, options);
  const { rdms, patterns, conditions, stimuli, measure, rdm, withinFold, scale } = options;
  const files = patterns ?? [required("rsa", "--rdms", rdms)];
  const models = path ?? required("rsa", "--models", options.models);
  const [{ compareRdms }, { comparisonOf }] = await Promise.all([
    import("../study/rsa.ts"),
    import("../rsa/comparisons.ts"),
  ]);
  const { resample, draws, correction, out, seed = 0 } = options;
  const compared = await withWork(io, options, (work) =>
    compareRdms(
      {
        measured: {
          kind: patterns ? "patterns" : "rdms",
          files,
          axes: options.axes.split(",").map((axis) => axis.trim()),
          average: options.sessions === "average",
          stimuli: conditions ?? (path === undefined ? stimuli : undefined),
          measure,
        },
        models: path === undefined ? models : { ...work, path, stimuli, scale, withinFold, rdm },
        comparison: comparisonOf(options.comparison),
        resample,
        draws,
        correction,
        seed,
        out,
      },
      work,
    ),
  );
  show(io, options, compared.result, resultText(compared, out));
}

async function align(io: Io, path: string, options: RsaOptions): Promise<void> {
  if (options.models !== undefined) throw both("--models");
  const files = brainFiles("rsa", options);
  const [{ alignRun }, { comparisonOf }, { alignText }] = await Promise.all([
    import("../study/align.ts"),
    import("../rsa/comparisons.ts"),
    import("./align.ts"),
  ]);
  const { stimuli, scale, withinFold, measure, precision, rdm, searchlight } = options;
  const { resample, draws, correction, out, seed = 0 } = options;
  const result = await withWork(io, options, (work) =>
    alignRun(path, {
      ...work,
      ...files,
      stimuli,
      scale,
      withinFold,
      measure,
      precision,
      rdm,
      comparison: comparisonOf(options.comparison),
      resample,
      draws,
      correction,
      searchlight,
      seed,
      out,
    }),
  );
  show(io, options, result, alignText(result));
}

const both = (other: string) =>
  new VcaError("ConfigError", `rsa: a run or ${other} was expected, got both. Leave out one of them.`);

/** Options that say how betas are read or searched. */
const BETAS = [
  "brain",
  "mask",
  "controlMask",
  "smoothing",
  "sharedPictures",
  "series",
  "precision",
  "searchlight",
] as const;

function refuseWithReady(path: string | undefined, options: RsaOptions): void {
  const { rdms, patterns, models, withinFold, measure, rdm } = options;
  if (path !== undefined && models !== undefined) throw both("--models");
  if (rdms !== undefined && patterns !== undefined)
    throw new VcaError(
      "ConfigError",
      "rsa: --rdms or --patterns was expected, got both. Leave out one of them.",
    );
  const betas = BETAS.find((name) => options[name] !== undefined)?.replace(
    /[A-Z]/,
    (letter) => `-${letter.toLowerCase()}`,
  );
  const lacking =
    betas ??
    (path === undefined && withinFold ? "within-fold" : undefined) ??
    (path === undefined && rdm !== undefined ? "rdm" : undefined);
  if (lacking !== undefined)
    throw new VcaError(
      "ConfigError",
      path === undefined
        ? `rsa: a run was expected with --${lacking}, got none. Name the folder that \`vca fit\` made.`
        : `rsa: --${lacking} was expected without --${rdms === undefined ? "patterns" : "rdms"}, got both. Leave out one of them.`,
    );
  if (measure !== undefined && patterns === undefined)
    throw new VcaError(
      "ConfigError",
      "rsa: --patterns was expected with --measure, or a run with --brain, got neither. Leave out --measure.",
    );
}

/** A p-value with three digits. */
function pText(p: number | null): string {
  return p === null ? "-" : p < 0.001 ? "< .001" : correlationText(p);
}

function resultText({ result, evaluation, q }: Compared, out: string | undefined): string {
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
      pText(q[k] ?? null),
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
    table(["model", "score", "se", "95 % interval", "p > 0", "q", "p ceiling", ""], models),
    ...(pairs.length > 0 ? ["", table(["pairs that differ", "difference", "p", "corrected"], pairs)] : []),
    ...(pairs.length === 0 && result.pairs.length > 0 && result.resample !== "none"
      ? ["", "No two models differ after correction."]
      : []),
    "",
    `${result.draws} ${result.resample === "none" ? "permutations" : "draws"}, ${secondsText(result.seconds)}${out === undefined ? "" : `, ${out}`}`,
  ].join("\n");
}
