/** @file Which models differ: a cell for each pair, beside or below their bars. */
import { at, escaped, fitted, label, type Panel, rText, textWidth } from "../svg.ts";

/** Two models. */
export interface ModelPair {
  readonly a: string;
  readonly b: string;
  /** Score of a less that of b. */
  readonly difference: number;
  /** Corrected over the pairs. */
  readonly p: number | null;
}

const CELL = 24;
const GAP = 8;
const ALPHA = 0.05;

/** Rows and columns are models in one order; a full cell is a pair that differs: dark where the row's model is better, light where the column's is. */
export function pairsPanel(models: readonly string[], pairs: readonly ModelPair[], width: number): Panel {
  const texts = models.map((name, i) => `${i + 1}  ${name}`);
  const room = Math.max(width * 0.4, width - models.length * CELL);
  const names = Math.min(room, Math.max(...texts.map(textWidth)) + GAP);
  const cell = Math.min(CELL, (width - names) / models.length);
  const found = new Map(
    pairs.flatMap(({ a, b, difference, p }) => [
      [`${a}\n${b}`, { difference, p }],
      [`${b}\n${a}`, { difference: -difference, p }],
    ]),
  );
  const heads = models.map((_, k) =>
    label(String(k + 1), { x: names + (k + 0.5) * cell, y: 12, anchor: "middle", fill: "var(--soft)" }),
  );
  const rows = models.map((row, i) => {
    const y = 18 + i * cell;
    const cells = models.map((column, k) => {
      const pair = found.get(`${row}\n${column}`);
      if (!pair) return "";
      const differs = pair.p !== null && pair.p < ALPHA;
      const fill = !differs ? "none" : pair.difference > 0 ? "var(--ink)" : "var(--line)";
      const text = `${row} - ${column}: ${rText(pair.difference, 3)}${pair.p === null ? "" : `, p ${rText(pair.p, 3)}`}`;
      return `<rect x="${at(names + k * cell + 1)}" y="${at(y + 1)}" width="${at(cell - 2)}" height="${at(cell - 2)}" fill="${fill}" stroke="var(--line)" pointer-events="all"><title>${escaped(text)}</title></rect>`;
    });
    return `${label(fitted(texts[i]!, names - GAP), { x: 0, y: y + cell / 2 + 5 })}${cells.join("")}`;
  });
  return { svg: `${heads.join("")}${rows.join("")}`, width, height: 18 + models.length * cell };
}
