/**
 * @file Token features of many pictures, cached by content. Each picture's tokens are one .npy file named
 * by the picture's own hash, in a folder named by everything else they depend on; so an interrupted
 * extraction goes on where it stopped, and memory holds two batches however many pictures there are.
 */
import { decodePicture } from "#decode";
import { openSession } from "#engine";
import { readBytes, removeTemporaryFiles, sha256, writeFileAtomic } from "#files";
import { type NdArray, ndarray } from "../core/array.ts";
import { decodeNpy, encodeNpy } from "../core/npy.ts";
import { VcaError } from "../errors.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import type { Encoder } from "./encoder.ts";
import { describe, type FeatureRecipe, featureKey, GRID, isCached, readShape } from "./feature-cache.ts";
import { fitPicture, toInput } from "./preprocess.ts";
import { planTokens, type TokenShape } from "./tokens.ts";
import { pruneTo } from "./trunk.ts";
import { applyView, type View, viewName } from "./views.ts";

/** How to extract. */
export interface ExtractionOptions {
  readonly cacheFolder: string;
  /** Views of every picture, default the plain one. */
  readonly views?: readonly View[];
  /** Called after each batch: how many of the pictures' views are done, and how many of these were cached. */
  readonly onProgress?: (progress: { done: number; total: number; cached: number }) => void;
  readonly threads?: number;
  /** Pictures run at once, default 8; a model of fixed batch keeps its own. */
  readonly batch?: number;
  /** Stops between two batches; what was computed stays cached. */
  readonly signal?: AbortSignal;
}

/** Features that lie in the cache. */
export interface Features extends TokenShape {
  readonly ids: readonly string[];
  /** Where the .npy files lie; its last part names encoder, taps, tokens and preprocessing. */
  readonly folder: string;
  readonly views: readonly View[];
  /** The tokens of one view `[S, T, D]`, pictures in the order of `ids`; default: the first view. */
  load(view?: View): Promise<NdArray>;
}

const BATCH = 8;
const PLAIN: View = { kind: "plain" };

/** A view of a picture that has to be computed. */
interface Job {
  readonly path: string;
  readonly pixels: Float32Array;
}

/**
 * The token features of pictures, from the cache or computed into it.
 * @param stimuli ids and picture files, in one order
 * @throws DataError for a file that is no whole picture (the pictures before it stay cached), ConfigError
 *   or UnsupportedError when the taps make no tokens, EngineError when the encoder fails.
 */
