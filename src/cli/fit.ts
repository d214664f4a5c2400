/** @file `vca fit`: cross-validated training on rated pictures. */
import type { FitResult } from "../study/fit.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, oneOf, positive, required, together, whole } from "./options.ts";
import { comparisonTable, secondsText, withinSetsText } from "./table.ts";

const SPLITS = ["random", "stratified", "grouped", "leave-one-group-out", "halves"] as const;

/** Options as `FitConfig` has them; what is absent takes its default there. */
interface FitOptions extends CommonOptions {
  readonly out?: string;
  readonly group?: string;
  readonly split?: string;
}

/** Adds `fit`. */
export function addFit(program: VcaCommand, io: Io): void {
  addCommand(program, "fit", {
    summary: "train a circuit on rated pictures, cross-validated, ridge beside it",
    about:
      "Train a circuit on rated pictures, cross-validated, with ridge on the same tokens and folds beside it, and one final model on all pictures. Interrupted, the same command goes on.",
    examples: [
      "vca fit emoji --out runs/emoji",
      "vca fit oasis:PATH --encoder PATH/deit-tiny-patch16-224 --folds 10 --seeds 5 --out runs/oasis",
      "vca fit oasis:PATH --group theme --circuit liu2025 --recipe liu2025 --out runs/liu2025",
      "vca fit oasis:PATH naps:PATH --line-per-set --out runs/both",
      "vca fit table:ratings.csv --scale 1-9 --out runs/mine --json",
    ],
  })
    .argument(
      "<stimuli...>",
      "oasis:FOLDER, iaps:FOLDER, table:FILE.csv, emoji, ...: see `vca data list`; several train together",
    )
    .option("--out <folder>", "the run's folder: empty, or that of this fit, interrupted")
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option(
      "--encoder <encoder>",
      "a name, owner/name of the hub, a folder in the hub's layout or an .onnx file (default: efficientnet-lite0)",
    )
    .option("--taps <taps>", "where to read the encoder, such as 6,9,12 (default: the encoder's own)")
    .option(
      "--tap-choice <how>",
      "all taps side by side, or the one that ridge prefers in inner folds: all or inner (default: all)",
      oneOf("fit", "tap choice", ["all", "inner"]),
    )
    .option("--grid <n>", "patch tokens are averaged to n x n (default: 7)", whole("--grid", 1, 7))
    .option("--circuit <circuit>", "a name of `vca circuits` or a YAML file (default: vca)")
    .option(
      "--recipe <recipe>",
      "how it is trained: vca, liu2025, liu2025-noaug or liu2025-code (default: the circuit's own, else vca)",
    )
    .option("--epochs <n>", "epochs (default: the recipe's)", whole("--epochs", 0, 50))
    .option("--batch <n>", "pictures in a step (default: the recipe's)", whole("--batch", 1, 64))
    .option("--views <n>", "augmented views per picture (default: the recipe's)", whole("--views", 0, 4))
    .option("--lr <rate>", "largest learning rate (default: the recipe's)", positive("--lr", 0.001))
    .option(
      "--patience <n>",
      "stop a network early, n epochs after its best on an inner fifth of its training pictures; 0 trains all epochs on all (default: the recipe's)",
      whole("--patience", 0, 5),
    )
    .option("--folds <n>", "folds (default: 10)", whole("--folds", 2, 10))
    .option(
      "--split <method>",
      `how pictures are dealt: ${SPLITS.join(", ")} (default: random)`,
      oneOf("fit", "split", SPLITS),
    )
    .option("--group <column>", "a column whose labels are never parted, such as theme; sets --split grouped")
    .option(
      "--seeds <n>",
      "networks per fold, whose predictions are averaged (default: 5)",
      whole("--seeds", 1, 5),
    )
    .option(
      "--line-per-set",
      "of several sets: each has an intercept and slope of its own on a shared prediction",
    )
    .option("--shuffle-ratings", "train on shuffled ratings: a draw of the null distribution")
    .action(async (stimuli: string[], options: FitOptions) => {
      const { out: folder, json: _, quiet: __, threads: ___, ...given } = options;
      const out = required("fit", "--out <folder>", folder);
      const [{ fitConfig }, { fitStudy }] = await Promise.all([
        import("../study/fit-config.ts"),
        import("../study/fit.ts"),
      ]);
      const split = given.split ?? (given.group === undefined ? undefined : "grouped");
      const config = fitConfig({ stimuli: together(stimuli), ...given, ...(split && { split }) });
      const result = await withWork(io, options, (work) => fitStudy(config, { ...work, out }));
      show(io, options, result, fitText(result));
    });
}

/** A fit's result as text. */
function fitText(result: FitResult): string {
  const { stimuli, encoder, circuit, folds, seeds, grouped, out, seconds } = result;
  return [
    `${stimuli.set}, ${stimuli.n} pictures; ${encoder}, circuit ${circuit}; ${folds} ${grouped ? "grouped " : ""}folds, ${seeds} ${seeds === 1 ? "seed" : "seeds"}. Every picture was predicted by networks that never saw it.`,
    "",
    comparisonTable(result),
    ...withinSetsText(result.sets),
    "",
    `${out}, ${secondsText(seconds)}`,
  ].join("\n");
}
