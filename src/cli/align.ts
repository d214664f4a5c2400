/** @file What `vca rsa RUN` prints: the last epoch in each region, training, specificity. */
import type { AlignResult } from "../study/align-tables.ts";
import type { BrainTest } from "../study/brain-tables.ts";
import type { SearchlightCells } from "../study/searchlight.ts";
import { correlationText, secondsText, table } from "./table.ts";

/** A correlation-like cell; `-` for none. */
export const number = (value: unknown) => correlationText(typeof value === "number" ? value : null);
/** A p-value. */
export const probability = (value: unknown) =>
  typeof value === "number" && value < 0.001 ? "< .001" : number(value);
const interval = (lower: unknown, upper: unknown) =>
  lower === undefined || upper === undefined ? "-" : `[${number(lower)}, ${number(upper)}]`;

/** Alignment of the trained and the untrained circuit with each region. */
export function alignText(result: AlignResult): string {
  const epochs = result.rows.flatMap(({ epoch }) => (typeof epoch === "number" ? [epoch] : []));
  const ends = [Math.max(...epochs), 0];
  const shown = result.rows.filter(({ epoch }) => epoch === undefined || ends.includes(Number(epoch)));
  return [
    `${result.comparison} with RDMs by ${result.measure}${result.precision === "runs" ? ", noise precision of each run" : ""}; noise ceiling of the mask ${number(result.ceiling.lower)} to ${number(result.ceiling.upper)}.`,
    "",
    table(
      [
        "region",
        "model",
        "score",
        "95 % interval",
        "p",
        "q",
        "beyond encoder and ratings",
        "p",
        "beyond all controls",
        "p",
        "",
      ],
      shown.map((row) => [
        String(row.region),
        String(row.model),
        number(row.score),
        interval(row.lower, row.upper),
        probability(row.p),
        probability(row.q),
        number(row.partial),
        probability(row.partial_p),
        number(row.beyond_all),
        probability(row.beyond_all_p),
        row.above_ceiling ? "above the ceiling" : "",
      ]),
    ),
    "",
    testsText(result.tests),
    ...(result.searchlight ? ["", searchlightText(result.searchlight)] : []),
    "",
    "Tests over seeds or over participants alone (alignment-tests.csv), and maps, hold for these pictures; all others for other pictures too, where pictures are resampled.",
    "",
    `${result.draws} ${result.resample === "none" ? "permutations" : "draws"}, ${secondsText(result.seconds)}, ${result.out}`,
  ].join("\n");
}

/** What the maps say. */
function searchlightText(rows: readonly SearchlightCells[]): string {
  return table(
    ["searchlight in", "model", "score", "peak", "at x, y, z mm", "q there", "voxels", "of them q < .05"],
    rows.map(({ region, model, score, peak, x, y, z, peak_q, voxels, voxels_q05 }) => [
      String(region),
      String(model),
      number(score),
      number(peak),
      [x, y, z].map((mm) => Math.round(Number(mm))).join(", "),
      probability(peak_q),
      String(voxels),
      String(voxels_q05),
    ]),
  );
}

/** Tests over seeds, participants, pictures; those over participants alone stay in the file where pictures are counted too. */
export function testsText(tests: readonly BrainTest[]): string {
  const comparisons = new Set(tests.map(({ comparison }) => comparison));
  const shown = tests.filter(({ comparison }) => !comparisons.has(`${comparison} and pictures`));
  return table(
    ["test", "region", "nucleus", "estimate", "95 % interval", "p", "q", "n"],
    shown.map((row) => [
      String(row.comparison),
      String(row.region),
      String(row.nucleus ?? ""),
      number(row.estimate),
      interval(row.lower, row.upper),
      probability(row.p),
      probability(row.q),
      String(row.n),
    ]),
  );
}
