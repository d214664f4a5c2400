/** @file Some channels of tokens: those of one tap, when taps compete rather than stand side by side. */
import type { NdArray } from "../core/array.ts";
import type { TokenShape } from "./tokens.ts";

/** Channels `from` to `to - 1`. */
export interface ChannelRange {
  readonly from: number;
  readonly to: number;
}

/** Tokens `[S, T, D]` with only the channels of a range, `[S, T, to - from]`; the same array for all of them. */
export function channelsOf(tokens: NdArray, { from, to }: ChannelRange): NdArray {
  const [S, T, D] = tokens.shape as [number, number, number];
  const width = to - from;
  if (width === D) return tokens;
  const data = new Float32Array(S * T * width);
  for (let at = 0; at < S * T; at++) data.set(tokens.data.subarray(at * D + from, at * D + to), at * width);
  return { shape: [S, T, width], data };
}

/** The shape of tokens that keep only the channels of a range. */
export function shapeOfChannels(shape: TokenShape, { from, to }: ChannelRange): TokenShape {
  const channels = shape.channels.filter((tap) => tap.from >= from && tap.to <= to);
  return {
    ...shape,
    D: to - from,
    channels: channels.map((tap) => ({ ...tap, from: tap.from - from, to: tap.to - from })),
  };
}
