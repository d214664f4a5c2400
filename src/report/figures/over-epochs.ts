/**
 * @file A measure of each nucleus over epochs beside its controls, as small multiples on shared axes: the fraction of
 * selective units, the likeness of a nucleus's geometry to that of the ratings.
 */
import { type EpochPoint, epochPanel, overSeeds, rangeOf } from "../epoch-panel.ts";
import { colour, inHierarchy, nucleusColour } from "../palette.ts";
import {
  type Canvas,
  columnWidth,
  type FigureText,
  figure,
  headed,
  inRows,
  label,
  NARROW,
  type Panel,
} from "../svg.ts";

/** A row of `neurons.csv` or `geometry.csv`, of one measure. */
export interface NucleusRow extends EpochPoint {
  /** `run`, or a control such as `shuffled`. */
  readonly source: string;
  readonly nucleus: string;
}

/** The names of sources as a reader knows them. */
const SOURCES: Readonly<Record<string, string>> = {
  run: "trained",
  shuffled: "shuffled pictures",
  control: "control run",
};

/** Dashes of the first control and of the others. */
const DASHES = ["5 3", "1.5 3"] as const;

/** The panels of nuclei, in the order of the hierarchy, and a key where there are controls. */
function nucleiFigure(rows: readonly NucleusRow[], text: FigureText, axis: string, canvas: Canvas): string {
  const nuclei = inHierarchy(rows.map(({ nucleus }) => nucleus));
  const controls = [...new Set(rows.map(({ source }) => source))].filter((source) => source !== "run");
  const dashOf = (source: string) => DASHES[Math.min(controls.indexOf(source), 1)];
  const columns = canvas.width < NARROW ? 2 : Math.min(3, nuclei.length);
  const width = columnWidth(canvas.width, columns);
  const linesOf = (nucleus: string) =>
    ["run", ...controls].map((source) => ({
      stroke: source === "run" ? nucleusColour(nucleus) : colour("soft"),
      dash: dashOf(source),
      points: rows.filter((row) => row.nucleus === nucleus && row.source === source),
    }));
  const domain = rangeOf(nuclei.flatMap(linesOf), [0]);
  const panels = nuclei.map((nucleus, i) =>
    headed(
      nucleus,
      epochPanel({ document: canvas.document, width }, linesOf(nucleus), {
        label: i % columns === 0 ? axis : null,
        domain,
      }),
      nucleusColour(nucleus),
    ),
  );
  return figure(text, withKey(inRows(panels, columns), controls), canvas);

  function withKey(panel: Panel, names: readonly string[]): Panel {
    if (names.length === 0) return panel;
    const items = ["run", ...names].map((source, i) => {
      const dash = dashOf(source);
      const line = `<path d="M${i * 170} -5h26" stroke="${i === 0 ? "var(--ink)" : "var(--soft)"}" stroke-width="2.2"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
      return `${line}${label(SOURCES[source] ?? source, { x: i * 170 + 34, y: 0 })}`;
    });
    return {
      ...panel,
      svg: `${panel.svg}<g transform="translate(0,${panel.height + 24})">${items.join("")}</g>`,
      height: panel.height + 32,
    };
  }
}

/** What each nucleus ends with, for descriptions. */
function lastOf(rows: readonly NucleusRow[]): string {
  return inHierarchy(rows.map(({ nucleus }) => nucleus))
    .map((nucleus) => {
      const last = overSeeds(rows.filter((row) => row.nucleus === nucleus && row.source === "run")).at(-1);
      return last ? `${nucleus} ${last.mean.toFixed(2)}` : nucleus;
    })
    .join(", ");
}

/** The fraction of a nucleus's units that are selective for any bin, over epochs. */
export function selectivityFigure(
  rows: readonly NucleusRow[],
  options: { readonly about: string },
  canvas: Canvas,
): string {
  return nucleiFigure(
    rows,
    {
      title: "Does selectivity grow with training?",
      subtitle: `${options.about}; thin: seeds, thick: their mean`,
      description: `The fraction of units selective for any bin of valence and arousal, over epochs, per nucleus. At the end: ${lastOf(rows)}.`,
    },
    "fraction of units, 0 to 1",
    canvas,
  );
}

/** The Spearman correlation of a nucleus's RDM with that of the ratings, over epochs. */
export function behaviourFigure(
  rows: readonly NucleusRow[],
  options: { readonly about: string },
  canvas: Canvas,
): string {
  return nucleiFigure(
    rows,
    {
      title: "Does a nucleus come to arrange pictures as people do?",
      subtitle: `${options.about}; thin: seeds, thick: their mean`,
      description: `Spearman correlation between each nucleus's RDM and the RDM of the ratings, over epochs. At the end: ${lastOf(rows)}.`,
    },
    "Spearman, −1 to 1",
    canvas,
  );
}
