/** @file A study whose process is killed at a random step, by a signal that nothing can catch: the same command then ends in the same tables. */
import { spawn } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { SILENT } from "../../src/study/reporter.ts";
import { runStep } from "../../src/study/run-step.ts";
import { runStudy } from "../../src/study/run-study.ts";
import { type TinyStudy, tinyStudy } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TABLES = ["attention.csv", "metrics.csv", "neurons-tests.csv", "neurons.csv"];
/** Features, two fits, units, attention. */
const STEPS = 5;
const cache = process.env.VCA_CACHE;
let tiny: TinyStudy;
let text = "";

beforeAll(async () => {
  tiny = await tinyStudy();
  const { stimuli, scale, encoder, taps, grid, circuit } = tiny.config;
  text = stringify({
    stimuli,
    scale,
    encoders: [encoder],
    circuits: [circuit],
    folds: 2,
    seeds: 1,
    fit: { taps, grid, epochs: 2 },
    analyses: ["units", "attention"],
    report: false,
  });
  await writeFile(join(tiny.folder, "study.yaml"), text);
  process.env.VCA_CACHE = join(tiny.folder, "cache-whole");
});

afterAll(async () => {
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(tiny.folder, { recursive: true });
});

/** Starts `vca run` in a process of its own. */
function start(out: string) {
  const vca = ["--import", "tsx", "--conditions=source", "src/cli/main.ts"];
  const child = spawn(
    process.execPath,
    [...vca, "run", join(tiny.folder, "study.yaml"), "--out", out, "--workers", "1", "--quiet"],
    {
      cwd: ROOT,
      env: { ...process.env, VCA_CACHE: join(tiny.folder, "cache") },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal)),
  );
  return { child, ended };
}

const tables = (out: string) =>
  Promise.all(TABLES.map(async (name) => [name, await readFile(join(out, name), "utf8")]));

const receipts = async (out: string) =>
  (await readdir(join(out, "steps")).catch(() => [])).filter((name) => name.endsWith(".json")).length;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it("goes on after kill -9 to the tables of a study that was never killed", async () => {
  const [whole, killed] = [join(tiny.folder, "whole"), join(tiny.folder, "killed")];
  await runStudy(text, {
    where: "study.yaml",
    out: whole,
    reporter: SILENT,
    executor: {
      places: 1,
      run: async ({ hash }) => void (await runStep(whole, hash, { reporter: SILENT, threads: 1 })),
    },
  });
  const done = Math.floor(Math.random() * STEPS);
  const { child, ended } = start(killed);
  while ((await receipts(killed)) < done && child.exitCode === null) await pause(20);
  await pause(1000 * Math.random());
  child.kill("SIGKILL");
  expect(await ended, `killed after ${done} steps`).toBe("SIGKILL");
  expect(await receipts(killed)).toBeLessThan(STEPS);
  expect(await start(killed).ended).toBe(0);
  expect(await tables(killed), `killed after ${done} steps`).toEqual(await tables(whole));
}, 180_000);
