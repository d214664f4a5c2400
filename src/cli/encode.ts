/** @file `vca encode`: voxels predicted from a run's nuclei, beside its encoder, its untrained self and the ratings. */
import type { EncodeResult } from "../study/encode-tables.ts";
import { number, probability, testsText } from "./align.ts";
import { addBrainOptions, type BrainCliOptions, brainFiles } from "./brain-options.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf, positive, whole } from "./options.ts";
import { secondsText, table } from "./table.ts";

interface EncodeCliOptions extends CommonOptions, BrainCliOptions {
  readonly stimuli?: string;
  readonly method: "ridge" | "pls";
  readonly components: number;
  readonly chooseComponents?: boolean;
  readonly pca?: number;
  readonly by: "picture" | "theme" | "block";
  readonly folds: number;
  readonly reliability?: number;
  readonly out?: string;
}

/** Adds `encode`. */
export function addEncode(program: VcaCommand, io: Io): void {
  const command = addCommand(program, "encode", {
    summary: "predict voxels from nuclei, encoder layers and ratings",
    about:
      "Predict each voxel from the activations of every nucleus, trained and untrained, and, as controls, from encoder layers and ratings: cross-validated over pictures, everything chosen inside the fold, tested over participants and pictures.",
    examples: [
      "vca encode runs/oasis --brain sub-*/betas.nii.gz --mask amygdala.nii.gz --conditions conditions.csv --stimuli iaps:IAPS",
      "vca encode runs/halves --brain sub-*/betas.nii.gz --mask amygdala.nii.gz --conditions conditions.csv --within-fold --method pls",
    ],
  }).argument("<run>", "a folder that `vca fit` made");
  addBrainOptions(command)
    .option("--stimuli <stimuli>", "the set that was shown, such as iaps:FOLDER, for the final networks")
    .option("--method <name>", "ridge or pls", oneOf("encode", "method", ["ridge", "pls"]), "ridge")
    .option("--components <n>", "of PLS, capped by the pictures", whole("--components", 1, 20), 20)
    .option("--choose-components", "choose their number, up to --components, in inner folds")
    .option(
      "--pca <n>",
      "principal components of the features, learned inside the fold",
      whole("--pca", 1, 50),
    )
    .option(
      "--by <what>",
      "what stays in one fold: picture (all its repeats), theme, or block (pictures shown one after the other)",
      oneOf("encode", "--by", ["picture", "theme", "block"]),
      "picture",
    )
    .option(
      "--folds <n>",
      "at least 3, of 3 pictures or more; tests count pictures by them",
      whole("--folds", 3, 5),
      5,
    )
    .option(
      "--reliability <r>",
      "least split-half reliability of a voxel, in the training pictures",
      positive("--reliability", 0.1),
    )
    .option("--out <folder>", "write tables and maps there (default: the run)")
    .action(async (path: string, options: EncodeCliOptions) => {
      const files = brainFiles("encode", options);
      const { encodeRun } = await import("../study/encode.ts");
      const { method, components, chooseComponents: choose = false, seed = 0 } = options;
      const { stimuli, scale, withinFold, pca, by, folds, reliability, out } = options;
      const result = await withWork(io, options, (work) =>
        encodeRun(path, {
          ...work,
          ...files,
          stimuli,
          scale,
          withinFold,
          method: method === "ridge" ? { kind: "ridge" } : { kind: "pls", components, choose },
          pca,
          by,
          folds,
          reliability,
          seed,
          out,
        }),
      );
      show(io, options, result, encodeText(result));
    });
}

/** Accuracy of each set of features in each region, and the tests. */
function encodeText({ method, by, folds, rows, tests, out, seconds }: EncodeResult): string {
  return [
    `Voxels by ${method}, ${folds} folds by ${by}; mean r of a region, tested over participants${by === "block" ? ": for these pictures, because blocks are not the same for all" : " and pictures"} (q: over regions of one source). Maps, and tests over seeds or over participants alone (encoding-tests.csv), hold for these pictures.`,
    "",
    table(
      ["region", "features", "r", "95 % interval", "p", "q", "ceiling", "voxels", "q < .05"],
      rows.map((row) => [
        String(row.region),
        String(row.features),
        number(row.r),
        `[${number(row.lower)}, ${number(row.upper)}]`,
        probability(row.p),
        probability(row.q),
        number(row.ceiling),
        String(row.voxels ?? "-"),
        String(row.voxels_q05 ?? "-"),
      ]),
    ),
    "",
    testsText(tests),
    "",
    `${secondsText(seconds)}, ${out}`,
  ].join("\n");
}
