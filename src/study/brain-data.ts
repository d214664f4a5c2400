/**
 * @file The brain side of a comparison: betas of several participants in a mask, its hemispheres and control masks, over one set of
 * pictures; and RDMs of these. What was left out is counted, what differs between participants is named.
 */
import { readBytes } from "#files";
import { type Betas, loadBetas } from "../brain/betas.ts";
import { parseConditions } from "../brain/conditions.ts";
import { openBetas } from "../brain/open.ts";
import { participantOf } from "../brain/paths.ts";
import { maskRoi, type Roi, splitHemispheres } from "../brain/roi.ts";
import { readImage } from "../brain/source.ts";
import { fileName } from "../core/paths.ts";
import { orthonormalBasis, residuals } from "../core/projection.ts";
import { VcaError } from "../errors.ts";
import { rankedRdm } from "../geometry/alignment.ts";
import { pairs } from "../geometry/behaviour.ts";
import { dissimilarities } from "../rsa/dissimilarities.ts";
import { noisePrecision, repeatResiduals } from "../rsa/precision.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { sameRunRdm, trialLagRdm } from "../rsa/trials.ts";
import type { BrainMeasure } from "./brain-measures.ts";
import type { WorkOptions } from "./prepare.ts";

/** Files of a brain study. */
export interface BrainFiles {
  /** Betas, one path for each participant. */
  readonly brain: readonly string[];
  readonly mask: string;
  readonly controlMasks?: readonly string[] | undefined;
  /** Which picture each volume is of; not needed where the betas name them. */
  readonly conditions?: string | undefined;
}

/** One participant's trials in a region. */
export interface Trials extends Betas {
  readonly participant: string;
  /** The picture of each row, a place in the study's `ids`. */
  readonly stimuli: Int32Array;
}

/** A region. */
export interface BrainRegion {
  readonly name: string;
  readonly kind: "mask" | "left" | "right" | "control";
  readonly roi: Roi;
  /** `[P]` */
  readonly participants: readonly Trials[];
}

/** A study. */
export interface BrainData {
  readonly ids: readonly string[];
  readonly participants: readonly string[];
  /** The mask first. */
  readonly regions: readonly BrainRegion[];
}

/**
 * Reads all participants.
 * @throws DataError when files cannot be read or lie on different grids, a mask is empty, conditions do not fit, participants saw different
 * pictures, or pictures are fewer than 3; ConfigError when two files are of one participant.
 */
export async function readBrain(
  { brain, mask, controlMasks = [], conditions }: BrainFiles,
  { reporter, signal }: Pick<WorkOptions, "reporter" | "signal">,
): Promise<BrainData> {
  const participants = brain.map(participantOf);
  const twice = participants.findIndex((name, i) => participants.indexOf(name) !== i);
  if (brain.length === 0 || twice >= 0)
    throw new VcaError(
      "ConfigError",
      `brain: betas of different participants were expected, got ${twice < 0 ? "none" : `${brain[twice]}, a second of ${participants[twice]}`}. Pass one path for each participant, such as sub-*/betas.nii.gz; join sessions first.`,
    );
  const rois = await readRegions(mask, controlMasks);
  const table = conditions === undefined ? undefined : await readBytes(conditions);
  const regions = rois.map((region) => ({ ...region, participants: [] as Trials[] }));
  let ids: readonly string[] | undefined;
  for (const [p, path] of brain.entries()) {
    signal?.throwIfAborted();
    const participant = participants[p]!;
    const source = await openBetas(path);
    const labels = table && { conditions: parseConditions(table, conditions!, participant) };
    for (const note of source.notes) reporter.note(`${participant}: ${note}`);
    for (const region of regions) {
      const betas = await loadBetas(source, region.roi, labels);
      const seen = [...new Set(betas.ids)];
      ids ??= seen;
      checkPictures(ids, seen, { participant, first: participants[0]! });
      const places = new Map(ids.map((id, s) => [id, s]));
      region.participants.push({
        ...betas,
        participant,
        stimuli: Int32Array.from(betas.ids, (id) => places.get(id)!),
      });
      const { nan, constant } = betas.dropped;
      if (nan + constant > 0)
        reporter.warn(
          `${participant}, ${region.name}: ${nan} voxels with NaN and ${constant} constant voxels are left out of ${region.roi.voxels.length}.`,
        );
    }
    reporter.progress("betas", p + 1, brain.length);
  }
  if (ids!.length < 3)
    throw new VcaError(
      "DataError",
      `${conditions ?? brain[0]}: 3 or more pictures were expected, got ${ids!.length}. Add pictures: two have one dissimilarity.`,
    );
  return { ids: ids!, participants, regions };
}

