/** @file What we use of the package `cephes`, whose `exports` hide its own types. */
declare module "cephes" {
  /** Resolves when the WebAssembly is ready. */
  export const compiled: Promise<void>;
  /** Complementary error function. */
  export function erfc(x: number): number;
  /** Regularized incomplete beta function I_x(a, b). */
  export function incbet(a: number, b: number, x: number): number;
  /** The x at which I_x(a, b) is y. */
  export function incbi(a: number, b: number, y: number): number;
}
