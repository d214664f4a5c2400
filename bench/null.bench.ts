/**
 * @file Error rates of `rsa` over simulated studies: how often each test finds what is not there, how well the bootstrap
 * knows its own error, how often the true model wins. With PYTHON, rsatoolbox's dual bootstrap tests the same RDMs (of the `--nulls` named).
 *
 * Run: `npx tsx --conditions=source bench/null.bench.ts [--studies 1000] [--first 0] [--draws 200] [--comparison pearson]
 * [--signal 0.7] [--sizes 5x20,5x60,20x20,20x60] [--keep FILE.jsonl] [--python PYTHON] [--nulls noSignal,signal,halves]`. With `--keep`, studies found in the file are not simulated again;
 * files of runs beside one another, each with its own `--first`, are joined by `cat`.
 */
import { parseArgs } from "node:util";
import { bonferroni } from "../src/core/multiple-comparisons.ts";
import { Random } from "../src/core/random.ts";
import { mean, sd } from "../src/core/statistics.ts";
import { comparisonOf } from "../src/rsa/comparisons.ts";
import { type Evaluation, evaluate } from "../src/rsa/evaluate.ts";
import { fixedModels } from "../src/rsa/models.ts";
import { permuteLabels } from "../src/rsa/permutation.ts";
import { type Study, simulateStudy, type Truth } from "../test/rsa/studies.ts";
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
    comparison: { type: "string", default: "pearson" },
    signal: { type: "string", default: "0.7" },
    nulls: { type: "string", default: "noSignal,signal,halves" },
    python: { type: "string" },
  },
});
const { keep, python } = values;
const [studies, first, draws, signal] = [values.studies, values.first, values.draws, values.signal].map(
  Number,
) as [number, number, number, number];
const comparison = comparisonOf(values.comparison);
const SEED = 20251020;

/** p-values of models against 0 and of pairs of models; the smallest of the pairs after FDR. */
interface Tests {
  readonly zero: readonly number[];
  readonly pairs: readonly number[];
  readonly corrected?: number;
}

/** What is kept of a study. */
interface Errors {
  readonly noSignal: Tests;
  readonly signal: Tests;
  readonly halves: Tests;
  readonly permuted: readonly number[];
  readonly planted: {
    readonly score: number;
    readonly se: number;
    readonly lower: number;
    readonly wins: boolean;
  };
  /** The same of rsatoolbox. */
  readonly peer?: Readonly<Partial<Record<(typeof NULLS)[number], Tests>>>;
}
/** Simulations in which no model is better than another. */
const NULLS = ["noSignal", "signal", "halves"] as const;

const peer = python ? openPeer(python) : undefined;
const theirs = (study: Study): Promise<Tests> => peer!.tests(study, { draws, comparison });

function testsOf({ models, pairs }: Evaluation): Tests {
  return {
    zero: models.map(({ p }) => p!),
    pairs: pairs.map(({ p }) => p!),
    corrected: Math.min(...pairs.map(({ pCorrected }) => pCorrected!)),
  };
}

async function simulate(size: Size, study: number): Promise<Errors> {
  const made = (truth: Truth) => {
    const random = Random.seeded(SEED).at(JSON.stringify(truth), study);
    const simulated = simulateStudy(truth, random.at("study"));
    const models = fixedModels(simulated.models);
    return {
      simulated,
      common: { data: simulated.data, models, comparison, draws, random: random.at("draws"), threads: 1 },
    };
  };
  const nulls = {
    noSignal: made({ ...size, signal: 0, models: "unrelated" }),
    signal: made({ ...size, signal, models: "unrelated" }),
    halves: made({ ...size, signal, models: "halves" }),
  };
  const [noSignal, withSignal, halves, planted] = await Promise.all(
    [...Object.values(nulls), made({ ...size, signal, models: "true" })].map(({ common }) =>
      evaluate({ ...common, resample: "both" }),
    ),
  );
  const [best, ...others] = planted!.models;
  const peers: Partial<Record<(typeof NULLS)[number], Tests>> = {};
  if (peer)
    for (const name of NULLS)
      if (values.nulls.split(",").includes(name)) peers[name] = await theirs(nulls[name].simulated);
  return {
    noSignal: testsOf(noSignal!),
    signal: testsOf(withSignal!),
    halves: testsOf(halves!),
    permuted: (await permuteLabels(nulls.signal.common)).map(({ p }) => p),
    planted: {
      score: best!.score,
      se: best!.se!,
      lower: planted!.ceiling.lower!,
      wins: others.every(({ score }) => score < best!.score),
    },
    ...(peer && { peer: peers }),
  };
}

