/** @file Tests of `vca encode`: contrasts of sets of features and of regions, and the variance that two sets explain alone and together. */
import type { Matrix } from "../core/linear-algebra.ts";
import { testMean } from "../core/sample-tests.ts";
import { regionZ, variancePartition, voxelR2 } from "../encoding/accuracy.ts";
import type { BrainRegion } from "./brain-data.ts";
import { type BrainTest, testCells } from "./brain-tables.ts";
import type { FeatureSet, Plan } from "./encode-plan.ts";
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

/** Variance that two sets explain alone and together, by ridge with a penalty for each, over participants. */
export function partitionTests(
  region: string,
  plans: readonly Plan[],
  a: FeatureSet,
  b: FeatureSet,
): Omit<BrainTest, "q">[] {
  const mean = (values: Float64Array) => {
    const kept = values.filter((value) => !Number.isNaN(value));
    return kept.reduce((sum, value) => sum + value / kept.length, 0);
  };
  const parts = plans.map((plan) => {
    const r2 = (...bands: (readonly Matrix[])[]) => {
      const found = plan.predict(bands, { kind: "ridge" });
      return mean(voxelR2(found, found.patterns));
    };
    const alone = r2(b.values[0]!);
    const each = a.values.map((values) =>
      variancePartition({ a: r2(values), b: alone, both: r2(values, b.values[0]!) }),
    );
    return (of: keyof (typeof each)[number]) => each.reduce((sum, one) => sum + one[of] / each.length, 0);
  });
  /** One-sided, that a part is above 0: a useless band costs R2, so parts are negative where there is nothing. */
  const test = (of: "uniqueA" | "uniqueB" | "shared") => {
    const found = testMean(parts.map((part) => part(of)));
    const { estimate, p } = found;
    return { ...found, p: p === undefined ? undefined : estimate > 0 ? p / 2 : 1 - p / 2 };
  };
  return [
    testCells(`R2 of ${a.name} beyond ${b.name}`, region, a.name, test("uniqueA")),
    testCells(`R2 of ${b.name} beyond ${a.name}`, region, b.name, test("uniqueB")),
    testCells(`R2 shared by ${a.name} and ${b.name}`, region, undefined, test("shared")),
  ];
}
