/**
 * @file `vca lesion`: what selective units, nuclei and projections do for a run's predictions. Units are chosen on one half
 * of the pictures that a network did not train on and their effect is measured on the other, then the halves change places.
 */
import { projectionName } from "../circuits/circuit.ts";
import { type NdArray, takeRows } from "../core/array.ts";
import { Random } from "../core/random.ts";
import { mean } from "../core/statistics.ts";
import { type Judged, worth } from "../lesions/effects.ts";
import {
  againstDraws,
  changes,
  type Lesioned,
  lesion,
  type Setting,
  type Treatment,
  treat,
} from "../lesions/lesion.ts";
import { matchedSets, type UnitTraits, unitTraits } from "../lesions/matched.ts";
import { type LesionableNetwork, openLesionable } from "../lesions/network.ts";
import { EMOTIONS, emotionsByThreshold } from "../neurons/bins.ts";
import { selectiveUnits, selectivity } from "../neurons/selectivity.ts";
import { planFolds } from "../stimuli/folds.ts";
import { columnOfScale } from "../training/metrics.ts";
import { readTensors, tablesFolder, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";
import {
  openUnseen,
  type Pictures,
  picturesAt,
  type Sight,
  type UnseenNetwork,
  type UnseenOptions,
  type UnseenRun,
} from "./unseen.ts";

/** Options of `analyseLesions`. */
export interface LesionOptions extends UnseenOptions {
  /** Random sets of units per lesion, default 100. */
  readonly draws?: number | undefined;
  /** Enhancements a, gain 1 + a; default 1 to 5. */
  readonly amplify?: readonly number[] | undefined;
  readonly seed?: number | undefined;
}

/** One effect of one seed, averaged over its folds and halves; `seed` is `all` for the mean over seeds. */
export interface LesionRow {
  readonly seed: number | "all";
  readonly target: "units" | "nucleus" | "projection";
  readonly name: string;
  /** The emotion category that the units prefer; empty for whole nuclei and projections. */
  readonly category: string | undefined;
  readonly treatment: "zero" | "mean" | "gain";
  readonly a: number;
  readonly measure: string;
  readonly before: number;
  readonly effect: number;
  readonly randomMean: number | undefined;
  readonly randomLower: number | undefined;
  readonly randomUpper: number | undefined;
  readonly p: number | undefined;
  readonly units: number | undefined;
  readonly draws: number;
  readonly imbalanceMean: number | undefined;
  readonly imbalanceVariance: number | undefined;
  readonly imbalanceOutgoing: number | undefined;
  /** Networks and halves that the row averages. */
  readonly halves: number;
}

/** What `vca lesion --json` prints: the rows of its table. */
export interface LesionResult {
  readonly rows: readonly LesionRow[];
  readonly out: string;
}

const HEADER = [
  "seed",
  "target",
  "name",
  "category",
  "treatment",
  "a",
  "measure",
  "before",
  "effect",
  "randomMean",
  "randomLower",
  "randomUpper",
  "p",
  "units",
  "draws",
  "imbalanceMean",
  "imbalanceVariance",
  "imbalanceOutgoing",
  "halves",
] as const;

/** What is treated, how. */
type Case = Pick<LesionRow, "target" | "name" | "category" | "treatment" | "a">;

/** One case in one half of one network. */
interface Found extends Lesioned {
  readonly seed: number;
  readonly of: Case;
  readonly units: number | undefined;
}

/**
 * Lesions a run's networks after their last epoch and writes `lesions.csv`.
 * @throws DataError, ConfigError as `openUnseen`; DataError when the pictures are gone.
 */
export async function analyseLesions(path: string, options: LesionOptions): Promise<LesionResult> {
  const run = await openUnseen(path, options);
  const treatments: Treatment[] = [
    { kind: "zero" },
    { kind: "mean" },
    ...(options.amplify ?? [1, 2, 3, 4, 5]).map((a) => ({ kind: "gain" as const, a })),
  ];
  const { draws = 100 } = options;
  options.reporter.note(
    `${run.networks.length} networks, ${run.nuclei.length} nuclei, ${treatments.length} treatments of the units that prefer each of ${EMOTIONS.length} categories, each beside ${draws} random draws, on both halves.`,
  );
  const found: Found[] = [];
  const opened = new Map<string, LesionableNetwork>(); // by what they see: engines that networks share
  try {
    for (const [i, network] of run.networks.entries()) {
      const sight = await run.sight(network);
      const key = JSON.stringify([sight.circuit, sight.visual]);
      const engine = opened.get(key) ?? (await openLesionable(sight.circuit, sight.visual));
      opened.set(key, engine);
      found.push(...(await lesionNetwork(run, network, sight, engine, { ...options, treatments, draws })));
      options.reporter.progress("lesions", i + 1, run.networks.length);
    }
  } finally {
    await Promise.all([...opened.values()].map((each) => each.close()));
  }
  const seeds = [...new Set(found.map(({ seed }) => seed))];
  const rows = [
    ...seeds.flatMap((seed) =>
      rowsOf(
        found.filter((each) => each.seed === seed),
        seed,
      ),
    ),
    ...rowsOf(found, "all"),
  ];
  warnOfImbalance(rows, options);
  const folder = tablesFolder(path, options);
  await writeTable(`${folder}/lesions.csv`, HEADER, cellsOf(HEADER, rows));
  return { rows, out: `${folder}/lesions.csv` };
}

/** Above, groups count as unlike (Stuart 2010): in standard deviations. */
const IMBALANCED = 0.25;

/** Says where a nucleus has too few units like the chosen ones. */
function warnOfImbalance(rows: readonly LesionRow[], { reporter }: LesionOptions): void {
  const unlike = rows.filter(
    ({ seed, imbalanceMean, imbalanceVariance, imbalanceOutgoing }) =>
      seed === "all" &&
      [imbalanceMean, imbalanceVariance, imbalanceOutgoing].some(
        (value) => Math.abs(value ?? 0) > IMBALANCED,
      ),
  );
  const named = [...new Set(unlike.map(({ name, category }) => `${category} of ${name}`))];
  if (named.length > 0)
    reporter.warn(
      `Random units differ from the chosen by more than ${IMBALANCED} standard deviations in mean, variance or outgoing weights, for want of more like them: ${named.join(", ")}. See the columns imbalance* of lesions.csv.`,
    );
}

interface Plan extends LesionOptions {
  readonly treatments: readonly Treatment[];
  readonly draws: number;
}

async function lesionNetwork(
  run: UnseenRun,
  network: UnseenNetwork,
  { circuit, tokens }: Sight,
  engine: LesionableNetwork,
  plan: Plan,
): Promise<Found[]> {
  const epoch = run.epochs.at(-1)!;
  const { arrays: parameters } = await readTensors(run.folder.parametersFile(network.name, epoch));
  const { groups } = network.pictures;
  const random = Random.seeded(plan.seed ?? 0).at("lesions", network.fold + 1);
  const half = planFolds({
    n: groups.length,
    folds: 2,
    method: "grouped",
    groups,
    random: random.at("halves"),
  });
  const places = [0, 1].map((h) => [...half.keys()].filter((s) => half[s] === h));
  const found: Found[] = [];
  for (const [choosing, judging] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const judged = judgedOf(picturesAt(network.pictures, places[judging]!));
    const predict = await engine.load(parameters, takeRows(tokens, places[judging]!));
    const worthIn = async (setting: Setting) => worth((await predict([setting]))[0]!, judged);
    const before = await worthIn({});
    const whole = async (of: Case, setting: Setting, units?: number) => {
      const effects = changes(before, await worthIn(setting));
      found.push({ seed: network.seed, of, units, effects, imbalance: undefined });
    };
    for (const nucleus of run.nuclei) {
      const activations = takeRows(await network.activations(nucleus, epoch), places[choosing]!);
      const traits = unitTraits(activations, circuit, { nucleus, parameters, units: engine.units });
      const all = [...traits.mean.keys()];
      const chosen = [...preferring(activations, picturesAt(network.pictures, places[choosing]!))].map(
        ([category, units]) => {
          const own = random.at(nucleus, category, choosing);
          return { category, units, matched: matchedSets(traits, units, plan.draws, own) }; // the same for every treatment
        },
      );
      for (const treatment of plan.treatments) {
        plan.signal?.throwIfAborted();
        const how = {
          name: nucleus,
          treatment: treatment.kind,
          a: treatment.kind === "gain" ? treatment.a : -1,
        };
        await whole(
          { ...how, target: "nucleus", category: undefined },
          treat(nucleus, traits, all, treatment),
          all.length,
        );
        for (const { category, units, matched } of chosen) {
          const lesioned = await lesion(predict, judged, {
            nucleus,
            traits,
            chosen: units,
            treatment,
            before,
            matched,
          });
          found.push({
            seed: network.seed,
            of: { ...how, target: "units", category },
            units: units.length,
            ...lesioned,
          });
        }
      }
    }
    for (const name of circuit.projections.map(projectionName))
      await whole(
        { target: "projection", name, category: undefined, treatment: "zero", a: -1 },
        { projections: new Map([[name, 0]]) },
      );
  }
  return found;
}

function judgedOf({ ratings, scale }: Pictures): Judged {
  const emotions = emotionsByThreshold(columnOfScale(ratings, 0), scale);
  return { ratings, category: emotions.of, categories: emotions.names, middle: (scale.lo + scale.hi) / 2 };
}

/** Units selective for each emotion category by d' and Welch's t, as in the paper's rule; categories with none are absent. */
function preferring(activations: NdArray, { ratings, scale }: Pictures): Map<string, number[]> {
  const found = selectivity(activations, emotionsByThreshold(columnOfScale(ratings, 0), scale));
  const selective = selectiveUnits(found, "paper");
  const units = EMOTIONS.map((name, c): [string, number[]] => [
    name,
    Array.from({ length: found.units }, (_, u) => u).filter((u) => selective[c * found.units + u]),
  ]);
  return new Map(units.filter(([, of]) => of.length > 0));
}

/** Averages each case over networks and halves, draw by draw. */
function rowsOf(found: readonly Found[], seed: LesionRow["seed"]): LesionRow[] {
  const cases = new Map<string, Found[]>();
  for (const each of found) {
    const key = JSON.stringify(each.of);
    cases.set(key, [...(cases.get(key) ?? []), each]);
  }
  return [...cases.values()].flatMap((all) => {
    const balances = all.flatMap(({ imbalance }) => imbalance ?? []);
    const balance = (trait: keyof UnitTraits) =>
      balances.length > 0 ? mean(balances.map((each) => each[trait])) : undefined;
    return all[0]!.effects.map(({ measure }, m): LesionRow => {
      const here = all.map(({ effects }) => effects[m]!).filter(({ effect }) => !Number.isNaN(effect));
      const effect = here.reduce((sum, each) => sum + each.effect, 0) / here.length;
      const drawn = here.every(({ random }) => random.length > 0) ? here : [];
      const draws = Float64Array.from({ length: drawn[0]?.random.length ?? 0 }, (_, d) =>
        mean(drawn.map(({ random }) => random[d]!)),
      );
      const random = againstDraws(effect, draws);
      return {
        ...all[0]!.of,
        seed,
        measure,
        before: here.reduce((sum, each) => sum + each.before, 0) / here.length,
        effect,
        randomMean: random?.mean,
        randomLower: random?.lower,
        randomUpper: random?.upper,
        p: random?.p,
        units: all[0]!.units === undefined ? undefined : mean(all.map(({ units }) => units!)),
        draws: draws.length,
        imbalanceMean: balance("mean"),
        imbalanceVariance: balance("variance"),
        imbalanceOutgoing: balance("outgoing"),
        halves: here.length,
      };
    });
  });
}
