/**
 * @file Error rates of the tests of `rsa` that need a true model: partial RSA, where models know nothing but what a nuisance knows,
 * and the test against the lower noise ceiling, for models that on average just reach it; with PYTHON, rsatoolbox's on the same RDMs beside.
 *
 * Run: `npx tsx --conditions=source bench/null-partial.bench.ts [--studies 1000] [--first 0] [--draws 200] [--signal 0.7]
 * [--sizes 5x20,5x60,20x20,20x60] [--tests partial,ceiling] [--keep FILE.jsonl] [--python PYTHON]`; `--first` and `--keep` as in `null.bench.ts`.
 */
import { parseArgs } from "node:util";
import { Random } from "../src/core/random.ts";
import { mean } from "../src/core/statistics.ts";
import { vectorsOf } from "../src/rsa/comparisons.ts";
import { evaluate } from "../src/rsa/evaluate.ts";
import { fixedModels } from "../src/rsa/models.ts";
import { partialRsa } from "../src/rsa/partial.ts";
import type { Rdms } from "../src/rsa/rdm.ts";
import { simulateStudy, stackRdms } from "../test/rsa/studies.ts";
import {
  below,
  collect,
  difference,
  type Found,
  OPTIONS,
  openPeer,
  print,
  rate,
  type Size,
  sizesOf,
  text,
} from "./null-studies.ts";

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    draws: { type: "string", default: "200" },
    signal: { type: "string", default: "0.7" },
    tests: { type: "string", default: "partial,ceiling" },
    python: { type: "string" },
  },
});
const tests = values.tests.split(",");
const [studies, first, draws, signal] = [values.studies, values.first, values.draws, values.signal].map(
  Number,
) as [number, number, number, number];
const SEED = 20261126;
const sizes = sizesOf(values.sizes);

/** Studies by which models are made that just reach the ceiling; others than those that are tested. */
const CALIBRATION = 400;
/** The same for rsatoolbox's ceiling, a mean over draws: studies, draws of each, shares of the true RDM. */
const PEER_CALIBRATION = { studies: 100, draws: 20, shares: [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1] };

const peer = values.python ? openPeer(values.python) : undefined;

/** p-values of a study. */
interface Errors {
  readonly linear: readonly number[];
  readonly rank: readonly number[];
  readonly ceiling: readonly number[];
  /** rsatoolbox's test of the same models, and of models that reach its own ceiling. */
  readonly peerCeiling?: readonly number[];
  readonly peerOwn?: readonly number[];
  /** Of the true model, and whether it lies below the ceiling. */
  readonly trueModel: { readonly p: number; readonly below: boolean };
}

function simulated(size: Size, what: string, study: number) {
  const random = Random.seeded(SEED).at(what, study);
  const { data, models } = simulateStudy({ ...size, signal, models: "true" }, random.at("study"));
  return { data, models, random: random.at("draws") };
}

/** The true RDM and the unrelated ones, mixed: `share` of the true one in each, `[4]`. */
function mixed(models: Rdms, share: number): Rdms {
  const [known, ...unrelated] = vectorsOf(models);
  const rows = unrelated.map((row) => row.map((value, pair) => share * known![pair]! + (1 - share) * value));
  return stackRdms(models.ids, "model", rows);
}

const only = (models: Rdms): Rdms => ({
  ...stackRdms(models.ids, "model", vectorsOf(models).slice(0, 1)),
  labels: { model: ["true"] },
});

