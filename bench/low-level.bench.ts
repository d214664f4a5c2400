/**
 * @file What low-level picture statistics alone predict: ridge on luminance, colour, contrast and spatial frequencies
 * of `stimuli/low-level.ts`, 10 random or theme-grouped folds, 95 % intervals over themes. The floor for every encoder.
 *
 * Run: npx tsx --conditions=source bench/low-level.bench.ts ../shared/data/oasis
 */
import { decodePicture } from "#decode";
import { readBytes } from "#files";
import { Random } from "../src/core/random.ts";
import { planFolds } from "../src/stimuli/folds.ts";
import { LOW_LEVEL_NAMES, lowLevelStatistics } from "../src/stimuli/low-level.ts";
import { openStimuli } from "../src/stimuli/set.ts";
import { bootstrapCorrelations, contrast } from "../src/training/intervals.ts";
import { ridge } from "../src/training/ridge.ts";

const set = await openStimuli(`oasis:${process.argv[2] ?? "../shared/data/oasis"}`);
const S = set.ids.length;
const themes = set.columns.theme!;
const statistics = new Float64Array(S * LOW_LEVEL_NAMES.length);
for (const [s, file] of set.files.entries()) {
  const picture = await decodePicture(await readBytes(file), file);
  statistics.set(lowLevelStatistics(picture), s * LOW_LEVEL_NAMES.length);
}

console.log("| folds | r valence | r arousal |\n| --- | --- | --- |");
for (const method of ["random", "grouped"] as const) {
  const plan = (rows: ArrayLike<number>, folds: number, random: Random) => {
    const groups = Array.from(rows, (s) => themes[s]!);
    return planFolds({ n: rows.length, folds, method, groups, random });
  };
  const random = Random.seeded(100);
  const { predictions } = await ridge({
    candidates: [{ shape: [S, LOW_LEVEL_NAMES.length], data: statistics }],
    targets: set.ratings,
    folds: plan([...set.ids.keys()], 10, random.at("folds")),
    innerFold: (train, inner) => plan(train, 5, inner),
    random: random.at("ridge"),
  });
  const column = ({ data }: { data: Float64Array }, i: number) =>
    Float64Array.from({ length: S }, (_, s) => data[2 * s + i]!);
  const bootstrap = bootstrapCorrelations({
    pairs: [0, 1].map((i) => ({ rated: column(set.ratings, i), predicted: [column(predictions, i)] })),
    groups: themes,
    random: random.at("bootstrap"),
  });
  const cells = [
    [1, 0],
    [0, 1],
  ].map((weights) => {
    const { estimate, lower, upper } = contrast(bootstrap, weights);
    return `${estimate.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;
  });
  console.log(`| ${method} | ${cells.join(" | ")} |`);
}
