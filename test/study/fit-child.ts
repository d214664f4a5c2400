/**
 * @file A fit in a process of its own, to be killed: `fit-child.ts CONFIG.json OUT`. Prints a line per training
 * step. Its clock runs a thousand times too fast, so that every epoch is time for a checkpoint.
 */
import { readFile } from "node:fs/promises";
import { fitStudy } from "../../src/study/fit.ts";
import { SILENT } from "../../src/study/reporter.ts";

const now = performance.now.bind(performance);
performance.now = () => 100_000 * now();

const [config, out] = process.argv.slice(2) as [string, string];
const reporter = {
  ...SILENT,
  progress: (stage: string, done: number) => console.log(`${stage} ${done}`),
};
await fitStudy(JSON.parse(await readFile(config, "utf8")), { out, reporter, threads: 1 });
console.log("finished");
