/** @file A step of a study as a process: how far it is, and what of it fails, reach the study. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { localExecutor } from "../../src/cli/local-executor.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { prepareStudy } from "../../src/study/run-study.ts";
import { type TinyStudy, tinyStudy } from "../study/support.ts";

const before = { cache: process.env.VCA_CACHE, execArgv: process.execArgv };
let tiny: TinyStudy;

beforeAll(async () => {
  tiny = await tinyStudy();
  process.env.VCA_CACHE = join(tiny.folder, "cache");
  process.execArgv = ["--import", "tsx", "--conditions=source"]; // a step runs from source, as these tests do
});
afterAll(async () => {
  process.execArgv = before.execArgv;
  if (before.cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = before.cache;
  await rm(tiny.folder, { recursive: true });
});

it("tells how far a step is, stage by stage, and names what fails", async () => {
  const { stimuli, scale, encoder, taps, grid, circuit } = tiny.config;
  const study = { stimuli, scale, encoders: [encoder], circuits: [circuit], folds: 2, seeds: 1 };
  const text = stringify({ ...study, fit: { taps, grid, epochs: 2 } });
  const out = join(tiny.folder, "study");
  const { planned } = await prepareStudy(text, { where: "study.yaml", out, reporter: SILENT });
  const executor = localExecutor({ out });
  const said: [stage: string, done: number, total: number][] = [];
  const carryOut = async (kind: string) => {
    const { step } = planned.find((each) => each.step.kind === kind)!;
    await executor.run(step, undefined, (...progress) => said.push(progress));
  };

  await expect(carryOut("fit")).rejects.toThrow(
    /^fit tiny on .*: step: features .* was expected to be finished/,
  );
  await carryOut("features");
  await carryOut("fit");
  expect([...new Set(said.map(([stage]) => stage))]).toEqual(["pictures", "features", "ridge", "training"]);
  for (const [, done, total] of said) expect(done).toBeLessThanOrEqual(total);

  await writeFile(circuit, "nuclei: [");
  await rm(join(out, "steps"), { recursive: true });
  await expect(carryOut("features")).rejects.toThrow(/^features of .*: .*tiny\.yaml line 1: circuit: /);
}, 120_000);
