/**
 * @file The amygdala in atlases: which voxel values are it, and which of its nuclei. A value is what the image holds, which is not
 * always the number in the atlas's list; `notes` name the values that are taken for the amygdala and are not.
 */
import { unknownName } from "../errors.ts";

/** Nuclei as in `docs/glossary.md`; `BLA` is the complex, `CM`, `SF` and `mixed` groups of an atlas. */
export type AtlasPart =
  | "amygdala"
  | "LA"
  | "B"
  | "AB"
  | "BLA"
  | "CeA"
  | "MeA"
  | "CoA"
  | "CM"
  | "SF"
  | "mixed";

/** One region. */
export interface AtlasLabel {
  readonly value: number;
  /** As the atlas spells it. */
  readonly name: string;
  /** Absent where one value serves both sides: the hemispheres are then split at x = 0, or are files of their own. */
  readonly side?: "left" | "right";
  readonly part: AtlasPart;
}

/** An atlas. */
export interface Atlas {
  readonly name: string;
  /** The file whose values these are. */
  readonly file: string;
  readonly source: string;
  readonly labels: readonly AtlasLabel[];
  /** Values that are easily mistaken, and what they are. */
  readonly notes: Readonly<Record<number, string>>;
}

type Row = readonly [value: number, name: string, side: "L" | "R" | "", part: AtlasPart];

const rows = (...list: readonly Row[]): AtlasLabel[] =>
  list.map(([value, name, side, part]) => ({
    value,
    name,
    ...(side !== "" && { side: side === "L" ? ("left" as const) : ("right" as const) }),
    part,
  }));

