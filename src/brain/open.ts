/** @file One participant's betas from whatever a path names: the only place that tells the formats apart. */
import { isFolder, listFolder } from "#files";
import { fileName, folderOf } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { checkIsBetas, openStatmaps } from "./bids.ts";
import { openGlmsingle } from "./glmsingle.ts";
import { isNiftiName } from "./nifti.ts";
import { isNsdName, openNsd } from "./nsd.ts";
import { type BetaSource, seriesSource } from "./source.ts";
import { openSpm } from "./spm.ts";

/** What a path does not tell. */
export interface OpenBetasOptions {
  /** NSD: `nsd_expdesign.mat` and whose sessions these are, 1 to 8. */
  readonly nsd?: { readonly path: string; readonly participant: number } | undefined;
}

/**
 * Opens the betas of one participant: a 4-D NIfTI file, GLMsingle's .hdf5 or .mat, a session of NSD, an `SPM.mat` or its folder, a folder
 * of nilearn's effect maps or of NSD sessions.
 * @throws DataError when the path is none of these.
 */
export async function openBetas(path: string, { nsd }: OpenBetasOptions = {}): Promise<BetaSource> {
  if (await isFolder(path)) {
    const names = await listFolder(path);
    if (names.includes("SPM.mat")) return openSpm(path);
    if (names.some(isNsdName)) return openNsd(path, names, nsd);
    const maps = await openStatmaps(path);
    if (maps) return maps;
    throw unknown(path, `a folder with ${names.slice(0, 3).join(", ") || "nothing in it"}`);
  }
  if (fileName(path) === "SPM.mat") return openSpm(path.slice(0, -"SPM.mat".length) || ".");
  if (isNsdName(path)) return openNsd(folderOf(path), [fileName(path)], nsd);
  if (isNiftiName(path)) {
    checkIsBetas(path);
    return seriesSource(path);
  }
  if (/\.(hdf5|h5|mat|npy)$/i.test(path)) return openGlmsingle(path);
  throw unknown(path, `"${fileName(path)}"`);
}

function unknown(path: string, got: string): VcaError {
  return new VcaError(
    "DataError",
    `${path}: betas were expected (.nii, .nii.gz, .hdf5, .mat, a folder with SPM.mat, *_stat-effect_statmap.nii.gz or betas_session*), got ${got}. See docs/formats.md.`,
  );
}
