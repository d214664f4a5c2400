/** @file `vca rsa RUN` and `vca encode` on a tiny run before simulated brains: what is planted is found, what is not is not. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readImage } from "../../src/brain/source.ts";
import { parseCsv, writeCsv } from "../../src/core/csv.ts";
import { decodeNpy, encodeNpy } from "../../src/core/npy.ts";
import { Random } from "../../src/core/random.ts";
import { pairIndex, squareForm } from "../../src/rsa/rdm.ts";
import type { AlignResult } from "../../src/study/align-tables.ts";
import { readBrain } from "../../src/study/brain-data.ts";
import { amplitudeRdms } from "../../src/study/brain-rdms.ts";
import type { EncodeResult } from "../../src/study/encode-tables.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { SILENT } from "../../src/study/reporter.ts";
import type { RsaResult } from "../../src/study/rsa.ts";
import { vca } from "../cli/run.ts";
import { drawPictures, tinyStudy } from "./support.ts";

let folder: string;
let run: string;
let shown: string;
const at = (name: string) => join(folder, name);

async function simulate(name: string, ...options: string[]): Promise<void> {
  const words = [
    "simulate",
    "brain",
    "--out",
    at(name),
    "--participants",
    "4",
    "--stimuli",
    shown,
    "--scale",
    "1-9",
  ];
  const { code, err } = await vca(...words, "--pictures", "30", "--quiet", ...options);
  expect({ code, err }).toEqual({ code: 0, err: "" });
}

const files = (name: string, participants = 4) => [
  "--brain",
  ...Array.from({ length: participants }, (_, p) => at(`${name}/sub-0${p + 1}/betas.nii.gz`)),
  "--mask",
  at(`${name}/mask.nii.gz`),
  "--conditions",
  at(`${name}/conditions.csv`),
];
const independent = () => ["--stimuli", shown, "--scale", "1-9"];

async function json<T>(...words: string[]): Promise<T> {
  const { code, out, err } = await vca(...words, "--json", "--quiet");
  const said = err.replace(
    /^Warning: (\d participants: intervals are wide,|\d seeds: trained less|Patterns of one run) .*\n/gm,
    "",
  ); // there are four and two
  expect({ code, said }).toEqual({ code: 0, said: "" });
  return JSON.parse(out) as T;
}

beforeAll(async () => {
  const study = await tinyStudy();
  folder = study.folder;
  process.env.VCA_CACHE = at("cache");
  run = at("run");
  await fitStudy(study.config, { out: run, reporter: SILENT });
  shown = `table:${await drawPictures(at("shown"), "shown", 30)}`;
  await simulate("valence", "--runs", "3", "--snr", "0.5", "--geometry", "valence");
  await simulate("null", "--runs", "3", "--geometry", "none");
}, 300_000);

describe("a run before ready RDMs and patterns", () => {
  const participants = ["sub-01", "sub-02", "sub-03", "sub-04", "sub-05"];
  let ids: string[];

  beforeAll(async () => {
    const { header, rows } = parseCsv(await readFile(shown.slice("table:".length)), "shown");
    const column = (name: string) => rows.map(({ cells }) => cells[header.indexOf(name)]!);
    ids = column("id");
    const [valence, arousal] = ["valence", "arousal"].map((name) => column(name).map(Number));
    const random = Random.seeded(4);
    const voxels = Array.from({ length: 12 }, (_, v) => `v${v}`);
    const rdms: number[] = [];
    for (const participant of participants) {
      const weights = voxels.map(() => [random.normal(), random.normal()] as const);
      const patterns = ids.map((_, s) =>
        weights.map(([a, b]) => a * valence![s]! + b * arousal![s]! + 0.5 * random.normal()),
      );
      await writeFile(
        at(`${participant}.csv`),
        writeCsv(
          ["id", ...voxels],
          ids.map((id, s) => [id, ...patterns[s]!]),
        ),
      );
      for (let i = 0; i < ids.length; i++)
        for (let j = i + 1; j < ids.length; j++)
          rdms.push(Math.hypot(...patterns[i]!.map((value, v) => value - patterns[j]![v]!)));
    }
    const shape = [participants.length, (ids.length * (ids.length - 1)) / 2];
    await writeFile(at("ready.npy"), encodeNpy({ shape, data: Float64Array.from(rdms) }));
    await writeFile(
      at("ids.csv"),
      writeCsv(
        ["id"],
        ids.map((id) => [id]),
      ),
    );
  });

  it("finds the planted geometry in both, and the same in both", async () => {
    const rdms = ["--rdms", at("ready.npy"), "--conditions", at("ids.csv")];
    const patterns = [
      "--patterns",
      ...participants.map((name) => at(`${name}.csv`)),
      "--measure",
      "euclidean",
    ];
    const [fromRdms, fromPatterns] = await Promise.all(
      [rdms, patterns].map((source) =>
        json<RsaResult>("rsa", run, ...source, ...independent(), "--draws", "100"),
      ),
    );
    expect(fromRdms!.models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["CeA", "encoder", "ratings"]),
    );
    const best = [...fromRdms!.models].sort((a, b) => b.score - a.score)[0]!;
    expect(best.name).toBe("ratings");
    expect(best.p).toBeLessThan(0.05);
    for (const [k, { name, score }] of fromPatterns!.models.entries()) {
      expect(name).toBe(fromRdms!.models[k]!.name);
      expect(score).toBeCloseTo(fromRdms!.models[k]!.score, 9);
    }
  });

  it("names pictures that a participant lacks", async () => {
    await writeFile(at("sub-06.csv"), "id,v0,v1,v2\nother,1,2,4\nthird,2,1,3\nlast,3,3,1\n");
    const { code, err } = await vca(
      "rsa",
      run,
      "--patterns",
      at("sub-01.csv"),
      at("sub-06.csv"),
      ...independent(),
    );
    expect(code).toBe(3);
    expect(err).toContain(`sub-06.csv: the ${ids.length} pictures of`);
  });

  it("stops on pictures that the run was trained on", async () => {
    const { code, err } = await vca("rsa", run, "--patterns", at("sub-01.csv"), at("sub-02.csv"));
    expect({ code, said: /pictures/.test(err) }).toEqual({ code: 3, said: true });
  });
});

describe("vca rsa RUN", () => {
  let result: AlignResult;
  const rowsOf = (region: string) =>
    new Map(result.rows.flatMap((row) => (row.region === region ? [[row.model, row]] : [])));

  beforeAll(async () => {
    const control = ["--control-mask", at("valence/control.nii.gz")];
    result = await json(
      "rsa",
      run,
      ...files("valence"),
      ...control,
      ...independent(),
      "--draws",
      "60",
      "--searchlight",
      "1000", // every sphere holds its whole region
      "--out",
      at("out"),
    );
  }, 300_000);

  it("finds the planted ratings in the mask and both its sides, and not in the control mask", () => {
    expect(result).toMatchObject({ comparison: "rho-a", measure: "crossnobis" });
    for (const region of ["mask", "mask left", "mask right"]) {
      const { score, q } = rowsOf(region).get("ratings")!;
      expect(score).toBeGreaterThan(0.5);
      expect(q).toBeLessThan(0.05);
    }
    expect(Math.abs(Number(rowsOf("control").get("ratings")!.score))).toBeLessThan(0.2);
    expect(result.ceiling.lower).toBeGreaterThan(0.5);
  });

  it("has a row for each nucleus and kept epoch, and names the last by the nucleus alone", () => {
    expect(
      result.rows.filter(({ region }) => region === "mask").map(({ model, epoch }) => [model, epoch ?? null]),
    ).toEqual(
      expect.arrayContaining([
        ["LA", 3],
        ["CeA", 3],
        ["LA epoch 0", 0],
        ["encoder", null],
        ["ratings", null],
        ["ridge", null],
        ["pixels", null],
        ["low-level", null],
      ]),
    );
  });

  it("tests the mask against the control over participants, and training over seeds", () => {
    const tests = new Map(result.tests.map((row) => [`${row.comparison} ${row.region} ${row.nucleus}`, row]));
    expect(tests.get("mask - control, over participants mask - control LA")!.n).toBe(4);
    expect(tests.get("trained - untrained, over seeds mask LA")!.n).toBe(2);
    expect(tests.get("trained - untrained, over participants mask LA")!.n).toBe(4);
    const trained = tests.get("trained - untrained, over participants and pictures mask CeA")!;
    const score = (model: string) =>
      Number(result.rows.find((row) => row.region === "mask" && row.model === model)!.score);
    expect(trained.estimate).toBeCloseTo(score("CeA") - score("CeA epoch 0"), 12);
    expect(trained.p).toBeGreaterThan(0);
    expect(tests.get("left - right, over participants mask left - mask right LA")!.n).toBe(4);
    const both = tests.get("mask - control, over participants and pictures mask - control LA")!;
    expect(both.estimate).toBeCloseTo(
      Number(tests.get("mask - control, over participants mask - control LA")!.estimate),
      12,
    );
    expect(both.n).toBe(4);
    expect(Number(both.upper) - Number(both.lower)).toBeGreaterThan(0);
  });

  it("writes tables and RDMs", async () => {
    const table = await readFile(at("out/alignment.csv"), "utf8");
    expect(table.split("\n")[0]).toBe(
      "region,kind,model,nucleus,epoch,score,se,lower,upper,p,q,p_ceiling,above_ceiling,ceiling_lower,ceiling_upper,partial,partial_lower,partial_upper,partial_p,unique_variance,beyond_all,beyond_all_lower,beyond_all_upper,beyond_all_p,unique_variance_all",
    );
    expect(decodeNpy(await readFile(at("out/rdms/brain-mask.npy")), "brain").shape).toEqual([4, 435]);
    expect(decodeNpy(await readFile(at("out/rdms/model-LA.npy")), "model").shape).toEqual([2, 435]);
    expect(JSON.parse(await readFile(at("out/rsa.json"), "utf8"))).toMatchObject({ ceiling: result.ceiling });
  });

  it("gives each voxel its participant's score of the region where the spheres hold all of it", async () => {
    const table = parseCsv(await readFile(at("out/alignment-participants.csv"), "utf8"), "participants");
    for (const region of ["mask", "control"]) {
      const inside = [...(await readImage(at(`valence/${region}.nii.gz`))).volumes()][0]!;
      for (const model of ["LA", "ratings"]) {
        const map = await readImage(at(`out/maps/participants/${region}-${model}-searchlight.nii.gz`));
        const scores = table.rows.flatMap(({ cells }) =>
          cells[0] === region && cells[1] === model ? [Number(cells[3])] : [],
        );
        expect([map.count, scores.length]).toEqual([4, 4]);
        const volumes = Array.from(map.volumes(), (volume) => [...volume]); // one array is filled again
        for (const [p, volume] of volumes.entries())
          for (const [v, value] of volume.entries())
            if (inside[v]) expect(value).toBeCloseTo(scores[p]!, 6);
            else expect(value).toBeNaN();
      }
    }
  });

  it("finds the planted ratings around the voxels of the mask, and not in the control mask or in noise", async () => {
    const search = (name: string) =>
      json<AlignResult>(
        "rsa",
        run,
        ...files(name),
        ...["--control-mask", at(`${name}/control.nii.gz`), ...independent(), "--draws", "20"],
        ...["--searchlight", "6", "--out", at(`${name}-search`)],
      );
    const [planted, noise] = [await search("valence"), await search("null")];
    const of = ({ searchlight }: AlignResult, region: string) =>
      searchlight!.find((row) => row.region === region && row.model === "ratings")!;
    const inMask = of(planted, "mask");
    expect(Number(inMask.voxels_q05)).toBeGreaterThan(0.9 * Number(inMask.voxels));
    expect(Number(inMask.peak)).toBeGreaterThan(Number(inMask.score));
    expect(Number(inMask.score)).toBeGreaterThan(0.2);
    for (const row of [of(planted, "control"), of(noise, "mask"), of(noise, "control")]) {
      expect(Number(row.voxels_q05)).toBeLessThan(0.05 * Number(row.voxels));
      expect(Math.abs(Number(row.score))).toBeLessThan(0.1);
    }
    const q = await readImage(at("valence-search/maps/mask-ratings-searchlight-q.nii.gz"));
    const below = [...[...q.volumes()][0]!].filter((value) => value < 0.05);
    expect(below).toHaveLength(Number(inMask.voxels_q05));
  }, 300_000);

  /** Brains that hold the geometry of one of the models, and what is then found. */
  const planted = async (model: string): Promise<AlignResult> => {
    const { data } = decodeNpy(await readFile(at(`out/rdms/model-${model}.npy`)), "model");
    const ids = (await readFile(at("out/rdms/stimuli.csv"), "utf8")).trim().split("\n").slice(1);
    const networks = data.length / 435;
    const mean = Float64Array.from({ length: 435 }, (_, m) => {
      let sum = 0;
      for (let k = 0; k < networks; k++) sum += Number(data[k * 435 + m]) / networks;
      return sum;
    });
    const square = squareForm(mean).data;
    const rows = ids.map((id, i) => [id, ...square.subarray(30 * i, 30 * (i + 1))]);
    await writeFile(at(`${model}.csv`), writeCsv(["id", ...ids], rows));
    const words = ["--participants", "4", "--runs", "3", "--snr", "0.5", "--geometry", at(`${model}.csv`)];
    expect(await vca("simulate", "brain", "--out", at(model), ...words, "--quiet")).toMatchObject({
      code: 0,
      err: "",
    });
    const draws = ["--draws", "60", "--out", at(`${model}-out`)];
    return json<AlignResult>("rsa", run, ...files(model), ...independent(), ...draws);
  };
  const inMask = ({ rows }: AlignResult) =>
    rows.filter(({ region }) => region === "mask").sort((a, b) => Number(b.score) - Number(a.score));

  it("finds the nucleus whose geometry was planted, beyond every control", async () => {
    const [best] = inMask(await planted("LA"));
    expect(best!.model).toBe("LA");
    expect(best!.p).toBeLessThan(0.05);
    expect(best!.beyond_all).toBeGreaterThan(0.1);
    expect(best!.beyond_all_p).toBeLessThan(0.05);
  }, 300_000);

  it("finds planted low-level statistics, and no nucleus beyond them", async () => {
    const rows = inMask(await planted("low-level"));
    expect(rows[0]!.model).toBe("low-level");
    const nuclei = rows.filter(({ beyond_all }) => beyond_all !== undefined && beyond_all !== null);
    expect(nuclei.length).toBeGreaterThan(1);
    for (const { beyond_all, beyond_all_p, unique_variance_all } of nuclei) {
      expect(Math.abs(Number(beyond_all))).toBeLessThan(0.1);
      expect(beyond_all_p).toBeGreaterThan(0.01);
      expect(unique_variance_all).toBeLessThan(0.02);
    }
  }, 300_000);

  it("measures mean amplitude over voxels and repeats", async () => {
    const brain = await readBrain(
      {
        brain: [at("valence/sub-01/betas.nii.gz"), at("valence/sub-02/betas.nii.gz")],
        mask: at("valence/mask.nii.gz"),
        conditions: at("valence/conditions.csv"),
      },
      { reporter: SILENT },
    );
    const [region] = brain.regions;
    const { vectors } = amplitudeRdms(brain, region!);
    expect(vectors.shape).toEqual([2, 435]);
    const { data, stimuli } = region!.participants[1]!;
    const V = data.shape[1]!;
    const mean = (s: number) => {
      const own = [...data.data].filter((_, at) => stimuli[Math.floor(at / V)] === s);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    expect(vectors.data[435 + pairIndex(2, 7, 30)]).toBeCloseTo(Math.abs(mean(2) - mean(7)), 10);
  });

  it("finds nothing in noise", async () => {
    const none = await json<AlignResult>(
      "rsa",
      run,
      ...files("null"),
      ...independent(),
      "--draws",
      "60",
      "--out",
      at("null-out"),
    );
    expect(none.rows.filter(({ q }) => Number(q) < 0.05)).toEqual([]);
  }, 300_000);

  it("holds single-run data against the plan of the scan, with a warning", async () => {
    await simulate("single", "--runs", "1", "--snr", "1");
    const words = [
      "rsa",
      run,
      ...files("single"),
      ...independent(),
      "--draws",
      "20",
      "--out",
      at("single-out"),
      "--json",
    ];
    const { code, out, err } = await vca(...words);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ measure: "correlation" });
    expect(err).toContain(
      "Patterns of one run are compared with one another, so that noise near in time looks like geometry; same-run and trial-lag RDMs are taken out where pictures have one run. Scan each picture in two runs.",
    );
    const crossed = await vca(...words, "--measure", "crossnobis");
    expect(crossed).toMatchObject({ code: 3, out: "" });
    expect(crossed.err).toMatch(
      /sub-01: two or more runs of each picture were expected for crossnobis, got one of shown \d+, .* and 25 more\. Leave them out of the conditions, or pass --measure correlation\./,
    );
  }, 300_000);
});

