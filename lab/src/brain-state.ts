/** @file What the brain drawer knows: images of the run and of the person, which lies on which, what is shown, and where the crosshair is. */
import { batch, computed, signal } from "@preact/signals";
import { voxelAt, voxelIndices, voxelMillimetres } from "../../src/brain/grid.ts";
import { call } from "./client.ts";
import type { Named } from "./files.ts";
import type { Volume } from "./protocol.ts";
import { drawer, facts, fail, runAt } from "./state.ts";

/** A brain image that can be shown. */
export interface Image {
  readonly name: string;
  /** The server's path, or the person's file. */
  readonly from: string | Blob;
}

/** What is shown of a statistic: voxels as far from 0 as the threshold, or probabilities at most as high. */
export type Shown = "beyond" | "below";
export type Place = readonly [x: number, y: number, z: number];

export const given = signal<readonly Image[]>([]);
export const maps = computed<readonly Image[]>(() => {
  const run = facts.value?.runs[Number(runAt.value.slice("run-".length))];
  return (runAt.value.startsWith("run-") && run?.maps ? run.maps : []).map((path) => ({
    name: path.slice(path.indexOf("/") + 1),
    from: `${runAt.value}/${path}`,
  }));
});
export const statistic = signal<Volume | undefined>(undefined);
/** What lies below; without it, the statistic's own voxels do. */
export const background = signal<Volume | undefined>(undefined);
export const shown = signal<Shown>("beyond");
export const threshold = signal(0);
export const place = signal<Place | undefined>(undefined);
export const reading = signal("");

/** The greatest distance from 0, by which colours are scaled. */
export const most = computed(() => {
  let found = 0;
  for (const value of statistic.value?.values ?? []) if (Math.abs(value) > found) found = Math.abs(value);
  return found;
});

/** How many voxels the threshold leaves; 0 is outside, also of probabilities. */
export const count = computed(() => {
  const [limit, below] = [Math.fround(threshold.value), shown.value === "below"];
  let found = 0;
  for (const value of statistic.value?.values ?? [])
    if (value !== 0 && (below ? value <= limit : Math.abs(value) >= limit)) found++;
  return found;
});

/** Where the statistic is strongest: farthest from 0, or least probable. */
export function peak({ values, shape, affine }: Volume): Place {
  const strength = (value: number) =>
    value === 0 ? -1 : shown.value === "below" ? 1 - value : Math.abs(value);
  let best = 0;
  for (let v = 1; v < values.length; v++) if (strength(values[v]!) > strength(values[best]!)) best = v;
  const [x, y, z] = voxelMillimetres(affine, voxelIndices({ shape }, [best]));
  return [x!, y!, z!];
}

/** A volume's number at a place; undefined outside its grid. */
export function valueAt({ affine, shape, values }: Volume, at: Place): number | undefined {
  const [i, j, k] = voxelAt(affine, at);
  const inside = [i, j, k].every((index, axis) => index >= 0 && index < shape[axis]!);
  return inside ? values[i + shape[0] * (j + shape[1] * k)] : undefined;
}

/** Probabilities are named so by `vca encode` and by most programs. */
const PROBABILITY = /(^|[^a-z])[pq](val(ue)?s?)?\.nii/i;

async function read({ name, from }: Image): Promise<Volume | undefined> {
  reading.value = name;
  try {
    return await call("volume", { name, from });
  } catch (error) {
    fail(error);
    return undefined;
  } finally {
    reading.value = "";
  }
}

function showStatistic(volume: Volume): void {
  batch(() => {
    statistic.value = volume;
    choose(PROBABILITY.test(volume.name) ? "below" : "beyond");
  });
}

/** Chooses what is shown, with its usual threshold. */
export function choose(what: Shown): void {
  batch(() => {
    shown.value = what;
    threshold.value = what === "below" ? 0.05 : 0;
  });
}

/** Shows an image as the statistic. */
export async function chooseStatistic(image: Image): Promise<void> {
  const volume = await read(image);
  if (volume) showStatistic(volume);
}

/** Lays an image below; without one, the statistic's own voxels. */
export async function chooseBackground(image: Image | undefined): Promise<void> {
  const volume = image && (await read(image));
  if (volume || !image) background.value = volume;
}

/** Names of images that show a head or a region rather than a statistic. */
const ANATOMY = /T1|T2|anat|template|brain|mask|mni152/i;

/** Takes files in: masks and anatomies go below, the last statistic above. */
export async function addImages(files: readonly Named[]): Promise<void> {
  drawer.value = "brain";
  for (const { name, file } of files) {
    const image = { name: name.replace(/^.*\//, ""), from: file };
    const volume = await read(image);
    if (!volume) continue;
    given.value = [...given.value.filter((other) => other.name !== image.name), image];
    if (volume.binary || ANATOMY.test(volume.name)) background.value = volume;
    else showStatistic(volume);
  }
}
