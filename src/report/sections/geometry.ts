/** @file Geometry: RDMs of nuclei, their maps over training, their likeness to the geometry of the ratings. */
import { mdsFigure, type NucleusMap } from "../figures/mds.ts";
import { behaviourFigure, type NucleusRow } from "../figures/over-epochs.ts";
import { type RdmPanel, rdmFigure } from "../figures/rdm.ts";
import type { ReportFigure, ReportSection } from "../page.ts";
import { rText } from "../svg.ts";
import { controlEnd, endOf } from "./units.ts";

/** One network's geometry, and what `vca geometry` found over all. */
export interface Geometry {
  readonly about: string;
  readonly readout: string;
  readonly scale: { readonly lo: number; readonly hi: number };
  /** Spearman of RDMs with that of the ratings, over seeds and epochs; empty where it was not computed. */
  readonly behaviour: readonly NucleusRow[];
  /** The network whose RDMs and maps are drawn, such as `fold0-seed0`, and its number of pictures. */
  readonly network: string;
  readonly pictures: number;
  /** RDMs after the last epoch, that of the ratings first, pictures by rated valence. */
  readonly rdms: readonly RdmPanel[];
  readonly order: readonly number[];
  /** Maps after each kept epoch. */
  readonly maps: readonly { readonly epoch: number; readonly nuclei: readonly NucleusMap[] }[];
}

/** The section. */
export function geometrySection(geometry: Geometry): ReportSection {
  const { about, readout, scale, behaviour, network, pictures, rdms, order, maps } = geometry;
  const one = `${about}; network ${network}, ${pictures} held-out pictures`;
  const overAll: ReportFigure[] =
    behaviour.length > 0
      ? [
          {
            name: "behaviour",
            caption:
              "Spearman correlation between a nucleus's RDM (1 - Pearson over units) and the Euclidean distances of the pictures in the plane of rated valence and arousal, inside each network on pictures it did not train on, then averaged within seeds. CeA is last and directly supervised: any last layer would look most emotional, so hold it against a serial control (vca geometry --control).",
            table: {
              header: ["source", "nucleus", "seed", "epoch", "spearman"],
              rows: behaviour.map(({ source, nucleus, seed, epoch, value }) => [
                source,
                nucleus,
                seed,
                epoch,
                value,
              ]),
            },
            frames: [{ label: "", draw: (canvas) => behaviourFigure(behaviour, { about }, canvas) }],
          },
        ]
      : [];
  const figures: ReportFigure[] = [
    ...overAll,
    {
      name: "rdm",
      caption: `RDMs (1 - Pearson over units) after the last epoch beside that of the ratings (distance in the plane of valence and arousal), each ranked, blocks of neighbouring pictures averaged. The table gives pairs as the upper triangle, row by row, pictures by rated valence.`,
      table: {
        header: ["pair", ...rdms.map(({ name }) => name)],
        rows: Array.from(rdms[0]?.rdm ?? [], (_, pair) => [
          pair,
          ...rdms.map(({ rdm }) => round(rdm[pair]!)),
        ]),
      },
      frames: [
        {
          label: "",
          draw: (canvas) => rdmFigure(rdms, { order, ends: ["unpleasant", "pleasant"], about: one }, canvas),
        },
      ],
    },
    {
      name: "maps",
      caption:
        "Multidimensional scaling (SMACOF) of each nucleus's RDM, every epoch rotated and mirrored onto the plane of ratings as far as that is possible without changing distances: valence runs to the right, arousal up. Move the slider to follow training.",
      table: {
        header: ["epoch", "nucleus", "id", "x", "y"],
        rows: maps.flatMap(({ epoch, nuclei }) =>
          nuclei.flatMap(({ nucleus, points }) =>
            points.map(({ id, x, y }) => [epoch, nucleus, id, round(x), round(y)]),
          ),
        ),
      },
      frames: maps.map(({ epoch, nuclei }) => ({
        label: `epoch ${epoch}`,
        draw: (canvas) => mdsFigure(nuclei, { epoch, scale, about: one }, canvas),
      })),
      pictures: true,
    },
  ];
  return {
    id: "geometry",
    title: "Geometry",
    answer: answer(geometry),
    figures,
  };

  function answer({ maps: all }: Geometry): string {
    const [first, end] = [endOf(behaviour, "run", readout, 0), endOf(behaviour, "run", readout)];
    const against =
      controlEnd(behaviour, readout) ?? "without a control run this may be an effect of depth alone";
    if (end !== undefined)
      return `${readout}'s geometry correlates with that of the ratings by ${rText(end)} after training${first === undefined ? ", before it all pictures get one answer" : `, ${rText(first)} before`}; ${against}.`;
    const own = all.at(-1)?.nuclei.find(({ nucleus }) => nucleus === readout)?.spearman;
    return own === undefined
      ? `${readout} gives every picture one answer.`
      : `In network ${network}, ${readout}'s geometry correlates with that of the ratings by ${rText(own)}; run vca geometry for all networks and controls.`;
  }
}

function round(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.round(value * 1e4) / 1e4;
}
