/** @file Options of the commands that compare a run with brains. */
import type { BrainFiles } from "../study/brain-data.ts";
import type { VcaCommand } from "./command.ts";
import { positive, required } from "./options.ts";

/** What `addBrainOptions` reads. */
export interface BrainCliOptions {
  readonly brain?: readonly string[];
  readonly mask?: string;
  readonly controlMask?: readonly string[];
  readonly smoothing?: number;
  readonly conditions?: string;
  readonly sharedPictures?: boolean;
  readonly series?: readonly string[];
  readonly withinFold?: boolean;
  readonly scale?: string;
}

/** Adds the files of a brain study. */
export function addBrainOptions(command: VcaCommand): VcaCommand {
  return command
    .option(
      "--brain <paths...>",
      "betas of each participant, several paths of one being sessions: NIfTI, SPM, GLMsingle, BIDS, NSD",
    )
    .option(
      "--mask <file.nii>",
      "the region, on the grid of the betas: a mask, or of an atlas image FILE#10,20 (values), FILE#harvard-oxford (its amygdala), FILE#cit168:LA; its hemispheres are judged too; {participant} in the path for one of each",
    )
    .option("--control-mask <files...>", "regions that the claim must not hold of, such as V1")
    .option(
      "--smoothing <mm>",
      "of the betas, full width at half maximum: warns where nuclei of an atlas cannot be told apart",
      positive("--smoothing", 6),
    )
    .option(
      "--conditions <file>",
      "columns id, run, onset (and participant): one row for each volume; or NSD's nsd_expdesign.mat",
    )
    .option("--shared-pictures", "keep the pictures that all participants saw, where they saw others too")
    .option(
      "--series <files.nii...>",
      "preprocessed time series of the participants: temporal signal-to-noise in regions.csv",
    )
    .option("--within-fold", "the run's own pictures were shown: use only networks that held them out")
    .option(
      "--scale <lo-hi>",
      "rating scale of tables in --stimuli, such as 1-9 or -2..2; of one alone: FILE.csv@1-9",
    );
}

/** The files, as far as they are needed. @throws ConfigError when betas or mask are absent. */
export function brainFiles(where: string, options: BrainCliOptions): BrainFiles {
  return {
    brain: required(where, "--brain", options.brain),
    mask: required(where, "--mask", options.mask),
    controlMasks: options.controlMask,
    smoothing: options.smoothing,
    conditions: options.conditions,
    sharedPictures: options.sharedPictures,
    series: options.series,
  };
}
