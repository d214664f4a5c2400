/**
 * @file `vca encode`: voxels of participants predicted from a run's nuclei, trained and untrained, and, as controls that no claim can do without,
 * from the layers of its encoder and from the ratings. Inference is over participants, on the mean of Fisher's z of a region.
 */
import { writeFileAtomic } from "#files";
import { gridSize } from "../brain/grid.ts";
import { writeNifti } from "../brain/nifti-write.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { testMean } from "../core/sample-tests.ts";
import { regionZ, variancePartition, voxelCorrelations, voxelR2 } from "../encoding/accuracy.ts";
import type { EncodingMethod } from "../encoding/cross-predict.ts";
import { groupMap } from "../encoding/group.ts";
import { splitHalf, stepUp } from "../encoding/reliability.ts";
import { VcaError } from "../errors.ts";
import { type BrainData, type BrainFiles, type BrainRegion, readBrain, type Trials } from "./brain-data.ts";
import { type BrainRunOptions, openBrainRun } from "./brain-networks.ts";
import { BRAIN_TEST_HEADER, type BrainTest, testCells, withQ, writeRegions } from "./brain-tables.ts";
import { type FeatureSet, featureSets, type Plan, type PlanOptions, planOf } from "./encode-plan.ts";
import { type Cell, tablesFolder, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";

/** Options of `encodeRun`. */
export interface EncodeOptions extends BrainRunOptions, BrainFiles, PlanOptions {
  readonly method: EncodingMethod;
}

const HEADER = [
  "region",
  "kind",
  "features",
  "source",
  "epoch",
  "r",
  "lower",
  "upper",
  "p",
  "q",
  "sign_p",
  "ceiling",
  "voxels",
  "voxels_q05",
  "participants",
] as const;
/** A row of `encoding.csv`. */
export type EncodingCells = Readonly<Record<(typeof HEADER)[number], Cell>>;
/** What `vca encode --json` prints. */
export interface EncodeResult {
  readonly method: string;
  readonly by: string;
  readonly folds: number;
  readonly rows: readonly EncodingCells[];
  readonly tests: readonly BrainTest[];
  readonly out: string;
  readonly seconds: number;
}

/** A set's correlations in one region: `[seeds][P]`, then `[V]`. */
type Found = readonly (readonly Float64Array[])[];

/**
 * Predicts voxels and writes `encoding.csv`, `encoding-tests.csv`, `encoding-participants.csv`, `regions.csv` and `maps/`.
 * @throws DataError, ConfigError as `readBrain`, `openBrainRun` and `crossPredict`; DataError for one participant.
 */
export async function encodeRun(path: string, options: EncodeOptions): Promise<EncodeResult> {
  const started = performance.now();
  const { reporter, signal } = options;
  const brain = await readBrain(options, options);
  if (brain.participants.length < 2)
    throw new VcaError(
      "DataError",
      `encode: 2 or more participants were expected for a test over them, got ${brain.participants.length}. Pass the betas of all participants to --brain.`,
    );
  const { run, parts } = await openBrainRun(path, brain.ids, options);
  const sets = await featureSets({ run, parts });
  reporter.note(
    `${brain.participants.length} participants, ${brain.ids.length} pictures, ${methodText(options.method)}, ${options.folds} folds by ${options.by}; features: ${sets.map(({ name }) => name).join(", ")}.`,
  );
  const readout = sets.find(({ name }) => name === run.manifest.circuit.readout)!;
  const [encoder, ratings] = [
    sets.findLast(({ source }) => source === "encoder")!,
    sets.find(({ source }) => source === "ratings")!,
  ];
  const fitted = brain.regions.filter(({ kind }) => kind === "mask" || kind === "control");
  const found = new Map<string, Map<string, Found>>();
  const partitions: Omit<BrainTest, "q">[] = [];
  const total = fitted.length * sets.length;
  let done = 0;
  for (const region of fitted) {
    const plans = region.participants.map((trials) => planOf(trials, brain, { parts, options }));
    const own = new Map<string, Found>();
    for (const set of sets) {
      const bySeed: Float64Array[][] = [];
      for (const features of set.values) {
        const each: Float64Array[] = [];
        for (const plan of plans) {
          signal?.throwIfAborted();
          const { predictions, patterns, folds } = plan.predict([features], options.method);
          each.push(voxelCorrelations(predictions, patterns, folds));
          await new Promise((resolve) => setTimeout(resolve)); // lets progress be drawn
        }
        bySeed.push(each);
      }
      own.set(set.name, bySeed);
      reporter.progress(region.name, ++done, total);
    }
    found.set(region.name, own);
    for (const [a, b] of [
      [ratings, encoder],
      [readout, encoder],
    ] as const)
      partitions.push(...partitionTests(region.name, plans, a, b));
  }
  for (const region of brain.regions.filter(({ kind }) => kind === "left" || kind === "right"))
    found.set(region.name, sideOf(region, brain.regions[0]!, found.get(brain.regions[0]!.name)!));

  const out = tablesFolder(path, { out: options.out });
  const rows: Omit<EncodingCells, "q">[] = [];
  const persons: Cell[][] = [];
  for (const region of brain.regions) {
    const ceiling = ceilingOf(region, brain);
    for (const set of sets) {
      const each = found.get(region.name)!.get(set.name)!;
      const z = zOf(each);
      const { estimate, lower, upper, p, signP, n } = testMean(z);
      const map = groupMap(
        region.participants.map((trials, k) => ({
          voxels: numbersOf(trials, region),
          r: meanOverSeeds(each, k),
        })),
      );
      rows.push({
        region: region.name,
        kind: region.kind,
        features: set.name,
        source: set.source,
        epoch: set.epoch,
        r: Math.tanh(estimate),
        lower: lower && Math.tanh(lower),
        upper: upper && Math.tanh(upper),
        p,
        sign_p: signP,
        ceiling,
        voxels: map.voxels.length,
        voxels_q05: map.q.filter((q) => q < 0.05).length,
        participants: n,
      });
      z.forEach((value, k) => {
        persons.push([region.name, set.name, brain.participants[k]!, Math.tanh(value)]);
      });
      if (region.kind === "mask" || region.kind === "control")
        await writeMaps(out, region, { name: set.name, map });
    }
  }
  const tests = withQ([...contrasts(brain, sets, { found, encoder }), ...partitions], ({ comparison }) =>
    String(comparison),
  );
  const shown = withQ(rows, ({ source }) => String(source));
  await writeTable(`${out}/encoding.csv`, HEADER, cellsOf(HEADER, shown));
  await writeTable(`${out}/encoding-tests.csv`, BRAIN_TEST_HEADER, cellsOf(BRAIN_TEST_HEADER, tests));
  await writeTable(`${out}/encoding-participants.csv`, ["region", "features", "participant", "r"], persons);
  await writeRegions(out, brain);
  return {
    method: methodText(options.method),
    by: options.by,
    folds: options.folds,
    rows: shown,
    tests,
    out,
    seconds: (performance.now() - started) / 1000,
  };
}

function methodText(method: EncodingMethod): string {
  if (method.kind === "ridge") return "ridge";
  return `PLS of ${method.choose ? "at most " : ""}${method.components} components`;
}

/**
 * Mean over participants of the correlation that a perfect model could reach: the root of a region's reliability, from the mean of Fisher's z of its
 * voxels' halves (each voxel's own root would be too low where it is noisy). Undefined where a picture has one repeat.
 */
function ceilingOf({ participants }: BrainRegion, { ids }: BrainData): number | undefined {
  const once = ({ stimuli }: Trials) => ids.some((_, s) => stimuli.indexOf(s) === stimuli.lastIndexOf(s));
  if (participants.some(once)) return undefined;
  return participants.reduce((sum, { data, stimuli }) => {
    const halves = Math.tanh(regionZ(splitHalf(data, stimuli)));
    return sum + Math.sqrt(stepUp(halves)) / participants.length;
  }, 0);
}

/** Numbers of a participant's voxels in the grid. */
function numbersOf({ voxels: { ijk } }: Trials, { roi: { grid } }: BrainRegion): Int32Array {
  const [ni, nj] = grid.shape;
  return Int32Array.from(
    { length: ijk.length / 3 },
    (_, v) => ijk[3 * v]! + ni * (ijk[3 * v + 1]! + nj * ijk[3 * v + 2]!),
  );
}

/** What the fits of the whole mask say of one side. */
function sideOf(
  side: BrainRegion,
  whole: BrainRegion,
  found: ReadonlyMap<string, Found>,
): Map<string, Found> {
  const at = side.participants.map((trials, p) => {
    const inside = new Set(numbersOf(trials, side));
    return [...numbersOf(whole.participants[p]!, whole)].flatMap((voxel, v) =>
      inside.has(voxel) ? [v] : [],
    );
  });
  return new Map(
    [...found].map(([name, seeds]) => [
      name,
      seeds.map((each) => each.map((r, p) => Float64Array.from(at[p]!, (v) => r[v]!))),
    ]),
  );
}

/** Fisher's z of a region, averaged over seeds: `[P]`. */
function zOf(found: Found): number[] {
  return found[0]!.map((_, p) => found.reduce((sum, each) => sum + regionZ(each[p]!) / found.length, 0));
}

/** Each voxel's correlation, averaged over seeds through Fisher's z: `[V]`. */
function meanOverSeeds(found: Found, p: number): Float64Array {
  return found[0]![p]!.map((_, v) =>
    Math.tanh(found.reduce((sum, each) => sum + Math.atanh(each[p]![v]!) / found.length, 0)),
  );
}

/** Trained against untrained (over participants, and over seeds) and encoder; mask against controls. */
function contrasts(
  { regions }: BrainData,
  sets: readonly FeatureSet[],
  { found, encoder }: { found: ReadonlyMap<string, ReadonlyMap<string, Found>>; encoder: FeatureSet },
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
function partitionTests(
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

/** Maps of r and q, 0 and 1 outside the region. */
async function writeMaps(
  out: string,
  { name: region, roi }: BrainRegion,
  { name, map }: { name: string; map: ReturnType<typeof groupMap> },
): Promise<void> {
  for (const [what, outside] of [
    ["r", 0],
    ["q", 1],
  ] as const) {
    const data = new Float32Array(gridSize(roi.grid)).fill(outside);
    map.voxels.forEach((voxel, v) => {
      data[voxel] = map[what][v]!;
    });
    const file = `${out}/maps/${`${region} ${name} ${what}`.replace(/[^\w.-]+/g, "-")}.nii.gz`;
    await writeFileAtomic(
      file,
      writeNifti({ grid: roi.grid, data, description: `vca encode ${what}, ${name}` }),
    );
  }
}
