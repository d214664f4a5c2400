/**
 * @file Error rates of the tests of `vca encode`: patterns of noise correlated over voxels and trials, predicted by ridge from features that
 * say nothing; and patterns that follow one set of features, of which another explains nothing more, or an equal part.
 *
 * Run: `npx tsx --conditions=source bench/null-encode.bench.ts [--studies 1000] [--first 0] [--sizes 5x20,5x60,20x20,20x60] [--folds 6]
 * [--keep FILE.jsonl]`; `--first` and `--keep` as in `null.bench.ts`.
 */
import { parseArgs } from "node:util";
import type { Matrix } from "../src/core/linear-algebra.ts";
import { Random } from "../src/core/random.ts";
import { testMean } from "../src/core/sample-tests.ts";
import { mean } from "../src/core/statistics.ts";
import {
  type Accuracy,
  crossPredict,
  groupMap,
  type RegionScores,
  regionFolds,
  regionMean,
  scoresLess,
  testScores,
  voxelCorrelations,
} from "../src/encoding/index.ts";
import { planFolds } from "../src/stimuli/folds.ts";
import { noise } from "../test/rsa/studies.ts";
import { below, collect, type Found, OPTIONS, print, rate, type Size, sizesOf } from "./null-studies.ts";

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    folds: { type: "string", default: "6" },
  },
});
const [studies, first, FOLDS] = [Number(values.studies), Number(values.first), Number(values.folds)];
const SEED = 20261126;
const VOXELS = 24;
/** Channels of each set of features, half of them rectified, as nuclei are. */
const CHANNELS = 12;
const SIGNAL = 0.7;

/** p-values of a mean over people: of other pictures too, and of these pictures. */
interface Both {
  readonly pictures: number;
  readonly people: number;
}

/** p-values of a study. */
interface Errors {
  /** A region's mean against 0, in noise and where people share what other features say; the least q of its voxels. */
  readonly noise: Both & { readonly voxels: number };
  readonly shared: Both & { readonly voxels: number };
  /** One-sided, that features add to the correlation that others reach: in noise, either; where the others are right. */
  readonly beyondNoise: readonly Both[];
  readonly beyond: Both;
  /** Two sets that know as much; the same, with names exchanged in people by chance. */
  readonly equal: Both;
  readonly exchanged: number;
}

async function simulate({ participants, pictures }: Size, study: number): Promise<Errors> {
  const random = Random.seeded(SEED).at("study", study);
  const folds = planFolds({ n: pictures, folds: FOLDS, method: "random", random: random.at("folds") });
  const features = (): Matrix => ({
    shape: [pictures, CHANNELS],
    data: Float64Array.from({ length: pictures * CHANNELS }, (_, at) => {
      const value = random.normal();
      return at % 2 === 0 ? value : Math.max(0, value);
    }),
  });
  const [a, b, nothing] = [features(), features(), features()];
  const people = Array.from({ length: participants }, () => {
    const empty: Matrix = { shape: [pictures, VOXELS], data: noise(pictures, random) };
    const signal = noise(pictures, random);
    for (const { data } of [a, b])
      for (let v = 0; v < VOXELS; v++)
        for (let c = 0; c < CHANNELS; c++) {
          const weight = (SIGNAL / Math.sqrt(2 * CHANNELS)) * random.normal();
          for (let s = 0; s < pictures; s++) signal[s * VOXELS + v]! += weight * data[s * CHANNELS + c]!;
        }
    const full: Matrix = { shape: [pictures, VOXELS], data: signal };
    const predict = (patterns: Matrix, ...of: Matrix[]) => {
      const { predictions } = crossPredict({ features: of, patterns, folds }, { method: { kind: "ridge" } });
      return voxelCorrelations(predictions, patterns, folds);
    };
    return {
      noise: predict(empty, nothing),
      nothing: predict(full, nothing),
      a: predict(full, a),
      b: predict(full, b),
      noiseA: predict(empty, a),
      noiseBoth: predict(empty, nothing, a),
      withA: predict(full, nothing, a),
    };
  });
  type Fit = keyof (typeof people)[number];
  const of = (fit: Fit): RegionScores => ({
    z: people.map((one) => regionMean(one[fit].r)),
    folds: people.map((one) => regionFolds(one[fit])),
    pictures: people[0]![fit].pictures,
  });
  const gain = (both: Fit, without: Fit) => above(scoresLess(of(both), of(without)));
  const less = scoresLess(of("a"), of("b"));
  const signs = people.map(() => (random.integer(2) === 0 ? -1 : 1));
  return {
    noise: { ...both(of("noise")), voxels: leastQ(people.map(({ noise }) => noise)) },
    shared: { ...both(of("nothing")), voxels: leastQ(people.map(({ nothing }) => nothing)) },
    beyondNoise: [gain("noiseBoth", "noise"), gain("noiseBoth", "noiseA")],
    beyond: gain("withA", "a"),
    equal: both(less),
    exchanged: testMean(less.z.map((value, p) => signs[p]! * value)).p!,
  };
}

const both = (scores: RegionScores): Both => ({
  pictures: testScores(scores).p!,
  people: testMean(scores.z).p!,
});

/** One-sided. */
function above(scores: RegionScores): Both {
  const { pictures, people } = both(scores);
  const isAbove = mean(scores.z) > 0;
  const oneSided = (p: number) => (isAbove ? p / 2 : 1 - p / 2);
  return { pictures: oneSided(pictures), people: oneSided(people) };
}

const leastQ = (people: readonly Accuracy[]) =>
  Math.min(...groupMap(people.map(({ r }) => ({ voxels: [...r.keys()], r }))).q);

const found = await collect(
  { keep: values.keep, settings: { SIGNAL, FOLDS }, sizes: sizesOf(values.sizes), studies, first },
  simulate,
);
const rates = (of: (one: Errors) => number | readonly number[]) => (all: readonly Found<Errors>[]) =>
  rate(all.map((one) => below([of(one)].flat())));
print(`ridge, ${FOLDS} folds, signal ${SIGNAL}`, found, {
  "participants and pictures: a region against 0, noise": rates(({ noise }) => noise.pictures),
  "participants and pictures: a region against 0, what other features say": rates(
    ({ shared }) => shared.pictures,
  ),
  "participants and pictures: two equally good sets": rates(({ equal }) => equal.pictures),
  "participants and pictures: gain beyond others, noise": rates(({ beyondNoise }) =>
    beyondNoise.map(({ pictures }) => pictures),
  ),
  "participants and pictures: gain of nothing beyond what is true": rates(({ beyond }) => beyond.pictures),
  "participants: a region against 0, noise": rates(({ noise }) => noise.people),
  "participants: any voxel after FDR, noise": rates(({ noise }) => noise.voxels),
  "participants: two sets exchanged by chance": rates(({ exchanged }) => exchanged),
  "participants: gain beyond others, noise": rates(({ beyondNoise }) =>
    beyondNoise.map(({ people }) => people),
  ),
  "participants: gain of nothing beyond what is true": rates(({ beyond }) => beyond.people),
  "participants, no null of it: a region against 0, what other features say": rates(
    ({ shared }) => shared.people,
  ),
  "participants, no null of it: two equally good sets": rates(({ equal }) => equal.people),
  "participants, no null of it: any voxel after FDR, what other features say": rates(
    ({ shared }) => shared.voxels,
  ),
});
