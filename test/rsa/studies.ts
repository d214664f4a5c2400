/**
 * @file Simulated studies with a known truth, for the error rates of `rsa`: new pictures and new participants in each,
 * patterns whose noise is correlated over voxels and over trials. Used by tests and by bench/null.bench.ts.
 */
import type { Random } from "../../src/core/random.ts";
import { pairCount, type Rdms } from "../../src/rsa/rdm.ts";

/** Latent features of pictures, and voxels of a region. */
const FEATURES = 8;
const VOXELS = 24;
/** Correlation of neighbouring voxels, and of neighbouring trials. */
const SPACE = 0.6;
const TIME = 0.5;

/** A study: measured RDMs and model RDMs. */
export interface Study {
  readonly data: Rdms;
  readonly models: Rdms;
}

/** What is true in a study. */
export interface Truth {
  readonly participants: number;
  readonly pictures: number;
  /** Signal over noise, as standard deviations; 0 for none. */
  readonly signal: number;
  /**
   * `unrelated`: five models that have nothing to do with the pictures. `halves`: two models that know one half of the
   * features each, so that they are equally good. `true`: the model that knows all, then four that are unrelated.
   */
  readonly models: "unrelated" | "halves" | "true";
}

/** One study of this kind. */
export function simulateStudy({ participants, pictures, signal, models }: Truth, random: Random): Study {
  const ids = idsOf(pictures);
  const latent = normals(pictures * FEATURES, random);
  const measured = measuredRdms({ participants, pictures, signal }, latent, [0, FEATURES], random);
  const unrelated = (n: number) =>
    Array.from({ length: n }, () => distances(normals(pictures * FEATURES, random), pictures, 0, FEATURES));
  const half = FEATURES / 2;
  const known = {
    unrelated: () => unrelated(5),
    halves: () => [distances(latent, pictures, 0, half), distances(latent, pictures, half, FEATURES)],
    true: () => [distances(latent, pictures, 0, FEATURES), ...unrelated(4)],
  }[models]();
  return { data: stackRdms(ids, "participant", measured), models: stackRdms(ids, "model", known) };
}

/** Two regions that follow one half of the features each, so that the model that knows all is equally good in both. */
export function simulateRegions(
  size: Omit<Truth, "models">,
  random: Random,
): { readonly regions: readonly [Rdms, Rdms]; readonly models: Rdms } {
  const ids = idsOf(size.pictures);
  const latent = normals(size.pictures * FEATURES, random);
  const region = (from: number, to: number) =>
    stackRdms(ids, "participant", measuredRdms(size, latent, [from, to], random));
  const half = FEATURES / 2;
  return {
    regions: [region(0, half), region(half, FEATURES)],
    models: stackRdms(ids, "model", [distances(latent, size.pictures, 0, FEATURES)]),
  };
}

const idsOf = (pictures: number) => Array.from({ length: pictures }, (_, i) => `picture ${i + 1}`);

const normals = (n: number, random: Random) => Float64Array.from({ length: n }, () => random.normal());

/** RDMs of participants whose voxels follow the features `from` to `to`. */
function measuredRdms(
  { participants, pictures, signal }: Omit<Truth, "models">,
  latent: Float64Array,
  [from, to]: readonly [number, number],
  random: Random,
): Float64Array[] {
  return Array.from({ length: participants }, () => {
    const patterns = noise(pictures, random);
    const voxelsOf = normals(FEATURES * VOXELS, random);
    for (let i = 0; i < pictures; i++)
      for (let v = 0; v < VOXELS; v++)
        for (let f = from; f < to; f++)
          patterns[i * VOXELS + v]! +=
            (signal / Math.sqrt(to - from)) * latent[i * FEATURES + f]! * voxelsOf[f * VOXELS + v]!;
    return distances(patterns, pictures, 0, VOXELS);
  });
}

/** RDMs below one another, numbered along an axis. */
export function stackRdms(ids: readonly string[], axis: string, rows: readonly Float64Array[]): Rdms {
  return {
    ids,
    vectors: {
      shape: [rows.length, rows[0]!.length],
      data: Float64Array.from(rows.flatMap((row) => [...row])),
    },
    labels: { [axis]: rows.map((_, k) => String(k + 1)) },
  };
}

/** Noise of unit variance in trials of random order, `[pictures, VOXELS]`. */
export function noise(pictures: number, random: Random): Float64Array {
  const patterns = new Float64Array(pictures * VOXELS);
  const order = random.permutation(pictures);
  const [space, time] = [Math.sqrt(1 - SPACE ** 2), Math.sqrt(1 - TIME ** 2)];
  for (let trial = 0; trial < pictures; trial++) {
    let left = random.normal();
    for (let v = 0; v < VOXELS; v++) {
      if (v > 0) left = SPACE * left + space * random.normal();
      const before = trial > 0 ? patterns[order[trial - 1]! * VOXELS + v]! : random.normal();
      patterns[order[trial]! * VOXELS + v] = TIME * before + time * left;
    }
  }
  return patterns;
}

/** Squared euclidean distances over the columns `from` to `to`, `[M]`. */
function distances(patterns: Float64Array, rows: number, from: number, to: number): Float64Array {
  const width = patterns.length / rows;
  const result = new Float64Array(pairCount(rows));
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = i + 1; j < rows; j++, at++)
      for (let c = from; c < to; c++)
        result[at]! += (patterns[i * width + c]! - patterns[j * width + c]!) ** 2 / (to - from);
  return result;
}