export async function extractFeatures(
  recipe: FeatureRecipe,
  stimuli: { readonly ids: readonly string[]; readonly files: readonly string[] },
  options: ExtractionOptions,
): Promise<Features> {
  const { ids, files } = stimuli;
  if (ids.length === 0 || ids.length !== files.length) {
    throw new VcaError(
      "DataError",
      `features: one picture file for each id was expected, got ${files.length} files and ${ids.length} ids. Check the stimulus table.`,
    );
  }
  const { encoder, taps } = recipe;
  const { views = [PLAIN], onProgress, signal } = options;
  const folder = `${options.cacheFolder}/features/${featureKey(recipe)}`;
  const description = `${folder}/features.json`;
  await removeTemporaryFiles(folder);
  let shape = await readShape(description);
  const hashes: string[] = [];
  const started = new Set<string>();
  let cached = 0;

  const prepare = async (file: string, index: number): Promise<Job[]> => {
    const bytes = await readBytes(file);
    const hash = sha256(bytes);
    hashes[index] = hash;
    const missing: { path: string; view: View }[] = [];
    for (const view of views) {
      const path = `${folder}/${hash}.${viewName(view)}.npy`;
      const ready = started.has(path) || (shape !== undefined && (await isCached(path, shape)));
      if (ready) cached++;
      else missing.push({ path, view });
      started.add(path);
    }
    if (missing.length === 0) return [];
    const picture = fitPicture(await decodePicture(bytes, file), encoder.preprocessing);
    return missing.map(({ path, view }) => {
      return { path, pixels: toInput(applyView(picture, view, hash), encoder.preprocessing) };
    });
  };

  const batch = encoder.input.batch ?? options.batch ?? BATCH;
  const batches = inBatches(files, prepare, batch);
  const total = files.length * views.length;
  let computed = 0;
  let session: Awaited<ReturnType<typeof openSession>> | undefined;
  try {
    let next = batches.next();
    for (;;) {
      const { value: jobs, done } = await next;
      if (done) break;
      signal?.throwIfAborted();
      next = batches.next(); // decoded while this batch runs
      next.catch(() => {}); // its failure is met when it is awaited
      session ??= await openTapped(recipe, options.threads);
      const input = stack(jobs, encoder);
      const results = await session.run({ [encoder.input.name]: input });
      const outputs = taps.map((tap) => results[tap.tensor] as NdArray);
      const plan = planTokens(
        taps,
        outputs.map((output) => output.shape),
        recipe.tokens ?? GRID,
        encoder.preprocessing,
      );
      if (!shape) await writeFileAtomic(description, describe(recipe, plan.shape), false);
      shape = plan.shape;
      const { T, D } = shape;
      for (const [b, { path }] of jobs.entries()) {
        await writeFileAtomic(path, encodeNpy(ndarray(plan.read(outputs, b), [T, D])), false);
      }
      computed += jobs.length;
      onProgress?.({ done: cached + computed, total, cached });
    }
  } finally {
    await session?.close();
  }
  onProgress?.({ done: total, total, cached });

  const load = async (view: View = views[0]!): Promise<NdArray> => {
    const { T, D } = shape!;
    const data = new Float32Array(ids.length * T * D);
    for (const [i, hash] of hashes.entries()) {
      const path = `${folder}/${hash}.${viewName(view)}.npy`;
      data.set(decodeNpy(await readBytes(path), path).data as Float32Array, i * T * D);
    }
    return { shape: [ids.length, T, D], data };
  };
  return { ...shape!, ids, folder, views, load };
}

/**
 * Prepares files some at a time and yields their jobs in batches, in order. When a file fails, the jobs
 * before it are yielded first.
 */
async function* inBatches(
  files: readonly string[],
  prepare: (file: string, index: number) => Promise<Job[]>,
  batch: number,
): AsyncGenerator<Job[]> {
  let waiting: Job[] = [];
  for (let start = 0; start < files.length; start += batch) {
    const part = files.slice(start, start + batch);
    const prepared = await Promise.allSettled(part.map((file, i) => prepare(file, start + i)));
    const failed = prepared.find((result) => result.status === "rejected");
    for (const result of prepared) {
      if (result === failed) break;
      if (result.status === "fulfilled") waiting.push(...result.value);
    }
    while (waiting.length >= batch || (failed && waiting.length > 0)) {
      yield waiting.slice(0, batch);
      waiting = waiting.slice(batch);
    }
    if (failed) throw failed.reason;
  }
  if (waiting.length > 0) yield waiting;
}

async function openTapped({ encoder, taps }: FeatureRecipe, threads: number | undefined) {
  const pruned = pruneTo(
    encoder.model,
    taps.map((tap) => tap.tensor),
  );
  return openSession(encodeOnnx(pruned), threads === undefined ? {} : { threads });
}

/** Pictures side by side `[B, 3, H, W]`; a model of fixed batch gets black ones in the places left. */
function stack(jobs: readonly Job[], { input, preprocessing }: Encoder): NdArray {
  const { height, width } = preprocessing;
  const B = input.batch ?? jobs.length;
  const data = new Float32Array(B * 3 * height * width);
  for (const [b, { pixels }] of jobs.entries()) data.set(pixels, b * pixels.length);
  return { shape: [B, 3, height, width], data };
}