/** The share of the true RDM at which models score as high as the lower ceiling, in the mean of other studies. */
async function shareAtCeiling(size: Size): Promise<number> {
  const others = Array.from({ length: CALIBRATION }, (_, study) => simulated(size, "calibration", study));
  const above = async (share: number) => {
    const each = others.map(async ({ data, models, random }) => {
      const found = await evaluate({
        data,
        models: fixedModels(mixed(models, share)),
        comparison: "pearson",
        resample: "none",
        random,
      });
      return mean(found.models.map(({ score }) => score)) - found.ceiling.lower!;
    });
    return mean(await Promise.all(each));
  };
  let [low, high] = [0, 1];
  for (let halving = 0; halving < 12; halving++) {
    const middle = (low + high) / 2;
    if ((await above(middle)) > 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
/** The share at which models score as high as rsatoolbox's lower ceiling, both as it takes them; between the shares of a grid, by a line. */
async function shareAtPeerCeiling(size: Size): Promise<number> {
  const { studies, draws, shares } = PEER_CALIBRATION;
  const above = shares.map(() => 0);
  for (let study = 0; study < studies; study++) {
    const { data, models } = simulated(size, "calibration", study);
    const mixtures = shares.map((share) => mixed(models, share));
    const { scores, lower } = await peer!.tests(
      { data, models: stackRdms(models.ids, "model", mixtures.flatMap(vectorsOf)) },
      { draws, comparison: "pearson" },
    );
    for (const i of shares.keys()) above[i]! += mean(scores.slice(4 * i, 4 * i + 4)) - lower;
  }
  const i = above.findIndex((value) => value > 0);
  const [low, high] = [above[i - 1]!, above[i]!];
  return shares[i - 1]! + (low / (low - high)) * (shares[i]! - shares[i - 1]!);
}

const shares = new Map<Size, number>();
const peerShares = new Map<Size, number>();
for (const size of sizes) {
  shares.set(size, await shareAtCeiling(size));
  if (peer) peerShares.set(size, await shareAtPeerCeiling(size));
}

async function simulate(size: Size, study: number): Promise<Errors> {
  const { data, models, random } = simulated(size, "study", study);
  const common = { data, resample: "both", draws, random, threads: 1 } as const;
  const partial = async (kind: "linear" | "rank") => {
    if (!tests.includes("partial")) return [];
    const found = await partialRsa({
      ...common,
      models: fixedModels(mixed(models, 0.5)),
      nuisances: fixedModels(only(models)),
      kind,
    });
    return found.models.map(({ p }) => p!);
  };
  const against = async (judged: Rdms) =>
    evaluate({ ...common, models: fixedModels(judged), comparison: "pearson" });
  const atCeiling = mixed(models, shares.get(size)!);
  const [truth, reaching] = [await against(only(models)), await against(atCeiling)];
  const peerP = async (judged: Rdms) =>
    (await peer!.tests({ data, models: judged }, { draws, comparison: "pearson" })).ceiling;
  const [{ pCeiling, score }] = truth.models as [(typeof truth.models)[number]];
  return {
    linear: await partial("linear"),
    rank: await partial("rank"),
    ceiling: reaching.models.map((model) => model.pCeiling!),
    ...(peer && {
      peerCeiling: await peerP(atCeiling),
      peerOwn: await peerP(mixed(models, peerShares.get(size)!)),
    }),
    trueModel: { p: pCeiling!, below: score < truth.ceiling.lower! },
  };
}

const found = await collect(
  {
    keep: values.keep,
    settings: { draws, signal, tests, ...(peer && { rsatoolbox: true }) },
    sizes,
    studies,
    first,
  },
  simulate,
);
peer?.close();
const rates = (p: (of: Errors) => readonly number[]) => (of: readonly Found<Errors>[]) =>
  rate(of.map((one) => below(p(one))));
/** rsatoolbox's rate; ours less that. */
const beside = (theirs: (of: Errors) => readonly number[]) => (of: readonly Found<Errors>[]) => {
  const pairs = of.map((one) => [below(one.ceiling), below(theirs(one))] as const);
  return `${text(mean(pairs.map(([, p]) => p)))}; ${difference(pairs)}`;
};
print(
  `${draws} draws, signal ${signal}; share of the true RDM in models at the ceiling ${[...shares.values()].map(text).join(", ")}${peer ? `; at rsatoolbox's ${[...peerShares.values()].map(text).join(", ")}` : ""}`,
  found,
  {
    ...(tests.includes("partial") && {
      "partial RSA, linear: models share with the data what the nuisance knows": rates(
        ({ linear }) => linear,
      ),
      "partial RSA, ranks": rates(({ rank }) => rank),
    }),
    "models at the lower ceiling against it": rates(({ ceiling }) => ceiling),
    ...(peer && {
      "rsatoolbox, the same models; ours less rsatoolbox": beside(({ peerCeiling }) => peerCeiling!),
      "rsatoolbox, models at its own lower ceiling; ours at ours less that": beside(
        ({ peerOwn }) => peerOwn!,
      ),
    }),
    "the true model, found below the lower ceiling": (of) =>
      rate(of.map(({ trueModel }) => (trueModel.below ? below([trueModel.p]) : 0))),
  },
);
