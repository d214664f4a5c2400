/** @file What the page and its worker say to each other: calls by name with one argument, and news in between. */
import type { Affine } from "../../src/brain/grid.ts";
import type { LiveAbout, LiveAnswer, LiveGains } from "../../src/study/live.ts";

/** `lab.json`: what the server has. */
export interface LabFacts {
  readonly version: string;
  /** Runs under `run-0/`, `run-1/`, ... */
  readonly runs: readonly { readonly name: string; readonly maps: readonly string[] }[];
  /** The package's own files, below `package/`. */
  readonly files: readonly string[];
  /** Where the server has the engine's WebGPU build, below the page. */
  readonly webgpu?: string;
}

/** A picture that the run's table rates, and where the model put it unseen. */
export interface RatedPicture {
  readonly id: string;
  readonly valence: number;
  readonly arousal: number;
  readonly predictedValence: number;
  readonly predictedArousal: number;
}

/** A run, opened. */
export interface OpenRun {
  readonly name: string;
  readonly about: LiveAbout;
  readonly pictures: readonly RatedPicture[];
  /** Held-out r. */
  readonly r: { readonly valence: number; readonly arousal: number };
}

/** A rated table of the user's own, kept in this browser. */
export interface OwnSet {
  readonly name: string;
  readonly n: number;
  /** Rows whose picture is not here yet, and the first of them. */
  readonly missing: number;
  readonly firstMissing: string;
  readonly lowest: number;
  readonly highest: number;
  /** Columns beside ratings, by which pictures may be kept in one fold. */
  readonly labels: readonly string[];
}

/** A brain image of one volume. */
export interface Volume {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  /** First axis fastest; NaN where there is no number. */
  readonly values: Float32Array;
  /** Whether it holds at most two numbers, as a mask does. */
  readonly binary: boolean;
}

/** Where the training step runs. */
export type Provider = "wasm" | "webgpu";

/** What is trained in the tab. */
export interface TrainRequest {
  readonly name: string;
  /** A set of the user's own; default: the embedded emoji. */
  readonly set?: string;
  /** The declared scale of that set, such as `1-9`. */
  readonly scale?: string;
  /** The column whose labels stay in one fold. */
  readonly group?: string;
  readonly circuit: string;
  readonly folds: number;
  readonly seeds: number;
  readonly epochs?: number;
  /** An encoder of the user's own; default: the embedded EfficientNet-Lite0. */
  readonly encoder?: string;
  /** Taps by depth; default: those of the encoder, of which the best is chosen in inner folds. */
  readonly taps?: string;
}

/** A run kept in this browser. */
export interface KeptRun {
  readonly name: string;
  readonly finished: boolean;
  /** What was asked for, to go on with it. */
  readonly request: TrainRequest;
}

/** One numbered call per function: its argument and its result. */
export interface Calls {
  start: {
    in: { base: string };
    out: { facts: LabFacts; kept: KeptRun[]; sets: OwnSet[]; encoders: string[] };
  };
  /** `run-0` of the server, or `runs/NAME` of this browser. */
  open: { in: { at: string }; out: OpenRun };
  see: {
    in: { id: string; name: string; file: Blob; keep: boolean };
    out: { answer: LiveAnswer; milliseconds: number };
  };
  answer: {
    in: { ids: readonly string[]; gains: LiveGains };
    out: { answers: LiveAnswer[]; milliseconds: number };
  };
  forget: { in: { ids: readonly string[] }; out: undefined };
  compare: {
    in: { at: string; files: readonly { name: string; file: Blob }[] };
    out: (LiveAnswer | undefined)[];
  };
  /** Reads a NIfTI file: one of the server's by its path, or one that was given. */
  volume: { in: { name: string; from: Blob | string }; out: Volume };
  /** Where training can run. */
  providers: { in: undefined; out: Provider[] };
  addToSet: { in: { set?: string; files: readonly { name: string; file: Blob }[] }; out: OwnSet };
  sets: { in: undefined; out: OwnSet[] };
  removeSet: { in: { name: string }; out: undefined };
  /** A folder as the hub lays it out, its name before each path; gives that name. */
  addEncoder: { in: { files: readonly { name: string; file: Blob }[] }; out: string };
  encoders: { in: undefined; out: string[] };
  removeEncoder: { in: { name: string }; out: undefined };
  train: { in: TrainRequest & { provider: Provider }; out: { seconds: number; r: OpenRun["r"] } };
  stop: { in: undefined; out: undefined };
  kept: { in: undefined; out: KeptRun[] };
  remove: { in: { name: string }; out: undefined };
  zip: { in: { name: string }; out: Blob };
}

/** News: what goes on while a call runs. */
export type News =
  | { readonly kind: "progress"; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "loss"; readonly group: string; readonly epoch: number; readonly loss: number }
  | {
      readonly kind: "held-out";
      readonly seed: number;
      readonly epoch: number;
      readonly valence: number;
      readonly arousal: number;
    };

export type ToWorker = { readonly call: keyof Calls; readonly id: number; readonly argument: unknown };
export type ToPage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string }
  | { readonly news: News };
