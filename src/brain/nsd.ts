/**
 * @file The Natural Scenes Dataset: one file of 750 trials a session, betas times 300 as int16, `/betas` of HDF5 (no affine: the mask's
 * holds) or NIfTI. Which picture a trial showed is in `nsd_expdesign.mat`, counted from 1: trial t of participant s is
 * picture `subjectim[s, masterordering[t]]` of 73,000. Ids are spelt `nsd02951`, as in the names of the shared pictures,
 * counted from 1 as well (rows of nsd_stimuli.hdf5 count from 0).
 * @see Allen et al. (2022), Nature Neuroscience 25:116; https://cvnlab.slite.page/p/6CusMRYfk0/Functional-data-NSD
 */

import { readBytes } from "#files";
import { decodeMat } from "../core/mat.ts";
import { fileName, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { hdf5Source } from "./hdf5-source.ts";
import { isNiftiName } from "./nifti.ts";
import { type BetaSource, joinedSource, type Labels, seriesSource } from "./source.ts";

const SESSION = /^betas_session(\d+)\.(hdf5|nii|nii\.gz)$/;
const SCALE = 1 / 300;

/** Whether a file's name is that of a session of NSD. */
export function isNsdName(path: string): boolean {
  return SESSION.test(fileName(path));
}

/** A session's number. */
function sessionOf(path: string): number {
  return Number(SESSION.exec(fileName(path))![1]);
}

/** The betas of one session, in percent signal change. */
async function openNsdSession(path: string): Promise<BetaSource> {
  if (!isNiftiName(path)) return hdf5Source(path, { names: ["betas"], reversed: true, scale: SCALE });
  return seriesSource(path, ({ stored }) => (stored.type === "int16" && !stored.scaled ? SCALE : 1));
}

/**
 * The sessions of a folder, in their order, with `design` (`nsd_expdesign.mat`) their pictures; the run of a trial is its session.
 * @param participant 1 to 8, needed with `design`
 */
export async function openNsd(
  folder: string,
  names: readonly string[],
  design?: { readonly path: string; readonly participant: number },
): Promise<BetaSource> {
  const sessions = names.filter(isNsdName).sort((a, b) => sessionOf(a) - sessionOf(b));
  const all = design && (await nsdPictures(design.path, design.participant));
  const parts: BetaSource[] = [];
  for (const name of sessions) {
    const part = await openNsdSession(joinPath(folder, name));
    const first = (sessionOf(name) - 1) * 750;
    const ids = all?.slice(first, first + part.count);
    if (ids && ids.length !== part.count) {
      throw new VcaError(
        "DataError",
        `${part.where}: ${ids.length} trials as ${design!.path} has were expected, got ${part.count}. Check that both are of NSD.`,
      );
    }
    const labels: Labels | undefined = ids && {
      ids,
      runs: ids.map(() => `session${String(sessionOf(name)).padStart(2, "0")}`),
    };
    parts.push(labels ? { ...part, labels } : part);
  }
  return joinedSource(folder, parts);
}

/**
 * The picture of each trial of a participant, over all sessions.
 * @throws DataError when the file holds no NSD design, or no such participant.
 */
export async function nsdPictures(path: string, participant: number): Promise<string[]> {
  const variables = decodeMat(await readBytes(path), path, ["masterordering", "subjectim"]);
  const order = variables.get("masterordering");
  const pictures = variables.get("subjectim");
  if (order?.kind !== "numbers" || pictures?.kind !== "numbers") {
    throw new VcaError(
      "DataError",
      `${path}: "masterordering" and "subjectim" were expected, got ${[...variables.keys()].join(", ") || "neither"}. Pass nsd_expdesign.mat.`,
    );
  }
  const [participants = 0] = pictures.shape;
  if (!(Number.isInteger(participant) && participant >= 1 && participant <= participants)) {
    throw new VcaError(
      "DataError",
      `${path}: a participant from 1 to ${participants} was expected, got ${participant}. Name the participant whose betas these are.`,
    );
  }
  return Array.from(order.data, (picture) => {
    const number = pictures.data[(picture - 1) * participants + participant - 1]!; // column-major, from 1
    return `nsd${String(number).padStart(5, "0")}`;
  });
}
