/**
 * @file `vca simulate brain`: participants with a planted geometry, as the files a real study would have; or, with `--power`, how many
 * studies of several sizes would find it.
 */
import type { PowerCell, StudyTest } from "../brain/power.ts";
import type { PlantedGeometry } from "../brain/simulate-files.ts";
import { VcaError } from "../errors.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, type Work, withWork } from "./io.ts";
import { addCommand, addGroup, type CommonOptions, positive, required, whole } from "./options.ts";
import { secondsText, table } from "./table.ts";

interface BrainOptions extends CommonOptions {
  readonly out?: string;
  readonly participants?: readonly number[];
  readonly pictures?: readonly number[];
  readonly runs?: number;
  readonly snr?: number;
  readonly geometry?: string;
  readonly stimuli?: string;
  readonly scale?: string;
  readonly smoothness?: number;
  readonly autocorrelation?: number;
  readonly power?: boolean;
  readonly studies?: number;
  readonly draws?: number;
}

/** Columns of the ratings that a named geometry plants. */
const NAMED: Readonly<Record<string, readonly number[]>> = {
  valence: [0],
  arousal: [1],
  affect: [0, 1],
  none: [],
};
const PICTURES = 60;

/** Adds `simulate brain`. */
export function addSimulate(program: VcaCommand, io: Io): void {
  const simulate = addGroup(program, "simulate", {
    summary: "simulate data with a known truth",
    examples: ["vca simulate brain --out simulated --participants 20 --snr 0.1"],
  });
  addCommand(simulate, "brain", {
    summary: "simulate participants' betas with a planted geometry",
    about:
      "Simulate participants: betas of both amygdalae that carry a planted geometry under noise that is smooth in space and correlated in time, and a control region of noise alone; as NIfTI files with masks, conditions.csv and truth.json.",
    examples: [
      "vca simulate brain --out simulated --participants 20 --pictures 60 --runs 5 --snr 0.1",
      "vca simulate brain --out simulated --geometry rdm.npy --snr 0.05 --seed 1",
      "vca simulate brain --out null --geometry none",
      "vca simulate brain --power --participants 10,20,40 --pictures 30,60 --snr 0.02",
    ],
  })
    .option("--out <folder>", "where the study goes, a new folder")
    .option(
      "--participants <n>",
      "participants, with --power several as 10,20,40 (default: 20)",
      wholes("--participants", 1),
    )
    .option(
      "--pictures <n>",
      `pictures, drawn from the set, with --power several (default: ${PICTURES}, or all of a file)`,
      wholes("--pictures", 3),
    )
    .option("--runs <n>", "runs, each with every picture once (default: 5)", whole("--runs", 1, 5))
    .option(
      "--snr <x>",
      "variance of the signal by that of one trial's noise (default: 0.1)",
      positive("--snr", 0.1),
    )
    .option(
      "--geometry <g>",
      "valence, arousal, affect (both), none, or FILE.npy or FILE.csv with an RDM or features (default: valence)",
    )
    .option(
      "--stimuli <set>",
      "whose pictures and ratings: emoji, oasis:FOLDER, table:FILE.csv (default: emoji)",
    )
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option("--smoothness <mm>", "width of the noise at half its height (default: 4)", Number)
    .option("--autocorrelation <r>", "of the noise, from trial to trial, below 1 (default: 0.2)", Number)
    .option(
      "--power",
      "write nothing: print the share of studies of each size with p < .05 for the planted geometry",
    )
    .option("--studies <n>", "with --power: studies of each size (default: 100)", whole("--studies", 1, 100))
    .option(
      "--draws <n>",
      "with --power: bootstrap draws of each study (default: 200)",
      whole("--draws", 2, 200),
    )
    .action(async (options: BrainOptions) => {
      if (options.power) {
        const cells = await withWork(io, options, (work) => power(options, work));
        show(io, options, cells, powerText(cells));
        return;
      }
      const out = required("simulate brain", "--out <folder>", options.out);
      const result = await withWork(io, options, (work) => simulateBrain(out, options, work));
      const { participants, pictures, runs, voxels, seconds } = result;
      const text = `${out}: ${participants} participants, ${pictures} pictures in ${runs} runs, ${voxels} voxels in the mask, ${secondsText(seconds)}.`;
      show(io, options, result, text);
    });
}

/** Reads whole numbers from `least` on, parted by commas. */
function wholes(option: string, least: number): (text: string) => number[] {
  return (text) => text.split(",").map((part) => whole(option, least, 20)(part.trim()));
}

/** The one number that is meant without `--power`. */
function single(option: string, values: readonly number[] | undefined): number | undefined {
  if (values === undefined || values.length === 1) return values?.[0];
  throw new VcaError(
    "ConfigError",
    `simulate brain: one number was expected as ${option}, got ${values.join(",")}. Add --power to try several.`,
  );
}

function measurement({ runs = 5, snr = 0.1, smoothness, autocorrelation }: BrainOptions) {
  return {
    runs,
    snr,
    ...(smoothness !== undefined && { smoothness }),
    ...(autocorrelation !== undefined && { autocorrelation }),
  };
}