async function readRegions(
  mask: string,
  controls: readonly string[],
): Promise<Pick<BrainRegion, "name" | "kind" | "roi">[]> {
  const named = async (path: string) =>
    maskRoi(await readImage(path), fileName(path).replace(/\.nii(\.gz)?$/i, ""));
  const whole = await named(mask);
  const { left, right } = splitHemispheres(whole);
  const both = left.voxels.length > 0 && right.voxels.length > 0;
  const others = await Promise.all(controls.map(named));
  const rois = [
    { kind: "mask", roi: whole } as const,
    ...(both ? [{ kind: "left", roi: left } as const, { kind: "right", roi: right } as const] : []),
    ...others.map((roi) => ({ kind: "control", roi }) as const),
  ];
  const names = rois.map(({ roi }) => roi.name);
  const same = names.find((name, i) => names.indexOf(name) !== i);
  if (same !== undefined)
    throw new VcaError(
      "ConfigError",
      `brain: masks of different names were expected, got "${same}" twice. Rename a file.`,
    );
  return rois.map(({ kind, roi }) => ({ name: roi.name, kind, roi }));
}

function checkPictures(
  ids: readonly string[],
  seen: readonly string[],
  { participant, first }: { participant: string; first: string },
): void {
  const lacking = ids.filter((id) => !seen.includes(id));
  const extra = seen.filter((id) => !ids.includes(id));
  if (lacking.length + extra.length === 0) return;
  const parts = [
    lacking.length > 0 && `none of ${someOf(lacking)}`,
    extra.length > 0 && `${someOf(extra)} besides`,
  ];
  throw new VcaError(
    "DataError",
    `${participant}: the ${ids.length} pictures of ${first} were expected, got ${parts.filter(Boolean).join(" and ")}. Keep the pictures that all participants saw.`,
  );
}

/** The first five names. */
export function someOf(ids: readonly string[]): string {
  return ids.slice(0, 5).join(", ") + (ids.length > 5 ? ` and ${ids.length - 5} more` : "");
}

/** The measure that `auto` stands for in a study. */
export function chosenMeasure({ regions }: BrainData, measure: BrainMeasure): Exclude<BrainMeasure, "auto"> {
  if (measure !== "auto") return measure;
  return regions[0]!.participants.every((trials) => onceIn(trials).length === 0)
    ? "crossnobis"
    : "correlation";
}

/**
 * RDMs of a region, one for each participant. Crossnobis: across runs, noise whitened by the repeats' residuals (Schafer & Strimmer). Others: of
 * patterns averaged over repeats; where each picture has one run, the ranks of the RDM less what same-run and trial-lag RDMs explain of them.
 * @throws DataError when a picture has one run and the measure needs two.
 */
export function brainRdms(
  { ids, participants }: BrainData,
  region: BrainRegion,
  measure: Exclude<BrainMeasure, "auto">,
): Rdms {
  const rows = region.participants.map((trials) => rdmOf(trials, ids, measure));
  return stacked(ids, rows, participants);
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
  return stacked(ids, rows, participants);
}

function stacked(
  ids: readonly string[],
  rows: readonly Float64Array[],
  participant: readonly string[],
): Rdms {
  const data = Float64Array.from(rows.flatMap((row) => [...row]));
  return { ids, vectors: { shape: [rows.length, rows[0]!.length], data }, labels: { participant } };
}

/** Pictures that a participant saw in one run only. */
function onceIn({ ids, runs }: Betas): string[] {
  const seen = new Map<string, Set<string>>();
  for (const [n, id] of ids.entries()) seen.set(id, (seen.get(id) ?? new Set()).add(runs[n]!));
  return [...seen].flatMap(([id, own]) => (own.size < 2 ? [id] : []));
}

function rdmOf(trials: Trials, ids: readonly string[], measure: Exclude<BrainMeasure, "auto">): Float64Array {
  const { data: patterns, stimuli, runs, participant } = trials;
  const once = onceIn(trials);
  if (measure === "crossnobis") {
    if (once.length > 0)
      throw new VcaError(
        "DataError",
        `${participant}: two or more runs of each picture were expected for crossnobis, got one of ${someOf(once)}. Leave them out of the conditions, or pass --measure correlation.`,
      );
    const { residuals: noise, dof } = repeatResiduals(patterns, stimuli);
    const precision = noisePrecision(noise, { dof });
    const full =
      new Set(Array.from(stimuli, (s, n) => `${s} ${runs[n]}`)).size === ids.length * new Set(runs).size;
    const repeats = full ? "folds" : "pairs";
    return dissimilarities({ patterns, stimuli, folds: runs }, { measure, precision, repeats });
  }
  const rdm = dissimilarities({ patterns, stimuli }, { measure });
  return once.length === ids.length ? withoutPlan(rdm, trials) : rdm;
}

/** Ranks of an RDM less what the plan of the scan explains of them. */
function withoutPlan(rdm: Float64Array, { stimuli, runs, onsets }: Trials): Float64Array {
  const order = [...stimuli.keys()].sort((a, b) => stimuli[a]! - stimuli[b]!); // one row for each picture
  const plan = { runs: order.map((n) => runs[n]!), positions: order.map((n) => onsets?.[n] ?? n) };
  const nuisances = [sameRunRdm(plan), trialLagRdm(plan)].filter((one) => one.some((d) => d !== one[0]));
  const ranked = rankedRdm(rdm);
  return residuals(ranked, orthonormalBasis(nuisances.map(rankedRdm)));
}
