/**
 * @file A study as its `study.yaml` says it: which pictures, encoders and circuits, how they are trained, and
 * which analyses follow. Whatever is left out takes the default written here.
 */
import { z } from "zod";
import { readYaml } from "../core/yaml.ts";
import { fitIssue } from "./fit-config.ts";

/** Analyses that look inside trained networks. */
export const ANALYSES = ["units", "geometry", "lesions", "attention"] as const;
/** One of `ANALYSES`. */
export type Analysis = (typeof ANALYSES)[number];

const names = z.array(z.string()).min(1);

const schema = z.strictObject({
  /** Such as `oasis:PATH`. */
  stimuli: z.string(),
  /** The declared rating scale, for sets of `stimuli` that neither fix nor state it. */
  scale: z.string().optional(),
  encoders: names.default(["efficientnet-lite0"]),
  circuits: names.default(["vca"]),
  /** How pictures are dealt to folds for prediction: each way is a fit of its own. */
  splits: z
    .array(z.enum(["random", "stratified", "grouped", "leave-one-group-out"]))
    .min(1)
    .default(["random"]),
  /** Column whose labels stay together in grouped folds, halves and resamples. */
  group: z.string().optional(),
  folds: z.int().min(2).default(10),
  seeds: z.int().min(1).default(3),
  seed: z.int().min(0).default(0),
  /** Further options of every fit, as in `fit.yaml`: recipe, epochs, taps, grid and so on. */
  fit: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Independent sets on which every fit's final model is tested. */
  test: z.array(z.string()).default([]),
  /** Analyses of networks that are trained on one half of the pictures and looked into with the other. */
  analyses: z.array(z.enum(ANALYSES)).default([...ANALYSES]),
  /** How lesions are drawn: sets of random units beside each, and enhancements a (gain 1 + a). */
  lesions: z
    .strictObject({
      draws: z.int().min(1).default(20),
      amplify: z.array(z.number().gt(0)).default([1, 5]),
    })
    .default({ draws: 20, amplify: [1, 5] }),
  /** Whether units are also held against networks trained on shuffled ratings. */
  shuffledRatings: z.boolean().default(false),
  /** Whether the study ends with a report. */
  report: z.boolean().default(true),
});

/** A study, every default filled in. */
export type Study = z.infer<typeof schema>;

/** The study in YAML text. @throws ConfigError with the line of what is wrong. */
export function parseStudy(text: string, where: string): Study {
  const remedy = "`vca run --init` writes a commented study.";
  const { data, complain } = readYaml(text, { schema, where, what: "study", remedy });
  const grouped = data.splits.findIndex((split) => split === "grouped" || split === "leave-one-group-out");
  if (grouped >= 0 && data.group === undefined)
    throw complain(["splits", grouped], `a group was expected beside "${data.splits[grouped]}", got none`);
  const issue = fitIssue({ stimuli: data.stimuli, ...data.fit });
  if (issue) throw complain(["fit", ...issue.path], issue.message);
  return data;
}
