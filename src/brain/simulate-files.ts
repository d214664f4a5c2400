/**
 * @file A simulated study as files that the readers take for a real one: `mask.nii.gz`, `control.nii.gz`, `sub-01/betas.nii.gz`, ...,
 * `conditions.csv` for all participants, and `truth.json` with what was planted.
 */
import { exists, listFolder, readBytes, removeFile, writeFileAtomic } from "#files";
import { toFloat64 } from "../core/array.ts";
import { writeCsv } from "../core/csv.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { decodeNpy } from "../core/npy.ts";
import { joinPath } from "../core/paths.ts";
import { Random } from "../core/random.ts";
import { VcaError } from "../errors.ts";
import { featureCoordinates, rdmCoordinates } from "./coordinates.ts";
import { gridSize } from "./grid.ts";
import { writeNifti } from "./nifti-write.ts";
import { readPatterns } from "./patterns.ts";
import { type SimulatedParticipant, type Simulation, simulateParticipant } from "./simulate.ts";
import type { Progress } from "./source.ts";

/** Where a study is written, and of how many. */
export interface WriteSimulationOptions {
  readonly out: string;
  readonly participants: number;
  readonly seed: number;
  /** What the geometry is of, for `truth.json`. */
  readonly geometry?: string;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

/** What is planted: pictures and their coordinates. */
export interface PlantedGeometry {
  readonly ids: readonly string[];
  /** `[S, K]` */
  readonly geometry: Matrix;
}

/**
 * A geometry from a file: an RDM (.npy of vector form or square; CSV whose columns beside `id` are the ids) or features (.npy `[S, K]`; CSV with
 * `id` and numbers). Pictures of an .npy are named `picture-001`, ....
 * @throws DataError when it is neither, such as an array of more than two axes.
 */
export async function readGeometry(path: string): Promise<PlantedGeometry> {
  if (/\.npy$/i.test(path)) {
    const values = toFloat64(decodeNpy(await readBytes(path), path));
    const { shape } = values;
    if (shape.length !== 1 && shape.length !== 2)
      throw new VcaError(
        "DataError",
        `${path}: one RDM ([S, S] or in vector form) or features [S, K] were expected, got shape [${shape.join(", ")}]. Save one RDM of it, such as the mean.`,
      );
    const [rows = 0, columns] = shape;
    const zeros = Array.from({ length: rows }, (_, i) => values.data[i * rows + i] === 0);
    const isRdm = shape.length === 1 || (rows === columns && zeros.every(Boolean));
    const geometry = isRdm ? rdmCoordinates(values) : featureCoordinates(values);
    const digits = Math.max(3, String(geometry.shape[0]).length);
    const name = (s: number) => `picture-${String(s + 1).padStart(digits, "0")}`;
    return { ids: Array.from({ length: geometry.shape[0]! }, (_, s) => name(s)), geometry };
  }
  const { ids, data, names } = await readPatterns(path);
  return { ids, geometry: names.join() === ids.join() ? rdmCoordinates(data) : featureCoordinates(data) };
}

/** Participant number p, from 0: `sub-01`. */
function participantName(p: number): string {
  return `sub-${String(p + 1).padStart(2, "0")}`;
}

/** The file that a study begins with, and that is gone when it is whole: what `truth.json` will hold. */
const UNFINISHED = "unfinished.json";

/**
 * Draws and writes a study, one participant at a time. A folder where the same study was interrupted is written anew.
 * @throws ConfigError when the folder holds something else.
 */
export async function writeSimulation(
  simulation: Simulation,
  options: WriteSimulationOptions,
): Promise<void> {
  const { out, participants, seed, onProgress, signal } = options;
  const { grid, amygdala, control } = simulation;
  const record = recordOf(simulation, options);
  await claimFolder(out, record);
  const rows: (string | number)[][] = [];
  for (let p = 0; p < participants; p++) {
    signal?.throwIfAborted();
    const name = participantName(p);
    const participant = simulateParticipant(simulation, Random.seeded(seed).at("participant", p));
    const bytes = writeNifti({
      grid,
      data: volumes(simulation, participant),
      description: "vca simulate brain",
    });
    await writeFileAtomic(joinPath(out, `${name}/betas.nii.gz`), bytes);
    for (const [n, id] of participant.ids.entries())
      rows.push([name, id, participant.runs[n]!, participant.onsets[n]!]);
    onProgress?.(p + 1, participants);
  }
  for (const [name, voxels] of [
    ["mask", amygdala],
    ["control", control],
  ] as const) {
    const data = new Float32Array(gridSize(grid));
    for (const voxel of voxels) data[voxel] = 1;
    await writeFileAtomic(joinPath(out, `${name}.nii.gz`), writeNifti({ grid, data, description: name }));
  }
  await writeFileAtomic(
    joinPath(out, "conditions.csv"),
    writeCsv(["participant", "id", "run", "onset"], rows),
  );
  await writeFileAtomic(joinPath(out, "truth.json"), record);
  await removeFile(joinPath(out, UNFINISHED));
}

/** What is planted and how it is measured, as JSON. */
function recordOf({ options, truth }: Simulation, study: WriteSimulationOptions): string {
  const { geometry: _, ...planned } = options;
  const { seed, participants, geometry } = study;
  const named = geometry !== undefined && { geometry };
  return `${JSON.stringify({ seed, participants, ...planned, ...named, rdm: [...truth] })}\n`;
}

/** Marks a folder that is empty or holds the same study unfinished. @throws ConfigError for any other */
async function claimFolder(out: string, record: string): Promise<void> {
  const inside = (await exists(out)) ? await listFolder(out) : [];
  const mark = joinPath(out, UNFINISHED);
  const isUnfinished = inside.includes(UNFINISHED);
  if (isUnfinished && new TextDecoder().decode(await readBytes(mark)) !== record)
    throw new VcaError(
      "ConfigError",
      `${out}: the study that was begun there was expected, got another. Give the same options, or choose another --out.`,
    );
  if (inside.length > 0 && !isUnfinished)
    throw new VcaError(
      "ConfigError",
      `${out}: a new or empty folder was expected, got one with ${inside[0]}. Choose another --out.`,
    );
  await writeFileAtomic(mark, record);
}

/** Trials as volumes, 0 outside the two regions. */
function volumes(simulation: Simulation, participant: SimulatedParticipant): Float32Array {
  const size = gridSize(simulation.grid);
  const out = new Float32Array(participant.ids.length * size);
  for (const region of ["amygdala", "control"] as const) {
    const voxels = simulation[region];
    const { data } = participant[region];
    for (let n = 0; n < participant.ids.length; n++)
      for (let v = 0; v < voxels.length; v++) out[n * size + voxels[v]!] = data[n * voxels.length + v]!;
  }
  return out;
}
