/** @file The pictures of a report: those that excite a unit most, those that are blurred, and small copies where terms allow. */
import type { PictureStrip } from "../report/page.ts";
import type { StimulusSet } from "../stimuli/set.ts";
import type { WorkOptions } from "./prepare.ts";
import type { Cells } from "./report-data.ts";
import type { Pictures, UnseenRun } from "./unseen.ts";

/** Makes a small picture of a file as a data URL. */
export type Thumbnail = (file: string) => Promise<string>;

const STRIP_UNITS = 4;
const STRIP_PICTURES = 8;

/** `PH` as words. */
function binText(bin: string): string {
  const [valence, arousal] = [...bin];
  const levels: Readonly<Record<string, string>> = {
    N: "unpleasant",
    M: "middling",
    P: "pleasant",
    L: "low",
    H: "high",
  };
  return `${valence === "M" ? "middling valence" : levels[valence!]}, ${levels[arousal!]} arousal`;
}

/** The pictures that excite units of the readout nucleus most, in the first network: for some bins, the unit most selective for it. */
export async function stripsOf(
  run: UnseenRun,
  units: readonly Cells[],
  epoch: number,
): Promise<PictureStrip[]> {
  const network = run.networks[0]!;
  const { readout } = run.manifest.circuit;
  const chosen = new Map<string, Cells>();
  const own = units.filter(
    (row) =>
      row.network === network.name &&
      row.nucleus === readout &&
      Number(row.epoch) === epoch &&
      row.dPrime !== "",
  );
  for (const row of own.sort((a, b) => Number(b.dPrime) - Number(a.dPrime)))
    if (!chosen.has(row.bin!) && chosen.size < STRIP_UNITS) chosen.set(row.bin!, row);
  if (chosen.size === 0) return [];
  const { data, shape } = await network.activations(readout, epoch);
  const U = shape[1]!;
  return [...chosen.values()].map(({ unit, bin, dPrime }) => ({
    title: `${readout} unit ${unit} (${network.name}), most selective for ${binText(bin!)}, d\u2032 ${Number(dPrime).toFixed(1)}`,
    ids: network.pictures.ids
      .map((id, s) => ({ id, value: data[s * U + Number(unit)]! }))
      .sort((a, b) => b.value - a.value)
      .slice(0, STRIP_PICTURES)
      .map(({ id }) => id),
  }));
}

/** Pictures that are blurred: those that the set calls graphic, else very unpleasant and arousing ones; of drawings, none. */
export function graphicOf(
  { ids, ratings, scale, columns }: Pictures,
  set: string,
): { ids: Set<string>; rule: string } {
  if (set === "emoji") return { ids: new Set(), rule: "drawings" };
  const named = columns.graphic;
  if (named)
    return {
      ids: new Set(ids.filter((_, s) => !["", "0", "no", "false"].includes(named[s]!.toLowerCase()))),
      rule: "the set's column graphic",
    };
  const unpleasant = scale.lo + (scale.hi - scale.lo) / 4;
  const arousing = (scale.lo + scale.hi) / 2;
  return {
    ids: new Set(
      ids.filter((_, s) => ratings.data[2 * s]! < unpleasant && ratings.data[2 * s + 1]! > arousing),
    ),
    rule: `rated valence below ${unpleasant} and arousal above ${arousing}; the set has no column graphic`,
  };
}

const AT_ONCE = 8;

/** Small pictures by id, and why there are none; none where the terms of the set do not allow passing them on. */
export async function thumbnailsOf(
  run: UnseenRun,
  set: StimulusSet | undefined,
  {
    thumbnail,
    redistribute,
    reporter,
    signal,
  }: WorkOptions & {
    readonly thumbnail?: Thumbnail | undefined;
    readonly redistribute?: boolean | undefined;
  },
): Promise<{ thumbnails: Map<string, string>; without: string | undefined }> {
  const thumbnails = new Map<string, string>();
  if (!thumbnail) return { thumbnails, without: undefined };
  const { stimuli } = run.manifest;
  if (!stimuli.redistribute && redistribute)
    reporter.warn(
      `The terms of this picture set do not say that its pictures may be passed on; you do. Whom to ask: ${stimuli.citation || "whoever made it"}`,
    );
  else if (!stimuli.redistribute) {
    const without =
      "The terms of this picture set do not allow its pictures to be passed on: the report names them only.";
    reporter.warn(without);
    return { thumbnails, without };
  }
  if (!set)
    return {
      thumbnails,
      without: "The pictures were not where the run had found them: the report names them only.",
    };
  const files = new Map(set.ids.map((id, s) => [id, set.files[s]!]));
  const wanted = run.pictures.ids.filter((id) => files.has(id));
  for (let i = 0; i < wanted.length; i += AT_ONCE) {
    signal?.throwIfAborted();
    const some = wanted.slice(i, i + AT_ONCE);
    const made = await Promise.all(some.map((id) => thumbnail(files.get(id)!)));
    some.forEach((id, k) => {
      thumbnails.set(id, made[k]!);
    });
    reporter.progress("pictures", Math.min(i + AT_ONCE, wanted.length), wanted.length);
  }
  return { thumbnails, without: undefined };
}
