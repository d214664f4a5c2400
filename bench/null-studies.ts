/** @file What the benchmarks of error rates share: studies of several sizes, kept line by line, and the shares of their tests that found something. */
import { spawn } from "node:child_process";
import { appendFile, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { exists } from "#files";
import { mean, variance } from "../src/core/statistics.ts";
import { type Comparison, comparisonName, vectorsOf } from "../src/rsa/comparisons.ts";
import type { Study } from "../test/rsa/studies.ts";

const ALPHA = 0.05;

/** Options of all of them, for `parseArgs`. */
export const OPTIONS = {
  studies: { type: "string", default: "1000" },
  first: { type: "string", default: "0" },
  sizes: { type: "string", default: "5x20,5x60,20x20,20x60" },
  keep: { type: "string" },
} as const;

/** Participants and pictures of a study. */
export interface Size {
  readonly participants: number;
  readonly pictures: number;
}

/** One study of a size, and what was found in it. */
export type Found<T> = T & { readonly size: string; readonly study: number };

/** Sizes as `5x20,20x60`. */
export function sizesOf(text: string): Size[] {
  return text.split(",").map((size) => {
    const [participants, pictures] = size.split("x").map(Number) as [number, number];
    return { participants, pictures };
  });
}

const sizeName = ({ participants, pictures }: Size) => `${participants} x ${pictures}`;

/** Simulates the studies `first` to `first + studies - 1` of each size, but those that `keep` has of the same settings. */
export async function collect<T>(
  {
    keep,
    settings,
    sizes,
    studies,
    first,
  }: Readonly<{
    keep: string | undefined;
    settings: object;
    sizes: readonly Size[];
    studies: number;
    first: number;
  }>,
  simulate: (size: Size, study: number) => Promise<T>,
): Promise<Found<T>[]> {
  const kept = keep && (await exists(keep)) ? await readFile(keep, "utf8") : "";
  const found: Found<T>[] = kept
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((line) => JSON.stringify(line.settings) === JSON.stringify(settings));
  const done = new Set(found.map(({ size, study }) => `${size}, ${study}`));
  for (let study = first; study < first + studies; study++)
    for (const size of sizes) {
      if (done.has(`${sizeName(size)}, ${study}`)) continue;
      const one = { size: sizeName(size), study, ...(await simulate(size, study)) };
      found.push(one);
      if (keep) await appendFile(keep, `${JSON.stringify({ settings, ...one })}\n`);
    }
  return found;
}

/** Prints a table of sizes: what each row says of their studies. */
export function print<T>(
  title: string,
  found: readonly Found<T>[],
  rows: Readonly<Record<string, (of: readonly Found<T>[]) => string>>,
): void {
  const sizes = [...new Set(found.map(({ size }) => size))];
  const columns = sizes
    .map((size) => found.filter((one) => one.size === size))
    .filter(({ length }) => length > 1);
  console.log(`${title}\n`);
  console.log(`| participants x pictures | ${columns.map(([one]) => one!.size).join(" | ")} |`);
  console.log(`| ---${" | ---".repeat(columns.length)} |`);
  console.log(`| studies | ${columns.map(({ length }) => length).join(" | ")} |`);
  for (const [name, row] of Object.entries(rows))
    console.log(`| ${name} | ${columns.map(row).join(" | ")} |`);
}

/** The share of p-values below .05. */
export const below = (p: readonly number[]) => mean(p.map((each) => (each < ALPHA ? 1 : 0)));

/** Three digits, without the 0 before the point. */
export const text = (value: number) => value.toFixed(3).replace(/^(-?)0\./, "$1.");

/** Wilson's 95 % interval of a share of `n` independent tests. */
export function wilson(share: number, n: number): [low: number, high: number] {
  const z = 1.96;
  const center = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return [center - half, center + half];
}

/**
 * The mean of a share over studies with Wilson's 95 % interval; where a study makes several tests, of as many independent tests as its
 * variance over studies amounts to.
 */
export function rate(shares: readonly number[]): string {
  const share = mean(shares);
  const spread = variance(shares) / shares.length;
  const [low, high] = wilson(share, spread > 0 ? (share * (1 - share)) / spread : shares.length);
  return `${text(share)} [${text(Math.max(0, low))}, ${text(high)}]`;
}

/** p-values of rsatoolbox's dual bootstrap: of models against 0, of pairs, of models against the lower ceiling. */
export interface PeerTests {
  readonly zero: readonly number[];
  readonly pairs: readonly number[];
  readonly ceiling: readonly number[];
  /** Its scores and its lower ceiling, each the mean over draws. */
  readonly scores: readonly number[];
  readonly lower: number;
}

/** rsatoolbox in a process of its own. */
export function openPeer(python: string) {
  const peer = spawn(python, [new URL("peers/null.py", import.meta.url).pathname]);
  peer.stderr.pipe(process.stderr);
  const answers = createInterface(peer.stdout)[Symbol.asyncIterator]();
  return {
    async tests(
      { data, models }: Study,
      { draws, comparison }: { draws: number; comparison: Comparison },
    ): Promise<PeerTests> {
      const rows = [data, models].map((rdms) => vectorsOf(rdms).map((row) => [...row]));
      const question = { data: rows[0], models: rows[1], draws, comparison: comparisonName(comparison) };
      peer.stdin.write(`${JSON.stringify(question)}\n`);
      return JSON.parse(String((await answers.next()).value));
    },
    close: () => peer.stdin.end(),
  };
}

/** The mean of paired differences with its 95 % interval. */
export function difference(pairs: readonly (readonly [number, number])[]): string {
  const each = pairs.map(([a, b]) => a - b);
  const margin = 1.96 * Math.sqrt(variance(each) / each.length);
  return `${text(mean(each))} [${text(mean(each) - margin)}, ${text(mean(each) + margin)}]`;
}
