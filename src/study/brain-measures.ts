/** @file Names of dissimilarities of measured patterns, and of what whitens them. */

/** A dissimilarity of measured patterns. `auto`: crossnobis where every picture of everybody has two runs, else correlation. */
export type BrainMeasure = "auto" | "crossnobis" | "correlation" | "spearman" | "euclidean";

/** The noise precision of crossnobis, from repeats' residuals: one for all runs, or one of each run. */
export type BrainPrecision = "pooled" | "runs";
