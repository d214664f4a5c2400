/**
 * @file Searchlight of `vca rsa RUN`: how alike a model's geometry is to that of the surroundings of each voxel, in each participant, and
 * tested over participants. Scores are averaged and tested through Fisher's z, as correlations are.
 */
import { spread } from "#cores";
import { gridSize, voxelIndices, voxelMillimetres } from "../brain/grid.ts";
import type { Roi } from "../brain/roi.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { mean } from "../core/statistics.ts";
import { groupMap, type ParticipantMap } from "../encoding/group.ts";
import { VcaError } from "../errors.ts";
import {
  type Comparison,
  missingPairs,
  prepare,
  sample,
  similarities,
  vectorsOf,
} from "../rsa/comparisons.ts";
import { wholeSample } from "../rsa/draw.ts";
import type { Rdms } from "../rsa/rdm.ts";
import { type Sphere, searchlightSpheres } from "../rsa/searchlight.ts";
import type { Candidate } from "./align-models.ts";
import type { BrainData, BrainRegion, Trials } from "./brain-data.ts";
import { mapped, numbersOf, writeGroupMap, writeMap } from "./brain-maps.ts";
import { type BrainRdmOptions, participantRdm } from "./brain-rdms.ts";
import type { WorkOptions } from "./prepare.ts";
import { type Cell, writeTable } from "./run-folder.ts";
import { cellsOf } from "./seed-table.ts";

const HEADER = [
  "region",
  "kind",
  "model",
  "score",
  "peak",
  "x",
  "y",
  "z",
  "peak_q",
  "voxels",
  "voxels_q05",
  "participants",
] as const;
/** A row of `searchlight.csv`. */
export type SearchlightCells = Readonly<Record<(typeof HEADER)[number], Cell>>;

/** Of two voxels, every correlation is 1 or -1. */
const LEAST = 3;
/** How to search. */
export interface SearchlightOptions extends Pick<WorkOptions, "reporter" | "signal" | "threads"> {
  /** Of spheres in mm, inclusive. */
  readonly radius: number;
  readonly rdms: BrainRdmOptions;
  readonly comparison: Comparison;
  readonly out: string;
}

/** One participant's scores by model. */
type Scores = readonly Float64Array[];

/**
 * Writes `searchlight.csv`, group maps, and maps of each participant (volumes in their order, NaN where there is no score), of mask and
 * control masks.
 * @throws ConfigError, DataError as `searchlightSpheres`; DataError when participants share no voxel that has a sphere
 */
export async function searchlightRun(
  brain: BrainData,
  candidates: readonly Candidate[],
  options: SearchlightOptions,
): Promise<SearchlightCells[]> {
  const models = modelRdms(brain.ids, candidates);
  const rows: SearchlightCells[] = [];
  for (const region of brain.regions.filter(mapped)) {
    const scores: Scores[] = [];
    for (const trials of region.participants)
      scores.push(await scoresOf(trials, region.name, { ...options, models }));
    for (const [m, { model }] of candidates.entries()) {
      const each = region.participants.map((trials, p) => ({
        voxels: numbersOf(trials),
        r: scores[p]![m]!,
      }));
      rows.push(await mapOf(region, model.name, each, options.out));
    }
  }
  await writeTable(`${options.out}/searchlight.csv`, HEADER, cellsOf(HEADER, rows));
  return rows;
}

function modelRdms(ids: readonly string[], candidates: readonly Candidate[]): Rdms {
  const each = candidates.map(({ model }) => model.rdms.vectors);
  const [, M] = each[0]!.shape as [number, number];
  const data = new Float64Array(each.length * M);
  each.forEach((vectors, m) => {
    data.set(vectors.data, m * M);
  });
  return { ids, vectors: { shape: [each.length, M], data }, labels: {} };
}

