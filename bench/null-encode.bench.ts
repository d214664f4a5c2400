/**
 * @file Error rates of the tests of `vca encode`: patterns of noise correlated over voxels and trials, predicted by ridge from features that
 * say nothing; and patterns that follow one set of features, of which another explains nothing more, or an equal part.
 *
 * Run: `npx tsx --conditions=source bench/null-encode.bench.ts [--studies 1000] [--first 0] [--sizes 5x20,5x60,20x20,20x60]
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
  groupZ,
  type RegionScores,
  regionZ,
  scoresLess,
  testScores,
  variancePartition,
  voxelCorrelations,
  voxelR2,
} from "../src/encoding/index.ts";
import { planFolds } from "../src/stimuli/folds.ts";
import { noise } from "../test/rsa/studies.ts";
import { below, collect, type Found, print, rate, type Size, sizesOf } from "./null-studies.ts";

const { values } = parseArgs({
  options: {
    studies: { type: "string", default: "1000" },
    first: { type: "string", default: "0" },
    sizes: { type: "string", default: "5x20,5x60,20x20,20x60" },
    keep: { type: "string" },
  },
});
const [studies, first] = [Number(values.studies), Number(values.first)];
const SEED = 20261126;
const FOLDS = 6;
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
  /** One-sided, that features that say nothing explain variance beyond those that do. */
  readonly beyond: number;
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
      const predicted = crossPredict({ features: of, patterns, folds }, { method: { kind: "ridge" } });
      return {
        accuracy: voxelCorrelations(predicted.predictions, patterns, folds),
        explained: mean(voxelR2(predicted, patterns)),
      };
    };
    const [ofA, ofB, ofNothing] = [a, b, nothing].map((of) => predict(full, of)) as [Fit, Fit, Fit];
    return {
      noise: predict(empty, nothing).accuracy,
      shared: ofNothing.accuracy,
      a: ofA.accuracy,
      b: ofB.accuracy,
      unique: variancePartition({
        a: ofNothing.explained,
        b: ofA.explained,
        both: predict(full, nothing, a).explained,
      }).uniqueA,
    };
  });
  const beyond = testMean(people.map(({ unique }) => unique));
  const of = (what: "noise" | "shared" | "a" | "b") => scoresOf(people.map((one) => one[what]));
  const less = scoresLess(of("a"), of("b"));
  const signs = people.map(() => (random.integer(2) === 0 ? -1 : 1));
  return {
    noise: { ...both(of("noise")), voxels: leastQ(people.map(({ noise }) => noise)) },
    shared: { ...both(of("shared")), voxels: leastQ(people.map(({ shared }) => shared)) },
    beyond: beyond.estimate > 0 ? beyond.p! / 2 : 1 - beyond.p! / 2,
    equal: both(less),
    exchanged: testMean(less.z.map((z, p) => signs[p]! * z)).p!,
  };
}

type Fit = { readonly accuracy: Accuracy; readonly explained: number };

function scoresOf(people: readonly Accuracy[]): RegionScores {
  return {
    z: people.map(({ r }) => regionZ(r)),
    groups: people.map(groupZ),
    pictures: people[0]!.pictures,
  };
}

const both = (scores: RegionScores): Both => ({
  pictures: testScores(scores).p!,
  people: testMean(scores.z).p!,
});

const leastQ = (people: readonly Accuracy[]) =>
  Math.min(...groupMap(people.map(({ r }) => ({ voxels: [...r.keys()], r }))).q);

const found = await collect(
  { keep: values.keep, settings: { SIGNAL }, sizes: sizesOf(values.sizes), studies, first },
  simulate,
);
const rates = (of: (one: Errors) => number) => (all: readonly Found<Errors>[]) =>
  rate(all.map((one) => below([of(one)])));
print(`ridge, ${FOLDS} folds, signal ${SIGNAL}`, found, {
  "a region's mean against 0, noise: over participants and pictures": rates(({ noise }) => noise.pictures),
  "the same, what other features say: over participants and pictures": rates(({ shared }) => shared.pictures),
  "two equally good sets: over participants and pictures": rates(({ equal }) => equal.pictures),
  "a region's mean against 0, noise: over participants": rates(({ noise }) => noise.people),
  "sets exchanged by chance: over participants": rates(({ exchanged }) => exchanged),
  "any voxel after FDR, noise: over participants": rates(({ noise }) => noise.voxels),
  "features that say nothing, beyond those that do": rates(({ beyond }) => beyond),
  "no null of it, what other features say: over participants": rates(({ shared }) => shared.people),
  "no null of it, two equally good sets: over participants": rates(({ equal }) => equal.people),
  "no null of it, any voxel after FDR, what other features say: over participants": rates(
    ({ shared }) => shared.voxels,
  ),
});
