/** @file Lesions: what is lost when nuclei, projections or selective units are silenced. */
import { type LesionRow, lesionsFigure } from "../figures/lesions.ts";
import type { ReportFigure, ReportSection } from "../page.ts";
import { rText } from "../svg.ts";

/** Effects of one kind of part. */
export interface Lesions {
  readonly about: string;
  /** Whole nuclei and projections, output set to 0. */
  readonly parts: readonly LesionRow[];
  /** Units that prefer a category, beside random ones. */
  readonly units: readonly LesionRow[];
}

const HEADER = ["name", "scale", "effect", "lower", "upper", "randomLower", "randomUpper"];

/** The section. */
export function lesionsSection({ about, parts, units }: Lesions): ReportSection {
  const gone = ({ before, effect }: LesionRow) => Math.abs(before + effect) < 0.01;
  const vital = [...new Set(parts.map(({ name }) => name))].filter((name) =>
    parts.every((row) => row.name !== name || gone(row)),
  );
  const others = parts.filter(({ name }) => !vital.includes(name));
  const worst = others.filter(({ scale }) => scale === "valence").sort((a, b) => a.effect - b.effect)[0];
  const beyond = units.filter(({ effect, random }) => random && effect < random[0]);
  const block = (
    name: string,
    drawn: readonly LesionRow[],
    caption: string,
    rows: readonly LesionRow[] = drawn,
  ): ReportFigure[] =>
    drawn.length === 0
      ? []
      : [
          {
            name,
            caption,
            table: {
              header: HEADER,
              rows: rows.map(({ name: of, scale, effect, lower, upper, random }) => [
                of,
                scale,
                effect,
                lower,
                upper,
                random?.[0],
                random?.[1],
              ]),
            },
            frames: [
              {
                label: "",
                draw: (canvas) =>
                  lesionsFigure(drawn, { about, of: name === "lesions" ? "parts" : "units" }, canvas),
              },
            ],
          },
        ];
  return {
    id: "lesions",
    title: "Lesions",
    answer: [
      ...(vital.length > 0 ? [`Without ${listed(vital)}, nothing of r is left.`] : []),
      ...(worst
        ? [`Of the other parts, ${worst.name} costs most: r changes by ${rText(worst.effect, 3)}.`]
        : []),
      ...(units.length > 0
        ? [
            `${beyond.length} of ${units.length} lesions of selective units cost more than 97.5 % of matched random ones.`,
          ]
        : []),
    ].join(" "),
    figures: [
      ...block(
        "lesions",
        others,
        `Change of Pearson's r when the output of a whole nucleus or of one projection is set to 0, weights fixed, on pictures that the network did not train on. Lines: 95 % over seeds, from three seeds on.${vital.length > 0 ? ` Not drawn, because nothing of r is left: ${vital.join(", ")}.` : ""}`,
        parts,
      ),
      ...block(
        "lesions-units",
        units,
        "Change of Pearson's r when the units of a nucleus that prefer one emotion category are set to 0: chosen on one half of the pictures, measured on the other, then exchanged. Grey: 95 % of random sets of as many units, matched in mean, variance and outgoing weight.",
      ),
    ],
  };
}

/** `LA, B or CeA`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
