/**
 * @file RDMs as heat maps on one sequential map, pictures in one order in every panel, so that the same corner means the
 * same pictures. More pictures than cells are averaged in blocks. Cells of one level are one path: hundreds of times
 * fewer elements than a mark for each.
 */
import { LEVELS, levelColour, nucleusColour } from "../palette.ts";
import {
  at,
  type Canvas,
  columnWidth,
  escaped,
  figure,
  fitted,
  headed,
  inRows,
  label,
  NARROW,
  type Panel,
  textWidth,
} from "../svg.ts";

/** One RDM in vector form `[M]`. */
export interface RdmPanel {
  readonly name: string;
  readonly rdm: ArrayLike<number>;
}

/** What is common to the panels. */
export interface RdmOptions {
  /** Places of the pictures in the order in which they are drawn. */
  readonly order: readonly number[];
  /** Ends of the order, such as `unpleasant` and `pleasant`. */
  readonly ends: readonly [string, string];
  readonly about: string;
  /** The question that it answers. */
  readonly title?: string;
}

const CELLS = 40;

/** Heat maps of RDMs; each is ranked, so that all use the whole map, as Spearman compares them. */
export function rdmFigure(panels: readonly RdmPanel[], options: RdmOptions, canvas: Canvas): string {
  const { ends } = options;
  const columns = canvas.width < NARROW ? 2 : Math.min(panels.length, 6);
  const width = columnWidth(canvas.width, columns, 14);
  const drawn = panels.map(({ name, rdm }) =>
    headed(
      fitted(name, width - 16, { bold: true }),
      heatMap(rdm, options.order, width),
      name in MARKED ? undefined : nucleusColour(name),
    ),
  );
  return figure(
    {
      title: options.title ?? "Which pictures look alike to a nucleus?",
      subtitle: `${options.about}; pictures from ${ends[0]} (top left) to ${ends[1]}; light: alike, dark: unlike, by rank`,
      description: `Heat maps of representational dissimilarity matrices of ${panels.map(({ name }) => name).join(", ")}, pictures ordered from ${ends[0]} to ${ends[1]}.`,
    },
    withKey(
      inRows(drawn, columns, 14),
      panels.some(({ rdm }) => Array.from(rdm).some(Number.isNaN)),
    ),
    canvas,
  );
}

/** Lines across pairs that are not compared. */
const HATCH = 'fill="none" stroke="var(--soft)" stroke-opacity=".6"';

const LACKING = "not compared";
/** Pixels of a cell from which on one line across it is too few. */
const LARGE_CELL = 8;

/** Panels that are no nucleus. */
const MARKED: Readonly<Record<string, true>> = { ratings: true };

function withKey({ svg, width, height }: Panel, lacksPairs: boolean): Panel {
  const soft = (text: string, x: number, y = 10) => label(text, { x, y, fill: "var(--soft)" });
  const boxes = Array.from(
    { length: LEVELS },
    (_, level) => `<rect x="${48 + level * 18}" y="0" width="18" height="10" fill="${levelColour(level)}"/>`,
  ).join("");
  const end = 56 + LEVELS * 18;
  const left = end + 64;
  const fits = left + 28 + textWidth(LACKING) <= width;
  const [x, y] = fits ? [left, 10] : [0, 28];
  const hatched = `<path d="M${x} ${y}l10-10m-5 10l10-10m-5 10l10-10" ${HATCH}/>${soft(LACKING, x + 28, y)}`;
  const key = `${soft("alike", 0)}${boxes}${soft("unlike", end)}${lacksPairs ? hatched : ""}`;
  return {
    svg: `${svg}<g transform="translate(0,${at(height + 14)})">${key}</g>`,
    width,
    height: height + (lacksPairs ? y : 10) + 20,
  };
}

function heatMap(rdm: ArrayLike<number>, order: readonly number[], size: number): Panel {
  const cells = Math.min(CELLS, order.length);
  const means = blockMeans(rdm, order, cells);
  const sorted = means.filter(Number.isFinite).sort();
  const level = (value: number) => {
    let [lo, hi] = [0, sorted.length];
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      if (sorted[middle]! < value) lo = middle + 1;
      else hi = middle;
    }
    return Math.min(LEVELS - 1, Math.floor((lo / sorted.length) * LEVELS));
  };
  const scale = size / cells;
  const paths = Array.from({ length: LEVELS }, () => "");
  let hatch = "";
  for (let i = 0; i < cells; i++)
    for (let j = 0; j < cells; j++) {
      const value = means[i * cells + j]!;
      if (Number.isFinite(value)) paths[level(value)] += `M${j} ${i}h1v1h-1z`;
      else if (i !== j) {
        hatch += `M${j} ${i + 1}l1-1`;
        if (scale > LARGE_CELL) hatch += `M${j} ${i + 0.5}l.5-.5M${j + 0.5} ${i + 1}l.5-.5`;
      }
    }
  const shapes = paths.map((path, k) =>
    path ? `<path d="${path}" fill="${escaped(levelColour(k))}"/>` : "",
  );
  return {
    svg: `<g transform="scale(${at(scale)})" shape-rendering="crispEdges">${shapes.join("")}${hatch ? `<path d="${hatch}" ${HATCH} stroke-width="${at(1 / scale)}" shape-rendering="auto"/>` : ""}</g>`,
    width: size,
    height: size,
  };
}

/** Mean dissimilarity of blocks of pictures in an order, `[cells, cells]`; pairs that are NaN are left out, so that blocks of them alone, and the diagonal of single pictures, are NaN. */
export function blockMeans(rdm: ArrayLike<number>, order: readonly number[], cells: number): Float64Array {
  const S = order.length;
  const sums = new Float64Array(cells * cells);
  const counts = new Float64Array(cells * cells);
  const block = (place: number) => Math.floor((place * cells) / S);
  for (let a = 0; a < S; a++)
    for (let b = 0; b < S; b++) {
      if (a === b) continue;
      const [i, j] = [Math.min(order[a]!, order[b]!), Math.max(order[a]!, order[b]!)];
      const cell = block(a) * cells + block(b);
      const distance = rdm[i * S - (i * (i + 1)) / 2 + j - i - 1]!;
      if (Number.isNaN(distance)) continue;
      sums[cell]! += distance;
      counts[cell]!++;
    }
  return sums.map((sum, k) => sum / counts[k]!);
}
