/**
 * @file What `vca run` costs beside the computation: wall time of a study on one worker, less the seconds that its steps
 * took. Starting processes, planning and the tables belong to it, the report does not. Bar: 3 % of the wall time.
 *
 * Run: `npx tsx --conditions=source bench/study-overhead.bench.ts [STUDY.yaml]` (a study of the emoji by default). Steps run from
 * source here, so each starts more slowly than the built program's.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StudyResult } from "../src/study/run-study.ts";
import { readReceipt, type Step } from "../src/study/step.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "vca-overhead-"));
const out = join(folder, "study");
let study = process.argv[2];
if (study === undefined) {
  study = join(folder, "study.yaml");
  await writeFile(study, "stimuli: emoji\ncircuits: [vca, serial-linear]\nreport: false\n");
}
const vca = ["--import", "tsx", "--conditions=source", "src/cli/main.ts"];
const words = [...vca, "run", study, "--out", out, "--workers", "1", "--json", "--quiet"];
const { seconds } = JSON.parse(
  execFileSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" }),
) as StudyResult;
const plan = JSON.parse(await readFile(join(out, "plan.json"), "utf8")) as Step[];
const receipts = await Promise.all(plan.map((step) => readReceipt(out, step)));
const worked = receipts.reduce((sum, receipt) => sum + receipt!.seconds, 0);
await rm(folder, { recursive: true });
const overhead = seconds - worked;
console.log(
  `${plan.length} steps, ${worked.toFixed(1)} s of work in ${seconds.toFixed(1)} s: overhead ${overhead.toFixed(1)} s, ${(overhead / plan.length).toFixed(2)} s a step, ${((100 * overhead) / seconds).toFixed(1)} %`,
);