const settings = { draws, comparison, signal, rsatoolbox: peer !== undefined };
const found = await collect({ keep, settings, sizes: sizesOf(values.sizes), studies, first }, simulate);
peer?.close();

/** The largest distance of p-values' distribution from the uniform one (Kolmogorov & Smirnov), and what 5 % of samples exceed. */
function uniformity(p: readonly number[]): string {
  const sorted = [...p].sort((a, b) => a - b);
  const n = sorted.length;
  const apart = sorted.map((value, i) => Math.max((i + 1) / n - value, value - i / n));
  return `${text(Math.max(...apart))} (${text(1.358 / Math.sqrt(n))})`;
}

/** The standard error that the bootstrap gives, by the spread of scores over studies; its interval is that of the spread's logarithm. */
function knownError(planted: readonly Errors["planted"][]): string {
  const error = Math.sqrt(mean(planted.map(({ se }) => se ** 2)));
  const ratio = error / sd(planted.map(({ score }) => score));
  const margin = Math.exp(1.96 / Math.sqrt(2 * (planted.length - 1)));
  return `${text(ratio)} [${text(ratio / margin)}, ${text(ratio * margin)}]`;
}

function winners(planted: readonly Errors["planted"][]): string {
  const clear = planted.filter(({ lower }) => lower >= 0.3);
  return `${clear.filter(({ wins }) => wins).length} of ${clear.length}`;
}

type Row = (found: readonly Found<Errors>[]) => string;
/** Shares rejected in studies that rsatoolbox tested too: ours and its. */
const beside = (of: readonly Found<Errors>[], name: (typeof NULLS)[number], kind: "zero" | "pairs") =>
  of.flatMap(({ peer, [name]: ours }) => {
    const tested = peer?.[name];
    return tested ? [[below(ours[kind]), below(tested[kind])] as const] : [];
  });
const rates = (name: (typeof NULLS)[number], kind: "zero" | "pairs"): Row[] => [
  (of) => rate(of.map((one) => below(one[name][kind]))),
  (of) => {
    const pairs = beside(of, name, kind);
    if (pairs.length < 2) return "";
    return `${text(mean(pairs.map(([, theirs]) => theirs)))}; ${difference(pairs)} (${pairs.length})`;
  },
];
const family = (name: "noSignal" | "signal"): Row => {
  return (of) => rate(of.map((one) => below([one[name].corrected!])));
};
const wholeFamily = (name: "noSignal" | "signal"): Row => {
  return (of) => rate(of.map((one) => below([Math.min(...bonferroni(one[name].pairs))])));
};
const compared: Record<string, Row[]> = {
  "unrelated models against 0, no signal": rates("noSignal", "zero"),
  "unrelated models against 0, signal": rates("signal", "zero"),
  "pairs of unrelated models, no signal": rates("noSignal", "pairs"),
  "pairs of unrelated models, signal": rates("signal", "pairs"),
  "two equally good models": rates("halves", "pairs"),
};
const rows: Record<string, Row> = {
  ...Object.fromEntries(Object.entries(compared).map(([name, [ours]]) => [name, ours!])),
  ...(peer &&
    Object.fromEntries(
      Object.entries(compared).map(([name, [, peers]]) => [
        `rsatoolbox; ours less rsatoolbox (studies): ${name}`,
        peers!,
      ]),
    )),
  "any pair after FDR, no signal": family("noSignal"),
  "any pair after FDR, signal": family("signal"),
  "any pair after Bonferroni, no signal": wholeFamily("noSignal"),
  "any pair after Bonferroni, signal": wholeFamily("signal"),
  "permuted labels": (of) => rate(of.map(({ permuted }) => below(permuted))),
  "permuted labels: distance from uniform": (of) => uniformity(of.flatMap(({ permuted }) => permuted)),
  "standard error / true spread": (of) => knownError(of.map(({ planted }) => planted)),
  "true model wins, lower ceiling at least .3": (of) => winners(of.map(({ planted }) => planted)),
};
print(`${values.comparison}, ${draws} draws, signal ${signal}`, found, rows);
