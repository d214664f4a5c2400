/**
 * @file The pictures that no choice ever saw: trained on the OASIS themes on which the `vca` recipe was chosen, tested
 * on the themes of `held-out-themes.json` (a fifth of the pictures), ridge beside it.
 *
 * Run: npx tsx --conditions=source bench/held-out.bench.ts ../shared/data/oasis ENCODER...
 */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeFileAtomic } from "#files";
import { writeCsv } from "../src/core/csv.ts";
import { openStimuli } from "../src/stimuli/set.ts";
import { fitStudy } from "../src/study/fit.ts";
import { fitConfig } from "../src/study/fit-config.ts";
import { testRun } from "../src/study/test.ts";
import heldOutThemes from "./held-out-themes.json" with { type: "json" };

const [data, ...encoders] = process.argv.slice(2) as [string, ...string[]];
const folder = await mkdtemp(join(tmpdir(), "vca-held-out-"));
const set = await openStimuli(`oasis:${data}`);
const themes = set.columns.theme!;
const rows = (held: boolean) =>
  set.ids.flatMap((id, s) =>
    heldOutThemes.includes(themes[s]!) === held
      ? [[id, resolve(set.files[s]!), set.ratings.data[2 * s]!, set.ratings.data[2 * s + 1]!, themes[s]!]]
      : [],
  );
for (const [name, held] of [
  ["design", false],
  ["held-out", true],
] as const) {
  await writeFileAtomic(
    join(folder, `${name}.csv`),
    writeCsv(["id", "file", "valence", "arousal", "theme"], rows(held)),
  );
}
await mkdir(join(folder, "runs"));

const reporter = { note: () => {}, warn: console.error, progress: () => {} };
console.log(
  `| encoder | pictures | r circuit v, a | r ridge v, a | difference v | difference a |\n| --- | --- | --- | --- | --- | --- |`,
);
for (const encoder of encoders) {
  const out = join(folder, "runs", encoder.replace(/^.*\//, ""));
  const scale = "1-7";
  await fitStudy(
    fitConfig({ stimuli: `table:${folder}/design.csv`, scale, encoder, folds: 2, seeds: 5, seed: 200 }),
    { out, reporter },
  );
  const { metrics, ridge, difference, stimuli } = await testRun(out, `table:${folder}/held-out.csv`, {
    scale,
    reporter,
  });
  const pair = (both: typeof metrics) => `${both.valence.r.toFixed(3)} ${both.arousal.r.toFixed(3)}`;
  const shown = ({ r, ci }: { r: number; ci: readonly [number, number] }) =>
    `${r.toFixed(3)} [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]`;
  console.log(
    `| ${encoder.replace(/^.*\//, "")} | ${stimuli.n} | ${pair(metrics)} | ${pair(ridge!)} | ${shown(difference!.valence)} | ${shown(difference!.arousal)} |`,
  );
}
