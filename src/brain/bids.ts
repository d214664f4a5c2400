/**
 * @file A folder of one participant's maps in BIDS names: nilearn's `save_glm_to_bids` writes each contrast as
 * `..._contrast-dog_stat-effect_statmap.nii.gz`, one file a run where runs were fitted by themselves. The stimulus
 * is the `contrast`; `stat-t`, `stat-z`, `stat-variance` and other files lie beside them and are not betas.
 * @see https://nilearn.github.io/stable/modules/generated/nilearn.interfaces.bids.save_glm_to_bids.html
 */
import { isFolder, listFolder } from "#files";
import { fileName, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { parseBids } from "./paths.ts";
import { type BetaSource, stackSource } from "./source.ts";

/** The effect maps below a folder, sorted by run and name; `undefined` when there are none. */
export async function openStatmaps(folder: string): Promise<BetaSource | undefined> {
  const files = (await filesBelow(folder)).filter((path) => /\.nii(\.gz)?$/i.test(path));
  const maps = files.flatMap((path) => {
    const name = parseBids(path);
    const { stat, contrast, run = "1", ses, space = "" } = name?.entities ?? {};
    if (name?.suffix !== "statmap" || stat !== "effect" || contrast === undefined) return [];
    return { path, id: contrast, run: ses ? `${ses}-${run}` : run, space };
  });
  if (maps.length === 0) return undefined;
  const [first, ...others] = maps as [(typeof maps)[0], ...typeof maps];
  const stranger = others.find(({ space }) => space !== first.space);
  if (stranger) {
    throw new VcaError(
      "DataError",
      `${stranger.path}: space "${first.space}" as in ${fileName(first.path)} was expected, got "${stranger.space}". Pass a folder with maps of one space.`,
    );
  }
  maps.sort((a, b) => a.run.localeCompare(b.run, "en", { numeric: true }) || (a.path < b.path ? -1 : 1));
  const labels = { ids: maps.map(({ id }) => id), runs: maps.map(({ run }) => run) };
  const rest = files.length - maps.length;
  const notes =
    rest > 0 ? [`${folder}: ${rest} other images beside ${maps.length} effect maps, left out.`] : [];
  return stackSource(
    folder,
    maps.map(({ path }) => path),
    labels,
    notes,
  );
}

/**
 * Refuses a file whose BIDS name says that it holds no betas: a preprocessed series, or a statistic.
 * @throws DataError naming what it is.
 */
export function checkIsBetas(path: string): void {
  const name = parseBids(path);
  const { stat } = name?.entities ?? {};
  const got =
    name?.suffix === "bold"
      ? "a time series, as fMRIPrep leaves it"
      : stat !== undefined && stat !== "effect"
        ? `a map of "${stat}"`
        : undefined;
  if (got)
    throw new VcaError(
      "DataError",
      `${path}: betas were expected, got ${got}. Fit one beta for each trial first (SPM, GLMsingle, nilearn), and pass the effects.`,
    );
}

async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await listFolder(folder)) {
    const path = joinPath(folder, name);
    if (await isFolder(path)) paths.push(...(await filesBelow(path)));
    else paths.push(path);
  }
  return paths;
}
