/** @file Two processes at one place: on one features cache both are right, in one run's folder the second is refused. */
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exists, LOCK_FILE } from "#files";
import { filesOf, type TinyStudy, tinyStudy } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let tiny: TinyStudy;
beforeAll(async () => {
  tiny = await tinyStudy();
});
afterAll(() => rm(tiny.folder, { recursive: true }));

/** Starts a command on the tiny study, with a cache of its own below the study's folder. */
function start(command: string, cache: string, ...more: string[]) {
  const { stimuli, scale, encoder, taps, grid } = tiny.config;
  const see = [stimuli, "--scale", scale!, "--encoder", encoder, "--taps", taps!, "--grid", String(grid)];
  const vca = ["--import", "tsx", "--conditions=source", "src/cli/main.ts"];
  const child = spawn(process.execPath, [...vca, command, ...see, ...more, "--quiet", "--threads", "1"], {
    cwd: ROOT,
    env: { ...process.env, VCA_CACHE: join(tiny.folder, cache) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, said })),
  );
  return { child, ended };
}

it("two on one cache leave the files of one", async () => {
  const both = [start("features", "shared"), start("features", "shared")];
  expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([
    { code: 0, said: "" },
    { code: 0, said: "" },
  ]);
  expect((await start("features", "alone").ended).code).toBe(0);
  const [shared, alone] = [
    await filesOf(join(tiny.folder, "shared")),
    await filesOf(join(tiny.folder, "alone")),
  ];
  expect(alone.size).toBe(25); // 24 pictures, and what made their features
  expect(shared).toEqual(alone);
}, 180_000);

it("the second in a run's folder is refused with a sentence, and the first is not disturbed", async () => {
  const [out, alone] = [join(tiny.folder, "run"), join(tiny.folder, "run-alone")];
  const fit = (to: string) => {
    const { circuit, epochs } = tiny.config;
    const design = ["--circuit", circuit, "--epochs", String(epochs), "--folds", "2", "--seeds", "1"];
    return start("fit", "fits", ...design, "--out", to);
  };
  expect((await fit(alone).ended).code).toBe(0);
  await mkdir(out);
  const first = fit(out);
  while (!(await exists(join(out, LOCK_FILE)))) await new Promise((resolve) => setTimeout(resolve, 5));
  first.child.kill("SIGSTOP"); // so that it still works there, however slow the second is
  const second = await fit(out).ended;
  first.child.kill("SIGCONT");
  const host = hostname()
    .replace(/[^\w-]/g, "-")
    .slice(0, 60);
  expect(second).toEqual({
    code: 5,
    said: `${out}: a folder in which no other process works was expected, got process ${first.child.pid} on ${host} there. Wait until it ends, or delete ${join(out, LOCK_FILE)} if it has.\n`,
  });
  expect((await first.ended).code).toBe(0);
  const [whole, got] = [await filesOf(alone), await filesOf(out)];
  expect([...got.keys()]).toEqual([...whole.keys()]);
  for (const [name, bytes] of whole)
    if (name !== "manifest.json") expect(got.get(name)!.equals(bytes), name).toBe(true);
}, 180_000);
