/**
 * @file `vca rsa`: models against measured RDMs, from files. Reads both, joins them by stimulus id, averages over every axis
 * but participants, and leaves the inference to `rsa`.
 */
import { writeFileAtomic } from "#files";
import { writeCsv } from "../core/csv.ts";
import { Random } from "../core/random.ts";
import type { Resample } from "../rsa/bootstrap.ts";
import { type Comparison, comparisonName } from "../rsa/comparisons.ts";
import { type Evaluation, evaluate } from "../rsa/evaluate.ts";
import type { Correction } from "../rsa/pairwise.ts";
import { permuteLabels } from "../rsa/permutation.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { withQ } from "./brain-tables.ts";
import type { WorkOptions } from "./prepare.ts";
import type { Reporter } from "./reporter.ts";
import { writeRsaFigures } from "./rsa-figures.ts";
import { type Measured, type RunModels, readMeasured, readModels } from "./rsa-sources.ts";

/** What to compare, and how. */
export interface RsaConfig {
  readonly measured: Measured;
  /** A file of model RDMs, or a run whose nuclei at the last epoch, encoder and ratings are the models. */
  readonly models: string | RunModels;
  readonly comparison: Comparison;
  /** With `none`, p-values come from permuted labels. */
  readonly resample: Resample;
  /** Bootstrap draws, or permutations. */
  readonly draws: number;
  readonly correction: Correction;
  readonly seed: number;
  /** Folder for tables. */
  readonly out?: string | undefined;
}

/** What `vca rsa --json` prints. */
export interface RsaResult {
  readonly comparison: string;
  readonly resample: Resample;
  readonly ceiling: Evaluation["ceiling"];
  readonly models: readonly {
    readonly name: string;
    readonly score: number;
    readonly se: number | null;
    readonly ci: readonly [number, number] | null;
    readonly p: number | null;
  }[];
  readonly pairs: Evaluation["pairs"];
  readonly draws: number;
  readonly seconds: number;
}

/** What was found: the JSON value, everything, and the models' p corrected over them (Benjamini & Hochberg), `[K]`. */
export interface Compared {
  readonly result: RsaResult;
  readonly evaluation: Evaluation;
  readonly q: readonly (number | undefined)[];
}

/**
 * Compares model RDMs with measured RDMs from files.
 * @throws DataError, ShapeError, ConfigError as the readers and `evaluate`
 */
export async function compareRdms(
  config: RsaConfig,
  { reporter, signal, threads }: Pick<WorkOptions, "reporter" | "signal" | "threads">,
): Promise<Compared> {
  const started = performance.now();
  const { comparison, resample, draws, correction } = config;
  const { measured } = config;
  const data = await readMeasured(measured, reporter);
  const { models, named } = await readModels(config.models, data.ids);
  describe(data, { candidates: models.length, named }, config, reporter);
  const random = Random.seeded(config.seed).at("rsa");
  const common = {
    models,
    data,
    comparison,
    draws,
    where: measured.files[0]!,
    signal,
    threads,
    onProgress: (done: number, total: number) => reporter.progress("draws", done, total),
  };
  const evaluation = await evaluate({ ...common, resample, correction, random });
  const permuted =
    resample === "none" ? await permuteLabels({ ...common, random: random.at("labels") }) : undefined;
  const shownModels = evaluation.models.map((model, k) => ({
    ...model,
    p: permuted ? permuted[k]!.p : model.p,
  }));
  const result: RsaResult = {
    comparison: comparisonName(comparison),
    resample,
    ceiling: evaluation.ceiling,
    models: shownModels.map(({ name, score, se, ci, p }) => ({ name, score, se, ci, p })),
    pairs: evaluation.pairs,
    draws: permuted ? draws : evaluation.draws,
    seconds: (performance.now() - started) / 1000,
  };
  const tested = shownModels.map(({ p }) => ({ p: p ?? undefined }));
  const q = withQ(tested, () => "models").map((row) => row.q);
  const compared = { result, evaluation, q };
  warn(data, evaluation, config, reporter);
  if (config.out !== undefined) {
    await writeResult(config.out, compared);
    const about = `${new Set(data.labels.participant).size} participants, ${data.ids.length} pictures`;
    const drawn = { name: "measured", data, models, found: { ...evaluation, models: shownModels }, q };
    await writeRsaFigures(config.out, [drawn], {
      comparison,
      about,
      title: "Which models share the measured geometry?",
    });
  }
  return compared;
}

