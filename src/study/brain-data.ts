/**
 * @file The brain side of a comparison: betas of several participants in a mask, its hemispheres and control masks, over one set of
 * pictures. What was left out is counted, what differs between participants is named.
 */
import { exists, readBytes } from "#files";
import { type Betas, loadBetas, regionTsnr } from "../brain/betas.ts";
import { type Conditions, parseConditions } from "../brain/conditions.ts";
import { onlyVolume } from "../brain/nifti.ts";
import { openBetas } from "../brain/open.ts";
import { participantOf } from "../brain/paths.ts";
import {
  atlasRoi,
  maskRoi,
  type Roi,
  smoothingWarning,
  splitHemispheres,
  valueRoi,
  valueWarnings,
} from "../brain/roi.ts";
import { type BetaSource, joinedSource, readImage, seriesSource } from "../brain/source.ts";
import { fileName } from "../core/paths.ts";
import { mean } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import type { WorkOptions } from "./prepare.ts";
import type { Reporter } from "./reporter.ts";

/** Files of a brain study. */
export interface BrainFiles {
  /** Betas; several paths of one participant are sessions, in their order. */
  readonly brain: readonly string[];
  /** A mask, or of an atlas image `FILE#20,10` (values), `FILE#harvard-oxford` (its amygdala) or `FILE#harvard-oxford:REGION`. */
  readonly mask: string;
  /** As `mask`. */
  readonly controlMasks?: readonly string[] | undefined;
  /** Width of the betas' smoothing kernel at half its height, in mm. */
  readonly smoothing?: number | undefined;
  /** Which picture each volume is of; not needed where the betas name them. */
  readonly conditions?: string | undefined;
  /** Preprocessed time series of participants, any number of each, for their temporal signal-to-noise. */
  readonly series?: readonly string[] | undefined;
}

