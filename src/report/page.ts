/**
 * @file The report as one HTML file: no network, its style and its small script inline, a content security policy that
 * allows these and nothing else. Every figure is drawn twice, for a screen and for a phone, and carries its data as CSV.
 */
import { writeCsv } from "../core/csv.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { LIGHT } from "./palette.ts";
import { type Canvas, escaped } from "./svg.ts";

/** A table as it is downloaded. */
export interface ReportTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/** A figure of the report. */
export interface ReportFigure {
  /** Names its downloads: letters, digits, hyphens. */
  readonly name: string;
  /** What it shows and how it was computed. */
  readonly caption: string;
  readonly table: ReportTable;
  /** One drawing, or one for each step of a slider, the last shown first. */
  readonly frames: readonly { readonly label: string; readonly draw: (canvas: Canvas) => string }[];
  /** Whether its marks are pictures, which are previewed. */
  readonly pictures?: boolean;
}

/** A row of pictures with what joins them. */
export interface PictureStrip {
  readonly title: string;
  readonly ids: readonly string[];
}

/** A part of the report, in the paper's order. */
export interface ReportSection {
  /** Its place in the address. */
  readonly id: string;
  readonly title: string;
  /** Its finding in one sentence, with its control. */
  readonly answer: string;
  readonly figures: readonly ReportFigure[];
  readonly strips?: readonly PictureStrip[];
  /** Names and values, as a table; of a projection: its source. */
  readonly facts?: {
    readonly title: string;
    readonly rows: readonly (readonly [string, string])[];
    readonly open: boolean;
  };
}

/** A number above all others. */
export interface Headline {
  readonly name: string;
  readonly value: string;
  readonly interval: string;
}

/** The whole report. */
export interface Report {
  readonly title: string;
  /** What was asked. */
  readonly asked: string;
  /** The answer in one paragraph. */
  readonly answer: string;
  readonly headlines: readonly Headline[];
  readonly sections: readonly ReportSection[];
  /** What is not there, and the command that makes it. */
  readonly absent: readonly { readonly what: string; readonly command: string }[];
  /** Small pictures as data URLs, by id; empty where they may not leave the computer. */
  readonly thumbnails: ReadonlyMap<string, string>;
  /** Ids of pictures that are blurred until asked for. */
  readonly graphic: ReadonlySet<string>;
  /** How graphic pictures were told. */
  readonly graphicRule: string;
  /** Why there are no pictures, or undefined. */
  readonly withoutPictures?: string | undefined;
}

/** Widths of a figure on a screen and on a phone, in CSS pixels. */
export const WIDTHS = { wide: 880, narrow: 350 } as const;

/** The text of `report.html`. */
export async function reportPage(report: Report, document: Document): Promise<string> {
  const script = PAGE_SCRIPT.replace("LIGHT_COLOURS", () => JSON.stringify(LIGHT));
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${await sha256Base64(script)}'; base-uri 'none'; form-action 'none'`;
  const { title, asked, answer, headlines, sections, absent, thumbnails, graphic } = report;
  const contents = sections.map(({ id, title: name }) => `<a href="#${id}">${escaped(name)}</a>`);
  const graphicShown = [...graphic].filter((id) => thumbnails.has(id));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="brand"><b>vca</b> report</p>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(asked)}</p>
