/** @file Training in the tab: the command line's own `fitStudy`, on the embedded emoji or the user's own table and encoder, into this browser's storage. */
import { zip } from "fflate";
import { exists, listFolder, readBytes, readText } from "#files";
import { columnIndex, parseCsv } from "../../src/core/csv.ts";
import { filesBelow, removeFolder, watchFiles } from "../../src/core/files.web.ts";
import { decodeNpy } from "../../src/core/npy.ts";
import { pearson } from "../../src/core/statistics.ts";
import { isVcaError } from "../../src/errors.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { type FitConfig, fitConfig, readFitConfig } from "../../src/study/fit-config.ts";
import { encoderPath, ownEncoder } from "./encoders.ts";
import type { Calls, KeptRun, News, TrainRequest } from "./protocol.ts";
import { setOf, stimuliOf } from "./sets.ts";

let abort: AbortController | undefined;
const THREADS = 2;
const folderOf = (name: string) => `runs/${name}`;

/** Trains, or goes on where an earlier visit stopped. @throws DOMException AbortError when stopped */
export async function train(
  { name, provider, set, encoder, ...options }: Calls["train"]["in"],
  tell: (news: News) => void,
): Promise<Calls["train"]["out"]> {
  abort = new AbortController();
  const out = folderOf(name);
  const stop = watchFiles(heldOut(out, tell));
  try {
    const config = fitConfig({
      stimuli: set === undefined ? "emoji" : await stimuliOf(set),
      encoder: encoderPath(encoder),
      tapChoice: options.taps ? "all" : "inner",
      ...(options.group && { split: "grouped" }),
      ...options,
    });
    const work: Parameters<typeof fitStudy>[1] = {
      out,
      provider,
      threads: THREADS,
      signal: abort.signal,
      reporter: {
        note: (text) => tell({ kind: "note", text }),
        warn: (text) => tell({ kind: "note", text }),
        progress: (stage, done, total) => tell({ kind: "progress", stage, done, total }),
      },
      onEpoch: ({ group, epoch, losses }) => {
        if (losses.length === 0) return;
        tell({
          kind: "loss",
          group,
          epoch,
          loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        });
      },
    };
    const { seconds, metrics } = await fitStudy(config, work).catch((error: unknown) => {
      if (provider === "wasm" || !isVcaError(error, "EngineError")) throw error;
      const text = "The GPU was lost: training goes on without it, from the last checkpoint.";
      tell({ kind: "note", text });
      return fitStudy(config, { ...work, provider: "wasm" });
    });
    return { seconds, r: { valence: metrics.valence.r, arousal: metrics.arousal.r } };
  } finally {
    stop();
    abort = undefined;
  }
}

/** Stops after the present step. */
export function stopTraining(): undefined {
  abort?.abort(
    new DOMException("Stopped. Press Train with the same choices to go on from here.", "AbortError"),
  );
}

const READOUT = /\/activations\/fold(\d+)-seed(\d+)\/readout\/epoch-(\d+)\.npy$/;

/** Watches predictions of held-out pictures; when all folds of an epoch are there, tells their r. */
function heldOut(out: string, tell: (news: News) => void): (path: string, data: Uint8Array | string) => void {
  let stimuli: { fold: number; valence: number; arousal: number }[] = [];
  const epochs = new Map<string, Map<number, ArrayLike<number>>>();
  return (path, data) => {
    if (path === `${out}/stimuli.csv`) stimuli = ratingsOf(data);
    const [, fold, seed, epoch] = READOUT.exec(path) ?? [];
    if (fold === undefined || stimuli.length === 0) return;
    const folds = epochs.get(`${seed} ${epoch}`) ?? new Map();
    epochs.set(`${seed} ${epoch}`, folds);
    folds.set(Number(fold), decodeNpy(data as Uint8Array, path).data);
    if (folds.size < new Set(stimuli.map((each) => each.fold)).size) return;
    const rows = [...folds].flatMap(([f, predicted]) =>
      stimuli
        .filter((each) => each.fold === f)
        .map((each, i) => ({ ...each, predicted: [predicted[2 * i], predicted[2 * i + 1]] })),
    );
    const r = (scale: "valence" | "arousal", i: number) =>
      pearson(
        Float64Array.from(rows, (row) => row[scale]),
        Float64Array.from(rows, (row) => row.predicted[i]!),
      );
    tell({
      kind: "held-out",
      seed: Number(seed),
      epoch: Number(epoch),
      valence: r("valence", 0),
      arousal: r("arousal", 1),
    });
  };
}

function ratingsOf(csv: Uint8Array | string) {
  const table = parseCsv(csv, "stimuli.csv");
  const [fold, valence, arousal] = ["fold", "valence", "arousal"].map((name) => columnIndex(table, name));
  return table.rows.map(({ cells }) => ({
    fold: Number(cells[fold!]),
    valence: Number(cells[valence!]),
    arousal: Number(cells[arousal!]),
  }));
}

/** The runs of this browser. */
export async function keptRuns(): Promise<KeptRun[]> {
  const runs: KeptRun[] = [];
  for (const name of await listFolder("runs")) {
    const file = `${folderOf(name)}/fit.yaml`;
    if (!(await exists(file))) continue;
    runs.push({
      name,
      request: requestOf(name, readFitConfig(await readText(file), file)),
      finished: await exists(`${folderOf(name)}/manifest.json`),
    });
  }
  return runs;
}

function requestOf(
  name: string,
  { stimuli, encoder, circuit, folds, seeds, epochs, taps, scale, group }: FitConfig,
): TrainRequest {
  const set = setOf(stimuli);
  const own = ownEncoder(encoder);
  return {
    name,
    circuit,
    folds,
    seeds,
    ...(set !== undefined && { set }),
    ...(scale !== undefined && { scale }),
    ...(group !== undefined && { group }),
    ...(epochs !== undefined && { epochs }),
    ...(own !== undefined && { encoder: own }),
    ...(taps !== undefined && { taps }),
  };
}

/** Deletes a run of this browser. */
export async function removeRun(name: string): Promise<undefined> {
  await removeFolder(folderOf(name));
}

/** A run's folder as a zip, uncompressed: parameters hardly shrink. */
export async function zipRun(name: string): Promise<Blob> {
  const files: Record<string, Uint8Array> = {};
  for (const path of filesBelow(folderOf(name))) files[path.slice("runs/".length)] = await readBytes(path);
  return new Promise((resolve, reject) => {
    zip(files, { level: 0 }, (error, bytes) => {
      if (error) reject(error);
      else resolve(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
    });
  });
}
