/**
 * @file The brain side of a comparison: betas of several participants in a mask, its hemispheres and control masks, over one set of
 * pictures. What was left out is counted, what differs between participants is named.
 */
import { readBytes } from "#files";
import { type Betas, loadBetas, regionTsnr } from "../brain/betas.ts";
import { type Conditions, parseConditions } from "../brain/conditions.ts";
import { sameGrid } from "../brain/grid.ts";
import { type OpenBetasOptions, openBetas } from "../brain/open.ts";
import { namesParticipant, participantOf } from "../brain/paths.ts";
import type { Roi } from "../brain/roi.ts";
import { type BetaSource, joinedSource, readOnce, seriesSource } from "../brain/source.ts";
import { mean } from "../core/statistics.ts";
import { VcaError } from "../errors.ts";
import { type RegionRoi, regionReader } from "./brain-regions.ts";
import type { WorkOptions } from "./prepare.ts";

/** Files of a brain study. */
export interface BrainFiles {
  /** Betas; several paths of one participant are sessions, in their order. */
  readonly brain: readonly string[];
  /**
   * A mask, or of an atlas image `FILE#20,10` (values), `FILE#harvard-oxford` (its amygdala) or `FILE#harvard-oxford:REGION`; with
   * `{participant}` in its path one of each participant.
   */
  readonly mask: string;
  /** As `mask`. */
  readonly controlMasks?: readonly string[] | undefined;
  /** Width of the betas' smoothing kernel at half its height, in mm. */
  readonly smoothing?: number | undefined;
  /** Which picture each volume is of, a table or NSD's `nsd_expdesign.mat`; not needed where the betas name them. */
  readonly conditions?: string | undefined;
  /** Keep the pictures that all participants saw, where they saw others too. */
  readonly sharedPictures?: boolean | undefined;
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
  readonly grid: Roi["grid"];
}

