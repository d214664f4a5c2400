/** @file RDMs of the regions of a brain study, one for each participant: of patterns, and of mean amplitudes. */

import type { Betas } from "../brain/betas.ts";
import { namesParticipant } from "../brain/paths.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { orthonormalBasis, residuals } from "../core/projection.ts";
import { VcaError } from "../errors.ts";
import { rankedRdm } from "../geometry/alignment.ts";
import { pairs } from "../geometry/behaviour.ts";
import { dissimilarities } from "../rsa/dissimilarities.ts";
import { noisePrecision, precisionMatrix, repeatResiduals } from "../rsa/precision.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { sameRunRdm, trialLagRdm } from "../rsa/trials.ts";
import { type BrainData, type BrainRegion, someOf, type Trials } from "./brain-data.ts";
import type { BrainMeasure, BrainPrecision } from "./brain-measures.ts";
import type { Reporter } from "./reporter.ts";

/** The measure that `auto` stands for in a study. */
export function chosenMeasure({ regions }: BrainData, measure: BrainMeasure): Exclude<BrainMeasure, "auto"> {
  if (measure !== "auto") return measure;
  return regions[0]!.participants.every((trials) => onceIn(trials).length === 0)
    ? "crossnobis"
    : "correlation";
}

/** Fewer voxels have no correlation but 1 and -1. */
export const FEWEST_VOXELS = 3;

/** Warns of regions of one or two voxels. @throws DataError where a mask's patterns are correlated over so few */
export function checkVoxels(
  { regions }: Pick<BrainData, "regions">,
  measure: Exclude<BrainMeasure, "auto">,
  reporter: Pick<Reporter, "warn">,
): void {
  for (const { name, kind, participants } of regions) {
    const few = participants.find(({ data }) => data.shape[1]! < FEWEST_VOXELS);
    if (!few) continue;
    const V = few.data.shape[1]!;
    const isSide = kind === "left" || kind === "right";
    if (!isSide && (measure === "correlation" || measure === "spearman"))
      throw new VcaError(
        "DataError",
        `${name}: ${FEWEST_VOXELS} or more voxels were expected for the measure ${measure}, got ${V} in ${few.participant}. Pass a larger mask, or --measure euclidean.`,
      );
    reporter.warn(
      `${name}: ${V} ${V === 1 ? "voxel" : "voxels"} in ${few.participant} hardly hold a pattern. Pass a larger mask.`,
    );
  }
}

/** How to measure patterns. */
export interface BrainRdmOptions {
  readonly measure: Exclude<BrainMeasure, "auto">;
  readonly precision: BrainPrecision;
}

/**
 * RDMs of a region, one for each participant. Crossnobis: across runs, noise whitened by the repeats' residuals (Schafer & Strimmer), of all runs
 * together or of each two that are crossed. Others: of patterns averaged over repeats; where each picture has one run, the ranks of the RDM less
 * what same-run and trial-lag RDMs explain of them.
 * @throws DataError when a picture has one run and the measure needs two, or lacks a run and each has its precision.
 */
export function brainRdms(
  { ids, participants }: BrainData,
  region: BrainRegion,
  options: BrainRdmOptions,
): Rdms {
  const rows = region.participants.map((trials) => participantRdm(trials, ids, options)(trials.data));
  return stackedRdms(ids, rows, participants);
}

/** How far apart the mean amplitudes of pictures are in a region, over voxels and repeats: of each participant, `[P, M]`. */
export function amplitudeRdms({ ids, participants }: BrainData, region: BrainRegion): Rdms {
  const rows = region.participants.map(({ data: { shape, data }, stimuli }) => {
    const V = shape[1]!;
    const sums = new Float64Array(ids.length);
    const repeats = new Float64Array(ids.length);
    stimuli.forEach((s, n) => {
      repeats[s]!++;
      for (let at = n * V; at < (n + 1) * V; at++) sums[s]! += data[at]! / V;
    });
    return pairs(ids.length, (i, j) => Math.abs(sums[i]! / repeats[i]! - sums[j]! / repeats[j]!));
  });
  return stackedRdms(ids, rows, participants);
}

