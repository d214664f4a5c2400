/**
 * @file From an encoder's tensors to tokens as graph operations, for models that take pixels: the same
 * tokens as `tokens.ts` makes, to rounding.
 */
import { zeros } from "../core/array.ts";
import { concat, type Graph, matmul, reshape, slice, transpose, type Value } from "../graph/build.ts";
import { product, type Shape } from "../graph/shape.ts";
import type { Preprocessing } from "./preprocess.ts";
import type { Tap } from "./taps.ts";
import { cellOf, type Layout, layoutOf, type TokenPlan } from "./tokens.ts";

/**
 * Tokens `[B, T, D]` of tap outputs.
 * @param outputs one value per tap, as the encoder gives it
 */
export function tokensInGraph(
  graph: Graph,
  taps: readonly Tap[],
  outputs: readonly Value[],
  { plan, preprocessing }: { plan: TokenPlan; preprocessing: Preprocessing },
): Value {
  const parts = outputs.map((output, i) => {
    const numbers = output.shape.map((dim, axis) => (axis === 0 ? 1 : (dim as number)));
    return tapTokens(graph, output, layoutOf(numbers, taps[i]!, plan, preprocessing), plan);
  });
  return concat(parts, 2);
}

function tapTokens(graph: Graph, output: Value, layout: Layout, plan: TokenPlan): Value {
  const { height, width, channels: C, hasCls } = layout;
  const B = output.shape[0]!;
  const patches = height * width;
  const cls = () => slice(output, 1, 0, 1); // [B, 1, C]
  if (output.shape.length === 2) return reshape(output, [B, 1, C]);
  if (plan.kind === "pooled" && hasCls) return cls();
  const size = plan.kind === "grid" ? plan.size : 1;
  const channelsFirst = output.shape.length === 4 && layout.step > 1;
  const flat = channelsFirst
    ? reshape(output, [product([B, C]), patches])
    : reshape(transpose(patchesOf(output, layout, [B, patches, C]), [0, 2, 1]), [product([B, C]), patches]);
  const pooled = matmul(flat, graph.constant(averaging(layout, size))); // [B*C, size*size]
  const tokens = transpose(reshape(pooled, [B, C, size * size]), [0, 2, 1]); // [B, size*size, C]
  return plan.kind === "grid" && hasCls ? concat([cls(), tokens], 1) : tokens;
}

/** The patch tokens `[B, h w, C]` of tokens with leading ones, or of a map with channels last. */
function patchesOf(output: Value, { origin, channels }: Layout, shape: Shape): Value {
  if (output.shape.length === 4) return reshape(output, shape);
  const leading = origin / channels;
  return leading === 0 ? output : slice(output, 1, leading, output.shape[1] as number);
}

/** `[h w, size size]`: column c holds the weights of cell c's mean. */
function averaging({ height, width }: Layout, size: number) {
  const weights = zeros([height * width, size * size]);
  for (let cell = 0; cell < size * size; cell++) {
    const { top, bottom, left, right } = cellOf(cell, size, { height, width });
    const weight = 1 / ((bottom - top) * (right - left));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) weights.data[(y * width + x) * size * size + cell] = weight;
    }
  }
  return weights;
}
