/**
 * @file The regions that a brain study asks for: a mask, its hemispheres and control masks, from masks or atlases; one of all participants, or
 * one of each.
 */
import { exists } from "#files";
import { onlyVolume } from "../brain/nifti.ts";
import {
  atlasRoi,
  maskRoi,
  type Roi,
  smoothingWarning,
  splitHemispheres,
  valueRoi,
  valueWarnings,
} from "../brain/roi.ts";
import { readImage } from "../brain/source.ts";
import { fileName } from "../core/paths.ts";
import { VcaError } from "../errors.ts";
import type { BrainFiles, BrainRegion } from "./brain-data.ts";
import type { Reporter } from "./reporter.ts";

/** In the name of a mask: whose it is. */
const PARTICIPANT = "{participant}";

/** A region as voxels of one grid. */
export interface RegionRoi extends Pick<BrainRegion, "name" | "kind"> {
  readonly roi: Roi;
}

/** Reads the regions of a participant, which are those of all where no mask names one. */
export function regionReader(
  { mask, controlMasks = [], smoothing }: Pick<BrainFiles, "mask" | "controlMasks" | "smoothing">,
  reporter: Pick<Reporter, "warn">,
): (participant: string) => Promise<readonly RegionRoi[]> {
  const said = new Set<string>();
  const options: RoiOptions = {
    smoothing,
    warn(text) {
      if (!said.has(text)) reporter.warn(text);
      said.add(text);
    },
  };
  const read = (participant: string) => readRegions([mask, ...controlMasks], participant, options);
  if ([mask, ...controlMasks].some((path) => path.includes(PARTICIPANT))) return read;
  let all: ReturnType<typeof read> | undefined;
  return (participant) => {
    all ??= read(participant);
    return all;
  };
}

async function readRegions(
  paths: readonly string[],
  participant: string,
  options: RoiOptions,
): Promise<RegionRoi[]> {
  const [whole, ...others] = await Promise.all(
    paths.map((path, i) =>
      readRoi(path, participant, { ...options, option: i === 0 ? "--mask" : "--control-mask" }),
    ),
  );
  const { left, right } = splitHemispheres(whole!);
  const both = left.voxels.length > 0 && right.voxels.length > 0;
  const rois = [
    { kind: "mask", roi: whole! } as const,
    ...(both ? [{ kind: "left", roi: left } as const, { kind: "right", roi: right } as const] : []),
    ...others.map((roi) => ({ kind: "control", roi }) as const),
  ];
  const names = rois.map(({ roi }) => roi.name);
  const same = names.find((name, i) => names.indexOf(name) !== i);
  if (same !== undefined)
    throw new VcaError(
      "ConfigError",
      `brain: masks of different names were expected, got "${same}" twice. Rename a file.`,
    );
  return rois.map(({ kind, roi }) => ({ name: roi.name, kind, roi }));
}

/** The region of a mask, or of an atlas: `FILE#VALUES`, `FILE#ATLAS`, `FILE#ATLAS:REGION`, `FILE#ATLAS:VALUES`. */
async function readRoi(
  pattern: string,
  participant: string,
  { warn, smoothing, option }: RoiOptions & { readonly option: string },
): Promise<Roi> {
  const path = pattern.replaceAll(PARTICIPANT, participant);
  const at = (await exists(path)) ? -1 : path.lastIndexOf("#");
  const file = at < 0 ? path : path.slice(0, at);
  const image = await readImage(file);
  const name = nameOf(pattern.replace(/#[^#/]*$/, at < 0 ? "$&" : ""));
  if (at < 0) {
    const values = new Set(onlyVolume(image).filter((value) => value !== 0 && Number.isInteger(value)));
    if (values.size > 1)
      warn(
        `${file}: a mask holds one value, this holds ${values.size}, and all are taken. If it is an atlas, name the values: ${file}#${[...values].slice(0, 2).join(",")}.`,
      );
    return maskRoi(image, name);
  }
  const [first, second] = path.slice(at + 1).split(":") as [string, string?];
  const [atlas, region] = VALUES.test(first) ? [undefined, first] : [first, second];
  const where = `${option} ${path}`;
  if (region === undefined || !VALUES.test(region)) {
    const roi = atlasRoi(image, { atlas: atlas!, where, ...(region !== undefined && { region }) });
    const mixed = smoothing === undefined ? undefined : smoothingWarning(roi, smoothing);
    if (mixed !== undefined) warn(mixed);
    return roi;
  }
  const values = region.split(",").map(Number);
  for (const warning of atlas === undefined ? [] : valueWarnings(atlas, values, where)) warn(warning);
  return valueRoi(image, values, `${name} ${values.join("+")}`);
}

/** A region's name is that of its file, whoever it is of. */
function nameOf(pattern: string): string {
  const name = fileName(pattern).replace(/\.nii(\.gz)?$/i, "");
  return name.replaceAll(new RegExp(`${PARTICIPANT}[_-]?`, "g"), "") || "mask";
}

/** How regions are read. */
interface RoiOptions extends Pick<BrainFiles, "smoothing"> {
  readonly warn: (text: string) => void;
}
const VALUES = /^\d+(,\d+)*$/;
