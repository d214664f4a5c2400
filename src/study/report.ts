/**
 * @file `vca report`: reads a run's folder, tells it in the paper's order, and writes one HTML file and its figures. What
 * was not computed is left out, and the report says which command computes it.
 */
import { parseHTML } from "linkedom";
import { exists, readText, writeFileAtomic } from "#files";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import type { AlignmentRow } from "../report/figures/alignment.ts";
import type { LearningRow } from "../report/figures/learning.ts";
import type { RRow } from "../report/figures/r-bars.ts";
import { type Report, type ReportSection, reportPage, WIDTHS } from "../report/page.ts";
import { brainSection } from "../report/sections/brain.ts";
import { geometrySection } from "../report/sections/geometry.ts";
import { lesionsSection } from "../report/sections/lesions.ts";
import {
  headlines,
  type Prediction,
  predictionAnswer,
  predictionSection,
} from "../report/sections/prediction.ts";
import { circuitSection, type RunEffect, structureSection } from "../report/sections/structure.ts";
import { unitsSection } from "../report/sections/units.ts";
import type { StimulusSet } from "../stimuli/set.ts";
import { columnOfScale, correlation, reliability } from "../training/metrics.ts";
import type { WorkOptions } from "./prepare.ts";
import {
  alignmentRows,
  type Cells,
  lesionRows,
  nucleusRows,
  numberOf,
  pictureRows,
  recordsOf,
  rRows,
  tuningRows,
} from "./report-data.ts";
import { drawnGeometry } from "./report-geometry.ts";
import { graphicOf, stripsOf, type Thumbnail, thumbnailsOf } from "./report-pictures.ts";
import type { RsaResult } from "./rsa.ts";
import { folderName, type Run, RunFolder } from "./run-folder.ts";
import type { Analysis } from "./study-file.ts";
import { openUnseen, type UnseenRun } from "./unseen.ts";

/** Options of `writeReport`. */
export interface ReportOptions extends WorkOptions {
  /** Default `report.html` in the run's folder. */
  readonly out?: string | undefined;
  /** Runs of other circuits or encoders on the same pictures. */
  readonly beside?: readonly string[] | undefined;
  /** Folders that `vca rsa --out` made, one for each region, which they name. */
  readonly brain?: readonly string[] | undefined;
  /** Where units, geometry and lesions were looked into, when not in this run: a run and the folders of their tables. */
  readonly inside?:
    | { readonly run: string; readonly tables: Readonly<Partial<Record<Analysis, string>>> }
    | undefined;
  /** Makes a small picture of a file as a data URL; without it the report names pictures only. */
  readonly thumbnail?: Thumbnail | undefined;
  /** Whether the user says that pictures may be passed on, where the set does not. */
  readonly redistribute?: boolean | undefined;
}

/** What `vca report --json` prints. */
export interface ReportResult {
  readonly out: string;
  readonly bytes: number;
  readonly figures: readonly string[];
  readonly absent: readonly { readonly what: string; readonly command: string }[];
  readonly thumbnails: number;
}