function describe(
  data: Rdms,
  { candidates, named }: { candidates: number; named: boolean },
  config: RsaConfig,
  reporter: Reporter,
): void {
  const { measured, models, resample, draws } = config;
  const people = new Set(data.labels.participant).size;
  const [n] = data.vectors.shape as [number];
  const each = n === people ? "" : `, ${n} RDMs`;
  const work =
    resample === "none"
      ? `${draws} permutations of labels`
      : `${draws} draws of ${resample === "both" ? "pictures and participants" : resample}`;
  if (!named && !measured.stimuli) {
    const areNamed = data.ids.some((id, i) => id !== String(i + 1));
    if (areNamed)
      reporter.warn(
        `${models} names no stimuli: they are taken in the order of ${measured.files[0]}. Make sure that they are, or save the models as CSV.`,
      );
    else
      reporter.note(
        "Stimuli are numbered: both files must list them in one order. Name them with --stimuli.",
      );
  }
  reporter.note(`${people} participants${each}, ${data.ids.length} pictures, ${candidates} models; ${work}.`);
}

function warn(
  data: Rdms,
  { draws, missing, models, participants }: Evaluation,
  config: RsaConfig,
  reporter: Reporter,
): void {
  const above = models.filter(({ aboveCeiling }) => aboveCeiling).map(({ name }) => name);
  if (missing > 0)
    reporter.warn(
      `${missing} of ${data.vectors.shape[1]} pairs of pictures are left out: an RDM lacks them.`,
    );
  if (config.resample !== "none" && draws < config.draws)
    reporter.warn(
      `${config.draws - draws} of ${config.draws} draws held fewer than 3 different pictures and are left out.`,
    );
  if (above.length > 0)
    reporter.warn(
      `above the noise ceiling: ${above.join(", ")}. Does the model hold something of these data?`,
    );
  warnOfFew(participants.length, config.resample, reporter);
}

/** Tables: `alignment.csv`, `alignment-participants.csv`, `alignment-pairs.csv`, and the JSON value. */
async function writeResult(
  folder: string,
  { result, evaluation: { models, participants }, q }: Compared,
): Promise<void> {
  const cell = (value: number | null | undefined) => value ?? undefined;
  const files = {
    "rsa.json": `${JSON.stringify({ ...result, seconds: undefined }, undefined, 2)}\n`, // the same for the same input
    "alignment.csv": writeCsv(
      ["model", "score", "se", "lower", "upper", "p", "q", "p_ceiling", "above_ceiling"],
      models.map((model, k) => [
        model.name,
        model.score,
        cell(model.se),
        cell(model.ci?.[0]),
        cell(model.ci?.[1]),
        cell(result.models[k]!.p),
        q[k],
        cell(model.pCeiling),
        model.aboveCeiling ? 1 : 0,
      ]),
    ),
    "alignment-participants.csv": writeCsv(
      ["model", "participant", "score"],
      models.flatMap((model) =>
        participants.map((participant, p) => [model.name, participant, model.perParticipant[p]!]),
      ),
    ),
    "alignment-pairs.csv": writeCsv(
      ["a", "b", "difference", "p", "p_corrected"],
      result.pairs.map(({ a, b, difference, p, pCorrected }) => [
        a,
        b,
        difference,
        cell(p),
        cell(pCorrected),
      ]),
    ),
  };
  for (const [name, text] of Object.entries(files)) await writeFileAtomic(`${folder}/${name}`, text);
}

/** The fewest participants over whom a claim is worth much: below, Student's t has fewer than 4 degrees of freedom. */
const FEW = 5;

/** Warns of a claim about people that rests on few. */
export function warnOfFew(participants: number, resample: Resample, reporter: Reporter): void {
  if (participants < FEW && (resample === "both" || resample === "participants"))
    reporter.warn(
      `${participants} participants: intervals are wide, and hold for people like these at best.`,
    );
}
