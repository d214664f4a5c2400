/**
 * @file Regions of interest: the voxels of a mask, of values of an atlas image, or of a region by its name; their hemispheres;
 * what their size and smoothing let one say.
 */
import { VcaError } from "../errors.ts";
import { findAtlas, findLabels } from "./atlases.ts";
import { type Affine, type Grid, type Placed, voxelIndices, voxelMillimetres } from "./grid.ts";
import { type NiftiImage, onlyVolume } from "./nifti.ts";

/** Voxels of a grid. */
export interface Roi extends Placed {
  readonly grid: Grid & { readonly affine: Affine };
  readonly name: string;
  /** Their numbers, ascending. */
  readonly voxels: Int32Array;
  /** Whether it is a part of the amygdala, not all of it. */
  readonly nucleus: boolean;
}

/** What a region is of an atlas. */
export interface AtlasRegion {
  /** Such as `harvard-oxford`. */
  readonly atlas: string;
  /** Such as `amygdala`, `LA`, `Left Amygdala`. Default: `amygdala`. */
  readonly region?: string;
  /** Begins an error about these names, such as the option with its value; default `roi`. */
  readonly where?: string;
}

/** From here on nuclei, which touch one another and are a few mm wide, are one: SPM's common default, in mm. */
const COARSE_SMOOTHING = 8;

/** The voxels of a mask: all that are neither 0 nor NaN. @throws DataError when there are none. */
export function maskRoi(image: NiftiImage, name = "mask"): Roi {
  const voxels = where(onlyVolume(image), (value) => value !== 0 && !Number.isNaN(value));
  if (voxels.length === 0)
    throw new VcaError(
      "DataError",
      `${image.where}: a mask with voxels above 0 was expected, got none. Check that it was resampled with nearest neighbour, into the space of the betas.`,
    );
  return { where: image.where, grid: image.grid, name, voxels, nucleus: false };
}

/**
 * The voxels of an atlas image that hold one of some values.
 * @throws DataError when a value is absent, or the image holds fractions.
 */
export function valueRoi(image: NiftiImage, values: readonly number[], name = values.join("+")): Roi {
  const data = onlyVolume(image);
  const present = new Set(data);
  const fraction = [...present].find((value) => Number.isFinite(value) && !Number.isInteger(value));
  if (fraction !== undefined)
    throw new VcaError(
      "DataError",
      `${image.where}: whole numbers were expected in an atlas, got ${fraction}. Pass the labels, not probabilities, resampled with nearest neighbour.`,
    );
  const absent = values.find((value) => !present.has(value));
  if (absent !== undefined) {
    const others = [...present].filter((value) => value !== 0).sort((a, b) => a - b);
    const text =
      others.length > 20
        ? `${others.slice(0, 20).join(", ")} and ${others.length - 20} more`
        : others.join(", ");
    throw new VcaError(
      "DataError",
      `${image.where}: the value ${absent} was expected, got ${text || "zeros only"}. Check which atlas this is, and its label file.`,
    );
  }
  return {
    where: image.where,
    grid: image.grid,
    name,
    voxels: where(data, (value) => values.includes(value)),
    nucleus: false,
  };
}

/**
 * The voxels of a region by its name in a known atlas. Of an atlas of nuclei, `amygdala` is all that are there: small ones are
 * lost in resampling.
 * @throws ConfigError for an unknown atlas or region; DataError when the image lacks one of its values.
 */
export function atlasRoi(image: NiftiImage, { atlas, region = "amygdala", where }: AtlasRegion): Roi {
  const labels = findLabels(findAtlas(atlas, where), region, where);
  const present = new Set(onlyVolume(image));
  const whole = region.toLowerCase() === "amygdala";
  const there = labels.filter(({ value, part }) => !whole || part === "amygdala" || present.has(value));
  const values = (there.length > 0 ? there : labels).map(({ value }) => value);
  return {
    ...valueRoi(image, values, region),
    nucleus: !whole && labels.some(({ part }) => part !== "amygdala"),
  };
}

/**
 * What is wrong with values picked by hand in an atlas that is known, such as 9 in Harvard-Oxford.
 * @returns a sentence for each, to be printed as a warning
 */
export function valueWarnings(atlas: string, values: readonly number[], where?: string): string[] {
  const { name, notes } = findAtlas(atlas, where);
  return values.flatMap((value) => (notes[value] ? [`${name}: the value ${value} is ${notes[value]}.`] : []));
}

/** The voxels left of the midline (x < 0 mm) and the others; a region of one side comes back whole, with an empty other. */
export function splitHemispheres(roi: Roi): { readonly left: Roi; readonly right: Roi } {
  const mm = voxelMillimetres(roi.grid.affine, voxelIndices(roi.grid, roi.voxels));
  const side = (name: string, left: boolean): Roi => ({
    ...roi,
    name: `${roi.name} ${name}`,
    voxels: roi.voxels.filter((_, v) => mm[3 * v]! < 0 === left),
  });
  return { left: side("left", true), right: side("right", false) };
}

/**
 * The warning that smoothing has mixed nuclei, where one was asked for.
 * @param fwhm width of the smoothing kernel at half its height, in mm
 */
export function smoothingWarning({ name, nucleus }: Roi, fwhm: number): string | undefined {
  if (!nucleus || fwhm < COARSE_SMOOTHING) return undefined;
  return `${name}: smoothing of ${fwhm} mm cannot separate nuclei of the amygdala. Use unsmoothed betas, or ask for the whole amygdala.`;
}

function where(data: Float64Array, keep: (value: number) => boolean): Int32Array {
  const voxels: number[] = [];
  for (const [v, value] of data.entries()) if (keep(value)) voxels.push(v);
  return Int32Array.from(voxels);
}
