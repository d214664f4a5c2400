/**
 * @file Error rates of `rsa` over simulated studies: how often each test finds what is not there, how well the bootstrap
 * knows its own error, how often the true model wins. Prints one table per size of study.
 *
 * Run: `npx tsx --conditions=source bench/null.bench.ts [--studies 1000] [--draws 200] [--comparison pearson] [--signal 0.7]`
 */
import { parseArgs } from "node:util";
import { Random } from "../src/core/random.ts";
import { sd } from "../src/core/statistics.ts";
import { comparisonOf } from "../src/rsa/comparisons.ts";
import { evaluate } from "../src/rsa/evaluate.ts";
import { fixedModels } from "../src/rsa/models.ts";
import { permuteLabels } from "../src/rsa/permutation.ts";
import { simulateStudy, type Truth } from "../test/rsa/studies.ts";

const { values } = parseArgs({
  options: {
    studies: { type: "string", default: "1000" },
    draws: { type: "string", default: "200" },
    comparison: { type: "string", default: "pearson" },
    signal: { type: "string", default: "0.7" },
  },
});
const [studies, draws, signal] = [values.studies, values.draws, values.signal].map(Number) as [
  number,
  number,
  number,
];
const comparison = comparisonOf(values.comparison);
const SEED = 20251020;
const ALPHA = 0.05;

const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;
const text = (rate: number) => rate.toFixed(3);

/** Evaluates studies of one kind. */
async function all(truth: Truth, resample: "both" | "none") {
  const results = [];
  for (let study = 0; study < studies; study++) {
    const random = Random.seeded(SEED).at(JSON.stringify(truth), study);
    const { data, models } = simulateStudy(truth, random.at("study"));
    const common = { data, models: fixedModels(models), comparison, draws, random: random.at("draws") };
    const permuted = resample === "none" ? await permuteLabels(common) : [];
    results.push({ ...(await evaluate({ ...common, resample })), permuted });
  }
  return results;
}

for (const participants of [5, 20])
  for (const pictures of [20, 60]) {
    const size = { participants, pictures };
    console.log(
      `\n${participants} participants, ${pictures} pictures, ${studies} studies, ${draws} draws, ${values.comparison}`,
    );
    for (const [name, strength] of [
      ["no signal", 0],
      ["signal", signal],
    ] as const) {
      const found = await all({ ...size, signal: strength, models: "unrelated" }, "both");
      const zero = share(found.flatMap(({ models }) => models.map(({ p }) => p! < ALPHA)));
      const pair = share(found.flatMap(({ pairs }) => pairs.map(({ p }) => p! < ALPHA)));
      const family = share(found.map(({ pairs }) => pairs.some(({ pCorrected }) => pCorrected! < ALPHA)));
      console.log(
        `${name}: unrelated models rejected against 0 ${text(zero)}, pairs ${text(pair)}, any pair after FDR ${text(family)}`,
      );
    }
    const labels = (await all({ ...size, signal, models: "unrelated" }, "none")).flatMap(
      ({ permuted }) => permuted,
    );
    const tenths = Array.from({ length: 10 }, (_, i) =>
      share(labels.map(({ p }) => p > i / 10 && p <= (i + 1) / 10)),
    );
    console.log(
      `permutation: rejected ${text(share(labels.map(({ p }) => p < ALPHA)))}, p in tenths ${tenths.map((t) => t.toFixed(2)).join(" ")}`,
    );
    const halves = await all({ ...size, signal, models: "halves" }, "both");
    console.log(
      `equally good models: pair rejected ${text(share(halves.map(({ pairs: [pair] }) => pair!.p! < ALPHA)))}`,
    );
    const planted = await all({ ...size, signal, models: "true" }, "both");
    const spread = sd(planted.map(({ models: [first] }) => first!.score));
    const error = Math.sqrt(planted.reduce((sum, { models: [first] }) => sum + first!.se! ** 2, 0) / studies);
    const clear = planted.filter(({ ceiling }) => ceiling.lower! >= 0.3);
    const wins = share(
      clear.map(({ models: [first, ...others] }) => others.every(({ score }) => score < first!.score)),
    );
    console.log(
      `true model: standard error ${text(error)}, true spread ${text(spread)}, ratio ${text(error / spread)}; wins ${text(wins)} of ${clear.length} studies with a lower ceiling of .3`,
    );
    const ceilings = planted.map(({ models: [first] }) => first!.pCeiling! < ALPHA);
    console.log(`true model: rejected against the lower ceiling ${text(share(ceilings))}`);
  }
