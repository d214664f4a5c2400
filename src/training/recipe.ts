/**
 * @file How a circuit is trained: optimizer, schedule, loss and augmentation, as data. A recipe's numbers
 * say where they come from.
 */
import { unknownName } from "../errors.ts";

/** A training recipe. */
export interface Recipe {
  readonly name: string;
  readonly optimizer:
    | { readonly kind: "adamw"; readonly decay: number; readonly beta2: number }
    | { readonly kind: "sgd"; readonly decay: number; readonly momentum: number };
  /** Largest learning rate. */
  readonly lr: number;
  /**
   * `cosine`: linear warm-up, then to zero. `step`: times a factor every so many epochs. `plateau`: linear
   * warm-up, linear decay until an epoch, then a constant share of `lr`.
   */
  readonly schedule:
    | { readonly kind: "cosine"; readonly warmup: number }
    | { readonly kind: "step"; readonly every: number; readonly factor: number }
    | { readonly kind: "plateau"; readonly warmup: number; readonly until: number; readonly share: number };
  /** Largest batch. */
  readonly batch: number;
  /** A small set takes smaller batches, so that an epoch has at least so many steps. */
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** `mse` on both scales; `published`: smooth L1 (beta .5) for arousal, MSE for valence, weights .7/.3, .6/.4, .5/.5. */
  readonly loss: "mse" | "published";
  /** Errors in units of the training ratings' deviation, and predictions that start at their mean. */
  readonly standardiseRatings: boolean;
  /** Whether each picture appears mirrored half of the time. */
  readonly flip: boolean;
  /** Further augmented views per picture (rotation, flip, blur), drawn once and cached; 0 is none. */
  readonly views: number;
  /** Decay per step of the parameters' moving average, which is then what is tested; 0 is none. */
  readonly ema: number;
  /**
   * Early stopping: a network learns from four fifths of its training pictures and is tested on the rest; one that has not improved for so many
   * epochs stays as it was at its best. 0 is none: all epochs, all pictures.
   */
  readonly patience: number;
}

/** Liu et al. 2025, Methods. Differs from the paper: four cached views stand for fresh augmentation at each step. */
const liu2025: Recipe = {
  name: "liu2025",
  optimizer: { kind: "sgd", decay: 1e-4, momentum: 0 },
  lr: 1e-4,
  schedule: { kind: "step", every: 40, factor: 0.1 },
  batch: 64,
  stepsPerEpoch: 1,
  epochs: 50,
  loss: "mse",
  standardiseRatings: false,
  flip: false,
  views: 4,
  ema: 0,
  patience: 0,
};

/** The ready-made recipes. A circuit of the same name takes its own by default. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  /** Chosen on 674 theme-disjoint OASIS pictures: docs/decisions/010-the-vca-circuit.md. */
  vca: {
    name: "vca",
    optimizer: { kind: "adamw", decay: 0.01, beta2: 0.99 },
    lr: 3e-3,
    schedule: { kind: "cosine", warmup: 2 },
    batch: 64,
    stepsPerEpoch: 9,
    epochs: 20,
    loss: "mse",
    standardiseRatings: true,
    flip: true,
    views: 0,
    ema: 0,
    patience: 0,
  },
  liu2025,
  /** The paper's without augmentation. */
  "liu2025-noaug": { ...liu2025, name: "liu2025-noaug", views: 0 },
  /**
   * The README of the published code (cswin/VCA_Full). It names neither the optimizer nor the plateau's height:
   * the paper's SGD and a tenth are assumed.
   */
  "liu2025-code": {
    ...liu2025,
    name: "liu2025-code",
    lr: 1e-3,
    schedule: { kind: "plateau", warmup: 5, until: 30, share: 0.1 },
    batch: 128,
    loss: "published",
  },
};

/** The recipe that a circuit is trained by when none is named. */
export function defaultRecipe(circuit: string): string {
  return circuit in RECIPES ? circuit : "vca";
}

/** A recipe by name, with some of its numbers replaced. @throws ConfigError for an unknown name. */
export function findRecipe(name: string, changes: Partial<Recipe> = {}): Recipe {
  const recipe = RECIPES[name];
  if (!recipe) throw unknownName("fit", "recipe", name, Object.keys(RECIPES));
  return { ...recipe, ...changes };
}

/** The batch of a recipe for S pictures. */
export function batchSize({ batch, stepsPerEpoch }: Recipe, pictures: number): number {
  return Math.min(batch, Math.ceil(pictures / stepsPerEpoch));
}

/** The learning rate at a step. */
export function learningRate(recipe: Recipe, step: number, stepsPerEpoch: number): number {
  const epoch = step / stepsPerEpoch;
  const { schedule, lr, epochs } = recipe;
  if (schedule.kind === "step") return lr * schedule.factor ** Math.floor(epoch / schedule.every);
  const { warmup } = schedule;
  if (epoch < warmup) return (lr * (step + 1)) / (warmup * stepsPerEpoch);
  if (schedule.kind === "cosine")
    return (lr / 2) * (1 + Math.cos((Math.PI * (epoch - warmup)) / (epochs - warmup)));
  const decayed = Math.min(1, (epoch - warmup) / (schedule.until - warmup));
  return lr * (1 - (1 - schedule.share) * decayed);
}

/** Weights of the valence and arousal losses when a share `progress` of training is done. */
export function lossWeights(recipe: Recipe, progress: number): readonly [number, number] {
  if (recipe.loss === "mse") return [0.5, 0.5];
  const arousal = progress < 0.3 ? 0.7 : progress < 0.7 ? 0.6 : 0.5;
  return [1 - arousal, arousal];
}
