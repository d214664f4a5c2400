/**
 * @file Error rates of the difference of two regions in `vca rsa RUN`: each follows one half of the features that the model knows, with noise of
 * its own, so that the model is equally good in both over all pictures, though not on those that were shown.
 *
 * Run: `npx tsx --conditions=source bench/null-regions.bench.ts [--studies 1000] [--first 0] [--draws 200] [--signal 0.7]
 * [--sizes 5x20,5x60,20x20,20x60] [--keep FILE.jsonl]`; `--first` and `--keep` as in `null.bench.ts`.
 */
import { parseArgs } from "node:util";
import { Random } from "../src/core/random.ts";
import { testMean } from "../src/core/sample-tests.ts";
import { evaluate, scoreDifference } from "../src/rsa/evaluate.ts";
import { fixedModels } from "../src/rsa/models.ts";
import type { Rdms } from "../src/rsa/rdm.ts";
import { simulateRegions } from "../test/rsa/studies.ts";
import { below, collect, type Found, OPTIONS, print, rate, type Size, sizesOf } from "./null-studies.ts";

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    draws: { type: "string", default: "200" },
    signal: { type: "string", default: "0.7" },
  },
});
const [studies, first, draws, signal] = [values.studies, values.first, values.draws, values.signal].map(
  Number,
) as [number, number, number, number];
const SEED = 20261126;

/** p-values of a study. */
interface Errors {
  readonly pictures: number;
  readonly people: number;
  /** Over participants, with the regions exchanged in people by chance. */
  readonly exchanged: number;
}

async function simulate(size: Size, study: number): Promise<Errors> {
  const random = Random.seeded(SEED).at("regions", study);
  const { regions, models } = simulateRegions({ ...size, signal }, random.at("study"));
  const inRegion = (data: Rdms) =>
    evaluate({
      data,
      models: fixedModels(models),
      comparison: "pearson",
      resample: "both",
      draws,
      random: random.at("draws"),
      threads: 1,
    });
  const [a, b] = [await inRegion(regions[0]), await inRegion(regions[1])];
  const [x, y] = [a, b].map(({ models: [model] }) => model!.perParticipant) as [number[], number[]];
  const less = x.map((score, p) => score - y[p]!);
  const signs = less.map(() => (random.integer(2) === 0 ? -1 : 1));
  return {
    pictures: scoreDifference(a, b, models.labels.model![0]!).p!,
    people: testMean(less).p!,
    exchanged: testMean(less.map((value, p) => signs[p]! * value)).p!,
  };
}

const found = await collect(
  { keep: values.keep, settings: { draws, signal }, sizes: sizesOf(values.sizes), studies, first },
  simulate,
);
const rates = (of: keyof Errors) => (all: readonly Found<Errors>[]) =>
  rate(all.map((one) => below([one[of]])));
print(`Pearson, ${draws} draws, signal ${signal}`, found, {
  "participants and pictures: two regions alike": rates("pictures"),
  "participants: two regions exchanged by chance": rates("exchanged"),
  "participants, no null of it: two regions alike": rates("people"),
});
