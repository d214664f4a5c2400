/** @file `vca lesion`: what units, nuclei and projections do for the predictions. */
import { VcaError } from "../errors.ts";
import type { LesionResult, LesionRow } from "../study/lesions.ts";
import type { VcaCommand } from "./command.ts";
import { type Io, show, withWork } from "./io.ts";
import { addCommand, type CommonOptions, whole } from "./options.ts";
import { table } from "./table.ts";

interface LesionCliOptions extends CommonOptions {
  readonly stimuli?: string;
  readonly scale?: string;
  readonly draws?: number;
  readonly amplify?: readonly number[];
}

/** Adds `lesion`. */
export function addLesion(program: VcaCommand, io: Io): void {
  addCommand(program, "lesion", {
    summary: "lesions and gain of units, nuclei and projections",
    about:
      "Silence (zero, or replacement by the mean) or enhance (gain 1 + a) the units that prefer an emotion category, whole nuclei and projections, on pictures that the networks did not train on. Units are chosen on one half and judged on the other, beside random units matched in number, mean, variance and outgoing weight norm.",
    examples: [
      "vca lesion runs/halves",
      "vca lesion runs/halves --draws 1000 --amplify 1,3,5",
      "vca lesion runs/oasis --stimuli table:other.csv --scale 1-9 --json",
    ],
  })
    .argument("<run>", "a folder that `vca fit` made, best with --folds 2 and --group")
    .option(
      "--stimuli <stimuli>",
      "an independent set for the final networks, instead of the pictures held out",
    )
    .option("--scale <lo-hi>", "rating scale of tables, such as 1-9 or -2..2; of one alone: FILE.csv@1-9")
    .option("--draws <n>", "sets of random units beside each lesion (default: 100)", whole("--draws", 0, 100))
    .option("--amplify <list>", "enhancements a of gain 1 + a (default: 1,2,3,4,5)", numbers)
    .action(async (path: string, options: LesionCliOptions) => {
      const { analyseLesions } = await import("../study/lesions.ts");
      const { json: _, quiet: __, threads: ___, ...given } = options;
      const result = await withWork(io, options, (work) => analyseLesions(path, { ...work, ...given }));
      show(io, options, result, lesionText(result));
    });
}

function numbers(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.every((value) => value >= -1 && Number.isFinite(value))) return values;
  throw new VcaError(
    "ConfigError",
    `--amplify: numbers of at least -1 were expected, got "${text}". Write them as --amplify 1,3,5.`,
  );
}

const SHOWN = ["r-valence", "r-arousal", "mean-valence", "auc-unpleasant", "auc-neutral", "auc-pleasant"];

/** Silencing by zero and by the mean, over all seeds: the change of each measure, and the random units' 95 %. */
function lesionText({ rows, out }: LesionResult): string {
  const signed = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(3)}`;
  const shown = rows.filter(
    ({ seed, treatment, measure }) => seed === "all" && treatment !== "gain" && SHOWN.includes(measure),
  );
  const cases = new Map<string, LesionRow[]>();
  for (const row of shown) {
    const key = JSON.stringify([row.target, row.name, row.category, row.treatment]);
    cases.set(key, [...(cases.get(key) ?? []), row]);
  }
  const body = [...cases.values()].map((all) => {
    const { name, category, treatment, units } = all[0]!;
    return [
      category === undefined ? name : `${name}, ${category}`,
      units === undefined ? "" : units.toFixed(0),
      treatment,
      ...SHOWN.map((measure) => {
        const row = all.find((each) => each.measure === measure)!;
        const { effect, randomLower: lower, randomUpper: upper } = row;
        return lower === undefined
          ? signed(effect)
          : `${signed(effect)} [${signed(lower)}, ${signed(upper!)}]`;
      }),
    ];
  });
  return [
    "Change of each measure when units are silenced, mean over seeds, folds and halves; in brackets 95 % of matched random units.",
    table(["", "units", "by", ...SHOWN], body),
    "",
    out,
  ].join("\n");
}
