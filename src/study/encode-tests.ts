/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import { type SampleTest, testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { type Partition, regionMean, signedSquare, variancePartition } from "../encoding/accuracy.ts";
import { type RegionScores, scoresLess, testScores } from "../encoding/group.ts";
import { type BrainTest, testCells } from "./brain-tables.ts";
import type { FeatureSet, PlanOptions } from "./encode-plan.ts";
import { type Encoded, type Found, scoresOf } from "./encode-tables.ts";

/**
 * Trained against untrained, encoder and random encoder, and mask against controls: over participants, for these pictures, and over participants and
 * pictures; trained against untrained over seeds too.
 */
export function contrasts(
  encoded: readonly Encoded[],
  encoder: FeatureSet,
  options: Pick<PlanOptions, "by">,
): Omit<BrainTest, "q">[] {
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
    return overBoth(less, options).map(([over, test]) =>
      testCells(`${comparison}, ${over}`, where, own.set.name, test),
    );
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

/** Tests over participants, for these pictures, and over participants and pictures; blocks of pictures are not the same for all, and not counted. */
function overBoth(scores: RegionScores, { by }: Pick<PlanOptions, "by">): (readonly [string, SampleTest])[] {
  const people = ["over participants", testMean(scores.z)] as const;
  return by === "block" ? [people] : [people, ["over participants and pictures", testScores(scores)]];
}

/**
 * Variance that two sets explain alone and together, with its interval over participants; and, one-sided, whether one adds to the correlation that the
 * other reaches. Shares of variance are not tested: in few pictures those of noise are not 0 on average, correlations are (docs/decisions/020-encoding.md).
 * @param explained by ridge on each set and on both
 */
export function partitionTests(
  region: string,
  a: FeatureSet,
  b: FeatureSet,
  explained: Readonly<Record<"a" | "b" | "both", Found>>,
  options: Pick<PlanOptions, "by">,
): Omit<BrainTest, "q">[] {
  const shares = (found: Found) =>
    found[0]!.map((_, p) => mean(found.map((each) => regionMean(each[p]!.r, signedSquare))));
  const [ofA, ofB, ofBoth] = [shares(explained.a), shares(explained.b), shares(explained.both)];
  const parts = ofBoth.map((both, p) => variancePartition({ a: ofA[p]!, b: ofB[p]!, both }));
  const share = (name: string, of: string | undefined, part: keyof Partition) =>
    testCells(`variance ${name}`, region, of, {
      ...testMean(parts.map((one) => one[part])),
      p: undefined,
      signP: undefined,
    });
  const both = scoresOf(explained.both);
  const gain = (name: string, of: string, without: Found) =>
    overBoth(scoresLess(both, scoresOf(without)), options).map(([over, test]) => {
      const { estimate, p } = test;
      const oneSided = p === undefined ? undefined : estimate > 0 ? p / 2 : 1 - p / 2;
      return testCells(`gain ${name}, ${over}`, region, of, { ...test, p: oneSided });
    });
  const [beyondB, beyondA] = [`of ${a.name} beyond ${b.name}`, `of ${b.name} beyond ${a.name}`];
  return [
    share(beyondB, a.name, "uniqueA"),
    share(beyondA, b.name, "uniqueB"),
    share(`shared by ${a.name} and ${b.name}`, undefined, "shared"),
    ...gain(beyondB, a.name, explained.b),
    ...gain(beyondA, b.name, explained.a),
  ];
}