/** One participant's trials in a region. */
export interface Trials extends Betas {
  readonly participant: string;
  /** Temporal signal-to-noise: median over the region's voxels, mean over the participant's series. */
  readonly tsnr: number | undefined;
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
 * @throws DataError when files cannot be read or lie on different grids, a mask is empty, conditions do not fit, sessions name runs alike,
 * participants saw different pictures, or pictures are fewer than 3; ConfigError for no path, one that comes twice, several of one participant whom no sub-... names, and a
 * series of nobody.
 */
export async function readBrain(
  { brain, mask, controlMasks = [], smoothing, conditions, series = [] }: BrainFiles,
  { reporter, signal }: Pick<WorkOptions, "reporter" | "signal">,
): Promise<BrainData> {
  const [sessions, seriesOf] = [brain, series].map(byParticipant) as [PathsOf, PathsOf];
  checkPaths(sessions, seriesOf);
  const participants = [...sessions.keys()];
  const rois = await readRegions(mask, controlMasks, { reporter, smoothing });
  const table = conditions === undefined ? undefined : await readBytes(conditions);
  const regions = rois.map((region) => ({ ...region, participants: [] as Trials[] }));
  let ids: readonly string[] | undefined;
  for (const [p, [participant, paths]] of [...sessions].entries()) {
    signal?.throwIfAborted();
    const labels = table && { conditions: parseConditions(table, conditions!, participant) };
    const source = await openSessions(paths, labels?.conditions);
    if (paths.length > 1) reporter.note(`${participant}: ${paths.length} sessions, ${source.where}.`);
    for (const note of source.notes) reporter.note(`${participant}: ${note}`);
    const tsnr = await meanTsnr(rois, seriesOf.get(participant) ?? []);
    for (const [r, region] of regions.entries()) {
      const betas = await loadBetas(source, region.roi, labels);
      const seen = [...new Set(betas.ids)];
      ids ??= seen;
      checkPictures(ids, seen, { participant, first: participants[0]! });
      const places = new Map(ids.map((id, s) => [id, s]));
      region.participants.push({
        ...betas,
        participant,
        tsnr: tsnr[r],
        stimuli: Int32Array.from(betas.ids, (id) => places.get(id)!),
      });
      const { nan, constant } = betas.dropped;
      if (nan + constant > 0)
        reporter.warn(
          `${participant}, ${region.name}: ${nan} voxels with NaN and ${constant} constant voxels are left out of ${region.roi.voxels.length}.`,
        );
    }
    reporter.progress("betas", p + 1, participants.length);
  }
  if (ids!.length < 3)
    throw new VcaError(
      "DataError",
      `${conditions ?? brain[0]}: 3 or more pictures were expected, got ${ids!.length}. Add pictures: two have one dissimilarity.`,
    );
  return { ids: ids!, participants, regions };
}

type PathsOf = ReadonlyMap<string, readonly string[]>;

/** Paths by whom they are of, in the order of the paths. */
function byParticipant(paths: readonly string[]): PathsOf {
  const grouped = new Map<string, string[]>();
  for (const path of paths) {
    const participant = participantOf(path);
    grouped.set(participant, [...(grouped.get(participant) ?? []), path]);
  }
  return grouped;
}

/** Several paths are sessions where they say whose: a folder that holds several participants does not. */
function checkPaths(sessions: PathsOf, seriesOf: PathsOf): void {
  const mistake = (text: string) => new VcaError("ConfigError", `brain: ${text}`);
  if (sessions.size === 0)
    throw mistake("betas of participants were expected, got none. Pass a path of each.");
  for (const [participant, paths] of sessions) {
    const twice = paths.find((path, i) => paths.indexOf(path) !== i);
    if (twice !== undefined) throw mistake(`each path once was expected, got ${twice} twice. Remove one.`);
    if (paths.length > 1 && !participant.startsWith("sub-"))
      throw mistake(
        `betas of different participants were expected, got ${paths[1]}, a second in ${participant}. Put each participant into a folder of its own; sessions are joined where paths name the participant, such as sub-01.`,
      );
  }
  for (const [participant, paths] of seriesOf)
    if (!sessions.has(participant))
      throw mistake(
        `series of participants in --brain were expected, got ${paths[0]} of ${participant}. Name both paths by the participant, such as sub-01.`,
      );
}

/**
 * A participant's betas, sessions after one another. Runs that the files name are numbered by session too: `2-1`.
 * @throws DataError when conditions name a run of two sessions alike, which would make one run of both.
 */
async function openSessions(paths: readonly string[], conditions?: Conditions): Promise<BetaSource> {
  const parts = await Promise.all(paths.map((path) => openBetas(path)));
  if (parts.length === 1) return parts[0]!;
  const where = parts.map((part) => part.where).join(" + ");
  const sessionOf = parts.flatMap(({ count }, session) => new Array<number>(count).fill(session)); // of each row
  const { runs = [] } = conditions ?? {};
  const again = runs.findIndex(
    (run, n) => n < sessionOf.length && sessionOf[runs.indexOf(run)] !== sessionOf[n],
  );
  if (again >= 0) {
    const [earlier, later] = [runs.indexOf(runs[again]!), again].map((n) => parts[sessionOf[n]!]!.where);
    throw new VcaError(
      "DataError",
      `${conditions!.where}: runs of ${earlier} and ${later} under different names were expected, got "${runs[again]}" in both. Name the session too, such as ${sessionOf[again]! + 1}-${runs[again]}.`,
    );
  }
  const named = parts.map((part, session) => ({
    ...part,
    ...(part.labels && {
      labels: { ...part.labels, runs: part.labels.runs.map((run) => `${session + 1}-${run}`) },
    }),
  }));
  return joinedSource(where, named);
}

/** Temporal signal-to-noise of each region, averaged over series. */
async function meanTsnr(
  rois: readonly Pick<BrainRegion, "roi">[],
  paths: readonly string[],
): Promise<readonly (number | undefined)[]> {
  const each: (number | undefined)[][] = [];
  for (const path of paths)
    each.push(
      await regionTsnr(
        rois.map(({ roi }) => roi),
        seriesSource(await readImage(path)),
      ),
    );
  return rois.map((_, r) => {
    const own = each.flatMap((tsnr) => tsnr[r] ?? []);
    return own.length > 0 ? mean(own) : undefined;
  });
}

async function readRegions(
  mask: string,
  controls: readonly string[],
  options: RoiOptions,
): Promise<Pick<BrainRegion, "name" | "kind" | "roi">[]> {
  const named = (path: string) => readRoi(path, options);
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

/** The region of a mask, or of an atlas: `FILE#VALUES`, `FILE#ATLAS`, `FILE#ATLAS:REGION`, `FILE#ATLAS:VALUES`. */
async function readRoi(path: string, { reporter, smoothing }: RoiOptions): Promise<Roi> {
  const at = (await exists(path)) ? -1 : path.lastIndexOf("#");
  const file = at < 0 ? path : path.slice(0, at);
  const image = await readImage(file);
  const name = fileName(file).replace(/\.nii(\.gz)?$/i, "");
  if (at < 0) {
    const values = new Set(onlyVolume(image).filter((value) => value !== 0 && Number.isInteger(value)));
    if (values.size > 1)
      reporter.warn(
        `${file}: a mask holds one value, this holds ${values.size}, and all are taken. If it is an atlas, name the values: ${file}#${[...values].slice(0, 2).join(",")}.`,
      );
    return maskRoi(image, name);
  }
  const [first, second] = path.slice(at + 1).split(":") as [string, string?];
  const [atlas, region] = VALUES.test(first) ? [undefined, first] : [first, second];
  if (region === undefined || !VALUES.test(region)) {
    const roi = atlasRoi(image, { atlas: atlas!, ...(region !== undefined && { region }) });
    const mixed = smoothing === undefined ? undefined : smoothingWarning(roi, smoothing);
    if (mixed !== undefined) reporter.warn(mixed);
    return roi;
  }
  const values = region.split(",").map(Number);
  for (const warning of atlas === undefined ? [] : valueWarnings(atlas, values)) reporter.warn(warning);
  return valueRoi(image, values, `${name} ${values.join("+")}`);
}
/** How regions are read. */
interface RoiOptions extends Pick<BrainFiles, "smoothing"> {
  readonly reporter: Reporter;
}
const VALUES = /^\d+(,\d+)*$/;

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