/** Writes the report of a finished run. @throws DataError when there is no finished run, or its tables are damaged. */
export async function writeReport(path: string, options: ReportOptions): Promise<ReportResult> {
  const run = await openUnseen(path, options);
  const { manifest } = run;
  const inside = options.inside ? await openUnseen(options.inside.run, options) : run;
  const set = options.thumbnail || manifest.stimuli.redistribute ? await run.set() : undefined;
  const table = (analysis: Analysis, name: string) =>
    recordsOf(`${options.inside?.tables[analysis] ?? path}/${name}.csv`);
  const about = `${nameOf(manifest.stimuli.set)}, ${manifest.stimuli.n} pictures`;
  const prediction = await predictionOf(run, set, about);
  const neurons = await table("units", "neurons");
  const tests = await table("units", "neurons-tests");
  const units = await table("units", "units");
  const geometry = await table("geometry", "geometry");
  const lesions = await table("lesions", "lesions");
  const { readout } = manifest.circuit;
  const seeds = `${about}, ${plural(manifest.seeds.length, "seed")}`;
  const runs = [
    runEffect(run, prediction.r),
    ...(await Promise.all((options.beside ?? []).map((other) => effectOf(other, run, options)))),
  ];
  const structure = structureSection(runs, about);
  const drawn = await drawnGeometry(inside);
  const brain = await brainOf(options.brain ?? [], run.nuclei);
  const lastEpoch = run.epochs.at(-1)!;
  const sections: (ReportSection | undefined)[] = [
    circuitSection(manifest.circuit),
    predictionSection(prediction),
    structure,
    neurons &&
      unitsSection({
        about: seeds,
        readout,
        selective: nucleusRows(neurons, "selective-paper", "any"),
        control: controlOf(tests ?? [], readout),
        tuning: tuningRows(units ?? [], lastEpoch),
        strips: await stripsOf(inside, units ?? [], lastEpoch),
      }),
    geometrySection({
      about: seeds,
      readout,
      scale: manifest.stimuli.scale,
      behaviour: nucleusRows(geometry ?? [], "spearman", "circumplex").filter(
        ({ source }) => source === "run",
      ),
      ...drawn,
    }),
    lesions &&
      lesionsSection({
        about: seeds,
        parts: lesionRows(lesions, "parts"),
        units: lesionRows(lesions, "units"),
      }),
    brain && brainSection({ about: seeds, ...brain }),
    methodsSection(run),
  ];
  const absent = [
    ...(structure
      ? []
      : [{ what: "Effect of encoder and of structure", command: `vca report ${path} --beside OTHER_RUN` }]),
    ...(neurons ? [] : [{ what: "Units", command: `vca neurons ${path}` }]),
    ...(geometry ? [] : [{ what: "Geometry of all networks, over epochs", command: `vca geometry ${path}` }]),
    ...(lesions ? [] : [{ what: "Lesions", command: `vca lesion ${path}` }]),
    ...(brain
      ? []
      : [
          {
            what: "Brain alignment",
            command: `vca rsa --out amygdala ... && vca report ${path} --brain amygdala`,
          },
        ]),
  ];
  const graphic = graphicOf(run.pictures, manifest.stimuli.set);
  const { thumbnails, without } = await thumbnailsOf(run, set, options);
  const report: Report = {
    title: `${nameOf(manifest.stimuli.set)} through ${manifest.encoder.name} and circuit ${manifest.circuit.name}`,
    asked: `How well does an amygdala-like circuit on a frozen visual encoder predict how pleasant and how arousing people find pictures that it has not seen? ${about}, ${prediction.design}.`,
    answer: predictionAnswer(prediction),
    headlines: headlines(prediction),
    sections: sections.filter((section) => section !== undefined),
    absent,
    thumbnails,
    graphic: graphic.ids,
    graphicRule: graphic.rule,
    withoutPictures: without,
  };
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const html = await reportPage(report, document);
  const out = options.out ?? `${path}/report.html`;
  await writeFileAtomic(out, html);
  const figures = report.sections.flatMap((section) => section.figures);
  if (options.out === undefined)
    for (const { name, frames } of figures)
      await writeFileAtomic(
        `${path}/figures/${name}.svg`,
        frames.at(-1)!.draw({ document, width: WIDTHS.wide }),
      );
  return {
    out,
    bytes: new TextEncoder().encode(html).length,
    figures: figures.map(({ name }) => name),
    absent,
    thumbnails: thumbnails.size,
  };
}

const nameOf = (set: string) => (set === "oasis" ? "OASIS" : set);
const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;

async function predictionOf(
  run: UnseenRun,
  set: StimulusSet | undefined,
  about: string,
): Promise<Prediction> {
  const { folder, config, manifest, pictures } = run;
  const grouped = config.group === undefined ? "" : `, grouped by ${config.group}`;
  return {
    about,
    scale: manifest.stimuli.scale,
    pictures: pictureRows((await recordsOf(`${folder.path}/predictions.csv`))!, pictures),
    r: rRows((await recordsOf(`${folder.path}/metrics.csv`))!),
    ceilings: set && ceilingsOf(set),
    learning: await learningOf(run),
    design: `${plural(new Set(run.networks.map(({ fold }) => fold)).size, "fold")}${grouped}, ${plural(manifest.seeds.length, "seed")}${config.shuffleRatings ? ", trained on shuffled ratings" : ""}`,
  };
}

function ceilingsOf({ ratings, raters }: StimulusSet): Prediction["ceilings"] {
  if (!raters) return undefined;
  const of = (scale: 0 | 1) =>
    reliability({
      mean: columnOfScale(ratings, scale),
      sd: columnOfScale(raters.sd, scale),
      n: columnOfScale(raters.n, scale),
    }).ceiling;
  return { valence: of(0), arousal: of(1) };
}

/** r over all held-out pictures, per seed and kept epoch. */
async function learningOf({ networks, epochs, pictures, manifest }: UnseenRun): Promise<LearningRow[]> {
  const rows: LearningRow[] = [];
  for (const epoch of epochs)
    for (const seed of manifest.seeds) {
      const predicted = [
        new Float64Array(pictures.ids.length),
        new Float64Array(pictures.ids.length),
      ] as const;
      for (const { places, activations } of networks.filter((network) => network.seed === seed)) {
        const answers = await activations("readout", epoch);
        for (const scale of [0, 1] as const)
          columnOfScale(answers, scale).forEach((value, i) => {
            predicted[scale][places[i]!] = value;
          });
      }
      for (const scale of [0, 1] as const)
        rows.push({
          scale: scale === 0 ? "valence" : "arousal",
          seed,
          epoch,
          value: correlation(columnOfScale(pictures.ratings, scale), predicted[scale]),
        });
    }
  return rows;
}

