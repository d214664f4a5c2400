/**
 * @file What the embedded encoder loses by its int8 weights: ridge's held-out r with the fp32 model and with the
 * embedded one, on the same pictures, taps and folds (20 draws of 10 folds). Few pictures take the 192-channel
 * stage alone, on which product.md measured.
 *
 * Run: npx tsx --conditions=source bench/int8.bench.ts ../shared/encoders/efficientnet-lite0 oasis:../shared/data/oasis emoji
 */
import { cacheFolder } from "#files";
import { Random } from "../src/core/random.ts";
import { mean, sd } from "../src/core/statistics.ts";
import { openEncoder } from "../src/encoders/encoder.ts";
import { extractFeatures } from "../src/encoders/features.ts";
import { resolveTaps } from "../src/encoders/taps.ts";
import { planFolds } from "../src/stimuli/folds.ts";
import { openStimuli } from "../src/stimuli/set.ts";
import { agreement, columnOfScale } from "../src/training/metrics.ts";
import { ridge } from "../src/training/ridge.ts";
import { summaryFeatures } from "../src/training/summary-features.ts";

const [fp32, ...specs] = process.argv.slice(2) as [string, ...string[]];
const DRAWS = 20;
/** Of each draw, with the standard error over draws. */
const shown = (values: readonly number[]) =>
  `${mean(values).toFixed(4)} ± ${(sd(values) / Math.sqrt(values.length)).toFixed(4)}`;

console.log(
  `| stimuli | scale | r fp32 | r int8, embedded | lost, mean of ${DRAWS} draws of folds |\n| --- | --- | --- | --- | --- |`,
);
for (const spec of specs) {
  const set = await openStimuli(spec);
  const groups = set.nearEqual === undefined ? undefined : set.columns[set.nearEqual];
  const found: number[][][] = [];
  for (const name of [fp32, "efficientnet-lite0"]) {
    const encoder = await openEncoder(name);
    const features = await extractFeatures(
      { encoder, taps: await resolveTaps(encoder, set.ids.length < 200 ? "6" : undefined) },
      set,
      {
        cacheFolder: cacheFolder(),
      },
    );
    const tokens = await features.load();
    const scores: number[][] = [[], []];
    for (let draw = 0; draw < DRAWS; draw++) {
      const random = Random.seeded(draw);
      const plan = (n: number, folds: number, labels: readonly string[] | undefined, stream: Random) =>
        planFolds({
          n,
          folds,
          method: labels ? "grouped" : "random",
          ...(labels && { groups: labels }),
          random: stream,
        });
      const { predictions } = await ridge({
        candidates: [summaryFeatures(tokens, features.hasCls)],
        targets: set.ratings,
        folds: plan(set.ids.length, 10, groups, random.at("folds")),
        innerFold: (train, stream) =>
          plan(train.length, 5, groups && [...train].map((s) => groups[s]!), stream),
        random: random.at("ridge"),
      });
      for (const scale of [0, 1] as const)
        scores[scale]!.push(
          agreement({
            rated: columnOfScale(set.ratings, scale),
            predicted: columnOfScale(predictions, scale),
          }).r,
        );
    }
    found.push(scores);
  }
  for (const [scale, name] of ["valence", "arousal"].entries()) {
    const [whole, rounded] = found.map((scores) => scores[scale]!) as [number[], number[]];
    const lost = whole.map((r, draw) => r - rounded[draw]!);
    console.log(`| ${set.name} | ${name} | ${shown(whole)} | ${shown(rounded)} | ${shown(lost)} |`);
  }
}