/** All atlases. */
export const ATLASES: readonly Atlas[] = [
  {
    name: "harvard-oxford",
    file: "HarvardOxford-sub-maxprob-thr*.nii.gz (FSL)",
    source: "Frazier et al. (2005), Am J Psychiatry 162:1256; Desikan et al. (2006), NeuroImage 31:968",
    labels: rows([10, "Left Amygdala", "L", "amygdala"], [20, "Right Amygdala", "R", "amygdala"]),
    notes: {
      9: "the left hippocampus: 9 is the amygdala's index in the XML list, its value is 10",
      19: "the right hippocampus: 19 is the amygdala's index in the XML list, its value is 20",
    },
  },
  {
    name: "aal",
    file: "AAL.nii, ROI_MNI_V4.nii numbered 1 to 116",
    source: "Tzourio-Mazoyer et al. (2002), NeuroImage 15:273",
    labels: rows([41, "Amygdala_L", "L", "amygdala"], [42, "Amygdala_R", "R", "amygdala"]),
    notes: {
      45: "the left cuneus: 45 is the amygdala in AAL2 and AAL3",
      46: "the right cuneus: 46 is the amygdala in AAL2 and AAL3",
    },
  },
  ...(["aal2", "aal3"] as const).map((name) => ({
    name,
    file: name === "aal2" ? "AAL2.nii" : "AAL3v1.nii",
    source:
      name === "aal2"
        ? "Rolls, Joliot & Tzourio-Mazoyer (2015), NeuroImage 122:1"
        : "Rolls et al. (2020), NeuroImage 206:116189",
    labels: rows([45, "Amygdala_L", "L", "amygdala"], [46, "Amygdala_R", "R", "amygdala"]),
    notes: {
      41: "the left hippocampus: 41 is the amygdala in the first AAL",
      42: "the right hippocampus: 42 is the amygdala in the first AAL",
    },
  })),
  {
    name: "aal-spm",
    file: "ROI_MNI_V4.nii of SPM's AAL toolbox, numbered 2001 to 9170",
    source: "Tzourio-Mazoyer et al. (2002), NeuroImage 15:273",
    labels: rows([4201, "Amygdala_L", "L", "amygdala"], [4202, "Amygdala_R", "R", "amygdala"]),
    notes: {
      41: "no region: this atlas counts in thousands",
      42: "no region: this atlas counts in thousands",
    },
  },
  {
    name: "juelich",
    file: "Juelich-maxprob-thr*.nii.gz (FSL)",
    source: "Amunts et al. (2005), Anatomy and Embryology 210:343; Eickhoff et al. (2007), NeuroImage 36:511",
    labels: rows(
      [7, "GM Amygdala_centromedial group L", "L", "CM"],
      [8, "GM Amygdala_centromedial group R", "R", "CM"],
      [9, "GM Amygdala_laterobasal group L", "L", "BLA"],
      [10, "GM Amygdala_laterobasal group R", "R", "BLA"],
      [11, "GM Amygdala_superficial group L", "L", "SF"],
      [12, "GM Amygdala_superficial group R", "R", "SF"],
    ),
    notes: { 6: "no part of the amygdala: its XML indices are 6 to 11, its values 7 to 12" },
  },
  {
    name: "cit168",
    file: "CIT168 amygdala, deterministic labels; check them against CIT168_AmyLabels.txt of your copy",
    source: "Tyszka & Pauli (2016), Human Brain Mapping 37:3979, doi 10.1002/hbm.23289",
    labels: rows(
      [1, "BLN_La", "", "LA"],
      [2, "BLN_BL_BLD+BLI", "", "B"],
      [3, "BLN_BM", "", "AB"],
      [4, "CEN", "", "CeA"],
      [5, "CMN", "", "mixed"],
      [6, "BL_BLV", "", "B"],
      [7, "ATA", "", "mixed"],
      [8, "ATA_ASTA", "", "mixed"],
      [9, "AAA", "", "mixed"],
      [10, "AMY", "", "mixed"],
    ),
    notes: { 0: "background: volumes of the probabilistic file count from 0, labels from 1" },
  },
  {
    name: "brainnetome",
    file: "BN_Atlas_246_*.nii.gz",
    source: "Fan et al. (2016), Cerebral Cortex 26:3508",
    labels: rows(
      [211, "mAmyg_L", "L", "mixed"],
      [212, "mAmyg_R", "R", "mixed"],
      [213, "lAmyg_L", "L", "mixed"],
      [214, "lAmyg_R", "R", "mixed"],
    ),
    notes: { 215: "the left rostral hippocampus", 216: "the right rostral hippocampus" },
  },
  {
    name: "freesurfer-aseg",
    file: "aseg.mgz or aparc+aseg.mgz as NIfTI; fMRIPrep's desc-aseg_dseg",
    source: "Fischl et al. (2002), Neuron 33:341; FreeSurferColorLUT.txt",
    labels: rows([18, "Left-Amygdala", "L", "amygdala"], [54, "Right-Amygdala", "R", "amygdala"]),
    notes: { 17: "the left hippocampus", 53: "the right hippocampus" },
  },
  {
    name: "freesurfer-nuclei",
    file: "lh. and rh.hippoAmygLabels-T1.*.mgz as NIfTI: one file for each hemisphere, with the same values",
    source: "Saygin, Kliemann et al. (2017), NeuroImage 155:370; FreeSurferColorLUT.txt",
    labels: rows(
      [7001, "Lateral-nucleus", "", "LA"],
      [7003, "Basal-nucleus", "", "B"],
      [7005, "Central-nucleus", "", "CeA"],
      [7006, "Medial-nucleus", "", "MeA"],
      [7007, "Cortical-nucleus", "", "CoA"],
      [7008, "Accessory-Basal-nucleus", "", "AB"],
      [7009, "Corticoamygdaloid-transitio", "", "mixed"],
      [7010, "Anterior-amygdaloid-area-AAA", "", "mixed"],
      [7015, "Paralaminar-nucleus", "", "mixed"],
    ),
    notes: {
      7002: "the basolateral complex, not the basal nucleus, which is 7003",
      7004: "the centromedial group, not the central nucleus, which is 7005",
    },
  },
];

/** An atlas by its name. @param where begins the error @throws ConfigError naming the nearest. */
export function findAtlas(name: string, where = "roi"): Atlas {
  const atlas = ATLASES.find((candidate) => candidate.name === name);
  if (atlas) return atlas;
  throw unknownName(
    where,
    "atlas",
    name,
    ATLASES.map((candidate) => candidate.name),
  );
}

/**
 * The labels that a name means: a label as the atlas spells it, a nucleus or group (`LA`, `CM`), or `amygdala` for all of them;
 * letter case does not count.
 * @param where begins the error
 * @throws ConfigError naming the nearest.
 * @example findLabels(findAtlas("harvard-oxford"), "amygdala").map(({ value }) => value) // [10, 20]
 */
export function findLabels(atlas: Atlas, name: string, where = "roi"): readonly AtlasLabel[] {
  const wanted = name.toLowerCase();
  if (wanted === "amygdala") return atlas.labels;
  const found = atlas.labels.filter(
    (label) => label.name.toLowerCase() === wanted || label.part.toLowerCase() === wanted,
  );
  if (found.length > 0) return found;
  const parts = atlas.labels
    .map(({ part }) => part)
    .filter((part) => part !== "amygdala" && part !== "mixed");
  const choices = [...new Set(["amygdala", ...parts, ...atlas.labels.map((label) => label.name)])];
  throw unknownName(where, `region of ${atlas.name}`, name, choices);
}