function runEffect({ folder, manifest }: Run, r: readonly RRow[]): RunEffect {
  const rows = r
    .filter(({ model }) => model !== "circuit - ridge")
    .map(({ model, ...row }) => ({ ...row, name: model, baseline: model === "ridge" }));
  return {
    folder: folderName(folder.path),
    encoder: manifest.encoder.name,
    circuit: manifest.circuit.name,
    rows,
  };
}

/** r of another run. @throws DataError when it was fitted on other pictures */
async function effectOf(
  path: string,
  { config, manifest }: Run,
  { reporter }: ReportOptions,
): Promise<RunEffect> {
  const other = await RunFolder.open(path);
  const [own, its] = [manifest, other.manifest].map(({ stimuli }) => `${stimuli.set}, ${stimuli.n} pictures`);
  if (own !== its)
    throw new VcaError(
      "DataError",
      `report: ${path}: a run on ${own} was expected, got ${its}. Name runs on the same pictures in --beside.`,
    );
  const differs = (["folds", "split", "group", "seed"] as const).find(
    (name) => config[name] !== other.config[name],
  );
  if (differs)
    reporter.warn(
      `${path} differs in ${differs}: what looks like an effect of encoder or structure may be one of folds.`,
    );
  return runEffect(other, rRows((await recordsOf(`${other.folder.path}/metrics.csv`))!));
}

/** Comparisons with the brain. @throws DataError when a folder holds none. */
async function brainOf(folders: readonly string[], nuclei: readonly string[]) {
  const found: { comparison: string; rows: AlignmentRow[] }[] = [];
  for (const folder of folders) {
    const [table, json] = [`${folder}/alignment.csv`, `${folder}/rsa.json`];
    if (!(await exists(table)) || !(await exists(json)))
      throw new VcaError(
        "DataError",
        `report: ${folder}: alignment.csv and rsa.json were expected, got none. Make them with \`vca rsa --out ${folder}\`.`,
      );
    const { comparison, ceiling } = JSON.parse(await readText(json)) as Pick<
      RsaResult,
      "comparison" | "ceiling"
    >;
    const region = folderName(folder);
    const { lower, upper } = ceiling;
    const bounds = lower === null || upper === null ? undefined : { lower, upper };
    const cells = (await recordsOf(table))!;
    found.push({ comparison, rows: alignmentRows(cells, { region, nuclei, ceiling: bounds }) });
  }
  const [first] = found;
  return first && { comparison: first.comparison, rows: found.flatMap(({ rows }) => rows) };
}

function controlOf(tests: readonly Cells[], readout: string) {
  const row = tests.find(
    ({ comparison, nucleus, measure, of }) =>
      comparison === "trained - shuffled" &&
      nucleus === readout &&
      measure === "selective-paper" &&
      of === "any",
  );
  return (
    row && {
      estimate: Number(row.estimate),
      lower: numberOf(row.lower),
      upper: numberOf(row.upper),
      seeds: Number(row.seeds),
    }
  );
}

/** Options as `lr 0.003, schedule (kind cosine, warmup 2)`. */
function optionsText(options: object): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${value instanceof Object ? `(${optionsText(value)})` : value}`)
    .join(", ");
}

/** What was run. */
function methodsSection({ manifest, config }: UnseenRun): ReportSection {
  const { vca, node, encoder, tokens, stimuli, seeds, circuit, recipe, weights, finished, seconds } =
    manifest;
  const rows: (readonly [string, string])[] = [
    ["Program", `vca ${vca}, Node ${node}`],
    ["Pictures", `${nameOf(stimuli.set)}, ${stimuli.n}, rated ${stimuli.scale.lo} to ${stimuli.scale.hi}`],
    ["Source", stimuli.citation || "not stated"],
    ["Encoder", `${encoder.name}, sha256 ${encoder.sha256}`],
    ["Taps", encoder.taps.map(({ name }) => name).join(", ")],
    ["Tokens", `${tokens.T} of ${tokens.D} channels${tokens.hasCls ? ", CLS first" : ""}`],
    ["Circuit", `${circuit.name}: ${circuit.description}`],
    ["Recipe", optionsText(recipe)],
    ["Folds", `${config.folds}, ${config.split}${config.group === undefined ? "" : ` by ${config.group}`}`],
    ["Seeds", seeds.join(", ")],
    ...(weights ? [["Weights", `${fileName(weights.file)}, sha256 ${weights.sha256}`] as const] : []),
    ["Finished", `${finished}, after ${Math.round(seconds)} s`],
  ];
  return {
    id: "methods",
    title: "What was run",
    answer: `vca ${vca} trained ${circuit.name} on ${stimuli.n} pictures with seeds ${seeds.join(", ")} in ${Math.round(seconds)} s; every number above is on pictures that the network in question had not seen.`,
    figures: [],
    facts: { title: "Versions, seeds, hashes, times", rows, open: true },
  };
}
