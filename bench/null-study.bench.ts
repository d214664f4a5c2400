/**
 * @file What a small study finds where there is nothing: ratings of the embedded emoji change places, whole groups of
 * near-equal pictures together, and fit, units and geometry follow as in `vca run`. One half of the shufflings is the
 * null distribution, the other plays the observed studies: their means should lie inside its central 95 %, their
 * tests find something at the nominal rate. A share of units that is 0 in nearly every study has no such range: there the
 * share of studies with any such unit is compared between the halves, with Newcombe's interval of the difference.
 *
 * Run: `npx tsx --conditions=source bench/null-study.bench.ts [--shufflings 200] [--first 0] [--keep FILE.jsonl]`; with
 * `--keep`, shufflings found in the file are not computed again.
 */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { exists } from "#files";
import { mean, quantiles, sd } from "../src/core/statistics.ts";
import { fitStudy } from "../src/study/fit.ts";
import { fitConfig } from "../src/study/fit-config.ts";
import { analyseGeometry } from "../src/study/geometry.ts";
import { analyseNeurons } from "../src/study/neurons.ts";
import { SILENT } from "../src/study/reporter.ts";
import type { TestRow } from "../src/study/seed-table.ts";
import { wilson } from "./null-studies.ts";

const { values } = parseArgs({
  options: {
    shufflings: { type: "string", default: "200" },
    first: { type: "string", default: "0" },
    keep: { type: "string" },
  },
});
const [shufflings, first] = [Number(values.shufflings), Number(values.first)];
const ALPHA = 0.05;
const work = { reporter: SILENT, threads: 1 };
const edge = { source: "bench" };
const CIRCUIT = {
  name: "small",
  visual: "pooled",
  nuclei: [
    { id: "LA", input: 24, rectify: true },
    { id: "CeA", input: 16, rectify: true },
  ],
  projections: [
    { ...edge, from: "visual", to: "LA" },
    { ...edge, from: "LA", to: "CeA" },
  ],
  readout: "CeA",
};
/** Measures that hold the pictures' ratings against answers; what else training changes is no false discovery. */
const JUDGED = /^(selective|correlated|spearman|rho-a)/;
const RATED = /^(any|[NMP][LMH]|valence|arousal|circumplex)/;

/** What is kept of one shuffled study. */
interface Shuffled {
  readonly seed: number;
  /** Its numbers, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** By kind of test: how many were made, and how many found something at .05. */
  readonly tests: Readonly<Record<string, readonly [made: number, found: number]>>;
}

const folder = await mkdtemp(join(tmpdir(), "vca-null-"));
const circuit = join(folder, "small.yaml");
await writeFile(circuit, stringify(CIRCUIT));

async function study(seed: number): Promise<Shuffled> {
  const out = join(folder, `run-${seed}`);
  const config = fitConfig({
    stimuli: "emoji",
    circuit,
    grid: 1,
    epochs: 2,
    folds: 2,
    split: "halves",
    seeds: 2,
    seed,
    shuffleRatings: true,
  });
  const { metrics } = await fitStudy(config, { ...work, out });
  const neurons = await analyseNeurons(out, { ...work, seed });
  const geometry = await analyseGeometry(out, { ...work, seed });
  await rm(out, { recursive: true });
  const last = Math.max(...neurons.rows.map(({ epoch }) => epoch));
  const own = neurons.rows.filter(({ source, epoch }) => source === "run" && epoch === last);
  const share = (measure: string) =>
    mean(own.filter((row) => row.measure === measure && row.of === "any").map(({ value }) => value));
  const tests = [...neurons.tests, ...geometry.tests].filter(
    ({ measure, of }) => JUDGED.test(measure) && RATED.test(of),
  );
  const trend = (measure: string, of: string) =>
    mean(
      tests
        .filter((row) => row.comparison === "rises over epochs" && row.measure === measure && row.of === of)
        .map(({ estimate }) => estimate),
    );
  const families = own.filter(({ measure, of }) => measure === "selective-bh" && of === "any");
  return {
    seed,
    numbers: {
      "r valence": metrics.valence.r,
      "r arousal": metrics.arousal.r,
      "selective, paper's rule": share("selective-paper"),
      "selective, Benjamini & Hochberg": share("selective-bh"),
      "trend of selective share": trend("selective-paper", "any"),
      "trend of alignment": trend("spearman", "circumplex"),
    },
    tests: {
      "units of a nucleus, any discovery after FDR": [
        families.reduce((sum, { networks }) => sum + networks, 0),
        families.filter(({ value }) => value > 0).length,
      ],
      ...Object.fromEntries(
        [...new Set(tests.map(({ comparison }) => comparison))].flatMap((comparison) => [
          [`${comparison}, p`, found(tests, comparison, "p")],
          [`${comparison}, q`, found(tests, comparison, "q")],
        ]),
      ),
    },
  };
}

