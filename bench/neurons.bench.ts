/**
 * @file Does the nine-bin rule find planted units, and little else? Answers with shared latent factors (mean absolute
 * correlation .3), three tenths of the units preferring one bin by d' = 1, and none of them; false discovery rate with
 * its bound .05 + 2 Monte-Carlo standard errors, power for bins of 30 pictures and more, and the paper's own rule beside.
 *
 * Run: npx tsx --conditions=source bench/neurons.bench.ts [simulations, default 1000]
 */
import { Random } from "../src/core/random.ts";
import { mean, pearson, sd } from "../src/core/statistics.ts";
import { RULES, selectiveUnits, selectivity } from "../src/neurons/selectivity.ts";
import { plantedUnits, score } from "../test/neurons/planted.ts";

const simulations = Number(process.argv[2] ?? 1000);
const COUNTS = [30, 60, 40, 90, 30, 50, 30, 90];
const UNITS = 80;

const started = performance.now();
console.log("| planted | rule | false discovery rate | bound | power, 30 pictures | power, all bins |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const planted of [0.3, 0]) {
  const scores = new Map(RULES.map((rule) => [rule, [] as (ReturnType<typeof score> & { small: number })[]]));
  for (let i = 0; i < simulations; i++) {
    const random = Random.seeded(1000).at(i);
    const { activations, bins, prefers } = plantedUnits({
      random,
      counts: COUNTS,
      units: UNITS,
      planted,
      dPrime: 1,
    });
    const found = selectivity(activations, bins);
    const ofSmall = prefers.map((bin) => (COUNTS[bin] === 30 ? bin : -1));
    for (const rule of RULES) {
      const selective = selectiveUnits(found, rule);
      scores.get(rule)!.push({ ...score(selective, prefers), small: score(selective, ofSmall).power });
    }
  }
  for (const [rule, all] of scores) {
    const rates = all.map((each) => each.false);
    const bound = 0.05 + (2 * sd(rates)) / Math.sqrt(simulations);
    const power =
      planted > 0 ? [mean(all.map(({ small }) => small)), mean(all.map((each) => each.power))] : [];
    const cells = [mean(rates), bound, ...power].map((value) => value.toFixed(3));
    console.log(`| ${planted} | ${rule} | ${cells.join(" | ")}${planted > 0 ? "" : " | - | -"} |`);
  }
}
const { activations } = plantedUnits({
  random: Random.seeded(1),
  counts: [400],
  units: UNITS,
  planted: 0,
  dPrime: 0,
});
const unit = (u: number) => Float64Array.from({ length: 400 }, (_, s) => activations.data[s * UNITS + u]!);
const correlations = Array.from({ length: UNITS }, (_, a) =>
  Array.from({ length: a }, (_, b) => Math.abs(pearson(unit(a), unit(b)))),
).flat();
const seconds = (performance.now() - started) / 1000;
console.log(
  `\n${simulations} simulations, mean absolute correlation ${mean(correlations).toFixed(2)}, ${seconds.toFixed(0)} s`,
);
