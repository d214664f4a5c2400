/** @file The circuit itself, and what encoder and structure do to prediction, over runs on the same pictures. */
import { type Circuit, projectionName } from "../../circuits/circuit.ts";
import { circuitFigure } from "../figures/circuit.ts";
import { type EffectRow, effectsFigure } from "../figures/effects.ts";
import type { ReportFigure, ReportSection } from "../page.ts";
import { rText } from "../svg.ts";

/** The section on what is connected to what. */
export function circuitSection(circuit: Circuit): ReportSection {
  const { name, description, nuclei, projections, readout } = circuit;
  return {
    id: "circuit",
    title: "The circuit",
    answer: `${name}: ${description}; ${nuclei.length} nuclei, ${projections.length} projections, read out from ${readout}.`,
    figures: [
      {
        name: "circuit",
        caption:
          "Nuclei from left to right by the longest excitatory way from the visual stream. Rest the pointer on a projection for the anatomy it stands for; the table below lists all of them.",
        table: {
          header: ["from", "to", "sign", "density", "source"],
          rows: projections.map(({ from, to, sign, density, source }) => [from, to, sign, density, source]),
        },
        frames: [{ label: "", draw: (canvas) => circuitFigure(circuit, canvas) }],
      },
    ],
    facts: {
      title: "Sources of the projections",
      rows: projections.map((projection) => [
        `${projectionName(projection).replace("->", " \u2192 ")}${projection.sign === "-" ? ", inhibits" : ""}`,
        projection.source,
      ]),
      open: false,
    },
  };
}

/** r of a run and of its ridge. */
export interface RunEffect {
  /** The folder's name, which tells runs of one circuit and encoder apart. */
  readonly folder: string;
  readonly encoder: string;
  readonly circuit: string;
  readonly rows: readonly EffectRow[];
}

/** The section on runs beside this one, the first; undefined where none differs. */
export function structureSection(runs: readonly RunEffect[], about: string): ReportSection | undefined {
  const first = runs[0]!;
  const figures = (["encoder", "structure"] as const).flatMap((of): ReportFigure[] => {
    const fixed = of === "encoder" ? "circuit" : "encoder";
    const varied = of === "encoder" ? "encoder" : "circuit";
    const alike = runs.filter((run) => run[fixed] === first[fixed]);
    if (new Set(alike.map((run) => run[varied])).size < 2) return [];
    const twice = (run: RunEffect) => alike.some((other) => other !== run && other[varied] === run[varied]);
    const nameOf = (run: RunEffect) => (twice(run) ? `${run[varied]} (${run.folder})` : run[varied]);
    const rows = alike.flatMap((run, i) =>
      run.rows
        .filter(({ baseline }) => !baseline || of === "encoder" || i === 0)
        .map((row) => ({
          ...row,
          name: row.baseline ? `ridge, ${of === "encoder" ? nameOf(run) : "same tokens"}` : nameOf(run),
        })),
    );
    return [
      {
        name: of,
        caption: `Pearson's r over held-out pictures of runs that differ in their ${varied}, all with ${fixed} ${first[fixed]}. Intervals: 95 % bootstrap over pictures; those of two runs overlap more than the interval of their difference would.`,
        table: {
          header: ["name", "scale", "r", "lower", "upper"],
          rows: rows.map(({ name, scale, value, lower, upper }) => [name, scale, value, lower, upper]),
        },
        frames: [{ label: "", draw: (canvas) => effectsFigure(rows, { of, about }, canvas) }],
      },
    ];
  });
  if (figures.length === 0) return undefined;
  const rOf = (run: RunEffect) =>
    run.rows.find(({ scale, baseline }) => scale === "valence" && !baseline)!.value;
  const sorted = [...runs].sort((a, b) => rOf(b) - rOf(a));
  const [best, worst] = [sorted[0]!, sorted.at(-1)!];
  return {
    id: "structure",
    title: "Encoder and structure",
    answer: `Of ${runs.length} runs, r of valence is highest for ${best.circuit} on ${best.encoder} (${rText(rOf(best))}) and lowest for ${worst.circuit} on ${worst.encoder} (${rText(rOf(worst))}).`,
    figures,
  };
}