/** Scores of all models at each of a participant's voxels, `[V]`; NaN where the sphere holds too few. */
async function scoresOf(
  trials: Trials,
  region: string,
  {
    radius,
    rdms,
    comparison,
    models,
    reporter,
    signal,
    threads,
  }: SearchlightOptions & { readonly models: Rdms },
): Promise<Scores> {
  const { grid } = trials;
  const spheres = searchlightSpheres({ grid, voxels: numbersOf(trials) }, { radius, least: LEAST });
  const found = await spread(
    { module: import.meta.url, open: sphereScores },
    { trials, spheres, models, rdms, comparison },
    spheres.length,
    {
      signal,
      threads,
      onProgress: (done, total) =>
        reporter.progress(`searchlight of ${region}, ${trials.participant}`, done, total),
    },
  );
  return Array.from({ length: models.vectors.shape[0]! }, (_, m) => {
    const scores = new Float64Array(trials.data.shape[1]!).fill(Number.NaN);
    spheres.forEach(({ centre }, k) => {
      scores[centre] = found[k]![m]!;
    });
    return scores;
  });
}

/** Scores of all models in a sphere, `[K]`; in any thread. */
export function sphereScores({
  trials,
  spheres,
  models,
  rdms,
  comparison,
}: {
  readonly trials: Trials;
  readonly spheres: readonly Sphere[];
  readonly models: Rdms;
  readonly rdms: BrainRdmOptions;
  readonly comparison: Comparison;
}): (sphere: number) => Float64Array {
  const { ids } = models;
  const rdmOf = participantRdm(trials, ids, rdms);
  const draw = wholeSample(ids.length, missingPairs(vectorsOf(models)));
  const of = (vectors: readonly Float64Array[]) => sample(prepare(vectors, comparison), draw, comparison);
  const candidates = of(vectorsOf(models));
  return (sphere) =>
    similarities(of([rdmOf(columns(trials.data, spheres[sphere]!.voxels))]), candidates, comparison);
}

/** Patterns of some voxels. */
function columns({ shape, data }: Matrix, voxels: Int32Array): Matrix {
  const [n, V] = shape as [number, number];
  const own = new Float64Array(n * voxels.length);
  for (let i = 0, at = 0; i < n; i++) for (const v of voxels) own[at++] = data[i * V + v]!;
  return { shape: [n, voxels.length], data: own };
}

/** The grid on which all participants lie. @throws DataError when each has their own */
export function commonGrid({ name, grid }: BrainRegion): Roi["grid"] {
  if (grid) return grid;
  throw new VcaError(
    "DataError",
    `searchlight: betas of all participants on one grid were expected for ${name}, got grids that differ. Pass betas in a standard space, or leave --searchlight out.`,
  );
}

/** Writes a model's maps of a region, and sums them up. */
async function mapOf(
  region: BrainRegion,
  model: string,
  each: readonly ParticipantMap[],
  out: string,
): Promise<SearchlightCells> {
  const grid = commonGrid(region);
  const size = gridSize(grid);
  const volumes = new Float32Array(size * each.length).fill(Number.NaN);
  each.forEach(({ voxels, r }, p) => {
    for (let v = 0; v < voxels.length; v++) volumes[p * size + voxels[v]!] = r[v]!;
  });
  await writeMap(out, grid, `participants/${region.name} ${model} searchlight`, volumes);
  const map = groupMap(each);
  if (map.voxels.length === 0)
    throw new VcaError(
      "DataError",
      `searchlight: voxels of ${region.name} with a sphere in every participant were expected, got none. Choose a larger radius.`,
    );
  await writeGroupMap(out, { name: region.name, grid }, `${model} searchlight`, map);
  const peak = map.r.reduce((best, r, v) => (r > map.r[best]! ? v : best), 0);
  const [x, y, z] = voxelMillimetres(grid.affine, voxelIndices(grid, [map.voxels[peak]!]));
  return {
    region: region.name,
    kind: region.kind,
    model,
    score: Math.tanh(mean(map.r.map(Math.atanh))),
    peak: map.r[peak]!,
    x,
    y,
    z,
    peak_q: Number.isNaN(map.q[peak]!) ? undefined : map.q[peak]!,
    voxels: map.voxels.length,
    voxels_q05: map.q.filter((q) => q < 0.05).length,
    participants: each.length,
  };
}