/** A region. */
export interface BrainRegion {
  readonly name: string;
  readonly kind: "mask" | "left" | "right" | "control";
  /** Of all participants; undefined where each has their own, so that voxels are not compared. */
  readonly grid: Roi["grid"] | undefined;
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
 * participants saw different pictures, or pictures are fewer than 3; ConfigError for no path, one that comes twice, several of one participant whom no sub-01 or subj01 names, an NSD participant without number, and a
 * series of nobody.
 */
export async function readBrain(
  files: BrainFiles,
  { reporter, signal }: Pick<WorkOptions, "reporter" | "signal">,
): Promise<BrainData> {
  const { brain, conditions, series = [] } = files;
  const [sessions, seriesOf] = [brain, series].map(byParticipant) as [PathsOf, PathsOf];
  checkPaths(sessions, seriesOf);
  const participants = [...sessions.keys()];
  const [roisOf, open] = [regionReader(files, reporter), await betasOpener(conditions)];
  const shared = files.sharedPictures ? await sharedPictures(sessions, open) : undefined;
  if (shared) reporter.note(shared.note);
  const regions: (Omit<BrainRegion, "grid"> & { readonly participants: Trials[] })[] = [];
  let ids = shared?.ids;
  for (const [p, [participant, paths]] of [...sessions].entries()) {
    signal?.throwIfAborted();
    const rois = await roisOf(participant);
    if (p === 0) regions.push(...rois.map(({ name, kind }) => ({ name, kind, participants: [] })));
    checkRegions(regions, rois, { participant, first: participants[0]! });
    const { source: whole, labels } = await open(participant, paths);
    const source = readOnce(
      whole,
      rois.map(({ roi }) => roi),
    );
    if (paths.length > 1) reporter.note(`${participant}: ${paths.length} sessions, ${source.where}.`);
    for (const note of source.notes) reporter.note(`${participant}: ${note}`);
    const tsnr = await meanTsnr(rois, seriesOf.get(participant) ?? []);
    for (const [r, { name, roi }] of rois.entries()) {
      const betas = await loadBetas(source, roi, { conditions: labels, pictures: shared?.ids });
      const seen = [...new Set(betas.ids)];
      ids ??= seen;
      checkPictures(ids, seen, { participant, first: participants[0]! });
      const places = new Map(ids.map((id, s) => [id, s]));
      regions[r]!.participants.push({
        ...betas,
        participant,
        tsnr: tsnr[r],
        stimuli: Int32Array.from(betas.ids, (id) => places.get(id)!),
        grid: roi.grid,
      });
      const { nan, constant } = betas.dropped;
      if (nan + constant > 0)
        reporter.warn(
          `${participant}, ${name}: ${nan} voxels with NaN and ${constant} constant voxels are left out of ${roi.voxels.length}.`,
        );
    }
    reporter.progress("betas", p + 1, participants.length);
  }
  if (ids!.length < 3)
    throw new VcaError(
      "DataError",
      `${conditions ?? brain[0]}: 3 or more pictures were expected, got ${ids!.length}. Add pictures: two have one dissimilarity.`,
    );
  return {
    ids: ids!,
    participants,
    regions: regions.map((region) => ({ ...region, grid: gridOfAll(region) })),
  };
}

/** The grid of all participants, if they have one. */
function gridOfAll({ participants }: Pick<BrainRegion, "participants">): Roi["grid"] | undefined {
  const [first, ...others] = participants;
  return others.every(({ grid }) => sameGrid(grid, first!.grid)) ? first!.grid : undefined;
}

/** @throws DataError when a participant's mask has one hemisphere, and another's two */
function checkRegions(
  regions: readonly Pick<BrainRegion, "name">[],
  rois: readonly RegionRoi[],
  { participant, first }: { participant: string; first: string },
): void {
  if (regions.length === rois.length) return;
  const [expected, got] = [regions, rois].map((of) => of.map(({ name }) => name).join(", "));
  throw new VcaError(
    "DataError",
    `${participant}: the regions of ${first}, ${expected}, were expected, got ${got}. Give all participants masks of both hemispheres, or of one.`,
  );
}

/** Betas of a participant and what names them. */
type OpenParticipant = (
  participant: string,
  paths: readonly string[],
) => Promise<{ readonly source: BetaSource; readonly labels?: Conditions | undefined }>;

/** Opens betas with their conditions: a table, or the design of NSD, which knows its participants by number. */
async function betasOpener(conditions: string | undefined): Promise<OpenParticipant> {
  if (conditions?.endsWith(".mat"))
    return async (participant, paths) => {
      const number = Number(/^(?:subj|sub-)(\d+)$/.exec(participant)?.[1]);
      if (Number.isNaN(number))
        throw new VcaError(
          "ConfigError",
          `brain: a participant such as subj01 was expected with ${conditions}, got ${participant}. Put the betas into a folder of that name.`,
        );
      return { source: await openSessions(paths, { nsd: { path: conditions, participant: number } }) };
    };
  const table = conditions === undefined ? undefined : await readBytes(conditions);
  return async (participant, paths) => {
    const labels = table && parseConditions(table, conditions!, participant);
    return { source: await openSessions(paths, { labels }), labels };
  };
}

/** The pictures that all participants saw, as the first saw them. @throws DataError when there are none */
async function sharedPictures(sessions: PathsOf, open: OpenParticipant) {
  const seen: ReadonlySet<string>[] = [];
  for (const [participant, paths] of sessions) {
    const { source, labels } = await open(participant, paths);
    seen.push(new Set((labels ?? source.labels)?.ids));
  }
  const ids = [...seen[0]!].filter((id) => seen.every((own) => own.has(id)));
  const numbers = seen.map(({ size }) => size);
  const range = [...new Set([Math.min(...numbers), Math.max(...numbers)])].join(" to ");
  if (ids.length === 0)
    throw new VcaError(
      "DataError",
      `brain: pictures that all participants saw were expected, got none of ${range} each. Check the ids in --conditions.`,
    );
  return {
    ids,
    note: `${ids.length} pictures were seen by all ${seen.length} participants, of ${range} each.`,
  };
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
    if (paths.length > 1 && !namesParticipant(participant))
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
 * A participant's betas, sessions after one another. Runs that the files name are numbered by session too: `2-1`; those of NSD are sessions.
 * @throws DataError when conditions name a run of two sessions alike, which would make one run of both.
 */
async function openSessions(
  paths: readonly string[],
  { labels, nsd }: OpenBetasOptions & { readonly labels?: Conditions | undefined },
): Promise<BetaSource> {
  const parts = await Promise.all(paths.map((path) => openBetas(path, { nsd })));
  if (parts.length === 1) return parts[0]!;
  const where = parts.map((part) => part.where).join(" + ");
  const sessionOf = parts.flatMap(({ count }, session) => new Array<number>(count).fill(session)); // of each row
  const { runs = [] } = labels ?? {};
  const again = runs.findIndex(
    (run, n) => n < sessionOf.length && sessionOf[runs.indexOf(run)] !== sessionOf[n],
  );
  if (again >= 0) {
    const [earlier, later] = [runs.indexOf(runs[again]!), again].map((n) => parts[sessionOf[n]!]!.where);
    throw new VcaError(
      "DataError",
      `${labels!.where}: runs of ${earlier} and ${later} under different names were expected, got "${runs[again]}" in both. Name the session too, such as ${sessionOf[again]! + 1}-${runs[again]}.`,
    );
  }
  const named = parts.map((part, session) => ({
    ...part,
    ...(part.labels &&
      !nsd && {
        labels: { ...part.labels, runs: part.labels.runs.map((run) => `${session + 1}-${run}`) },
      }),
  }));
  return joinedSource(where, named);
}

/** Temporal signal-to-noise of each region, averaged over series. */
async function meanTsnr(
  rois: readonly RegionRoi[],
  paths: readonly string[],
): Promise<readonly (number | undefined)[]> {
  const each: (number | undefined)[][] = [];
  for (const path of paths)
    each.push(
      await regionTsnr(
        rois.map(({ roi }) => roi),
        await seriesSource(path),
      ),
    );
  return rois.map((_, r) => {
    const own = each.flatMap((tsnr) => tsnr[r] ?? []);
    return own.length > 0 ? mean(own) : undefined;
  });
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
    `${participant}: the ${ids.length} pictures of ${first} were expected, got ${parts.filter(Boolean).join(" and ")}. Keep the pictures that all participants saw, with --shared-pictures.`,
  );
}

/** The first five names. */
export function someOf(ids: readonly string[]): string {
  return ids.slice(0, 5).join(", ") + (ids.length > 5 ? ` and ${ids.length - 5} more` : "");
}
