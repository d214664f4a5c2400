/**
 * @file A whole study: plans it, has its steps carried out, and gathers their tables in one place, each row with the
 * encoder, circuit and design it belongs to. Everything but the steps themselves is cheap and made anew each time.
 */
import {
  exists,
  isFolder,
  LOCK_FILE,
  listFolder,
  lockFolder,
  readBytes,
  readText,
  removeTemporaryFiles,
  writeFileAtomic,
} from "#files";
import { parseCsv, writeCsv } from "../core/csv.ts";
import { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import type { NucleusAttention } from "./attention.ts";
import { compareRuns, type LabelledRun, type PairRow } from "./compare-runs.ts";
import { type Executor, executeSteps } from "./executor.ts";
import type { FitResult } from "./fit.ts";
import { planStudy } from "./plan.ts";
import { writeReport } from "./report.ts";
import type { Thumbnail } from "./report-pictures.ts";
import type { Reporter } from "./reporter.ts";
import { writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";
import { type Receipt, readReceipt, type Step, stepFolder, writePlan } from "./step.ts";
import { ANALYSES, parseStudy, type Study } from "./study-file.ts";

/** A step and what is known of it before the study runs. */
export interface PlannedStep {
  readonly step: Step;
  readonly receipt: Receipt | undefined;
  /** Seconds that it took, or that steps of its kind took in this study on average; undefined before the first of them. */
  readonly seconds: number | undefined;
}

/** What `vca run --json` prints. */
export interface StudyResult {
  readonly steps: number;
  /** Steps that this call carried out. */
  readonly computed: number;
  /** Every cross-validated fit. */
  readonly fits: readonly (FitResult & { readonly design: string })[];
  /** How widely each circuit's nuclei attend after training, where they do. */
  readonly attention: readonly (NucleusAttention & { readonly encoder: string; readonly circuit: string })[];
  readonly failed: readonly { readonly step: string; readonly failure: string }[];
  /** Differences in r between runs, on held-out pictures. */
  readonly comparisons: readonly PairRow[];
  /** The report's file. */
  readonly report?: string;
  readonly out: string;
  readonly seconds: number;
}

/** The tables that steps leave, by kind. */
const TABLES: Readonly<Partial<Record<Step["kind"], readonly string[]>>> = {
  fit: ["metrics.csv"],
  units: ["neurons.csv", "neurons-tests.csv"],
  geometry: ["geometry.csv", "geometry-tests.csv"],
  lesions: ["lesions.csv"],
  attention: ["attention.csv"],
};

const LABELS = ["encoder", "circuit", "design"] as const;
type Labels = Readonly<Record<(typeof LABELS)[number], string>>;

/**
 * Plans a study into its folder: writes `study.yaml` and `plan.json`, and says what is done.
 * @throws ConfigError, DataError when something is wrong in it or not there, or the folder is another's.
 */
export async function prepareStudy(
  text: string,
  { where, out, reporter }: { where: string; out: string; reporter: Reporter },
): Promise<{ study: Study; planned: PlannedStep[] }> {
  const study = parseStudy(text, where);
  await refuseOthers(out, study);
  const steps = await planStudy(study, reporter);
  await writeFileAtomic(`${out}/study.yaml`, text);
  await writePlan(out, steps);
  const receipts = await Promise.all(steps.map((step) => readReceipt(out, step)));
  const planned = steps.map((step, i): PlannedStep => {
    const alike = receipts.filter((receipt, j) => receipt && steps[j]!.kind === step.kind) as Receipt[];
    const mean = alike.reduce((sum, { seconds }) => sum + seconds, 0) / alike.length;
    return {
      step,
      receipt: receipts[i],
      seconds: receipts[i]?.seconds ?? (alike.length > 0 ? mean : undefined),
    };
  });
  return { study, planned };
}

/** A study's folder is empty, or holds a study of the same pictures. @throws ConfigError */
async function refuseOthers(out: string, { stimuli }: Study): Promise<void> {
  const refuse = (got: string) =>
    new VcaError(
      "ConfigError",
      `${out}: an empty folder or this study's own was expected, got ${got}. Choose another --out.`,
    );
  const file = `${out}/study.yaml`;
  const begun = await exists(file);
  await removeTemporaryFiles(out, { below: begun });
  if (begun) {
    const before = parseStudy(await readText(file), file).stimuli;
    if (before !== stimuli) throw refuse(`a study of ${before} where this has ${stimuli}`);
  } else if (await isFolder(out)) {
    const other = (await listFolder(out)).find((name) => name !== LOCK_FILE);
    if (other !== undefined) throw refuse(`one with ${other}`);
  }
}

/**
 * Runs a study in its folder; interrupted, the same call goes on.
 * @returns also when steps failed, which it names
 * @throws ConfigError, DataError before work begins; StorageError when another process works in the folder.
 */
export async function runStudy(
  text: string,
  options: {
    readonly where: string;
    readonly out: string;
    readonly executor: Executor;
    readonly reporter: Reporter;
    readonly thumbnail?: Thumbnail | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<StudyResult> {
  const { out, executor, reporter, signal } = options;
  const started = performance.now();
  const unlock = await lockFolder(out);
  try {
    const { study, planned } = await prepareStudy(text, options);
    const steps = planned.map(({ step }) => step);
    const before = planned.filter(({ receipt }) => receipt).length;
    reporter.note(`${steps.length} steps, ${before} of them done; ${executor.places} at once.`);
    let ended = before;
    const outcomes = await executeSteps({
      steps,
      executor,
      signal,
      isDone: async (step) => (await readReceipt(out, step)) !== undefined,
      onChange: (event, step, seconds) => {
        if (event !== "end") return;
        reporter.note(`${step.name}: ${seconds!.toFixed(0)} s`);
        reporter.progress("study", ++ended, steps.length);
      },
      onProgress: (now) => reporter.progress("study", ended, steps.length, now),
    });
    const failed = new Set(outcomes.map(({ step }) => step.hash));
    const finished = steps.filter(({ hash }) => !failed.has(hash));
    await gatherTables(out, finished);
    const resultOf = async (step: Step) => (await readReceipt(out, step))!.result;
    const runs: LabelledRun[] = [];
    const fits: StudyResult["fits"][number][] = [];
    for (const step of finished.filter(isPrediction)) {
      const { encoder, circuit, design } = step.labels as Labels;
      const fit = (await resultOf(step)) as FitResult;
      runs.push({ encoder, circuit, design, parameters: fit.parameters, path: stepFolder(out, step) });
      fits.push({ ...fit, design });
    }
    const attention: StudyResult["attention"][number][] = [];
    for (const step of finished.filter(({ kind }) => kind === "attention")) {
      const { encoder, circuit } = step.labels as Labels;
      for (const nucleus of (await resultOf(step)) as NucleusAttention[])
        attention.push({ encoder, circuit, ...nucleus });
    }
    const comparisons = await compareRuns(runs, { group: study.group, random: Random.seeded(study.seed) });
    await writePairs(out, comparisons);
    const report = study.report ? await reportStudy(runs, finished, options) : undefined;
    return {
      steps: steps.length,
      computed: finished.length - before,
      fits,
      attention,
      failed: outcomes.map(({ step, failure }) => ({ step: step.name, failure })),
      comparisons,
      ...(report && { report }),
      out,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await unlock();
  }
}

/** Whether a step is a cross-validated fit, not one of the halves that analyses look into. */
function isPrediction({ kind, labels: { design } }: Step): boolean {
  return kind === "fit" && design !== "halves" && design !== "shuffled";
}

/** The report of the first circuit on the first encoder, the others beside it. */
async function reportStudy(
  [main, ...others]: readonly LabelledRun[],
  steps: readonly Step[],
  { out, reporter, thumbnail, signal }: Parameters<typeof runStudy>[1],
): Promise<string | undefined> {
  if (!main) return undefined;
  const own = steps.filter(
    ({ labels }) => labels.encoder === main.encoder && labels.circuit === main.circuit,
  );
  const halves = own.find(({ kind, labels }) => kind === "fit" && labels.design === "halves");
  const tables = ANALYSES.flatMap((kind) => {
    const step = own.find((each) => each.kind === kind);
    return step ? [[kind, stepFolder(out, step)]] : [];
  });
  const report = await writeReport(main.path, {
    reporter,
    signal,
    thumbnail,
    out: `${out}/report.html`,
    beside: others.filter(({ design }) => design === main.design).map(({ path }) => path),
    inside: halves && { run: stepFolder(out, halves), tables: Object.fromEntries(tables) },
  });
  return report.out;
}

/** Puts the tables of all steps of a kind under one header, the steps' labels first. */
async function gatherTables(out: string, steps: readonly Step[]): Promise<void> {
  for (const [kind, names] of Object.entries(TABLES)) {
    for (const name of names) {
      const rows: string[][] = [];
      let header: readonly string[] = [];
      for (const step of steps) {
        const file = `${stepFolder(out, step)}/${name}`;
        if (step.kind !== kind || !(await exists(file))) continue;
        const table = parseCsv(await readBytes(file), file);
        header = table.header;
        for (const { cells } of table.rows)
          rows.push([...LABELS.map((label) => step.labels[label] ?? ""), ...cells]);
      }
      if (rows.length > 0) await writeFileAtomic(`${out}/${name}`, writeCsv([...LABELS, ...header], rows));
    }
  }
}

async function writePairs(out: string, rows: readonly PairRow[]): Promise<void> {
  const header = [
    "design",
    "scale",
    "a",
    "b",
    "parametersA",
    "parametersB",
    "rA",
    "rB",
    "difference",
    "lower",
    "upper",
    "p",
    "pCorrected",
  ] as const satisfies readonly (keyof PairRow)[];
  await writeTable(`${out}/comparisons.csv`, header, cellsOf(header, rows));
}