function found(tests: readonly TestRow[], comparison: string, level: "p" | "q"): [number, number] {
  const made = tests.filter((test) => test.comparison === comparison && test[level] !== undefined);
  return [made.length, made.filter((test) => test[level]! < ALPHA).length];
}

const kept = values.keep && (await exists(values.keep)) ? await readFile(values.keep, "utf8") : "";
const done: Shuffled[] = kept
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));
for (let seed = first; seed < first + shufflings; seed++) {
  if (done.some((each) => each.seed === seed)) continue;
  const one = await study(seed);
  done.push(one);
  if (values.keep) await appendFile(values.keep, `${JSON.stringify(one)}\n`);
}
await rm(folder, { recursive: true });

/** How many studies found any unit, as a share with its interval. */
interface Rare {
  readonly hits: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % of a share over studies, whose tests depend on each other. */
const margin = (shares: readonly number[]) => (1.96 * sd(shares)) / Math.sqrt(shares.length);
const [null_, observed] = [0, 1].map((half) => done.filter((_, i) => i % 2 === half)) as [
  Shuffled[],
  Shuffled[],
];
console.log(`${null_.length} shufflings as null, ${observed.length} as observed studies`);
/** A share that is 0 in nearly every study: its null is a point, in whose central 95 % no mean lies. Judged by how often it is not 0. */
const RARE = "selective, Benjamini & Hochberg";
console.table(
  Object.fromEntries(
    Object.keys(done[0]!.numbers)
      .filter((name) => name !== RARE)
      .map((name) => {
        const of = (half: readonly Shuffled[]) =>
          Float64Array.from(half, ({ numbers }) => numbers[name]!).filter((value) => Number.isFinite(value));
        const [lower, upper] = quantiles(of(null_), [0.025, 0.975]) as [number, number];
        const center = mean([...of(observed)]);
        const within = of(observed).filter((value) => value >= lower && value <= upper).length;
        const row = { lower, upper, observed: center, inside: lower <= center && center <= upper };
        return [name, { ...row, "share of observed inside": within / of(observed).length }];
      }),
  ),
);
const [found0, found1] = [null_, observed].map((half) => {
  const hits = half.filter(({ numbers }) => numbers[RARE]! > 0).length;
  const share = hits / half.length;
  const [low, high] = wilson(share, half.length);
  return { hits, share, low, high };
}) as [Rare, Rare];
const gap = found1.share - found0.share; // Newcombe 1998, method 10
const low = gap - Math.hypot(found1.share - found1.low, found0.high - found0.share);
const high = gap + Math.hypot(found1.high - found1.share, found0.share - found0.low);
console.log(
  `${RARE}, any such unit: in ${found1.hits} of ${observed.length} observed studies and ${found0.hits} of ${null_.length} of the null; difference ${gap.toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}, ${low <= 0 && high >= 0 ? "holds" : "misses"} 0.`,
);
console.table(
  Object.fromEntries(
    Object.keys(done[0]!.tests).map((name) => {
      const shares = done.flatMap(({ tests }) => {
        const [made, hits] = tests[name] ?? [0, 0];
        return made > 0 ? [hits / made] : [];
      });
      return [name, { "share below .05": mean(shares), "+-": margin(shares), studies: shares.length }];
    }),
  ),
);
