/**
 * @file Held-out r on OASIS, circuits against ridge on the same tokens and folds: every encoder x split x circuit,
 * each difference, and per circuit and split their mean, with 95 % intervals over themes. Fits lie in `--out` and are
 * not repeated.
 *
 * Run: npx tsx --conditions=source bench/oasis.bench.ts --data ../shared/data/oasis \
 *        --encoders ../shared/encoders/deit-tiny-patch16-224,../shared/encoders/efficientnet-lite0
 */
import { parseArgs } from "node:util";
import { readBytes } from "#files";
import { columnIndex, parseCsv, type Table } from "../src/core/csv.ts";
import { Random } from "../src/core/random.ts";
import { type FitResult, fitStudy } from "../src/study/fit.ts";
import { fitConfig } from "../src/study/fit-config.ts";
import { bootstrapCorrelations, contrast } from "../src/training/intervals.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/oasis" },
    encoders: { type: "string", default: "efficientnet-lite0" },
    circuits: { type: "string", default: "vca" },
    splits: { type: "string", default: "random,grouped" },
    folds: { type: "string", default: "10" },
    seeds: { type: "string", default: "5" },
    seed: { type: "string", default: "100" },
    out: { type: "string", default: "runs/bench" },
  },
});
const SCALES = ["valence", "arousal"] as const;

async function tableOf(path: string): Promise<Table> {
  return parseCsv(await readBytes(path), path);
}

function column(table: Table, name: string): string[] {
  const at = columnIndex(table, name);
  return table.rows.map(({ cells }) => cells[at]!);
}

/** Per scale: ratings, the circuit's ensemble and ridge, in the order of stimuli.csv. */
async function predictions(run: string) {
  const stimuli = await tableOf(`${run}/stimuli.csv`);
  const predicted = await tableOf(`${run}/predictions.csv`);
  const ids = column(stimuli, "id");
  const place = new Map(ids.map((id, s) => [id, s]));
  const [rowIds, models] = [column(predicted, "id"), column(predicted, "model")];
  return {
    groups: column(stimuli, "theme"),
    scales: SCALES.map((scale) => {
      const numbers = column(predicted, scale).map(Number);
      const mean = (model: string) => {
        const sum = new Float64Array(ids.length);
        const count = new Float64Array(ids.length);
        rowIds.forEach((id, i) => {
          if (models[i] !== model) return;
          sum[place.get(id)!]! += numbers[i]!;
          count[place.get(id)!]!++;
        });
        return sum.map((total, s) => total / count[s]!);
      };
      return { rated: column(stimuli, scale).map(Number), circuit: mean("circuit"), ridge: mean("ridge") };
    }),
  };
}

const number = (value: number) => value.toFixed(3).replace(/^(-?)0\./, "$1.");
const signed = (value: number) => `${value < 0 ? "" : "+"}${number(value)}`;
const encoders = values.encoders.split(",");

console.log(
  "| circuit | split | encoder | r circuit v, a | r ridge v, a | difference v | difference a | seconds |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
const means: string[] = [];
for (const circuit of values.circuits.split(",")) {
  for (const split of values.splits.split(",")) {
    const runs: string[] = [];
    for (const encoder of encoders) {
      const out = `${values.out}/${encoder.replace(/^.*\//, "")}/${circuit}-${split}`;
      const config = fitConfig({
        stimuli: `oasis:${values.data}`,
        encoder,
        circuit,
        split,
        ...(split === "grouped" && { group: "theme" }),
        folds: Number(values.folds),
        seeds: Number(values.seeds),
        seed: Number(values.seed),
      });
      const reporter = { note: () => {}, warn: console.error, progress: () => {} };
      const { metrics, ridge, difference, seconds }: FitResult = await fitStudy(config, { out, reporter });
      const shown = ({ r, ci }: { r: number; ci: readonly [number, number] }) =>
        `${signed(r)} [${signed(ci[0])}, ${signed(ci[1])}]`;
      const pair = (both: typeof metrics) => `${number(both.valence.r)} ${number(both.arousal.r)}`;
      console.log(
        `| ${circuit} | ${split} | ${encoder.replace(/^.*\//, "")} | ${pair(metrics)} | ${pair(ridge)} | ${shown(difference.valence)} | ${shown(difference.arousal)} | ${seconds.toFixed(0)} |`,
      );
      runs.push(out);
    }
    const found = await Promise.all(runs.map(predictions));
    const compared = found.flatMap(({ scales }) => scales);
    const bootstrap = bootstrapCorrelations({
      pairs: compared.flatMap(({ rated, circuit, ridge }) =>
        [circuit, ridge].map((predicted) => ({ rated, predicted: [predicted] })),
      ),
      groups: found[0]!.groups,
      random: Random.seeded(0).at("bench"),
    });
    const mean = contrast(
      bootstrap,
      compared.flatMap(() => [1 / compared.length, -1 / compared.length]),
    );
    means.push(
      `| ${circuit} | ${split} | ${signed(mean.estimate)} [${signed(mean.lower)}, ${signed(mean.upper)}] |`,
    );
  }
}
console.log(
  `\n| circuit | split | mean of the ${2 * encoders.length} differences |\n| --- | --- | --- |\n${means.join("\n")}`,
);
