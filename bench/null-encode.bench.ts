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
  crossPredict,
  groupMap,
  regionZ,
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

/** p-values of a study. */
interface Errors {
  /** The region's mean against 0; the least q of its voxels. */
  readonly region: number;
  readonly voxels: number;
  /** One-sided, that features that say nothing explain variance beyond those that do. */
  readonly beyond: number;
  /** Two sets that know as much. */
  readonly equal: number;
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
    const correlations = (patterns: Matrix, of: Matrix) => {
      const found = crossPredict({ features: [of], patterns, folds }, { method: { kind: "ridge" } });
      return voxelCorrelations(found.predictions, patterns, folds);
    };
    const full: Matrix = { shape: [pictures, VOXELS], data: signal };
    const explained = (...of: Matrix[]) => {
      const found = crossPredict({ features: of, patterns: full, folds }, { method: { kind: "ridge" } });
      return mean(voxelR2(found, full));
    };
    const r = correlations(empty, nothing);
    return {
      r,
      z: regionZ(r),
      unique: variancePartition({ a: explained(nothing), b: explained(a), both: explained(nothing, a) })
        .uniqueA,
      less: regionZ(correlations(full, a)) - regionZ(correlations(full, b)),
    };
  });
  const beyond = testMean(people.map(({ unique }) => unique));
  return {
    region: testMean(people.map(({ z }) => z)).p!,
    voxels: Math.min(...groupMap(people.map(({ r }) => ({ voxels: [...r.keys()], r }))).q),
    beyond: beyond.estimate > 0 ? beyond.p! / 2 : 1 - beyond.p! / 2,
    equal: testMean(people.map(({ less }) => less)).p!,
  };
}

const found = await collect(
  { keep: values.keep, settings: { SIGNAL }, sizes: sizesOf(values.sizes), studies, first },
  simulate,
);
const rates = (of: keyof Errors) => (all: readonly Found<Errors>[]) =>
  rate(all.map((one) => below([one[of]])));
print(`ridge, ${FOLDS} folds, signal ${SIGNAL}`, found, {
  "a region's mean against 0": rates("region"),
  "any voxel after FDR": rates("voxels"),
  "features that say nothing, beyond those that do": rates("beyond"),
  "two equally good sets": rates("equal"),
});
