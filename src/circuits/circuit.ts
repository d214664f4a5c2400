/**
 * @file A circuit is data: nuclei, the projections between them, and the nucleus that is read out. The
 * equations that give it meaning are in `model.ts`, the ready-made circuits in `presets.ts`.
 */

/** Where a projection starts: the visual stream or a nucleus. */
export const VISUAL = "visual";

/** Attention of the whole picture over its tokens: a query made of the summary (CLS and mean patch). */
export interface SummaryAttention {
  readonly heads: number;
  /** Channels to which tokens are reduced before they are attended to. */
  readonly channels: number;
  /** Width of each head's query and keys. */
  readonly keys: number;
}

/** A nucleus: what it does with what reaches it. */
export interface Nucleus {
  /** LA, B, AB, CeA, ITC, MeA, CoA; or `stage-1` ... of a serial control. */
  readonly id: string;
  /**
   * How its projections meet: `concat` puts them side by side as they are; a number maps each by weights
   * of its own to so many channels and adds them.
   */
  readonly input: "concat" | number;
  /** Self-attention blocks; with 0 and `rectify` the nucleus is a fully connected layer. */
  readonly blocks: number;
  /** Attention heads of a block. */
  readonly heads: number;
  /** Hidden channels of a block's feed-forward layer. */
  readonly feedForward: number;
  /** LayerNorm after each half of a block, as in the paper, or before it. */
  readonly norm: "post" | "pre";
  /** Start of the learned gate on each half of a `pre` block, so that a block begins near the identity. */
  readonly gate: number;
  /** Units of a linear output layer; `none` gives the channels of the blocks out. */
  readonly output: "none" | number;
  /** Whether its units are rectified, as firing rates are. */
  readonly rectify: boolean;
  /** Whether it reads the visual stream as a summary and attends over the tokens from there. */
  readonly summary: "none" | SummaryAttention;
  /** Dropout in training: of the summary's channels, inside the blocks, and of the nucleus's units. */
  readonly dropout: { readonly input: number; readonly blocks: number; readonly output: number };
}

/** A projection from one nucleus to another. */
export interface Projection {
  readonly from: string;
  readonly to: string;
  /** `+` excites; `-` inhibits: its target is multiplied by 1 - sigmoid of what arrives. */
  readonly sign: "+" | "-";
  /** Share of connections that exist, for sparse projections; 1 is all of them. */
  readonly density: number;
  /** Where the anatomy is described. */
  readonly source: string;
}

/** A whole circuit. Nuclei stand in the order in which activity reaches them. */
export interface Circuit {
  readonly name: string;
  readonly description: string;
  /**
   * What enters: `tokens`; `pooled`, one vector per picture of all taps; or `embedding`, the pooled vector
   * of the encoder's last tap, as published.
   */
  readonly visual: "tokens" | "pooled" | "embedding";
  /** Whether the visual channels are standardised with the training pictures' mean and deviation. */
  readonly standardise: boolean;
  readonly nuclei: readonly Nucleus[];
  readonly projections: readonly Projection[];
  /** The only nucleus from which valence and arousal are read. */
  readonly readout: string;
  /** What it answers before training: the `mean` rating, its readout weights being zero, or anything, these being `random`. */
  readonly untrained: "mean" | "random";
  /** How often activity passes the circuit; from the second pass on, projections to `visual` act. */
  readonly passes: number;
}

/** The visual stream that a circuit is built for. */
export interface VisualShape {
  /** T, 1 when pooled. */
  readonly tokens: number;
  /** D. */
  readonly width: number;
  /** Whether token 0 is a CLS token. */
  readonly hasCls: boolean;
}

/** The projections that reach `id`, in the circuit's order. */
export function afferents(circuit: Circuit, id: string, sign: "+" | "-"): readonly Projection[] {
  return circuit.projections.filter((projection) => projection.to === id && projection.sign === sign);
}

/** Whether any nucleus attends, from the summary or in a block. */
export function attends({ nuclei }: Circuit): boolean {
  return nuclei.some(({ blocks, summary }) => blocks > 0 || summary !== "none");
}

/** A projection's name, as gains and figures use it. */
export function projectionName({ from, to }: Projection): string {
  return `${from}->${to}`;
}
