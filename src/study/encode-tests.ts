/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import { type SampleTest, testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { FISHER_Z, type Measure, regionMean, SHARE } from "../encoding/accuracy.ts";
import { partition, type RegionScores, scoresLess, testScores } from "../encoding/group.ts";
import type { BrainRegion } from "./brain-data.ts";
import { type BrainTest, testCells } from "./brain-tables.ts";
import type { FeatureSet } from "./encode-plan.ts";
import { type Encoding, type Found, scoresOf } from "./encode-tables.ts";

/**
 * Trained against untrained, encoder and random encoder, and mask against controls: over participants, for these pictures, and over participants and
 * pictures; trained against untrained over seeds too.
 */
export function contrasts(
  { brain: { regions }, sets, found }: Encoding,
  encoder: FeatureSet,
): Omit<BrainTest, "q">[] {
  const [mask] = regions;
  const of = (region: BrainRegion, set: string) => found.get(region.name)!.get(set)!;
  const bySeed = (region: BrainRegion, set: string) =>
    of(region, set).map((each) => mean(each.map(({ r }) => regionMean(r))));
  const hasRandom = sets.some(({ source }) => source === "random");
  return sets
    .filter(({ source }) => source === "trained")
    .flatMap(({ name }) => {
      const contrast = (comparison: string, where: string, a: Found, b: Found) => {
        const less = scoresLess(scoresOf(a), scoresOf(b));
        return [
          testCells(`${comparison}, over participants`, where, name, testMean(less.values)),
          testCells(`${comparison}, over participants and pictures`, where, name, testScores(less)),
        ];
      };
      const untrained = `${name} epoch 0`;
      const inRegions = regions.flatMap((region) => {
        const against = (comparison: string, other: string) =>
          contrast(comparison, region.name, of(region, name), of(region, other));
        const before = bySeed(region, untrained);
        const seeds = bySeed(region, name).map((z, k) => z - before[k]!);
        return [
          ...against("trained - untrained", untrained),
          testCells("trained - untrained, over seeds", region.name, name, testMean(seeds)),
          ...against("trained - encoder", encoder.name),
          ...(hasRandom ? against("trained - random encoder", "random encoder") : []),
        ];
      });
      const controls = regions.filter(({ kind }) => kind === "control");
      const inControls = controls.flatMap((region) =>
        contrast("mask - control", `${mask!.name} - ${region.name}`, of(mask!, name), of(region, name)),
      );
      return [...inRegions, ...inControls];
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