/** RDMs `[M]` of participants as one. */
export function stackedRdms(
  ids: readonly string[],
  rows: readonly Float64Array[],
  participant: readonly string[],
): Rdms {
  const data = Float64Array.from(rows.flatMap((row) => [...row]));
  return { ids, vectors: { shape: [rows.length, rows[0]!.length], data }, labels: { participant } };
}

/** A participant's trials, wherever their patterns lie. */
type Shown = Pick<Trials, "where" | "participant" | "ids" | "runs" | "onsets" | "stimuli">;

/** Pictures that a participant saw in one run only. */
function onceIn({ ids, runs }: Pick<Betas, "ids" | "runs">): string[] {
  const seen = new Map<string, Set<string>>();
  for (const [n, id] of ids.entries()) seen.set(id, (seen.get(id) ?? new Set()).add(runs[n]!));
  return [...seen].flatMap(([id, own]) => (own.size < 2 ? [id] : []));
}

/** The RDM `[M]` of one participant's trials, from patterns in some voxels or all. @throws DataError as `brainRdms` */
export function participantRdm(
  trials: Shown,
  ids: readonly string[],
  { measure, precision }: BrainRdmOptions,
): (patterns: Matrix) => Float64Array {
  const { stimuli, participant, where } = trials;
  const once = onceIn(trials);
  if (measure !== "crossnobis") {
    const cleaned = once.length === ids.length ? withoutPlan(trials) : (rdm: Float64Array) => rdm;
    return (patterns) => cleaned(dissimilarities({ patterns, stimuli }, { measure }));
  }
  if (once.length > 0)
    throw new VcaError(
      "DataError",
      `${namesParticipant(participant) ? participant : where}: two or more runs of each picture were expected for crossnobis, got one of ${someOf(once)}. Leave them out of the conditions, or pass --measure correlation.`,
    );
  return (patterns) => crossnobis({ ...trials, data: patterns }, ids, precision);
}

function crossnobis(
  trials: Shown & Pick<Trials, "data">,
  ids: readonly string[],
  precision: BrainPrecision,
): Float64Array {
  const { data: patterns, stimuli, runs: folds, participant } = trials;
  const seen = new Set(Array.from(stimuli, (s, n) => `${s} ${folds[n]}`)).size;
  const full = seen === ids.length * new Set(folds).size;
  const observations = { patterns, stimuli, folds };
  const { residuals, dof } = repeatResiduals(patterns, stimuli);
  if (precision === "pooled")
    return dissimilarities(observations, {
      measure: "crossnobis",
      precision: noisePrecision(residuals, { dof }),
      repeats: full ? "folds" : "pairs",
    });
  if (!full)
    throw new VcaError(
      "DataError",
      `${participant}: every picture in every run was expected for --precision runs, got ${seen} of ${ids.length * new Set(folds).size}. Pass --precision pooled.`,
    );
  return dissimilarities(observations, {
    measure: "crossnobis",
    foldPrecisions: runPrecisions(residuals, folds, dof),
  });
}

/** The precision of each run from its rows of the repeats' residuals, which share the degrees of freedom that run means leave. */
function runPrecisions({ shape, data }: Matrix, runs: readonly string[], dof: number): Map<string, Matrix> {
  const V = shape[1]!;
  const names = [...new Set(runs)];
  return new Map(
    names.map((name) => {
      const rows = runs.flatMap((run, n) => (run === name ? [...data.subarray(n * V, (n + 1) * V)] : []));
      const own = { shape: [rows.length / V, V], data: Float64Array.from(rows) };
      return [name, precisionMatrix(noisePrecision(own, { dof: (dof - names.length + 1) / names.length }))];
    }),
  );
}

/** Makes of an RDM its ranks less what the plan of the scan explains of them. */
function withoutPlan({ stimuli, runs, onsets }: Shown): (rdm: Float64Array) => Float64Array {
  const order = [...stimuli.keys()].sort((a, b) => stimuli[a]! - stimuli[b]!); // one row for each picture
  const plan = { runs: order.map((n) => runs[n]!), positions: order.map((n) => onsets?.[n] ?? n) };
  const nuisances = [sameRunRdm(plan), trialLagRdm(plan)].filter((one) => one.some((d) => d !== one[0]));
  const basis = orthonormalBasis(nuisances.map(rankedRdm));
  return (rdm) => residuals(rankedRdm(rdm), basis);
}