async function simulateBrain(out: string, options: BrainOptions, work: Work) {
  const [{ planSimulation }, { writeSimulation }] = await Promise.all([
    import("../brain/simulate.ts"),
    import("../brain/simulate-files.ts"),
  ]);
  const start = performance.now();
  const { geometry = "valence", seed = 0 } = options;
  const participants = single("--participants", options.participants) ?? 20;
  const planted = await plantedGeometry(options, single("--pictures", options.pictures), work);
  const simulation = planSimulation({ ...planted, ...measurement(options) });
  await writeSimulation(simulation, {
    out,
    participants,
    seed,
    geometry,
    onProgress: (done, total) => work.reporter.progress("simulate", done, total),
    ...(work.signal && { signal: work.signal }),
  });
  const { runs, snr } = simulation.options;
  const voxels = simulation.amygdala.length;
  const seconds = (performance.now() - start) / 1000;
  return { out, participants, pictures: planted.ids.length, runs, snr, geometry, seed, voxels, seconds };
}

/** Studies of every size: distances across runs (crossnobis without precision), rho-a with what was planted, both factors resampled. */
async function power(options: BrainOptions, work: Work): Promise<PowerCell[]> {
  const [{ powerGrid }, { Random }, { dissimilarities }, { evaluate }] = await Promise.all([
    import("../brain/power.ts"),
    import("../core/random.ts"),
    import("../rsa/dissimilarities.ts"),
    import("../rsa/evaluate.ts"),
  ]);
  const { participants = [20], studies = 100, draws = 200, seed = 0, geometry = "valence" } = options;
  if (geometry === "none")
    throw new VcaError(
      "ConfigError",
      "simulate brain: a geometry was expected with --power, got none. Plant valence, or a file.",
    );
  const planted = await plantedGeometry(options, undefined, work);
  const all = planted.ids.length;
  const test: StudyTest = async (drawn, { options: { ids, runs }, truth }) => {
    const rdms = drawn.map(({ ids: trials, runs: folds, amygdala: patterns }) =>
      dissimilarities(
        { patterns, stimuli: trials.map((id) => ids.indexOf(id)), folds },
        { measure: runs > 1 ? "crossnobis" : "euclidean" },
      ),
    );
    const names = rdms.map((_, p) => String(p));
    const flat = Float64Array.from(rdms.flatMap((rdm) => [...rdm]));
    const data = {
      ids,
      vectors: { shape: [rdms.length, truth.length], data: flat },
      labels: { participant: names },
    };
    const model = { ids, vectors: { shape: [1, truth.length], data: truth }, labels: {} };
    const { models } = await evaluate({
      models: [{ name: "planted", kind: "fixed", rdms: model }],
      data,
      comparison: "rhoA",
      resample: rdms.length > 1 ? "both" : "pictures",
      draws,
      random: Random.seeded(seed).at("bootstrap"),
      signal: work.signal,
      threads: work.threads,
    });
    return models[0]!.p ?? 1;
  };
  const grid = {
    ...planted,
    ...measurement(options),
    participants,
    pictures: options.pictures ?? [Math.min(PICTURES, all)],
    studies,
    onProgress: (done: number, total: number) => work.reporter.progress("studies", done, total),
  };
  return powerGrid(grid, test, Random.seeded(seed).at("power"));
}

function powerText(cells: readonly PowerCell[]): string {
  const rows = cells.map(({ participants, pictures, power, interval }) => [
    String(participants),
    String(pictures),
    power.toFixed(2),
    `[${interval.map((end) => end.toFixed(2)).join(", ")}]`,
  ]);
  return table(["participants", "pictures", "power", "95 % interval"], rows);
}

/** The pictures and what is planted in them; all there are when no number is given with `--power`. */
async function plantedGeometry(
  options: BrainOptions,
  pictures: number | undefined,
  { reporter }: Work,
): Promise<PlantedGeometry> {
  const { geometry = "valence", stimuli = "emoji", scale, power = false, seed = 0 } = options;
  const columns = NAMED[geometry];
  if (!columns) {
    const { readGeometry } = await import("../brain/simulate-files.ts");
    const planted = await readGeometry(geometry);
    if (pictures === undefined || pictures === planted.ids.length) return planted;
    throw tooMany(`${planted.ids.length}, as ${geometry} has,`, pictures, "Leave --pictures out");
  }
  const [{ featureCoordinates }, { Random }, { readStimuli }] = await Promise.all([
    import("../brain/coordinates.ts"),
    import("../core/random.ts"),
    import("../study/prepare.ts"),
  ]);
  const set = await readStimuli(stimuli, scale, reporter);
  const S = pictures ?? (power ? set.ids.length : Math.min(PICTURES, set.ids.length));
  if (S > set.ids.length)
    throw tooMany(`at most ${set.ids.length}, as ${set.name} has,`, S, "Pass a larger set with --stimuli");
  const chosen = Random.seeded(seed).at("pictures").permutation(set.ids.length).subarray(0, S).sort();
  const K = columns.length;
  const data = Float64Array.from(
    { length: S * K },
    (_, at) => set.ratings.data[2 * chosen[Math.floor(at / K)]! + columns[at % K]!]!,
  );
  return {
    ids: Array.from(chosen, (s) => set.ids[s]!),
    geometry: K > 0 ? featureCoordinates({ shape: [S, K], data }) : { shape: [S, 0], data },
  };
}

function tooMany(expected: string, got: number, remedy: string): VcaError {
  return new VcaError(
    "ConfigError",
    `simulate brain: ${expected} pictures were expected, got ${got}. ${remedy}.`,
  );
}
