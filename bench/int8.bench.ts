/**
 * @file What the embedded encoder loses by its int8 weights: ridge's held-out r with the fp32 model and with the
 * embedded one, on the same pictures, taps and folds (three draws of 10 folds). Few pictures take the 192-channel
 * stage alone, on which product.md measured.
 *
 * Run: npx tsx --conditions=source bench/int8.bench.ts ../shared/encoders/efficientnet-lite0 oasis:../shared/data/oasis emoji
 */
import { cacheFolder } from "#files";
import { Random } from "../src/core/random.ts";
import { openEncoder } from "../src/encoders/encoder.ts";
import { extractFeatures } from "../src/encoders/features.ts";
import { resolveTaps } from "../src/encoders/taps.ts";
import { planFolds } from "../src/stimuli/folds.ts";
import { openStimuli } from "../src/stimuli/set.ts";
import { agreement, columnOfScale } from "../src/training/metrics.ts";
import { ridge } from "../src/training/ridge.ts";
import { summaryFeatures } from "../src/training/summary-features.ts";

const [fp32, ...specs] = process.argv.slice(2) as [string, ...string[]];
console.log("| stimuli | encoder | r valence, arousal (three draws of folds) |\n| --- | --- | --- |");
for (const spec of specs) {
  const set = await openStimuli(spec);
  const groups = set.nearEqual === undefined ? undefined : set.columns[set.nearEqual];
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
    const scores: string[] = [];
    for (let draw = 0; draw < 3; draw++) {
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
      const r = ([0, 1] as const).map(
        (scale) =>
          agreement({
            rated: columnOfScale(set.ratings, scale),
            predicted: columnOfScale(predictions, scale),
          }).r,
      );
      scores.push(r.map((value) => value.toFixed(3)).join(" "));
    }
    console.log(`| ${set.name} | ${name === fp32 ? "fp32" : "int8, embedded"} | ${scores.join("; ")} |`);
  }
}
