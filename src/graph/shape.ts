/**
 * @file Shapes of graph values. An axis is a number or a multiple of the symbolic batch size: `"1B"` is
 * B, `"50B"` is 50 B. So inference graphs serve any batch, and products of axes stay exact.
 */
import { VcaError } from "../errors.ts";

/** A multiple of the batch size. */
export type Batch = `${number}B`;
/** The length of an axis. */
export type Dim = number | Batch;
/** Axis lengths, outermost first. */
export type Shape = readonly Dim[];

/** The symbolic batch axis. */
export const BATCH: Batch = "1B";

/** Product of axes. @throws ShapeError when two are symbolic. */
export function product(dims: Shape): Dim {
  const symbolic = dims.filter((dim) => typeof dim !== "number");
  const size = dims.reduce<number>(
    (total, dim) => total * (typeof dim === "number" ? dim : Number.parseInt(dim, 10)),
    1,
  );
  if (symbolic.length > 1) {
    throw new VcaError(
      "ShapeError",
      `graph: at most one batch axis was expected, got [${dims}]. Give the others fixed lengths.`,
    );
  }
  return symbolic.length === 1 ? `${size}B` : size;
}

/** The shape of an element-wise operation on `a` and `b`, axes aligned at the end. @throws ShapeError */
export function broadcastShape(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new VcaError(
      "ShapeError",
      `${where}: shapes that broadcast were expected, got [${a}] and [${b}]. Reshape one of them.`,
    );
  });
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