<p class="lead">${escaped(answer)}</p>
<dl class="headlines">${headlines.map(headlineHtml).join("")}</dl>
<nav aria-label="Contents">${contents.join("")}</nav>
${graphicShown.length > 0 ? `<label class="ask"><input type="checkbox" id="show-graphic"> Show ${graphicShown.length} graphic pictures unblurred <span>(${escaped(report.graphicRule)})</span></label>` : ""}
${report.withoutPictures ? `<p class="note">${escaped(report.withoutPictures)}</p>` : ""}
</header>
<main>
${sections.map((section) => sectionHtml(section, report, document)).join("\n")}
${absent.length > 0 ? `<section id="absent"><h2>Not in this report</h2><ul>${absent.map(({ what, command }) => `<li>${escaped(what)}: <code>${escaped(command)}</code></li>`).join("")}</ul></section>` : ""}
</main>
<div id="preview" hidden><img alt=""><p role="status"></p></div>
<script type="application/json" id="thumbnails">${json(Object.fromEntries([...thumbnails].map(([id, url]) => [flat(id), url])))}</script>
<script type="application/json" id="graphic">${json(graphicShown.map(flat))}</script>
<script>${script}</script>
</body>
</html>
`;
}

function headlineHtml({ name, value, interval }: Headline): string {
  return `<div><dt>${escaped(name)}</dt><dd><b>${escaped(value)}</b> <span>${escaped(interval)}</span></dd></div>`;
}

function sectionHtml(section: ReportSection, report: Report, document: Document): string {
  const { id, title, answer, figures, strips = [], facts } = section;
  return `<section id="${escaped(id)}"><h2>${escaped(title)}</h2><p class="answer">${escaped(answer)}</p>
${figures.map((figure) => figureHtml(figure, document)).join("\n")}
${strips.length > 0 ? `<div class="strips">${strips.map((strip) => stripHtml(strip, report)).join("")}</div>` : ""}
${facts ? factsHtml(facts) : ""}</section>`;
}

function figureHtml({ name, caption, table, frames, pictures }: ReportFigure, document: Document): string {
  const last = frames.length - 1;
  const drawn = frames.map(({ label, draw }, i) => {
    const art = (["wide", "narrow"] as const).map(
      (size) => `<div class="${size}">${draw({ document, width: WIDTHS[size] })}</div>`,
    );
    return `<div class="frame" data-label="${escaped(label)}"${i === last ? "" : " hidden"}>${art.join("")}</div>`;
  });
  const slider =
    frames.length > 1
      ? `<label class="slider"><span>Over training</span> <input type="range" min="0" max="${last}" value="${last}" step="1" aria-valuetext="${escaped(frames[last]!.label)}"> <output>${escaped(frames[last]!.label)}</output></label>`
      : "";
  const hint = pictures
    ? ` tabindex="0" role="group" aria-label="Pictures: arrow keys go from one to the next"`
    : "";
  return `<figure id="figure-${name}" data-name="${name}"${pictures ? " data-pictures" : ""}>
<div class="art"${hint}>${drawn.join("")}</div>
${slider}<div class="below"><figcaption>${escaped(caption)}</figcaption>
<div class="buttons"><button type="button" data-get="svg" aria-label="Download ${name} as SVG">SVG</button><button type="button" data-get="csv" aria-label="Download ${name} as CSV">CSV</button></div></div>
<pre class="csv" hidden>
${escaped(writeCsv(table.header, table.rows))}</pre>
</figure>`;
}

function stripHtml({ title, ids }: PictureStrip, { thumbnails, graphic }: Report): string {
  const items = ids.map((id) => {
    const url = thumbnails.get(id);
    if (url === undefined) return `<li>${escaped(id)}</li>`;
    return `<li><img src="${url}" alt="${escaped(id)}" title="${escaped(id)}"${graphic.has(id) ? ` class="graphic"` : ""}></li>`;
  });
  return `<div class="strip"><h3>${escaped(title)}</h3><ul>${items.join("")}</ul></div>`;
}

function factsHtml({ title, rows, open }: NonNullable<ReportSection["facts"]>): string {
  const body = rows.map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return `<details${open ? " open" : ""}><summary>${escaped(title)}</summary><table><tbody>${body.join("")}</tbody></table></details>`;
}

/** An id as the first line of a tooltip has it. */
function flat(id: string): string {
  return id.replace(/\s+/g, " ");
}

/** JSON that may stand inside a script element. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

async function sha256Base64(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
