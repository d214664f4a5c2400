/** @file The far end of the page: files, the open model, training. The page itself only draws. */
import { decodePicture } from "#decode";
import { readBytes, readText } from "#files";
import type { NdArray } from "../../src/core/array.ts";
import { columnIndex, parseCsv, type Table } from "../../src/core/csv.ts";
import { mountFiles, restoreFiles, setVersion } from "../../src/core/files.web.ts";
import { listProviders, useWasm } from "../../src/engine/web.ts";
import { VcaError } from "../../src/errors.ts";
import { type Live, type LiveAbout, liveModel, openLive } from "../../src/study/live.ts";
import { addEncoder, ownEncoders, removeEncoder } from "./encoders.ts";
import type { Calls, LabFacts, News, OpenRun, Provider, RatedPicture, ToPage, ToWorker } from "./protocol.ts";
import { addToSet, ownSets, removeSet } from "./sets.ts";
import { keptRuns, removeRun, stopTraining, train, zipRun } from "./training.ts";
import { readVolume } from "./volumes.ts";

const RUN_FILES = [
  "about.json",
  "trunk.onnx",
  "network.onnx",
  "stimuli.csv",
  "predictions.csv",
  "metrics.csv",
];
const THREADS = 2;

let facts: LabFacts;
let live: Live | undefined;
const seen = new Map<string, NdArray>();

const tell = (news: News) => self.postMessage({ news } satisfies ToPage);

/** Reads a model with progress: from the server as it was prepared there, or out of a run of this browser. */
async function load(at: string): Promise<Live> {
  const done = (n: number) => tell({ kind: "progress", stage: "model", done: n, total: 4 });
  done(0);
  if (at.startsWith("runs/")) {
    const model = await liveModel(at);
    done(3);
    return openLive(model, THREADS);
  }
  const about = JSON.parse(await readText(`${at}/about.json`)) as LiveAbout;
  done(1);
  const [trunk, network] = await Promise.all([
    readBytes(`${at}/trunk.onnx`),
    readBytes(`${at}/network.onnx`),
  ]);
  done(3);
  return openLive({ about, trunk, network }, THREADS);
}

async function open(at: string): Promise<OpenRun> {
  await live?.close();
  seen.clear();
  live = undefined;
  live = await load(at);
  const [stimuli, predictions, metrics] = await Promise.all(
    ["stimuli", "predictions", "metrics"].map(async (name) =>
      parseCsv(await readBytes(`${at}/${name}.csv`), `${name}.csv`),
    ),
  );
  tell({ kind: "progress", stage: "model", done: 4, total: 4 });
  const name = at.startsWith("runs/")
    ? at.slice("runs/".length)
    : facts.runs[Number(at.slice("run-".length))]!.name;
  return { name, about: live.about, pictures: rated(stimuli!, predictions!), r: heldOutR(metrics!) };
}

function column(table: Table, name: string): string[] {
  const at = columnIndex(table, name);
  return table.rows.map(({ cells }) => cells[at]!);
}

/** Ratings beside the mean over seeds of what circuits predicted unseen. */
function rated(stimuli: Table, predictions: Table): RatedPicture[] {
  const [ids, models, v, a] = ["id", "model", "valence", "arousal"].map((name) => column(predictions, name));
  const sums = new Map<string, [number, number, number]>();
  ids!.forEach((id, i) => {
    if (models![i] !== "circuit") return;
    const [n, valence, arousal] = sums.get(id) ?? [0, 0, 0];
    sums.set(id, [n + 1, valence + Number(v![i]), arousal + Number(a![i])]);
  });
  const [valence, arousal] = [column(stimuli, "valence"), column(stimuli, "arousal")];
  return column(stimuli, "id").map((id, s) => {
    const [n, x, y] = sums.get(id)!;
    return {
      id,
      valence: Number(valence[s]),
      arousal: Number(arousal[s]),
      predictedValence: x / n,
      predictedArousal: y / n,
    };
  });
}