describe("vca encode", () => {
  it.each([["ridge"], ["pls"]])(
    "by %s finds the planted ratings, beside their controls",
    async (method) => {
      const control = ["--control-mask", at("valence/control.nii.gz")];
      const out = at(`encode-${method}`);
      const words = [...control, ...independent(), "--method", method, "--components", "2", "--folds", "3"];
      const { rows, tests } = await json<EncodeResult>(
        "encode",
        run,
        ...files("valence"),
        ...words,
        "--out",
        out,
      );
      const row = (region: string, features: string) =>
        rows.find((one) => one.region === region && one.features === features)!;
      expect(row("mask", "ratings").r).toBeGreaterThan(0.2);
      expect(row("mask", "ratings").p).toBeLessThan(0.05);
      expect(row("mask", "ratings").p_participants).toBeLessThan(0.05);
      expect(Math.abs(Number(row("control", "ratings").r))).toBeLessThan(0.1);
      expect(row("mask", "ratings").ceiling).toBeGreaterThan(Number(row("mask", "ratings").r));
      expect(new Set(rows.map(({ source }) => source))).toEqual(
        new Set(["trained", "untrained", "encoder", "random", "ratings"]),
      );
      expect(tests.map(({ comparison }) => comparison)).toEqual(
        expect.arrayContaining([
          "trained - untrained, over participants",
          "trained - untrained, over seeds",
          "trained - encoder, over participants",
          "trained - random encoder, over participants",
          "trained - untrained, over participants and pictures",
          "mask - control, over participants",
          "mask - control, over participants and pictures",
          "variance of ratings beyond encoder",
          "gain of ratings beyond encoder, over participants and pictures",
          "variance shared by CeA and encoder",
        ]),
      );
      const map = await readImage(join(out, "maps/mask-ratings-r.nii.gz"));
      expect(map.grid.shape).toEqual((await readImage(at("valence/mask.nii.gz"))).grid.shape);
    },
    300_000,
  );

  it("finds nothing in noise, with voxels chosen by their reliability in the training pictures", async () => {
    const words = [
      ...independent(),
      "--folds",
      "3",
      "--by",
      "block",
      "--reliability",
      "0.05",
      "--pca",
      "4",
      "--out",
      at("null-encode"),
    ];
    const { rows } = await json<EncodeResult>("encode", run, ...files("null"), ...words);
    expect(rows.filter(({ q }) => Number(q) < 0.05)).toEqual([]);
  }, 300_000);
});

