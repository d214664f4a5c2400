/**
 * @file From an encoder's tensors to tokens `[T, D]`: each tap is laid on its grid of patches, averaged
 * down to one common grid, and the taps are joined along channels. The CLS token, where every tap has
 * one, comes first; further leading tokens (registers, distillation) are left out.
 */
import type { NdArray } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import type { Preprocessing } from "./preprocess.ts";
import type { Tap } from "./taps.ts";

/**
 * Which tokens to make. `grid`: `size x size` patch tokens, after the CLS token if there is one.
 * `pooled`: one token, the CLS token or else the mean over patches; a tap that is a vector already
 * (`image_embeds`) is taken as it is.
 */
export type TokenPlan = { readonly kind: "grid"; readonly size: number } | { readonly kind: "pooled" };

/** How one tap's output lies in memory: channel c of patch (y, x) at `origin + y*row + x*column + c*step`. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly origin: number;
  readonly row: number;
  readonly column: number;
  readonly step: number;
  readonly hasCls: boolean;
}

/** What the tokens of an encoder are: their number and width, and which channels come from which tap. */
export interface TokenShape {
  readonly T: number;
  readonly D: number;
  /** Whether token 0 is the CLS token. */
  readonly hasCls: boolean;
  /** Channels `from` to `to - 1` of each token come from the tap. */
  readonly channels: readonly { readonly tap: string; readonly from: number; readonly to: number }[];
}

/** More leading tokens than this are no CLS, distillation and register tokens, but a grid not understood. */
const MAX_LEADING = 16;

/**
 * Makes the function that turns a batch's tap outputs into tokens.
 * @param shapes shape of each tap's output, batch first: `[B, n, D]`, `[B, C, h, w]`, `[B, h, w, C]` or `[B, D]`
 * @returns the tokens' shape, and `read(outputs, b)`, the tokens `[T, D]` of picture b
 * @throws UnsupportedError when a tap is neither a grid nor a vector, ConfigError when taps cannot be joined.
 */
export function planTokens(
  taps: readonly Tap[],
  shapes: readonly (readonly number[])[],
  plan: TokenPlan,
  preprocessing: Preprocessing,
): { shape: TokenShape; read: (outputs: readonly NdArray[], b: number) => Float32Array } {
  const layouts = shapes.map((shape, i) => layoutOf(shape, taps[i]!, plan, preprocessing));
  const withCls = layouts.findIndex((layout) => layout.hasCls);
  const without = layouts.findIndex((layout) => !layout.hasCls);
  const hasCls = withCls >= 0;
  if (hasCls && without >= 0 && plan.kind === "grid") {
    throw new VcaError(
      "ConfigError",
      `taps: all must have a CLS token or none, got ${taps[withCls]!.name} with one and ${taps[without]!.name} without. Choose taps of one kind.`,
    );
  }
  let D = 0;
  const channels = layouts.map((layout, i) => {
    const from = D;
    D += layout.channels;
    return { tap: taps[i]!.name, from, to: D };
  });
  const patches = plan.kind === "grid" ? plan.size ** 2 : 0;
  const leading = plan.kind === "pooled" || hasCls ? 1 : 0;
  const T = leading + patches;

  const read = (outputs: readonly NdArray[], b: number): Float32Array => {
    const tokens = new Float32Array(T * D);
    for (const [i, layout] of layouts.entries()) {
      const output = outputs[i]!;
      const size = output.data.length / output.shape[0]!;
      const source = output.data.subarray(b * size, (b + 1) * size);
      const at = channels[i]!.from;
      if (layout.hasCls) for (let c = 0; c < layout.channels; c++) tokens[at + c] = source[c * layout.step]!;
      else if (plan.kind === "pooled") average(source, layout, 1, tokens, at, D);
      if (plan.kind === "grid") average(source, layout, plan.size, tokens, at + leading * D, D);
    }
    return tokens;
  };
  return { shape: { T, D, hasCls: hasCls && without < 0, channels }, read };
}

/** How a tap's output lies in memory. @throws UnsupportedError when it is neither a grid nor a vector */
export function layoutOf(
  shape: readonly number[],
  tap: Tap,
  plan: TokenPlan,
  { height: H, width: W }: Preprocessing,
): Layout {
  const [, a = 0, b = 0, c = 0] = shape;
  const like = (h: number, w: number) => Math.abs(h * W - w * H) < Math.max(H, W);
  if (shape.length === 4 && like(b, c)) {
    return { height: b, width: c, channels: a, origin: 0, row: c, column: 1, step: b * c, hasCls: false };
  }
  if (shape.length === 4 && like(a, b)) {
    return { height: a, width: b, channels: c, origin: 0, row: b * c, column: c, step: 1, hasCls: false };
  }
  if (shape.length === 2 && plan.kind === "pooled") {
    return { height: 1, width: 1, channels: a, origin: 0, row: a, column: a, step: 1, hasCls: false };
  }
  if (shape.length === 3) {
    for (let patch = 1; patch <= Math.min(H, W); patch++) {
      const height = Math.floor(H / patch);
      const width = Math.floor(W / patch);
      const leading = a - height * width;
      if (leading < 0) continue;
      if (leading > MAX_LEADING) break;
      const origin = leading * b;
      return { height, width, channels: b, origin, row: width * b, column: b, step: 1, hasCls: leading > 0 };
    }
  }
  throw new VcaError(
    "UnsupportedError",
    `tap ${tap.name}: tokens [B, n, D] or a map [B, C, h, w] of a ${H} x ${W} picture were expected, got [${shape}]. Choose another tap${shape.length === 2 ? ", or pooled tokens" : ""}.`,
  );
}

/** The patches that cell `cell` of a `size x size` grid spans; ends are exclusive. */
export function cellOf(cell: number, size: number, { height, width }: { height: number; width: number }) {
  const i = Math.floor(cell / size);
  const j = cell % size;
  return {
    top: Math.floor((i * height) / size),
    bottom: Math.ceil(((i + 1) * height) / size),
    left: Math.floor((j * width) / size),
    right: Math.ceil(((j + 1) * width) / size),
  };
}

/**
 * Adaptive average pooling as in PyTorch: cell i of n spans floor(i*h/n) to ceil((i+1)*h/n).
 * `target[at + cell*stride + c]` is the mean of channel c over the cell.
 */
function average(
  source: Float32Array,
  { height, width, channels, origin, row, column, step }: Layout,
  size: number,
  target: Float32Array,
  at: number,
  stride: number,
): void {
  for (let cell = 0; cell < size * size; cell++) {
    const { top, bottom, left, right } = cellOf(cell, size, { height, width });
    const count = (bottom - top) * (right - left);
    const out = at + cell * stride;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) sum += source[origin + y * row + x * column + c * step]!;
      }
      target[out + c] = sum / count;
    }
  }
}
