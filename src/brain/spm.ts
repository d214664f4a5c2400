/**
 * @file SPM first-level folders: `SPM.mat` names the columns of the design (`xX.name`, such as `Sn(2) dog*bf(1)`) and
 * their images (`Vbeta.fname`, such as `beta_0007.nii`). A stimulus's beta is that of the first basis function; derivatives,
 * parametric modulators (`dogxrating^1`), movement (`R1`) and constants are left out and counted.
 * @see SPM12, spm_fMRI_design.m and spm_get_ons.m, https://github.com/spm/spm12
 */
import { readBytes } from "#files";
import { isMat73, openHdf5 } from "#hdf5";
import { decodeMat, type MatFields, type MatValue } from "../core/mat.ts";
import { fileName, joinPath } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import { type BetaSource, stackSource } from "./source.ts";

const NAME = /^Sn\((\d+)\) (.+)\*bf\(1\)$/;
const MODULATED = /x.+\^\d+$/;

/**
 * The betas of a folder with `SPM.mat`.
 * @throws DataError when the file is no SPM.mat, or holds no estimated conditions.
 */
export async function openSpm(folder: string): Promise<BetaSource> {
  const where = joinPath(folder, "SPM.mat");
  const { names, files } = await designOf(where);
  if (names.length === 0 || files.length !== names.length) {
    throw new VcaError(
      "DataError",
      `${where}: one beta image for each column of the design (SPM.xX.name, SPM.Vbeta) was expected, got ${names.length} columns and ${files.length} images. Estimate the model in SPM first.`,
    );
  }
  const kept = names.flatMap((name, column) => {
    const [, run, id] = NAME.exec(name) ?? [];
    if (run === undefined || id === undefined || MODULATED.test(id)) return [];
    return { id, run, file: joinPath(folder, fileName(files[column]!)) };
  });
  if (kept.length === 0) {
    throw new VcaError(
      "DataError",
      `${where}: conditions named "Sn(1) dog*bf(1)" were expected, got ${names
        .slice(0, 3)
        .map((name) => `"${name}"`)
        .join(", ")}. Model each stimulus as a condition.`,
    );
  }
  const labels = { ids: kept.map(({ id }) => id), runs: kept.map(({ run }) => run) };
  const rest = names.length - kept.length;
  const notes =
    rest > 0
      ? [
          `${where}: ${rest} of ${names.length} columns are no conditions (movement, constants, derivatives, modulators), left out.`,
        ]
      : [];
  return stackSource(
    where,
    kept.map(({ file }) => file),
    labels,
    notes,
  );
}

/** `SPM.xX.name` and `SPM.Vbeta.fname`, of either level of .mat file. */
async function designOf(where: string): Promise<{ names: readonly string[]; files: readonly string[] }> {
  if (await isMat73(where)) {
    const file = await openHdf5(where);
    try {
      return { names: texts(file.mat("SPM/xX/name")), files: texts(file.mat("SPM/Vbeta/fname")) };
    } finally {
      file.close();
    }
  }
  const [spm] = elements(decodeMat(await readBytes(where), where, ["SPM"]).get("SPM"));
  const [design] = elements(spm?.xX);
  return { names: texts(design?.name), files: elements(spm?.Vbeta).flatMap(({ fname }) => texts(fname)) };
}

function elements(value: MatValue | undefined): readonly MatFields[] {
  return value?.kind === "struct" ? value.elements : [];
}

/** The texts of a cell array, or of a char matrix. */
function texts(value: MatValue | undefined): readonly string[] {
  if (value?.kind === "text") return value.rows;
  return value?.kind === "cell" ? value.values.flatMap(texts) : [];
}
