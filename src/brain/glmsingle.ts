/**
 * @file GLMsingle's TYPED result (fitted HRF, GLMdenoise, ridge): one beta for each trial, in percent signal change, in the order
 * of presentation over all runs. Python names it `betasmd`, MATLAB `modelmd`; neither file says where in space it lies, so
 * the mask's affine holds. Its .npy is a pickled dict, of which arrays are read and nothing is run.
 * @see Prince et al. (2022), eLife 11:e77599; glmsingle/utils/save_glmsingle_outputs_h5.py of cvnlab/GLMsingle
 */
import { readBytes } from "#files";
import { isMat73 } from "#hdf5";
import { decodeMat } from "../core/mat.ts";
import { VcaError } from "../errors.ts";
import { hdf5Source } from "./hdf5-source.ts";
import { readPickledArray } from "./numpy-pickle.ts";
import { arraySource, type BetaSource } from "./source.ts";

const NAMES = ["betasmd", "modelmd"] as const;

/** The betas of `TYPED_FITHRF_GLMDENOISE_RR` as .hdf5, .mat or .npy. @throws DataError when there are none of four axes. */
export async function openGlmsingle(path: string): Promise<BetaSource> {
  if (/\.npy$/i.test(path)) {
    const { shape, count, data } = fourAxes(path, readPickledArray(await readBytes(path), path, NAMES));
    return arraySource({ where: path, grid: { shape } }, columnMajor(shape, count, data));
  }
  if (!/\.mat$/i.test(path)) return hdf5Source(path, { names: NAMES });
  if (await isMat73(path)) return hdf5Source(path, { names: NAMES, reversed: true });
  const variables = decodeMat(await readBytes(path), path, NAMES);
  const found = NAMES.map((name) => variables.get(name)).find((value) => value?.kind === "numbers");
  const { shape, data } = fourAxes(path, found?.kind === "numbers" ? found : undefined);
  return arraySource({ where: path, grid: { shape } }, data);
}

function fourAxes<D>(where: string, found: { shape: readonly number[]; data: D } | undefined) {
  const [ni, nj, nk, count] = found?.shape ?? [];
  if (found?.shape.length === 4) return { shape: [ni!, nj!, nk!] as const, count: count!, data: found.data };
  throw new VcaError(
    "DataError",
    `${where}: an array "betasmd" or "modelmd" of four axes was expected, got ${found ? `shape [${found.shape.join(", ")}]` : "none"}. Pass the TYPED result of GLMsingle, fitted to volumes.`,
  );
}

/** Python's order `[i, j, k, trial]` to that of `arraySource`. */
function columnMajor(
  [ni, nj, nk]: readonly [number, number, number],
  count: number,
  data: Float64Array,
): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0, at = 0; i < ni; i++)
    for (let j = 0; j < nj; j++)
      for (let k = 0; k < nk; k++)
        for (let trial = 0; trial < count; trial++, at++)
          out[i + ni * (j + nj * (k + nk * trial))] = data[at]!;
  return out;
}
