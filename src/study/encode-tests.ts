/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import { testMean } from "../core/sample-tests.ts";
import { mean } from "../core/statistics.ts";
import { type Partition, regionZ, variancePartition } from "../encoding/accuracy.ts";
import type { BrainRegion } from "./brain-data.ts";
import { type BrainTest, testCells } from "./brain-tables.ts";
import type { FeatureSet } from "./encode-plan.ts";
import { type Encoding, zOf } from "./encode-tables.ts";

/** Trained against untrained (over participants, and over seeds), encoder and random encoder; mask against controls. */
export function contrasts(
  { brain: { regions }, sets, found }: Encoding,
  encoder: FeatureSet,
): Omit<BrainTest, "q">[] {
  const [mask] = regions;
  const less = (a: readonly number[], b: readonly number[]) => testMean(a.map((value, i) => value - b[i]!));
  return sets
    .filter(({ source }) => source === "trained")
    .flatMap(({ name }) => {
      const of = (region: BrainRegion, set: string) => found.get(region.name)!.get(set)!;
      const bySeed = (region: BrainRegion, set: string) =>
        of(region, set).map((each) => each.reduce((sum, r) => sum + regionZ(r) / each.length, 0));
      const inRegions = regions.flatMap((region) => {
        const own = zOf(of(region, name));
        const untrained = `${name} epoch 0`;
        return [
          testCells(
            "trained - untrained, over participants",
            region.name,
            name,
            less(own, zOf(of(region, untrained))),
          ),
          testCells(
            "trained - untrained, over seeds",
            region.name,
            name,
            less(bySeed(region, name), bySeed(region, untrained)),
          ),
          testCells(
            "trained - encoder, over participants",
            region.name,
            name,
            less(own, zOf(of(region, encoder.name))),
          ),
          ...(sets.some(({ source }) => source === "random")
            ? [
                testCells(
                  "trained - random encoder, over participants",
                  region.name,
                  name,
                  less(own, zOf(of(region, "random encoder"))),
                ),
              ]
            : []),
        ];
      });
      const against = regions.flatMap((region) =>
        region.kind === "control"
          ? [
              testCells(
                "mask - control, over participants",
                `${mask!.name} - ${region.name}`,
                name,
                less(zOf(of(mask!, name)), zOf(of(region, name))),
              ),
            ]
          : [],
      );
      return [...inRegions, ...against];
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
