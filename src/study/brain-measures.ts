/** @file Names of dissimilarities of measured patterns, apart from what computes them, so that help loads nothing more. */

/** Dissimilarities of measured patterns. */
export const BRAIN_MEASURES = ["auto", "crossnobis", "correlation", "spearman", "euclidean"] as const;
/** One of `BRAIN_MEASURES`. `auto`: crossnobis where every picture of everybody has two runs, else correlation. */
export type BrainMeasure = (typeof BRAIN_MEASURES)[number];
