/** @file `vca rsa` on ready RDMs: its JSON, its text, its tables, its complaints. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "../../src/core/npy.ts";
import { Random } from "../../src/core/random.ts";
import type { RsaResult } from "../../src/study/rsa.ts";
import { simulateStudy } from "../rsa/studies.ts";
import { shared } from "../support/shared.ts";
import { vca } from "./run.ts";

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-rsa-"));
  const truth = { participants: 6, pictures: 12, signal: 1, models: "true" } as const;
  const { data, models } = simulateStudy(truth, Random.seeded(3));
  await writeFile(at("data.npy"), encodeNpy(data.vectors));
  await writeFile(at("models.npy"), encodeNpy(models.vectors));
});

describe("vca rsa", () => {
  it("prints exactly one JSON value", async () => {
    const { code, out, err } = await vca(
      "rsa",
      "--rdms",
      at("data.npy"),
      "--models",
      at("models.npy"),
      "--draws",
      "50",
      "--json",
      "--quiet",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const result = JSON.parse(out) as RsaResult;
    expect(Object.keys(result)).toEqual([
      "comparison",
      "resample",
      "ceiling",
      "models",
      "pairs",
      "draws",
      "seconds",
    ]);
    expect(result).toMatchObject({ comparison: "rho-a", resample: "both", draws: 50 });
    expect(Object.keys(result.ceiling)).toEqual(["lower", "upper"]);
    expect(Object.keys(result.models[0]!)).toEqual(["name", "score", "se", "ci", "p"]);
    expect(Object.keys(result.pairs[0]!)).toEqual(["a", "b", "difference", "p", "pCorrected"]);
    expect(result.models[0]!.p).toBeLessThan(0.05);
  });

  it("shows a table, and writes what it shows", async () => {
    const { out } = await vca(
      "rsa",
      "--rdms",
      at("data.npy"),
      "--models",
      at("models.npy"),
      "--draws",
      "50",
      "--out",
      at("out"),
    );
    expect(out).toMatch(
      /^rho-a, noise ceiling \.\d+ to \.\d+\.\n\nmodel +score +se +95 % interval +p > 0 +q +p ceiling/,
    );
    const table = await readFile(at("out/alignment.csv"), "utf8");
    expect(table.split("\n")[0]).toBe("model,score,se,lower,upper,p,q,p_ceiling,above_ceiling");
    expect((await readFile(at("out/alignment-participants.csv"), "utf8")).trim().split("\n")).toHaveLength(
      1 + 5 * 6,
    );
    expect((await readFile(at("out/alignment-pairs.csv"), "utf8")).trim().split("\n")).toHaveLength(1 + 10);
    expect(JSON.parse(await readFile(at("out/rsa.json"), "utf8"))).toMatchObject({ comparison: "rho-a" });
  });

  it("takes p from permuted labels when nothing is resampled", async () => {
    const { out } = await vca(
      "rsa",
      "--rdms",
      at("data.npy"),
      "--models",
      at("models.npy"),
      "--resample",
      "none",
      "--draws",
      "99",
      "--json",
      "--quiet",
    );
    const { models } = JSON.parse(out) as RsaResult;
    expect(models[0]).toMatchObject({ se: null, ci: null, p: 0.01 });
  });

  it("reads what rsatoolbox saved", async () => {
    const saved = (name: string) => fileURLToPath(new URL(`../fixtures/rsa/${name}`, import.meta.url));
    const { out } = await vca(
      "rsa",
      "--rdms",
      saved("rdms.h5"),
      "--models",
      saved("rdms.mat"),
      "--resample",
      "none",
      "--draws",
      "19",
      "--comparison",
      "cosine",
      "--json",
      "--quiet",
    );
    const { models } = JSON.parse(out) as RsaResult;
    expect(models).toHaveLength(5);
    expect(Math.min(...models.map(({ score }) => score))).toBeGreaterThan(0.5);
  });

  it("reads a MATLAB file of level 7.3", async () => {
    const file = fileURLToPath(new URL("../fixtures/brain/rdms73.mat", import.meta.url));
    await writeFile(at("third.npy"), encodeNpy({ shape: [1, 3], data: Float64Array.of(1, 2, 3) }));
    const args = [
      "--models",
      at("third.npy"),
      "--resample",
      "none",
      "--draws",
      "9",
      "--comparison",
      "pearson",
    ];
    const { out } = await vca("rsa", "--rdms", file, ...args, "--out", at("matlab"), "--json");
    expect(JSON.parse(out).models[0].score).toBeCloseTo(0, 12); // of 1 and -1
    expect(await readFile(at("matlab/alignment-participants.csv"), "utf8")).toMatch(
      /,1,0\.9999.*,2,-0\.9999/s,
    );
  });

  it("draws models below their ceiling, pairs that differ, RDMs and their map", async () => {
    const args = [
      "--rdms",
      at("data.npy"),
      "--models",
      at("models.npy"),
      "--resample",
      "participants",
      "--quiet",
    ];
    await vca("rsa", ...args, "--out", at("drawn"));
    const drawn = (name: string) => readFile(at(`drawn/figures/${name}.svg`), "utf8");
    const bars = await drawn("alignment");
    expect(bars).toContain("noise ceiling");
    const pairs = (await readFile(at("drawn/alignment-pairs.csv"), "utf8")).trim().split("\n").slice(1);
    const differ = pairs.filter((row) => Number(row.split(",").at(-1)) < 0.05).length;
    expect(differ).toBeGreaterThan(0);
    expect(bars.split('fill="var(--ink)" stroke="var(--line)"').length - 1).toBe(differ);
    expect(bars.split('fill="var(--line)" stroke="var(--line)"').length - 1).toBe(differ);
    expect((await drawn("rdms")).split("shape-rendering").length - 1).toBe(6); // the mean and five models
    expect((await drawn("rdm-map")).split("<circle").length - 1).toBe(11); // six participants and five models
  });

  it("takes participants, sessions and ids from rsatoolbox's descriptors", async () => {
    const file = fileURLToPath(new URL("../fixtures/rsa/described.h5", import.meta.url));
    await writeFile(
      at("model.csv"),
      "id,key,cup,dog,cat\nkey,0,1,2,4\ncup,1,0,3,1\ndog,2,3,0,2\ncat,4,1,2,0\n",
    );
    const rsa = (...words: string[]) =>
      vca(
        "rsa",
        "--rdms",
        file,
        "--models",
        at("model.csv"),
        "--draws",
        "20",
        "--resample",
        "none",
        ...words,
      );
    const { out, err } = await rsa("--axes", "participant,session", "--out", at("described"), "--json");
    expect(err).toContain("2 participants, 4 pictures, 1 models");
    expect(JSON.parse(out).models).toHaveLength(1);
    expect(await readFile(at("described/alignment-participants.csv"), "utf8")).toMatch(/ann.*bob/s);
    const unnamed = await rsa("--json");
    expect(unnamed.err).toContain("2 participants, 4 pictures, 1 models");
    expect(JSON.parse(unnamed.out)).toMatchObject({ models: JSON.parse(out).models });
    const kept = await rsa("--axes", "participant,session", "--sessions", "keep", "--json");
    expect(kept.err).toContain("2 participants, 4 RDMs, 4 pictures");
    const lacking = await rsa("--axes", "participant,run");
    expect(lacking.code).toBe(3);
    expect(lacking.err).toContain("rdm_descriptors/run was expected beside participant, got none");
  });

  it("joins models by the ids, and takes their names, of rsatoolbox's descriptors", async () => {
    const saved = (name: string) => fileURLToPath(new URL(`../fixtures/rsa/${name}`, import.meta.url));
    await writeFile(
      at("measured.csv"),
      "first,second,ann,bob\ncat,dog,1,1\ncat,cup,6,5\ncat,key,5,6\ndog,cup,4,4\ndog,key,3,3\ncup,key,2,2\n",
    );
    const words = ["--models", saved("named-models.h5"), "--resample", "none", "--draws", "20", "--json"];
    const { out, err } = await vca("rsa", "--rdms", at("measured.csv"), ...words);
    expect(err).not.toContain("names no stimuli");
    const scores = JSON.parse(out).models.map(({ name, score }: { name: string; score: number }) => [
      name,
      score.toFixed(3),
    ]);
    expect(scores).toEqual([
      ["near", "0.971"],
      ["far", "-0.971"],
    ]);
    await writeFile(at("others.csv"), "id\ncat\ndog\ncup\nkey\n");
    const other = await vca(
      "rsa",
      "--rdms",
      saved("named-models.h5"),
      "--stimuli",
      at("others.csv"),
      ...words,
    );
    expect([other.code, other.err]).toEqual([
      3,
      `${at("others.csv")}: the pictures that ${saved("named-models.h5")} names, key, cup, dog, cat, were expected, got cat, dog, cup, key. Leave out the table: the file knows its pictures.\n`,
    ]);
  });

  it.each([
    [["--models", "x.npy"], 2, "rsa: --rdms was expected, got none. See `vca rsa --help`.\n"],
    [
      ["--rdms", "x.npy", "--models", "y.npy"],
      3,
      "x.npy: a readable file was expected, got no such file. Check the path.\n",
    ],
    [
      ["--rdms", "x.npy", "--models", "y.npy", "--comparison", "rho"],
      2,
      'rsa: unknown comparison "rho". Did you mean "rho-a"? Choices: cosine, pearson, spearman, tau-a, tau-b, rho-a, whitened-cosine, whitened-correlation.\n',
    ],
    [
      ["--rdms", "x.npy", "--models", "y.npy", "--axes", "session"],
      2,
      'rsa: an axis "participant" was expected, got --axes session. Name the axis over which results shall hold participant.\n',
    ],
  ])("complains (%#)", async (argv, code, err) => {
    expect(await vca("rsa", ...argv)).toEqual({ code, out: "", err });
  });
});

describe.skipIf(shared === undefined)("objects92 (needs the shared data)", () => {
  it("ranks the models, sessions averaged or kept apart", async () => {
    const files = [
      "--rdms",
      `${shared}/data/objects92/hit_rdms.npy`,
      "--models",
      `${shared}/data/objects92/model_rdms.npz`,
    ];
    const run = async (...more: string[]) =>
      JSON.parse(
        (
          await vca(
            "rsa",
            ...files,
            "--axes",
            "participant,session",
            "--draws",
            "20",
            "--json",
            "--quiet",
            ...more,
          )
        ).out,
      ) as RsaResult;
    const averaged = await run("--stimuli", `${shared}/data/objects92/stimuli.csv`);
    expect(averaged.ceiling.lower).toBeCloseTo(0.3723, 4);
    expect(averaged.models.find(({ name }) => name === "animacy")!.score).toBeCloseTo(0.3345, 4);
    expect((await run("--sessions", "keep")).ceiling.lower).toBeCloseTo(0.3063, 4);
  });
});
