/** @file A map of RDMs: models and participants whose geometries are alike lie together. */
import { colour, nucleusColour } from "../palette.ts";
import { at, type Canvas, escaped, figure, fitted, label } from "../svg.ts";

/** One RDM on the map. */
export interface RdmPoint {
  readonly name: string;
  /** `brain` is a participant's measured RDM; `baseline` a model that is no nucleus. */
  readonly kind: "brain" | "model" | "baseline";
  readonly x: number;
  readonly y: number;
}

/** Participants are small and nameless, models named. */
export function rdmMapFigure(
  points: readonly RdmPoint[],
  options: { readonly comparison: string; readonly about: string },
  canvas: Canvas,
): string {
  const size = Math.min(canvas.width, 520);
  const reach = Math.max(1e-12, ...points.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
  const place = (value: number) => size / 2 + (value / reach) * (size / 2 - 24);
  const dots = points.map(({ name, kind, x, y }) => {
    const fill = kind === "model" ? nucleusColour(name) : colour("grey");
    const [cx, cy] = [place(x), place(-y)];
    const side = cx > size * 0.7 ? ({ anchor: "end", x: cx - 9 } as const) : ({ x: cx + 9 } as const);
    const named = kind === "brain" ? "" : label(fitted(name, size * 0.3), { ...side, y: cy + 4 });
    return `<circle cx="${at(cx)}" cy="${at(cy)}" r="${kind === "brain" ? 3 : 6}" fill="${kind === "brain" ? "none" : fill}" stroke="${kind === "brain" ? "var(--soft)" : "none"}"><title>${escaped(name)}</title></circle>${named}`;
  });
  const frame = `<rect x=".5" y=".5" width="${size - 1}" height="${size - 1}" fill="none" stroke="var(--line)"/>`;
  return figure(
    {
      title: "Whose geometry is like whose?",
      subtitle: `${options.about}; distance: 1 - ${options.comparison} of two RDMs; rings: participants, dots: models`,
      description: `Multidimensional scaling of RDMs: ${points.map(({ name }) => name).join(", ")}.`,
    },
    { svg: `${frame}${dots.join("")}`, width: size, height: size },
    canvas,
  );
}
