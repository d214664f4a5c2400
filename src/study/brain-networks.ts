/**
 * @file The networks of a run before the pictures of a brain study, none of which they trained on: the final networks before an independent
 * set, or each fold's before those pictures that it held out. Units are compared inside one network, never across.
 */
import { type NdArray, takeRows } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import { someOf } from "./brain-data.ts";
import type { Reporter } from "./reporter.ts";
import { openUnseen, type Pictures, picturesAt, type UnseenOptions, type UnseenRun } from "./unseen.ts";

/** Options of what compares a run with brains. */
export interface BrainRunOptions extends UnseenOptions {
  /** Use each fold's networks for the pictures that they held out. */
  readonly withinFold?: boolean | undefined;
}

/** Pictures that one fold held out, or all of them. */
export interface BrainPart {
  /** -1 for the final networks. */
  readonly fold: number;
  /** Places among the study's `ids`, ascending. */
  readonly places: readonly number[];
  /** In the order of `places`. */
  readonly pictures: Pictures;
  /** One for each seed; activations `[places, U]`. */
  readonly networks: readonly {
    readonly seed: number;
    readonly activations: (nucleus: string, epoch: number) => Promise<NdArray>;
  }[];
  /** Places of the pictures among the run's. */
  readonly inRun: readonly number[];
}

/** A run before a brain study's pictures. */
export interface BrainRun {
  readonly run: UnseenRun;
  /** Of several folds where the run's own pictures were shown. */
  readonly parts: readonly BrainPart[];
}

/** Fewer pictures of one network have no geometry. */
const FEWEST = 3;

/**
 * Opens a run for the pictures `ids`, joined by id with those of the run or of `stimuli`.
 * @throws DataError naming pictures that are unknown, or that the networks were trained on.
 */
export async function openBrainRun(
  path: string,
  ids: readonly string[],
  options: BrainRunOptions,
): Promise<BrainRun> {
  const { stimuli, withinFold = false, reporter } = options;
  if (stimuli !== undefined && withinFold)
    throw new VcaError(
      "ConfigError",
      "brain: one of --stimuli and --within-fold was expected, got both. Pass --stimuli for other pictures than the run's, --within-fold for its own.",
    );
  const remedy =
    "Leave them out of what is compared, or pass --within-fold instead of --stimuli for the run's own pictures";
  const run = await openUnseen(path, { ...options, shown: ids, remedy });
  const places = new Map(run.pictures.ids.map((id, s) => [id, s]));
  const unknown = ids.filter((id) => !places.has(id));
  if (unknown.length > 0)
    throw new VcaError(
      "DataError",
      `${path}: the ${ids.length} pictures of the brain were expected in ${stimuli ?? "the run's set"}, got none of ${someOf(unknown)}. Give both the same stimulus ids${stimuli === undefined ? ", or pass the shown set with --stimuli" : ""}.`,
    );
  if (stimuli === undefined && !withinFold)
    throw new VcaError(
      "DataError",
      `${path}: pictures that the model was not trained on were expected, got ${someOf(ids)}. Pass --within-fold to use only the networks that held them out, or train on another set and pass --stimuli.`,
    );
  const folds = [...new Set(run.networks.map(({ fold }) => fold))];
  const parts = folds.map((fold): BrainPart => {
    const networks = run.networks.filter((network) => network.fold === fold);
    const rows = new Map(networks[0]!.places.map((place, row) => [place, row]));
    const own = [...ids.keys()].filter((s) => rows.has(places.get(ids[s]!)!));
    const chosen = own.map((s) => rows.get(places.get(ids[s]!)!)!);
    return {
      fold,
      places: own,
      pictures: picturesAt(networks[0]!.pictures, chosen),
      inRun: chosen.map((row) => networks[0]!.places[row]!),
      networks: networks.map(({ seed, activations }) => ({
        seed,
        activations: async (nucleus, epoch) => takeRows(await activations(nucleus, epoch), chosen),
      })),
    };
  });
  const kept = parts.filter((part) => part.places.length >= FEWEST);
  const left = ids.length - kept.reduce((sum, part) => sum + part.places.length, 0);
  if (kept.length === 0)
    throw new VcaError(
      "DataError",
      `${path}: ${FEWEST} pictures of the brain in one fold were expected, got ${parts.map((part) => part.places.length).join(", ")}. Fit with fewer folds (--folds 2), so that each network holds out more.`,
    );
  if (left > 0)
    reporter.warn(`${left} pictures are left out: fewer than ${FEWEST} of their fold were shown.`);
  if (kept.length > 1)
    reporter.note(
      `${kept.length} folds: only pictures of one fold are compared, because other folds are other networks.`,
    );
  return { run, parts: kept };
}

/** Below, Student's t over seeds has fewer than 4 degrees of freedom. */
const FEW_SEEDS = 5;

/** Warns where few networks stand behind tests of trained less untrained over seeds. */
export function warnOfFewSeeds({ epochs, manifest: { seeds } }: UnseenRun, reporter: Reporter): void {
  if (seeds.length < FEW_SEEDS && epochs.length > 1)
    reporter.warn(
      `${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}: trained less untrained is tested over few networks. Fit with --seeds ${FEW_SEEDS} or more.`,
    );
}
