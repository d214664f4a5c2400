/** @file What the analyses of units know of the pictures that one network sees: bins, emotions, content, low-level statistics, halves. */
import { Random } from "../core/random.ts";
import { unknownName } from "../errors.ts";
import {
  type Edges,
  emotionsByLabel,
  emotionsByThreshold,
  ratingBins,
  type Sorted,
} from "../neurons/bins.ts";
import { heldConstant } from "../neurons/tuning.ts";
import { planFolds } from "../stimuli/folds.ts";
import { columnOfScale } from "../training/metrics.ts";
import type { Pictures, UnseenNetwork } from "./unseen.ts";

/** How pictures are sorted. */
export interface SceneOptions {
  /** Edges of the nine bins, default `thirds` of the scale. */
  readonly edges?: Edges | undefined;
  /** Column that says pleasant, neutral or unpleasant; default: thresholds of valence, an approximation. */
  readonly emotion?: string | undefined;
  /** Column of content categories, default `category` where there is one. */
  readonly category?: string | undefined;
  /** Share of units with the lowest selectivity index left out of agreements, default 0. */
  readonly drop?: number | undefined;
  readonly seed?: number | undefined;
}

/** What is known of a network's pictures. */
export interface Scene {
  readonly pictures: Pictures;
  readonly valence: Float64Array;
  readonly arousal: Float64Array;
  readonly bins: Sorted;
  readonly emotions: Sorted;
  readonly content: readonly string[] | undefined;
  /** What rank correlations hold constant: nothing, and content with low-level statistics. */
  readonly bases: { readonly alone: Float64Array[]; readonly partial: Float64Array[] };
  /** Share of units left out of agreements. */
  readonly drop: number;
  /** Theme-disjoint halves, places each; undefined below two groups. */
  readonly halves: readonly (readonly number[])[] | undefined;
}

/** The scene of one network: bins, categories and halves of its pictures, and what else is known of them. */
export function sceneOf(
  { fold, places, pictures }: UnseenNetwork,
  lowLevel: readonly Float64Array[],
  options: SceneOptions,
): Scene {
  const { ratings, scale, columns, groups } = pictures;
  const [valence, arousal] = [columnOfScale(ratings, 0), columnOfScale(ratings, 1)];
  const random = Random.seeded(options.seed ?? 0).at("halves", fold + 1);
  const of = planHalves(groups, random);
  const content = options.category === undefined ? columns.category : labelsOf(columns, options.category);
  const numbers = lowLevel.map((column) => Float64Array.from(places, (s) => column[s]!));
  return {
    pictures,
    valence,
    arousal,
    bins: ratingBins({ valence, arousal, scale, ...(options.edges && { edges: options.edges }) }),
    emotions:
      options.emotion === undefined
        ? emotionsByThreshold(valence, scale)
        : emotionsByLabel(labelsOf(columns, options.emotion)),
    content,
    bases: {
      alone: heldConstant(places.length),
      partial: heldConstant(places.length, { ...(content && { labels: content }), numbers }),
    },
    drop: options.drop ?? 0,
    halves: of && [0, 1].map((half) => [...of.keys()].filter((s) => of[s] === half)),
  };
}

/** Two halves that part no group, or undefined when there is one group only. */
function planHalves(groups: readonly string[], random: Random): Int32Array | undefined {
  if (new Set(groups).size < 2) return undefined;
  return planFolds({ n: groups.length, folds: 2, method: "grouped", groups, random });
}

function labelsOf(columns: Pictures["columns"], name: string): readonly string[] {
  const labels = columns[name];
  if (labels) return labels;
  throw unknownName("neurons", "column", name, Object.keys(columns));
}
