/**
 * @file What a fit is asked to do, as the user's `fit.yaml` and the command line say it: validated, with
 * every default written out, so that the file in the run's folder is enough to do it again.
 */
import { parse, stringify } from "yaml";
import { z } from "zod";
import { VcaError } from "../errors.ts";
import { defaultRecipe } from "../training/recipe.ts";

const schema = z
  .strictObject({
    /** `oasis:PATH`, `emoji`, `table:FILE.csv`, or several sets together: `iaps:PATH + naps:PATH`. */
    stimuli: z.string(),
    /** The declared rating scale, such as `1-9`, for sets of `stimuli` that neither fix nor state it. */
    scale: z.string().optional(),
    /** A catalogue name, a folder in the hub's layout, or an .onnx file. */
    encoder: z.string().default("efficientnet-lite0"),
    /** Taps by depth or name, such as `6,9,12`; default: those of the encoder. */
    taps: z.string().optional(),
    /** `all` taps side by side, or the one that ridge prefers in the `inner` folds of each outer fold. */
    tapChoice: z.enum(["all", "inner"]).default("all"),
    /** Patch tokens are averaged to grid x grid. */
    grid: z.int().min(1).max(64).default(7),
    /** A preset's name or a circuit's YAML file. */
    circuit: z.string().default("vca"),
    /** Default: the circuit's own, or `vca`. */
    recipe: z.string().optional(),
    epochs: z.int().min(0).optional(),
    batch: z.int().min(1).optional(),
    lr: z.number().positive().optional(),
    /** Augmented views per picture, instead of the recipe's number. */
    views: z.int().min(0).max(64).optional(),
    /** Early stopping on an inner split, instead of the recipe's patience; 0 is none. */
    patience: z.int().min(0).optional(),
    folds: z.int().min(2).default(10),
    split: z.enum(["random", "stratified", "grouped", "leave-one-group-out", "halves"]).default("random"),
    /** Column whose labels stay together in grouped folds. */
    group: z.string().optional(),
    seeds: z.int().min(1).default(5),
    /** The first seed; the others follow it. */
    seed: z.int().min(0).default(0),
    /** Of several sets: each has an intercept and slope of its own on a shared prediction. */
    linePerSet: z.boolean().optional(),
    /** Trains on ratings permuted over pictures (whole groups with `group`): a null distribution's draw. */
    shuffleRatings: z.boolean().default(false),
  })
  .transform((config) => ({ ...config, recipe: config.recipe ?? defaultRecipe(config.circuit) }));

/** A fit, every default filled in. */
export type FitConfig = z.infer<typeof schema>;

/**
 * A fit from plain data.
 * @throws ConfigError that names the option.
 */
export function fitConfig(data: unknown, where = "fit"): FitConfig {
  const { success, data: config, error } = schema.safeParse(data);
  if (success) return config;
  const issue = error.issues[0]!;
  const what = issue.path.join(".") || "options";
  throw new VcaError("ConfigError", `${where}: ${what}: ${issue.message}. See \`vca fit --help\`.`);
}

/** What is wrong first in a fit's options, and where; undefined when nothing is. */
export function fitIssue(
  data: unknown,
): { readonly path: readonly PropertyKey[]; readonly message: string } | undefined {
  const issue = schema.safeParse(data).error?.issues[0];
  return issue?.code === "unrecognized_keys" ? { ...issue, path: issue.keys.slice(0, 1) } : issue;
}

/** The text of `fit.yaml`. */
export function writeFitConfig(config: FitConfig): string {
  return stringify(config);
}

/** A `fit.yaml`'s content. @throws ConfigError when it is no YAML or no fit. */
export function readFitConfig(text: string, where: string): FitConfig {
  try {
    return fitConfig(parse(text), where);
  } catch (cause) {
    if (cause instanceof VcaError) throw cause;
    throw new VcaError(
      "ConfigError",
      `${where}: YAML was expected, got ${String(cause)}. Mend the file or fit into a new folder.`,
      { cause },
    );
  }
}
