/** @file Brain: how much of a region's geometry the nuclei share, below its noise ceiling and beside baselines. */
import { type AlignmentRow, alignmentFigure } from "../figures/alignment.ts";
import type { ReportSection } from "../page.ts";
import { rText } from "../svg.ts";

/** What `vca rsa` found. */
export interface Brain {
  readonly about: string;
  /** Such as `spearman`. */
  readonly comparison: string;
  readonly rows: readonly AlignmentRow[];
}

/** The section. */
export function brainSection({ about, comparison, rows }: Brain): ReportSection {
  const best = [...rows].sort((a, b) => b.value - a.value)[0]!;
  const baseline = rows
    .filter((row) => row.baseline && row.region === best.region)
    .sort((a, b) => b.value - a.value)[0];
  const ceiling = best.ceiling
    ? `, the noise ceiling from ${rText(best.ceiling.lower)} to ${rText(best.ceiling.upper)}`
    : "";
  return {
    id: "brain",
    title: "Brain",
    answer: `${best.model} is most like ${best.region} (${comparison} ${rText(best.value)})${baseline && baseline !== best ? `; the baseline ${baseline.model} reaches ${rText(baseline.value)}` : ""}${ceiling}.`,
    figures: [
      {
        name: "brain",
        caption: `${comparison} between a model's RDM and the brain's, with bootstrap intervals; the noise ceiling is what the brain's own reliability allows: lower with one participant left out, upper against all. Stars: p against 0, adjusted over the models of a region (Benjamini & Hochberg). Grey: models that are no nucleus.`,
        table: {
          header: ["region", "model", "value", "lower", "upper", "q", "ceilingLower", "ceilingUpper"],
          rows: rows.map(({ region, model, value, lower, upper, q, ceiling: of }) => [
            region,
            model,
            value,
            lower,
            upper,
            q,
            of?.lower,
            of?.upper,
          ]),
        },
        frames: [{ label: "", draw: (canvas) => alignmentFigure(rows, { comparison, about }, canvas) }],
      },
    ],
  };
}
