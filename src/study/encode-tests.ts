/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import { testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { type Partition, regionZ, variancePartition } from "../encoding/accuracy.ts";
import { scoresLess, testScores } from "../encoding/group.ts";
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
    of(region, set).map((each) => mean(each.map(({ r }) => regionZ(r))));
  const hasRandom = sets.some(({ source }) => source === "random");
  return sets
    .filter(({ source }) => source === "trained")
    .flatMap(({ name }) => {
      const contrast = (comparison: string, where: string, a: Found, b: Found) => {
        const less = scoresLess(scoresOf(a), scoresOf(b));
        return [
          testCells(`${comparison}, over participants`, where, name, testMean(less.z)),
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

/** R2 of a set of features, of another, and of both. */
export type Variances = Parameters<typeof variancePartition>[0];

/**
 * Variance that two sets explain alone and together, over participants.
 * @param explained by ridge with a penalty for each set: `[participants][seeds]`
 */
export function partitionTests(
  region: string,
  a: FeatureSet,
  b: FeatureSet,
  explained: readonly (readonly Variances[])[],
): Omit<BrainTest, "q">[] {
  const parts = explained.map((seeds) => seeds.map(variancePartition));
  /** One-sided, that a part is above 0: a useless band costs R2, so parts are negative where there is nothing. */
  const test = (of: keyof Partition) => {
    const found = testMean(parts.map((seeds) => mean(seeds.map((part) => part[of]))));
    const { estimate, p } = found;
    return { ...found, p: p === undefined ? undefined : estimate > 0 ? p / 2 : 1 - p / 2 };
  };
  return [
    testCells(`R2 of ${a.name} beyond ${b.name}`, region, a.name, test("uniqueA")),
    testCells(`R2 of ${b.name} beyond ${a.name}`, region, b.name, test("uniqueB")),
    testCells(`R2 shared by ${a.name} and ${b.name}`, region, undefined, test("shared")),
  ];
}
