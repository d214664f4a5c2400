/** @file Tables and numbers as text for people. */
import type { Comparison } from "../study/metrics.ts";
import type { SeedRow, TestRow } from "../study/seed-table.ts";

/**
 * Rows under a header, columns aligned: numbers to the right, words to the left.
 * @param rows cells, as many as the header has
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, c) => Math.max(name.length, ...rows.map((cells) => cells[c]!.length)));
  const right = header.map((_, c) => rows.every((cells) => /^[-+[]?[\d.,[\] +-]*$/.test(cells[c]!)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join("  ")
      .trimEnd();
  return [header, ...rows].map(line).join("\n");
}

/** A correlation with three digits and no leading zero: `.712`, `-.034`; `-` for none. */
export function correlationText(r: number | null): string {
  return r === null || !Number.isFinite(r) ? "-" : r.toFixed(3).replace(/^(-?)0\./, "$1.");
}

function intervalText([lower, upper]: readonly [number, number]): string {
  return `[${correlationText(lower)}, ${correlationText(upper)}]`;
}

/** Model, ridge and their difference in r, as far as there are any, with 95 % intervals, for both scales. */
export function comparisonTable({
  metrics,
  ridge,
  difference,
}: Pick<Comparison, "metrics"> & Partial<Comparison>): string {
  const signed = (r: number) => (r >= 0 ? `+${correlationText(r)}` : correlationText(r));
  const row = (name: string, of: Comparison["difference"], text: (r: number) => string) => [
    name,
    ...[of.valence, of.arousal].flatMap(({ r, ci }) => [text(r), intervalText(ci)]),
  ];
  return table(
    ["", "r valence", "95 % interval", "r arousal", "95 % interval"],
    [
      row("model", metrics, correlationText),
      ...(ridge ? [row("ridge", ridge, correlationText)] : []),
      ...(difference ? [row("difference", difference, signed)] : []),
    ],
  );
}

/** The r of each of several sets; nothing for one set. */
export function withinSetsText(sets: Comparison["sets"]): string[] {
  if (!sets) return [];
  const r = (both: { valence: number; arousal: number }) =>
    (["valence", "arousal"] as const).map((scale) => correlationText(both[scale]));
  const rows = sets.map(({ set, n, circuit, ridge }) => [set, String(n), ...r(circuit), ...r(ridge)]);
  return [
    "",
    "r above is the mean over sets, weighted by their pictures (Fisher z):",
    table(["set", "pictures", "r valence", "r arousal", "ridge valence", "ridge arousal"], rows),
  ];
}

function probabilityText(p: number | undefined): string {
  return p !== undefined && p < 0.001 ? "< .001" : correlationText(p ?? null);
}

/** One measure by source and epoch, a column for each nucleus: means over seeds, `-` where there are none. */
export function epochTable(rows: readonly SeedRow[]): string {
  const nuclei = [...new Set(rows.map(({ nucleus }) => nucleus))];
  const lines = new Map(rows.map(({ source, epoch }) => [`${source} ${epoch}`, { source, epoch }]));
  const body = [...lines.values()].map(({ source, epoch }) => [
    source,
    String(epoch),
    ...nuclei.map((nucleus) => {
      const own = rows.filter(
        (row) => row.source === source && row.epoch === epoch && row.nucleus === nucleus,
      );
      return correlationText(own.reduce((sum, { value }) => sum + value, 0) / own.length);
    }),
  ]);
  return table(["", "epoch", ...nuclei], body);
}

/** Tests over seeds, as `vca neurons` and `vca geometry` print them. */
export function testTable(tests: readonly TestRow[]): string {
  const number = (value: number | undefined) => correlationText(value ?? null);
  return table(
    ["over seeds", "", "", "estimate", "95 % interval", "p", "q", "seeds", "test"],
    tests.map(({ comparison, nucleus, of, estimate, lower, upper, p, q, seeds, method }) => [
      comparison,
      nucleus,
      of,
      number(estimate),
      lower === undefined || upper === undefined ? "-" : intervalText([lower, upper]),
      probabilityText(p),
      probabilityText(q),
      String(seeds),
      method,
    ]),
  );
}

/** Bytes as `3.7 MB`. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Seconds as `45 s` or `3 min 20 s`. */
export function secondsText(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