function heldOutR(metrics: Table): OpenRun["r"] {
  const [model, scale, measure, value] = ["model", "scale", "measure", "value"].map((name) =>
    column(metrics, name),
  );
  const find = (wanted: string) =>
    Number(
      value![model!.findIndex((m, i) => m === "circuit" && scale![i] === wanted && measure![i] === "r")],
    );
  return { valence: find("valence"), arousal: find("arousal") };
}

function ready(): Live {
  if (live) return live;
  throw new VcaError(
    "ConfigError",
    "lab: an open model was expected, got none. Open a run or train one here.",
  );
}

const tokensOf = async (model: Live, name: string, file: Blob) =>
  model.see(await decodePicture(new Uint8Array(await file.arrayBuffer()), name));

const calls: { [C in keyof Calls]: (argument: Calls[C]["in"]) => Promise<Calls[C]["out"]> } = {
  start: async ({ base }) => {
    const at = (path: string) => new URL(path, base).href;
    facts = (await (await fetch(at("lab.json"))).json()) as LabFacts;
    setVersion(facts.version);
    mountFiles("assets", at("package/"), facts.files);
    facts.runs.forEach(({ maps }, i) => {
      mountFiles(`run-${i}`, at(`run-${i}/`), [...RUN_FILES, ...maps]);
    });
    if (facts.webgpu) useWasm({ webgpu: at(facts.webgpu) });
    await restoreFiles();
    return { facts, kept: await keptRuns(), sets: await ownSets(), encoders: await ownEncoders() };
  },
  open: ({ at }) => open(at),
  see: async ({ id, name, file, keep }) => {
    const model = ready();
    const from = performance.now();
    const tokens = await tokensOf(model, name, file);
    const [answer] = await model.answer([tokens], {});
    if (keep) seen.set(id, tokens);
    return { answer: answer!, milliseconds: performance.now() - from };
  },
  answer: async ({ ids, gains }) => {
    const from = performance.now();
    const answers =
      ids.length === 0
        ? []
        : await ready().answer(
            ids.map((id) => seen.get(id)!),
            gains,
          );
    return { answers, milliseconds: performance.now() - from };
  },
  forget: async ({ ids }) => {
    for (const id of ids) seen.delete(id);
    return undefined;
  },
  compare: async ({ at, files }) => {
    const other = await load(at);
    try {
      const answers = [];
      for (const { name, file } of files) {
        const tokens = await tokensOf(other, name, file).catch(() => undefined);
        answers.push(tokens && (await other.answer([tokens], {}))[0]);
      }
      return answers;
    } finally {
      await other.close();
    }
  },
  volume: async ({ name, from }) =>
    readVolume(
      typeof from === "string" ? await readBytes(from) : new Uint8Array(await from.arrayBuffer()),
      name,
    ),
  providers: async () => {
    const here = facts.webgpu ? await listProviders() : [{ name: "wasm" }];
    return here.map(({ name }) => name as Provider);
  },
  addToSet: (argument) => addToSet(argument, tell),
  sets: async () => ownSets(),
  removeSet: async ({ name }) => removeSet(name),
  addEncoder: (argument) => addEncoder(argument, tell),
  encoders: ownEncoders,
  removeEncoder: async ({ name }) => removeEncoder(name),
  train: (request) => train(request, tell),
  stop: async () => stopTraining(),
  kept: async () => keptRuns(),
  remove: async ({ name }) => removeRun(name),
  zip: ({ name }) => zipRun(name),
};

self.onmessage = async ({ data: { call, id, argument } }: MessageEvent<ToWorker>) => {
  try {
    const result = await (calls[call] as (argument: unknown) => Promise<unknown>)(argument);
    self.postMessage({ id, result } satisfies ToPage);
  } catch (error) {
    const failure =
      error instanceof VcaError || error instanceof DOMException
        ? error.message
        : `${String(error)}. This is a bug of ours: report it.`;
    self.postMessage({ id, failure } satisfies ToPage);
  }
};
