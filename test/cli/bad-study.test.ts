/** @file What `vca run` says of a study that cannot be, in full, before any work. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CIRCUIT_NAMES } from "../../src/circuits/presets.ts";
import { RunFolder } from "../../src/study/run-folder.ts";
import { vca } from "./run.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-bad-study-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(text: string, out = join(folder, "out")) {
  const file = join(folder, "study.yaml");
  await writeFile(file, text);
  return vca("run", file, "--out", out, "--dry-run");
}

describe("a study", () => {
  it("with an unknown key is told the nearest", async () => {
    expect(await run("stimuli: emoji\nencoder: [efficientnet-lite0]\n")).toEqual({
      code: 2,
      out: "",
      err: `${folder}/study.yaml line 2: study: unknown key "encoder". Did you mean "encoders"? Choices: stimuli, scale, encoders, circuits, splits, group, folds, seeds, seed, fit, test, analyses, lesions, shuffledRatings, report.\n`,
    });
  });

  it("with a wrong value or an unknown option of fits is told its line", async () => {
    const said = async (text: string) => (await run(`stimuli: emoji\n${text}`)).err.replace(`${folder}/`, "");
    const remedy = "`vca run --init` writes a commented study.\n";
    expect(await said("folds: 1\n")).toBe(
      `study.yaml line 2: folds: Too small: expected number to be >=2. ${remedy}`,
    );
    expect(await said("fit:\n  epochs: -1\n")).toBe(
      `study.yaml line 3: fit.epochs: Too small: expected number to be >=0. ${remedy}`,
    );
    expect(await said("fit:\n  grid: 4\n  epoch: 3\n")).toBe(
      `study.yaml line 4: fit.epoch: Unrecognized key: "epoch". ${remedy}`,
    );
    expect(await said("test: &sets [*sets]\n")).toBe(
      `study.yaml line 2: test.0: Invalid input: expected string, received array. ${remedy}`,
    );
  });

  it("with an unknown circuit or encoder is told so before anything is read or written", async () => {
    const stimuli = `stimuli: oasis:${folder}/none\n`;
    const circuit = await run(`${stimuli}circuits: [vca, liu205]\n`);
    expect(circuit).toEqual({
      code: 2,
      out: "",
      err: `circuits: unknown circuit "liu205". Did you mean "liu2025"? Choices: ${CIRCUIT_NAMES.join(", ")}.\n`,
    });
    const encoder = await run(`${stimuli}encoders: [efficientnet-lite]\n`);
    expect(encoder.code).toBe(2);
    expect(encoder.err).toMatch(
      /^encoder: unknown encoder "efficientnet-lite"\. Did you mean "efficientnet-lite0"\? Choices: /,
    );
    expect(await readdir(folder)).toEqual(["study.yaml"]);
  });

  it("with a file that is missing is told which", async () => {
    const missing = `${folder}/none`;
    expect(await run(`stimuli: oasis:${missing}\n`)).toMatchObject({
      code: 3,
      err: `${missing}: a folder was expected, got none. Check the path.\n`,
    });
    const circuit = await run(`stimuli: emoji\ncircuits: [${missing}.yaml]\n`);
    expect([circuit.code, circuit.err]).toEqual([
      3,
      `${missing}.yaml: a readable file was expected, got no such file. Check the path.\n`,
    ]);
    const study = await vca("run", `${missing}.yaml`, "--out", join(folder, "out"));
    expect(study.err).toBe(
      `${missing}.yaml: a readable file was expected, got no such file. Check the path.\n`,
    );
  });

  it("begins in a folder in which one was killed before its first file was whole", async () => {
    const killed = join(folder, "killed");
    await mkdir(killed);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const host = hostname()
      .replace(/[^\w-]/g, "-")
      .slice(0, 60);
    await writeFile(join(killed, `.study.yaml.${host}-${pid}.${randomUUID()}.tmp`), "stim");
    const { err } = await run(`stimuli: oasis:${folder}/none\n`, killed);
    expect(err).toBe(`${folder}/none: a folder was expected, got none. Check the path.\n`);
    expect(await readdir(killed)).toEqual([]);
  });

  it("does not begin in a folder of another study, or of something else", async () => {
    const [other, thesis] = [join(folder, "other"), join(folder, "thesis")];
    await mkdir(other);
    await writeFile(join(other, "study.yaml"), "stimuli: oasis:pictures\n");
    await mkdir(thesis);
    await writeFile(join(thesis, "thesis.txt"), "");
    const refused = (out: string, got: string) => ({
      code: 2,
      out: "",
      err: `${out}: an empty folder or this study's own was expected, got ${got}. Choose another --out.\n`,
    });
    expect(await run("stimuli: emoji\n", other)).toEqual(
      refused(other, "a study of oasis:pictures where this has emoji"),
    );
    expect(await run("stimuli: emoji\n", thesis)).toEqual(refused(thesis, "one with thesis.txt"));
  });
});

it("a run of a newer version is not read", async () => {
  const run = join(folder, "newer");
  await mkdir(run);
  await writeFile(join(run, "fit.yaml"), "stimuli: emoji\nunheardOf: 1\n");
  await writeFile(join(run, "manifest.json"), JSON.stringify({ vca: "0.10.0" }));
  await expect(RunFolder.open(run)).rejects.toThrow(
    expect.objectContaining({
      tag: "UnsupportedError",
      message: `${run}: a run of vca 0.1.0 or older was expected, got one of vca 0.10.0. Install the newer version.`,
    }),
  );
});
