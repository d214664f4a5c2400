/** @file The tables of a run's folder as the rows that figures take; what is not there is undefined. */
import { exists, readBytes } from "#files";
import { parseCsv } from "../core/csv.ts";
import { benjaminiHochberg } from "../core/multiple-comparisons.ts";
import { testMean } from "../core/sample-tests.ts";
import { SEEDS_FOR_INTERVAL } from "../report/epoch-panel.ts";
import type { AlignmentRow } from "../report/figures/alignment.ts";
import type { LesionRow } from "../report/figures/lesions.ts";
import type { NucleusRow } from "../report/figures/over-epochs.ts";
import type { PictureRow } from "../report/figures/plane.ts";
import type { RRow } from "../report/figures/r-bars.ts";
import type { TuningRow } from "../report/figures/tuning.ts";
import { inHierarchy } from "../report/palette.ts";
import type { Pictures } from "./unseen.ts";

/** A row by column. */
export type Cells = Readonly<Record<string, string>>;

/** The rows of a table, or undefined where there is none. */
export async function recordsOf(file: string): Promise<Cells[] | undefined> {
  if (!(await exists(file))) return undefined;
  const { header, rows } = parseCsv(await readBytes(file), file);
  return rows.map(({ cells }) => Object.fromEntries(header.map((name, c) => [name, cells[c]!])));
}

/** A cell's number; undefined where it is empty. */
export function numberOf(cell: string | undefined): number | undefined {
  return cell === undefined || cell === "" ? undefined : Number(cell);
}

/** Rated pictures beside the mean of the circuit's predictions over seeds. */
export function pictureRows(predictions: readonly Cells[], { ids, ratings }: Pictures): PictureRow[] {
  const own = new Map<string, Cells[]>();
  for (const row of predictions)
    if (row.model === "circuit") own.set(row.id!, [...(own.get(row.id!) ?? []), row]);
  return ids.flatMap((id, s) => {
    const rows = own.get(id);
    if (!rows) return [];
    const mean = (scale: string) => rows.reduce((sum, row) => sum + Number(row[scale]), 0) / rows.length;
    return [
      {
        id,
        valence: ratings.data[2 * s]!,
        arousal: ratings.data[2 * s + 1]!,
        predictedValence: mean("valence"),
        predictedArousal: mean("arousal"),
      },
    ];
  });
}

/** r of every model on both scales. */
export function rRows(metrics: readonly Cells[]): RRow[] {
  return metrics
    .filter(({ measure, value }) => measure === "r" && value !== "")
    .map(({ model, scale, value, lower, upper }) => ({
      model: model!,
      scale: scale as RRow["scale"],
      value: Number(value),
      lower: numberOf(lower),
      upper: numberOf(upper),
    }));
}

/** One measure of `neurons.csv` or `geometry.csv`. */
export function nucleusRows(rows: readonly Cells[], measure: string, of: string): NucleusRow[] {
  return rows
    .filter((row) => row.measure === measure && row.of === of)
    .map(({ source, nucleus, seed, epoch, value }) => ({
      source: source!,
      nucleus: nucleus!,
      seed: Number(seed),
      epoch: Number(epoch),
      value: Number(value),
    }));
}

/** Curves of `units.csv` after an epoch. */
export function tuningRows(units: readonly Cells[], epoch: number): TuningRow[] {
  return units
    .filter((row) => Number(row.epoch) === epoch)
    .flatMap((row) =>
      (["valence", "arousal"] as const).flatMap((scale) => {
        const r = numberOf(row[scale === "valence" ? "rValence" : "rArousal"]);
        const curve = Object.keys(row).filter((name) => name.startsWith(`${scale}Curve`));
        if (r === undefined) return [];
        const values = curve.map((name) => Number(row[name]));
        return [{ nucleus: row.nucleus!, unit: `${row.network} ${row.unit}`, scale, r, curve: values }];
      }),
    );
}

/** Lesions (output 0) of whole parts, or of units that prefer a category, with intervals over seeds. */
export function lesionRows(rows: readonly Cells[], of: "parts" | "units"): LesionRow[] {
  const wanted = rows.filter(
    ({ target, treatment, measure }) =>
      (target === "units") === (of === "units") &&
      treatment === "zero" &&
      /^r-(valence|arousal)$/.test(measure!),
  );
  const order = inHierarchy(wanted.map(({ name }) => name!));
  const rank = ({ name, category }: Cells) =>
    order.indexOf(name!) * 10 + ["unpleasant", "neutral", "pleasant"].indexOf(category!);
  return wanted
    .filter(({ seed }) => seed === "all")
    .sort((a, b) => (of === "units" ? rank(a) - rank(b) : 0))
    .map((row) => {
      const { name, category, measure, before, effect, randomLower, randomUpper } = row;
      const single = wanted.filter(
        (other) =>
          other.seed !== "all" &&
          other.name === name &&
          other.category === category &&
          other.measure === measure,
      );
      const { lower, upper } =
        single.length >= SEEDS_FOR_INTERVAL ? testMean(single.map((other) => Number(other.effect))) : {};
      const [from, to] = [numberOf(randomLower), numberOf(randomUpper)];
      return {
        name: `${name!.replace("->", " \u2192 ")}${category ? `, ${category}` : ""}`,
        nucleus: name!.split("->")[0]!,
        scale: measure!.slice(2) as LesionRow["scale"],
        before: Number(before),
        effect: Number(effect),
        lower,
        upper,
        random: from === undefined || to === undefined ? undefined : ([from, to] as const),
      };
    });
}

/**
 * The models of each region, as `vca rsa` leaves them in `alignment.csv`: of a run's nuclei the last epoch alone. A table
 * of ready RDMs names neither region nor q nor ceiling; these are then the folder's.
 */
export function alignmentRows(
  rows: readonly Cells[],
  folder: { region: string; nuclei: readonly string[]; ceiling: AlignmentRow["ceiling"] },
): AlignmentRow[] {
  const shown = rows.filter(({ model }) => !model!.includes(" epoch "));
  const tested = shown.filter(({ p }) => p !== "");
  const adjusted = benjaminiHochberg(tested.map(({ p }) => Number(p)));
  return shown.map((row) => {
    const [lower, upper] = [numberOf(row.ceiling_lower), numberOf(row.ceiling_upper)];
    return {
      model: row.model!,
      region: row.region ?? folder.region,
      value: Number(row.score),
      lower: numberOf(row.lower),
      upper: numberOf(row.upper),
      q: numberOf(row.q) ?? adjusted[tested.indexOf(row)],
      baseline: !folder.nuclei.includes(row.model!),
      ceiling: lower === undefined || upper === undefined ? folder.ceiling : { lower, upper },
    };
  });
}
