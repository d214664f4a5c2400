/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import { type SampleTest, testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { FISHER_Z, type Measure, regionMean, SHARE } from "../encoding/accuracy.ts";
import { partition, type RegionScores, scoresLess, testScores } from "../encoding/group.ts";
import { type BrainTest, testCells } from "./brain-tables.ts";
import type { FeatureSet } from "./encode-plan.ts";
import { type Encoded, type Found, scoresOf } from "./encode-tables.ts";

/**
 * Trained against untrained, encoder and random encoder, and mask against controls: over participants, for these pictures, and over participants and
 * pictures; trained against untrained over seeds too.
 */
export function contrasts(encoded: readonly Encoded[], encoder: FeatureSet): Omit<BrainTest, "q">[] {
  const [mask] = encoded as [Encoded];
  const of = ({ region }: Encoded, name: string) =>
    encoded.find((other) => other.region === region && other.set.name === name);
  const bySeed = ({ found }: Encoded) => found.map((each) => mean(each.map(({ r }) => regionMean(r))));
  const contrast = (
    comparison: string,
    own: Encoded,
    other: Encoded | undefined,
    where = own.region.name,
  ) => {
    if (!other) return [];
    const less = scoresLess(own.scores, other.scores);
    const { name } = own.set;
    return [
      testCells(`${comparison}, over participants`, where, name, testMean(less.values)),
      testCells(`${comparison}, over participants and pictures`, where, name, testScores(less)),
    ];
  };
  return encoded
    .filter(({ set }) => set.source === "trained")
    .flatMap((own) => {
      const { region, set } = own;
      const untrained = of(own, `${set.name} epoch 0`)!;
      const before = bySeed(untrained);
      const seeds = bySeed(own).map((z, k) => z - before[k]!);
      const ofMask = of(mask, set.name)!;
      return [
        ...contrast("trained - untrained", own, untrained),
        testCells("trained - untrained, over seeds", region.name, set.name, testMean(seeds)),
        ...contrast("trained - encoder", own, of(own, encoder.name)),
        ...contrast("trained - random encoder", own, of(own, "random encoder")),
        ...(region.kind === "control"
          ? contrast("mask - control", ofMask, own, `${mask.region.name} - ${region.name}`)
          : []),
      ];
    });
}

/** What a set of features, another, and both together say of each participant's voxels. */
export type Explained = Readonly<Record<"a" | "b" | "both", Found>>;

/**
 * Variance that two sets explain alone and together, with its interval over participants; and, one-sided, whether one adds to the correlation that the
 * other reaches. Shares of variance are not tested: in few pictures those of noise are not 0 on average, correlations are (docs/decisions/020-encoding.md).
 */
export function partitionTests(
  region: string,
  a: FeatureSet,
  b: FeatureSet,
  explained: Explained,
): Omit<BrainTest, "q">[] {
  const parts = (measure: Measure) =>
    partition({
      a: scoresOf(explained.a, measure),
      b: scoresOf(explained.b, measure),
      both: scoresOf(explained.both, measure),
    });
  const [shares, gains] = [parts(SHARE), parts(FISHER_Z)];
  const share = (name: string, of: string | undefined, { values }: RegionScores) =>
    testCells(`variance ${name}`, region, of, { ...testMean(values), p: undefined, signP: undefined });
  const above = (found: SampleTest) => {
    const { estimate, p } = found;
    return { ...found, p: p === undefined ? undefined : estimate > 0 ? p / 2 : 1 - p / 2 };
  };
  const gain = (name: string, of: string, scores: RegionScores) => [
    testCells(`gain ${name}, over participants`, region, of, above(testMean(scores.values))),
    testCells(`gain ${name}, over participants and pictures`, region, of, above(testScores(scores))),
  ];
  const [beyondB, beyondA] = [`of ${a.name} beyond ${b.name}`, `of ${b.name} beyond ${a.name}`];
  return [
    share(beyondB, a.name, shares.uniqueA),
    share(beyondA, b.name, shares.uniqueB),
    share(`shared by ${a.name} and ${b.name}`, undefined, shares.shared),
    ...gain(beyondB, a.name, gains.uniqueA),
    ...gain(beyondA, b.name, gains.uniqueB),
  ];
}
