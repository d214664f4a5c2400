/** @file Names of dissimilarities of measured patterns. */

/** A dissimilarity of measured patterns. `auto`: crossnobis where every picture of everybody has two runs, else correlation. */
export type BrainMeasure = "auto" | "crossnobis" | "correlation" | "spearman" | "euclidean";
