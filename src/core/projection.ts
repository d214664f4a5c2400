/**
 * @file Least squares by projection: an orthonormal basis of a design, and what of a vector lies outside it.
 * Partial correlations and analyses of variance need no more. Columns are made orthogonal twice, which keeps
 * full precision (Giraud, Langou & Rozloznik 2005, Comput Math Appl 50:1069).
 */

/** What a vector must keep of its length to count as independent of a basis. */
const INDEPENDENT = 1e-9;

/**
 * Orthonormal columns `[n]` that span `columns` and the orthonormal `before`, which come first. A column that depends
 * on the others adds nothing, so the number of columns is the rank.
 */
export function orthonormalBasis(
  columns: readonly ArrayLike<number>[],
  before: readonly Float64Array[] = [],
): Float64Array[] {
  const basis = [...before];
  for (const column of columns) {
    const left = independentPart(column, basis);
    if (!left) continue;
    const norm = length(left);
    basis.push(left.map((value) => value / norm));
  }
  return basis;
}

/** What of y `[n]` is orthogonal to an orthonormal basis; undefined when that is nothing but rounding. */
export function independentPart(
  y: ArrayLike<number>,
  basis: readonly Float64Array[],
): Float64Array | undefined {
  const left = residuals(residuals(y, basis), basis);
  return length(left) > INDEPENDENT * length(y) ? left : undefined;
}

/** What of y `[n]` is orthogonal to an orthonormal basis. */
export function residuals(y: ArrayLike<number>, basis: readonly Float64Array[]): Float64Array {
  const left = Float64Array.from(y);
  for (const column of basis) {
    let along = 0;
    for (let i = 0; i < left.length; i++) along += column[i]! * left[i]!;
    for (let i = 0; i < left.length; i++) left[i]! -= along * column[i]!;
  }
  return left;
}

/** A column of ones, and one of zeros and ones for each label, `[n]`. */
export function indicators(labels: readonly (string | number)[]): Float64Array[] {
  const of = (belongs: (label: string | number) => boolean) =>
    Float64Array.from(labels, (label) => (belongs(label) ? 1 : 0));
  return [of(() => true), ...[...new Set(labels)].map((own) => of((label) => label === own))];
}

function length(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! ** 2;
  return Math.sqrt(squares);
}
