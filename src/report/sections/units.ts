/** @file Units: how many are selective, since when, and what they answer to. */
import { overSeeds } from "../epoch-panel.ts";
import { type NucleusRow, selectivityFigure } from "../figures/over-epochs.ts";
import { strongest, type TuningRow, tuningFigure } from "../figures/tuning.ts";
import type { PictureStrip, ReportFigure, ReportSection } from "../page.ts";
import { inHierarchy } from "../palette.ts";
import { rText } from "../svg.ts";

/** What `vca neurons` found. */
export interface Units {
  readonly about: string;
  readonly readout: string;
  /** Fractions of selective units by the paper's rule, of the run and its controls. */
  readonly selective: readonly NucleusRow[];
  /** Trained less shuffled, over seeds, in the readout nucleus. */
  readonly control?:
    | {
        readonly estimate: number;
        readonly lower?: number | undefined;
        readonly upper?: number | undefined;
        readonly seeds: number;
      }
    | undefined;
  /** Of units after the last epoch. */
  readonly tuning: readonly TuningRow[];
  readonly strips: readonly PictureStrip[];
}

/** The mean over seeds of one source after its first or last epoch. */
export function endOf(
  rows: readonly NucleusRow[],
  source: string,
  nucleus: string,
  which: 0 | -1 = -1,
): number | undefined {
  return overSeeds(rows.filter((row) => row.source === source && row.nucleus === nucleus)).at(which)?.mean;
}

/** What the control run ends with, in the readout nucleus or, of a circuit with other nuclei, in its last stage. */
export function controlEnd(rows: readonly NucleusRow[], readout: string): string | undefined {
  const nuclei = inHierarchy(rows.filter(({ source }) => source === "control").map(({ nucleus }) => nucleus));
  const nucleus = nuclei.includes(readout) ? readout : nuclei.at(-1);
  const value = nucleus === undefined ? undefined : endOf(rows, "control", nucleus);
  return value === undefined ? undefined : `${nucleus} of the control run reaches ${rText(value)}`;
}

/** The section. */
export function unitsSection({ about, readout, selective, control, tuning, strips }: Units): ReportSection {
  const [before, after, shuffled] = [
    endOf(selective, "run", readout, 0),
    endOf(selective, "run", readout),
    endOf(selective, "shuffled", readout),
  ];
  const others = [...new Set(selective.map(({ nucleus }) => nucleus))].filter(
    (nucleus) => nucleus !== readout,
  );
  const higher = others.filter((nucleus) => (endOf(selective, "run", nucleus) ?? 0) > (after ?? 0));
  const rank = higher.length === 0 ? "more than in any other nucleus" : `fewer than in ${higher.join(", ")}`;
  const other = controlEnd(selective, readout);
  const difference = control
    ? `; trained less shuffled ${interval(control)}, ${control.seeds} ${control.seeds === 1 ? "seed" : "seeds"}`
    : "";
  const tuned = (scale: "valence" | "arousal"): ReportFigure => ({
    name: `tuning-${scale}`,
    caption: `Mean activation of single units over fifths of the pictures by rated ${scale}, each unit in its own standard deviations, on pictures its network did not train on, after the last epoch. Units are chosen by the size of their rank correlation with ${scale}, on the same pictures: their slopes are larger than new pictures would show.`,
    table: {
      header: ["nucleus", "unit", "scale", "r", ...(tuning[0]?.curve.map((_, k) => `part${k + 1}`) ?? [])],
      rows: inHierarchy(tuning.map(({ nucleus }) => nucleus))
        .flatMap((nucleus) =>
          strongest(tuning.filter((row) => row.nucleus === nucleus && row.scale === scale)),
        )
        .map(({ nucleus, unit, r, curve }) => [nucleus, unit, scale, r, ...curve]),
    },
    frames: [{ label: "", draw: (canvas) => tuningFigure(tuning, { scale, about }, canvas) }],
  });
  const selectivity: ReportFigure = {
    name: "selectivity",
    caption:
      "Fraction of a nucleus's units with d' above .65 and Welch p below .05 for any of nine bins of valence and arousal that hold at least ten pictures (Liu et al. 2025), uncorrected as in the paper; neurons.csv holds the fractions with false discovery rate. Each network is judged on pictures it did not train on; the seed is the sample.",
    table: {
      header: ["source", "nucleus", "seed", "epoch", "fraction"],
      rows: selective.map(({ source, nucleus, seed, epoch, value }) => [source, nucleus, seed, epoch, value]),
    },
    frames: [{ label: "", draw: (canvas) => selectivityFigure(selective, { about }, canvas) }],
  };
  return {
    id: "units",
    title: "Units",
    answer:
      after === undefined
        ? "No bin of valence and arousal holds ten of the pictures that a network had not seen, so that selectivity could not be tested: fit with two folds."
        : `After training, a fraction of ${number(after)} of ${readout}'s units is selective for some bin of valence and arousal, ${rank}; before training it is ${number(before)}, with the pictures' bins shuffled ${number(shuffled)}${difference}${other ? `; ${other}` : ""}.`,
    figures: [
      ...(after === undefined ? [] : [selectivity]),
      ...(tuning.length > 0 ? [tuned("valence"), tuned("arousal")] : []),
    ],
    strips,
  };
}

function number(value: number | undefined): string {
  return value === undefined ? "unknown" : rText(value);
}

function interval({
  estimate,
  lower,
  upper,
}: {
  estimate: number;
  lower?: number | undefined;
  upper?: number | undefined;
}): string {
  return lower === undefined || upper === undefined
    ? rText(estimate)
    : `${rText(estimate)} [${rText(lower)}, ${rText(upper)}]`;
}
