/**
 * @file RDMs that know their stimuli: n of them in vector form, each with its labels (participant, session, nucleus,
 * epoch). A pair that could not be measured is NaN; infinity is an error. The order of pairs is that of scipy's
 * `squareform` and of rsatoolbox: the upper triangle, row by row.
 */
import type { NdArray } from "../core/array.ts";
import type { Matrix } from "../core/linear-algebra.ts";
import { VcaError } from "../errors.ts";

/** RDMs over the same stimuli. */
export interface Rdms {
  /** `[S]`, each once. */
  readonly ids: readonly string[];
  /** `[n, M]`. */
  readonly vectors: NdArray<Float64Array>;
  /** One value per RDM and axis, `[n]`: participant, session, nucleus, epoch, ... */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Pairs of S stimuli: S (S - 1) / 2. */
export function pairCount(stimuli: number): number {
  return (stimuli * (stimuli - 1)) / 2;
}

/** Stimuli of M pairs. @throws ShapeError when no number of stimuli has so many pairs. */
export function stimulusCount(pairs: number, where = "rdm"): number {
  const stimuli = Math.round((1 + Math.sqrt(1 + 8 * pairs)) / 2);
  if (pairs > 0 && pairCount(stimuli) === pairs) return stimuli;
  throw new VcaError(
    "ShapeError",
    `${where}: S (S - 1) / 2 pairs were expected, got ${pairs}. Pass the upper triangle without its diagonal.`,
  );
}

/** Where the pair of stimuli i < j stands among the pairs of S. */
export function pairIndex(i: number, j: number, stimuli: number): number {
  return i * stimuli - (i * (i + 3)) / 2 + j - 1;
}

/**
 * Checked RDMs.
 * @param where names the source in errors
 * @throws ShapeError when shapes, ids and labels disagree; DataError for an infinite value or an id twice.
 */
export function createRdms(rdms: Rdms, where = "rdm"): Rdms {
  const { ids, vectors, labels } = rdms;
  const [n = 0, pairs = 0] = vectors.shape;
  if (vectors.shape.length !== 2 || pairs !== pairCount(ids.length))
    throw new VcaError(
      "ShapeError",
      `${where}: ${ids.length} stimuli need vectors [n, ${pairCount(ids.length)}], got [${vectors.shape}]. Name the stimuli that the RDMs have.`,
    );
  for (const [axis, values] of Object.entries(labels))
    if (values.length !== n)
      throw new VcaError(
        "ShapeError",
        `${where}: a ${axis} was expected for each of ${n} RDMs, got ${values.length}. Label every RDM.`,
      );
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw new VcaError(
      "DataError",
      `${where}: each stimulus once was expected, got "${twice}" twice. Rename one.`,
    );
  const infinite = vectors.data.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0) {
    const [a, b] = pairOf(infinite % pairs, ids.length);
    throw new VcaError(
      "DataError",
      `${where}: finite dissimilarities were expected, got ${vectors.data[infinite]} for ${ids[a]} and ${ids[b]}. Mend the value, or make it NaN to leave the pair out.`,
    );
  }
  return rdms;
}

/** The stimuli of a pair. */
export function pairOf(pair: number, stimuli: number): [number, number] {
  let i = 0;
  while (pairIndex(i + 1, i + 2, stimuli) <= pair && i < stimuli - 2) i++;
  return [i, pair - pairIndex(i, i + 1, stimuli) + i + 1];
}

/** The symmetric matrix of a vector, zeros on its diagonal: `[M] -> [S, S]`. @throws ShapeError as `stimulusCount`. */
export function squareForm(vector: ArrayLike<number>): Matrix {
  const s = stimulusCount(vector.length);
  const data = new Float64Array(s * s);
  for (let i = 0, m = 0; i < s; i++)
    for (let j = i + 1; j < s; j++, m++) data[i * s + j] = data[j * s + i] = vector[m]!;
  return { shape: [s, s], data };
}

/** Relative to the largest entry: what float32 files lose. */
const TOLERANCE = 1e-6;

/**
 * The vector of a symmetric matrix: `[S, S] -> [M]`. NaN stays where both halves have it.
 * @param where names the source in errors
 * @throws ShapeError when not square; DataError when asymmetric, infinite, or with a diagonal other than 0 (or NaN).
 */