describe("few of what is counted", () => {
  it.each([["rsa"], ["encode"]])(
    "is warned of by %s",
    async (command) => {
      const words = command === "rsa" ? ["--draws", "20"] : ["--folds", "3"];
      const { code, err } = await vca(
        command,
        run,
        ...files("null"),
        ...independent(),
        ...words,
        "--out",
        at("few"),
      );
      expect(code).toBe(0);
      expect(err).toContain(
        "Warning: 2 seeds: trained less untrained is tested over few networks. Fit with --seeds 5 or more.\n",
      );
      expect(err).toContain(
        "Warning: 4 participants: intervals are wide, and hold for people like these at best.\n",
      );
    },
    300_000,
  );
});

describe("bad input stops both commands with exit code 3", () => {
  const stops = async (command: string, words: string[], message: string | RegExp) => {
    const ran = await vca(command, run, ...words);
    expect(ran).toMatchObject({ code: 3, out: "" });
    expect(
      ran.err
        .split("\n")
        .filter((line) => line !== "")
        .at(-1),
    ).toMatch(message);
  };

  it("pictures that were trained on, without --within-fold", async () => {
    await vca(
      "simulate",
      "brain",
      "--out",
      at("own"),
      "--participants",
      "2",
      "--pictures",
      "24",
      "--stimuli",
      `table:${at("pictures/trained.csv")}`,
      "--scale",
      "1-9",
      "--quiet",
    );
    const message =
      /: pictures that the model was not trained on were expected, got trained \d+, .* and 19 more\. Pass --within-fold to use only the networks that held them out, or train on another set and pass --stimuli\.$/;
    await stops("rsa", files("own", 2), message);
    await stops("encode", files("own", 2), message);
    const { code, err } = await vca(
      "rsa",
      run,
      ...files("own", 2),
      "--within-fold",
      "--draws",
      "20",
      "--out",
      at("own-out"),
    );
    expect(code).toBe(0);
    expect(err).toContain(
      "3 folds: only pictures of one fold are compared, because other folds are other networks.",
    );
  }, 300_000);

  it("pictures of the shown set that were trained on, once somebody saw them", async () => {
    const set = await readFile(shown.slice("table:".length), "utf8");
    const mixed = at("shown/mixed.csv");
    await writeFile(mixed, `${set.trimEnd()}\nfamiliar,../pictures/trained-2.png,5,5,theme 0\n`);
    const stimuli = ["--stimuli", `table:${mixed}`, "--scale", "1-9"];
    const unseen = await vca("rsa", run, ...files("valence"), ...stimuli, "--draws", "20", "--out", at("m"));
    expect(unseen.code).toBe(0);
    const table = await readFile(at("valence/conditions.csv"), "utf8");
    const id = table.split("\n")[1]!.split(",")[1]!;
    await writeFile(at("familiar.csv"), table.replaceAll(`,${id},`, ",familiar,"));
    const seen = [...files("valence").slice(0, -1), at("familiar.csv"), ...stimuli];
    for (const command of ["rsa", "encode"]) {
      const { code, err } = await vca(command, run, ...seen, "--out", at("m"));
      expect({ code, said: err.trimEnd().split("\n").at(-1) }).toEqual({
        code: 3,
        said: `table:${mixed}: pictures that were not trained on were expected, got familiar (trained 2). Leave them out of what is compared, or pass --within-fold instead of --stimuli for the run's own pictures.`,
      });
    }
  });

  it("pictures that the model's side does not have", async () => {
    await stops(
      "rsa",
      files("valence"),
      /: the 30 pictures of the brain were expected in the run's set, got none of shown \d+, .*\. Give both the same stimulus ids, or pass the shown set with --stimuli\.$/,
    );
  });

  it("conditions that do not fit", async () => {
    const swap = (option: string, file: string) => {
      const words = files("valence");
      words[words.indexOf(option) + 1] = file;
      return [...words, ...independent()];
    };
    const csv = await readFile(at("valence/conditions.csv"), "utf8");
    await writeFile(at("short.csv"), csv.split("\n").slice(0, 80).join("\n"));
    await stops(
      "rsa",
      swap("--conditions", at("short.csv")),
      /short\.csv: one row for each of the 90 volumes of .* was expected, got 79: volume 80 has no row after row \d+\. Write one row for each volume, in their order\.$/,
    );
    const others = csv.replace(/^(sub-02),shown 0,/gm, "$1,shown 99,");
    await writeFile(at("others.csv"), others);
    await stops(
      "rsa",
      swap("--conditions", at("others.csv")),
      "sub-02: the 30 pictures of sub-01 were expected, got none of shown 0 and shown 99 besides. Keep the pictures that all participants saw, with --shared-pictures.",
    );
  });

  it("one participant, too few pictures for the folds", async () => {
    await stops(
      "rsa",
      [...files("valence", 1), ...independent()],
      /^--brain: 2 or more participants to resample were expected, got 1\. Pass --resample pictures: /,
    );
    await stops(
      "encode",
      [...files("valence", 1), ...independent()],
      "encode: 2 or more participants were expected for a test over them, got 1. Pass the betas of all participants to --brain.",
    );
    await stops(
      "encode",
      [...files("valence", 2), ...independent(), "--folds", "11"],
      "encode: 3 pictures in each of 11 folds were expected, got 30. Pass --folds 10, or show more pictures.",
    );
    await stops(
      "encode",
      [...files("own", 2), "--within-fold", "--folds", "3"],
      "encode: 3 pictures in each of 3 folds were expected, got 8 in fold 0 of the run, which is encoded by itself as are the others. Fit the run with fewer folds (--folds 2), or show more pictures.",
    );
  });

  it("mistakes in the command are configuration errors", async () => {
    expect(await vca("rsa", run, "--brain", "a.nii")).toMatchObject({
      code: 2,
      err: "rsa: --mask was expected, got none. See `vca rsa --help`.\n",
    });
    for (const [words, err] of [
      [[run, "--rdms", "a.npy", "--models", "b.npz"], "a run or --models was expected, got both."],
      [["--rdms", "a.npy", "--patterns", "b.csv"], "--rdms or --patterns was expected, got both."],
      [
        [run, "--rdms", "a.npy", "--searchlight", "6"],
        "--searchlight was expected without --rdms, got both.",
      ],
    ] as const)
      expect(await vca("rsa", ...words)).toMatchObject({
        code: 2,
        err: `rsa: ${err} Leave out one of them.\n`,
      });
    expect(await vca("rsa", "--mask", "a.nii")).toMatchObject({
      code: 2,
      err: "rsa: a run was expected with --mask, got none. Name the folder that `vca fit` made.\n",
    });
    const twice = await vca(
      "rsa",
      run,
      "--brain",
      at("valence/sub-01/betas.nii.gz"),
      at("valence/sub-01/betas.nii.gz"),
      "--mask",
      at("valence/mask.nii.gz"),
    );
    expect(twice.code).toBe(2);
    expect(twice.err).toMatch(
      /^brain: each path once was expected, got .*\/sub-01\/betas\.nii\.gz twice\. Remove one\.\n$/,
    );
  });
});
