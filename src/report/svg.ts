/**
 * @file What every figure is made of: panels (Observable Plot's or our own) set in rows below a title and a subtitle, as
 * one SVG text that carries its style, a role, a title and a description. The same data give the same text: no
 * random ids, no dates, two decimals.
 */
import * as Plot from "@observablehq/plot";
import { colourRules } from "./palette.ts";

/** Where a figure is drawn. */
export interface Canvas {
  /** The page's own document, or linkedom's. */
  readonly document: Document;
  /** In CSS pixels: about 880 on a screen, 358 on a phone. */
  readonly width: number;
}

/** A piece of SVG with its size. */
export interface Panel {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** What a figure says of itself. */
export interface FigureText {
  /** The question it answers. */
  readonly title: string;
  /** Data, n and measure. */
  readonly subtitle: string;
  /** For those who cannot see it: what is drawn, and what it shows. */
  readonly description: string;
}

/** Below this width panels stand in one column. */
export const NARROW = 600;

const GAP = 20;
const STYLE = `${colourRules(".vca-figure")}.vca-figure{font-family:system-ui,sans-serif;font-variant-numeric:tabular-nums;color:var(--ink)}.vca-figure text{white-space:pre}`;

/** Text as it may stand in XML, in content and in attributes; characters that XML forbids become U+FFFD. */
export function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;")
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}

/** Text of about `width` pixels per line, broken at spaces. */
export function wrapped(text: string, width: number, size: 13 | 16 = 13): string[] {
  const most = Math.max(8, Math.floor(width / (size * (size === 16 ? 0.6 : 0.54))));
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Width of a character by the size of its text: a usual one, a wide one, and a wide one of headings. */
const CHARACTER = 0.56;
const WIDE_CHARACTER = 0.62;
const BOLD_CHARACTER = 0.72;

/** As many pixels as a line of text of size 13 may take. */
export function textWidth(text: string): number {
  return Math.ceil([...text].length * 13 * WIDE_CHARACTER);
}

/** A text cut to about `width` pixels, with an ellipsis. */
export function fitted(text: string, width: number, { bold = false } = {}): string {
  const most = Math.max(3, Math.floor(width / (13 * (bold ? BOLD_CHARACTER : CHARACTER))));
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** A number with two decimals at most, as coordinates are written. */
export function at(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A correlation or another number within one: `.712`, `-.034`. */
export function rText(value: number, digits = 2): string {
  return value
    .toFixed(digits)
    .replace(/^-(?=0\.0+$)/, "")
    .replace(/^(-?)0\./, "$1.")
    .replace("-", "\u2212");
}

/** A panel by Observable Plot. Labels and titles of marks are escaped; nothing that comes from data stands in an attribute. */
export function plotted(
  canvas: Pick<Canvas, "document">,
  options: Plot.PlotOptions & { readonly width: number; readonly height: number },
): Panel {
  const { width, height } = options;
  const element = Plot.plot({
    document: canvas.document,
    className: "vca",
    style: { fontSize: "13px" },
    insetTop: 6,
    ...options,
  });
  const inside = element.innerHTML
    .replace(/^<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, (tag) =>
      tag
        .replace(/ aria-(?:label|hidden)="[^"]*"/g, "")
        .replace(/-?\d+\.\d{3,}/g, (digits) => at(Number(digits))),
    );
  return {
    svg: `<g font-size="13" text-anchor="middle" fill="currentColor">${xml(inside)}</g>`,
    width,
    height,
  };
}

/** linkedom writes HTML's texts; what XML forbids in them is replaced. */
function xml(text: string): string {
  return text
    .replace(/&nbsp;/g, "\u00a0")
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}

/** A line of text. */
export function label(
  text: string,
  { x, y, size = 13, anchor = "start", weight = 400, fill = "currentColor" }: LabelOptions,
): string {
  const bold = weight === 400 ? "" : ` font-weight="${weight}"`;
  return `<text x="${at(x)}" y="${at(y)}" font-size="${size}" text-anchor="${anchor}"${bold} fill="${fill}">${escaped(text)}</text>`;
}

interface LabelOptions {
  readonly x: number;
  readonly y: number;
  readonly size?: 13 | 16 | 22;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: number;
  readonly fill?: string;
}

/** Panels side by side, in rows of `columns`. */
export function inRows(panels: readonly Panel[], columns: number, gap = GAP): Panel {
  const rows: Panel[][] = [];
  for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
  let top = 0;
  let right = 0;
  const placed: string[] = [];
  for (const row of rows) {
    let left = 0;
    for (const { svg, width } of row) {
      placed.push(`<g transform="translate(${at(left)},${at(top)})">${svg}</g>`);
      left += width + gap;
    }
    right = Math.max(right, left - gap);
    top += Math.max(...row.map(({ height }) => height)) + gap;
  }
  return { svg: placed.join(""), width: right, height: top - gap };
}

/** The width of one of `columns` panels. */
export function columnWidth(width: number, columns: number, gap = GAP): number {
  return Math.floor((width - gap * (columns - 1)) / columns);
}

/** A panel with a heading above it. */
export function headed(text: string, panel: Panel, mark?: string): Panel {
  const dot = mark ? `<circle cx="5" cy="9" r="5" fill="${mark}"/>` : "";
  return {
    svg: `${dot}${label(text, { x: mark ? 16 : 0, y: 14, weight: 600 })}<g transform="translate(0,22)">${panel.svg}</g>`,
    width: panel.width,
    height: panel.height + 22,
  };
}

/** A whole figure. */
export function figure(
  { title, subtitle, description }: FigureText,
  panel: Panel,
  { width }: Pick<Canvas, "width">,
): string {
  const heading = wrapped(title, width, 16).map((line, i) =>
    label(line, { x: 0, y: 17 + 21 * i, size: 16, weight: 600 }),
  );
  const below = 17 + 21 * (heading.length - 1);
  const lines = wrapped(subtitle, width).map((line, i) =>
    label(line, { x: 0, y: below + 22 + 18 * i, fill: "var(--soft)" }),
  );
  const top = below + 22 + 18 * lines.length + 6;
  const height = Math.ceil(top + panel.height);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="vca-figure" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" fill="currentColor"><title>${escaped(title)}</title><desc>${escaped(description)}</desc><style>${STYLE}</style>${heading.join("")}${lines.join("")}<g transform="translate(0,${top})">${panel.svg}</g></svg>`;
}