export function vectorForm(square: NdArray<Float32Array | Float64Array>, where = "rdm"): Float64Array {
  const [s = 0, columns] = square.shape;
  if (square.shape.length !== 2 || s !== columns || s < 2)
    throw new VcaError(
      "ShapeError",
      `${where}: a square matrix was expected, got [${square.shape}]. Pass [S, S].`,
    );
  const { data } = square;
  let most = 0;
  for (const value of data) if (Math.abs(value) > most) most = Math.abs(value);
  const malformed = (expected: string, i: number, j: number, remedy: string) =>
    new VcaError(
      "DataError",
      `${where}: ${expected} was expected, got ${data[i * s + j]} in row ${i}, column ${j}. ${remedy}.`,
    );
  const vector = new Float64Array(pairCount(s));
  for (let i = 0, m = 0; i < s; i++) {
    if (Math.abs(data[i * s + i]!) > TOLERANCE * most)
      throw malformed("a diagonal of 0", i, i, "Subtract similarities from 1 to make them dissimilarities");
    for (let j = i + 1; j < s; j++, m++) {
      const value = data[i * s + j]!;
      const mirrored = data[j * s + i]!;
      if (Math.abs(value) === Number.POSITIVE_INFINITY)
        throw malformed(
          "a finite dissimilarity",
          i,
          j,
          "Mend the value, or make it NaN to leave the pair out",
        );
      const same = Number.isNaN(value)
        ? Number.isNaN(mirrored)
        : Math.abs(value - mirrored) <= TOLERANCE * most;
      if (!same)
        throw malformed(
          `a symmetric matrix, so ${mirrored}`,
          i,
          j,
          "Average the two halves if both are right",
        );
      vector[m] = value;
    }
  }
  return vector;
}

/** The chosen RDMs, in the given order. */
export function takeRdms({ ids, vectors, labels }: Rdms, rows: readonly number[]): Rdms {
  const m = vectors.shape[1]!;
  const data = new Float64Array(rows.length * m);
  for (const [k, row] of rows.entries()) data.set(vectors.data.subarray(row * m, (row + 1) * m), k * m);
  return {
    ids,
    vectors: { shape: [rows.length, m], data },
    labels: Object.fromEntries(
      Object.entries(labels).map(([axis, values]) => [axis, rows.map((row) => values[row]!)]),
    ),
  };
}

/** The RDMs over the chosen stimuli (each once), in the given order. */
export function takeStimuli({ ids, vectors, labels }: Rdms, stimuli: ArrayLike<number>): Rdms {
  const [n, m] = vectors.shape as [number, number];
  const s = stimuli.length;
  const data = new Float64Array(n * pairCount(s));
  for (let i = 0, at = 0; i < s; i++)
    for (let j = i + 1; j < s; j++, at++) {
      const [a, b] = [Math.min(stimuli[i]!, stimuli[j]!), Math.max(stimuli[i]!, stimuli[j]!)];
      const from = pairIndex(a, b, ids.length);
      for (let k = 0; k < n; k++) data[k * pairCount(s) + at] = vectors.data[k * m + from]!;
    }
  return { ids: Array.from(stimuli, (i) => ids[i]!), vectors: { shape: [n, pairCount(s)], data }, labels };
}

/**
 * RDMs averaged over an axis: those that agree in all other labels become one, in order of appearance. A pair is
 * the mean of the RDMs that have it.
 * @throws ConfigError when the RDMs have no such axis.
 */
export function averageOver(rdms: Rdms, axis: string): Rdms {
  const { vectors, labels } = rdms;
  const { [axis]: averaged, ...others } = labels;
  if (!averaged)
    throw new VcaError(
      "ConfigError",
      `rdm: an axis to average over was expected, got "${axis}" beside ${Object.keys(labels).join(", ") || "none"}. Name an axis of the RDMs.`,
    );
  const [n, m] = vectors.shape as [number, number];
  const groups = new Map<string, number[]>();
  for (let k = 0; k < n; k++) {
    const key = JSON.stringify(Object.values(others).map((values) => values[k]));
    groups.set(key, [...(groups.get(key) ?? []), k]);
  }
  const members = [...groups.values()];
  const data = new Float64Array(members.length * m);
  for (const [g, rows] of members.entries())
    for (let at = 0; at < m; at++) {
      let sum = 0;
      let count = 0;
      for (const row of rows) {
        const value = vectors.data[row * m + at]!;
        if (Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
      data[g * m + at] = sum / count;
    }
  const { ids, labels: kept } = takeRdms(
    { ...rdms, labels: others },
    members.map(([first]) => first!),
  );
  return { ids, vectors: { shape: [members.length, m], data }, labels: kept };
}

/**
 * `other` with its stimuli in the order of `reference`.
 * @throws DataError naming the stimuli that only one of the two has.
 */
export function joinByStimulus(reference: Pick<Rdms, "ids">, other: Rdms, where = "rdm"): Rdms {
  const places = new Map(other.ids.map((id, i) => [id, i]));
  const known = new Set(reference.ids);
  const lacking = reference.ids.filter((id) => !places.has(id));
  const extra = other.ids.filter((id) => !known.has(id));
  if (lacking.length + extra.length > 0) {
    const named = (ids: readonly string[]) =>
      ids.slice(0, 5).join(", ") + (ids.length > 5 ? ` and ${ids.length - 5} more` : "");
    const parts = [
      lacking.length > 0 && `${named(lacking)} missing`,
      extra.length > 0 && `${named(extra)} besides`,
    ];
    throw new VcaError(
      "DataError",
      `${where}: the ${reference.ids.length} stimuli of the other side were expected, got ${parts.filter(Boolean).join(" and ")}. Give both the same stimulus ids.`,
    );
  }
  if (reference.ids.every((id, i) => id === other.ids[i])) return other;
  return takeStimuli(
    other,
    reference.ids.map((id) => places.get(id)!),
  );
}
