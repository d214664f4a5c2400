/**
 * @file A geometry to plant, as coordinates of the pictures: of an RDM by classical scaling, or of features. Principal axes, the
 * largest first, so that the first K hold as much of it as K can.
 */
import { eigenSymmetric } from "../core/eigen.ts";
import { type Matrix, timesTransposed } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";

/**
 * Coordinates whose squared distances are an RDM's, by classical scaling: `-J D J / 2` of the centred squared distances. What of
 * the RDM no space can hold (negative eigenvalues) is left out.
 * @param rdm vector form `[M]` or square `[S, S]`
 * @throws DataError when the length is that of no RDM, or a number is not finite or a square not symmetric.
 * @see Torgerson (1952), Psychometrika 17:401
 */
export function rdmCoordinates({
  shape,
  data,
}: {
  shape: readonly number[];
  data: ArrayLike<number>;
}): Matrix {
  const square = shape.length === 2;
  const S = square ? shape[0]! : Math.round((1 + Math.sqrt(1 + 8 * data.length)) / 2);
  const at = (i: number, j: number) =>
    square ? data[i * S + j]! : i === j ? 0 : data[pairIndex(Math.min(i, j), Math.max(i, j), S)]!;
  if (S < 3 || data.length !== (square ? S * S : (S * (S - 1)) / 2)) throw notRdm(`shape [${shape}]`);
  const distances = Float64Array.from({ length: S * S }, (_, p) => at(Math.floor(p / S), p % S));
  for (let i = 0; i < S; i++)
    for (let j = 0; j <= i; j++) {
      const [one, other] = [distances[i * S + j]!, distances[j * S + i]!];
      if (!Number.isFinite(one) || Math.abs(one - other) > 1e-6 * Math.abs(one) || (i === j && one !== 0))
        throw notRdm(`${one} and ${other} for pictures ${j + 1} and ${i + 1}`);
    }
  const means = Float64Array.from(
    { length: S },
    (_, i) => distances.subarray(i * S, (i + 1) * S).reduce((a, b) => a + b) / S,
  );
  const mean = means.reduce((a, b) => a + b) / S;
  const gram = distances.map((d, p) => -(d - means[Math.floor(p / S)]! - means[p % S]! + mean) / 2);
  return principal({ shape: [S, S], data: gram });
}

/**
 * Coordinates whose squared distances are those of features `[S, K]`.
 * @throws DataError when there are fewer than 3 pictures, a number is not finite, or all pictures are the same.
 */
export function featureCoordinates(features: Matrix): Matrix {
  const [S = 0, K = 0] = features.shape;
  const bad = features.data.findIndex((value) => !Number.isFinite(value));
  if (S < 3 || bad >= 0) {
    const got = bad >= 0 ? `${features.data[bad]} in row ${Math.floor(bad / K) + 1}` : `${S} pictures`;
    throw new VcaError(
      "DataError",
      `simulate: finite features of at least 3 pictures were expected, got ${got}. Correct the geometry.`,
    );
  }
  const means = Float64Array.from({ length: K }, (_, k) => {
    let sum = 0;
    for (let s = 0; s < S; s++) sum += features.data[s * K + k]!;
    return sum / S;
  });
  return principal(
    timesTransposed({ shape: [S, K], data: features.data.map((value, at) => value - means[at % K]!) }),
  );
}

/** Principal coordinates of a Gram matrix, the largest first, without those of no length: `[S, S] -> [S, K]`. @throws DataError when none is left. */
function principal(gram: Matrix): Matrix {
  const [S = 0] = gram.shape;
  const { values, vectors } = eigenSymmetric(gram);
  const kept = [...values.keys()].filter((k) => values[k]! > 1e-9 * values[0]!);
  if (kept.length === 0)
    throw new VcaError(
      "DataError",
      "simulate: pictures that differ were expected, got the same for all. Choose another geometry.",
    );
  const data = Float64Array.from({ length: S * kept.length }, (_, at) => {
    const k = kept[at % kept.length]!;
    return vectors.data[k * S + Math.floor(at / kept.length)]! * Math.sqrt(values[k]!);
  });
  return { shape: [S, kept.length], data };
}

function notRdm(got: string): VcaError {
  return new VcaError(
    "DataError",
    `simulate: a finite, symmetric RDM of at least 3 pictures, with zeros on its diagonal, was expected, got ${got}. Correct the geometry.`,
  );
}

function pairIndex(i: number, j: number, S: number): number {
  return i * S - (i * (i + 1)) / 2 + j - i - 1;
}
