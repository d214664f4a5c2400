/**
 * @file What else an alignment with a brain could rest on, as RDMs: ridge on the same tokens, pixels, low-level statistics, content
 * category. Beside these stand the nucleus before training and the region's mean amplitude, which belong to a nucleus or a participant.
 */
import { decodePicture } from "#decode";
import { readBytes } from "#files";
import { resize } from "../encoders/resample.ts";
import { columnsRdm, labelRdm } from "../geometry/behaviour.ts";
import { dissimilarities } from "../rsa/dissimilarities.ts";
import { baseline, type Candidate, planeRdm } from "./align-models.ts";
import { baselinePredictions, heldOutBaseline } from "./baseline.ts";
import type { BrainPart, BrainRun, BrainRunOptions } from "./brain-networks.ts";
import { lowLevelColumns } from "./low-level.ts";
import type { UnseenRun } from "./unseen.ts";

/** Pixels across: as coarse as a picture can be and still show where things are. */
const ACROSS = 32;

/** The controls that there are: without picture files no pixels and statistics, without two categories no category. */
export async function controlsOf(
  { run, parts }: BrainRun,
  ids: readonly string[],
  options: BrainRunOptions,
): Promise<Candidate[]> {
  const controls: Candidate[] = [];
  const ridge = await ridgeRdms(run, parts);
  if (ridge) controls.push(baseline("ridge", ids, parts, (_, i) => ridge[i]!));
  const pixels = await pixelRdms(run, parts, options);
  if (pixels) controls.push(baseline("pixels", ids, parts, (_, i) => pixels[i]!));
  const lowLevel = await lowLevelColumns(run, options);
  if (lowLevel)
    controls.push(
      baseline("low-level", ids, parts, ({ inRun }) =>
        columnsRdm(lowLevel.map((column) => inRun.map((s) => column[s]!))),
      ),
    );
  const categories = parts.map(({ pictures }) => pictures.columns.category);
  if (categories.every((labels) => labels && new Set(labels).size > 1))
    controls.push(baseline("category", ids, parts, (_, i) => labelRdm(categories[i]!)));
  const [varied, constant] = [true, false].map((wanted) => controls.filter((one) => varies(one) === wanted));
  for (const { model } of constant!)
    options.reporter.warn(`${model.name}: all pictures are equally far apart in it; it is left out.`);
  return varied!;
}

/** Whether not all dissimilarities are equal. */
function varies({ model }: Candidate): boolean {
  const finite = model.rdms.vectors.data.filter(Number.isFinite);
  return finite.some((value) => value !== finite[0]);
}

/** Distances between ridge's predictions, of pictures that it did not learn from, `[M]` of each part. */
async function ridgeRdms(run: UnseenRun, parts: readonly BrainPart[]): Promise<Float64Array[] | undefined> {
  const heldOut = await heldOutBaseline(run.folder);
  if (!heldOut) return undefined;
  return Promise.all(
    parts.map(async ({ fold, inRun }) => {
      if (fold >= 0) {
        const points = Float32Array.from(
          inRun.flatMap((s) => [...heldOut.data.subarray(2 * s, 2 * s + 2)].map(Number)),
        );
        return planeRdm({ shape: [inRun.length, 2], data: points });
      }
      const { tokens, visual } = await run.sight({ fold, places: inRun });
      return planeRdm(await baselinePredictions(run.folder, [tokens], visual.hasCls));
    }),
  );
}

/** Squared Euclidean distances between pictures of 32 x 32 pixels in three colours, `[M]` of each part; undefined without files. */
async function pixelRdms(
  run: UnseenRun,
  parts: readonly BrainPart[],
  { signal, reporter }: BrainRunOptions,
): Promise<Float64Array[] | undefined> {
  const files = (await run.set())?.files;
  if (!files) return undefined;
  const total = parts.reduce((sum, { inRun }) => sum + inRun.length, 0);
  let done = 0;
  const rdms: Float64Array[] = [];
  for (const { inRun } of parts) {
    const V = 3 * ACROSS ** 2;
    const data = new Float32Array(inRun.length * V);
    for (const [row, s] of inRun.entries()) {
      signal?.throwIfAborted();
      const picture = await decodePicture(await readBytes(files[s]!), files[s]!);
      data.set(resize(picture, ACROSS, ACROSS, "box").data, row * V);
      reporter.progress("pixels", ++done, total);
    }
    rdms.push(dissimilarities({ patterns: { shape: [inRun.length, V], data } }, { measure: "euclidean" }));
  }
  return rdms;
}
