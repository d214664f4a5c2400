/**
 * @file Several picture sets as one. Ratings are moved from their declared scales to that of the first set; this equates
 * the ends of the scales, not populations or instructions, so agreement is measured within each set (`sets`).
 */
import { type NdArray, ndarray } from "../core/array.ts";
import { VcaError } from "../errors.ts";
import { rescale } from "./scale.ts";
import type { StimulusSet } from "./set.ts";

/**
 * Joins sets. Ids are `set:id`; a set's name that comes twice is numbered (`table 2`). A column that a set lacks holds the
 * picture's own id there, so that such a picture is a group of its own; equal labels of two sets are one group.
 * @throws ConfigError for a set that judges near-equal pictures itself: its drawings look alike to the hash by which
 *   the pictures of several sets are told apart
 */
export function combineSets(sets: readonly StimulusSet[]): StimulusSet {
  const [first] = sets;
  const self = sets.find(({ nearEqual }) => nearEqual !== undefined);
  if (self) {
    throw new VcaError(
      "ConfigError",
      `stimuli: sets of photographs were expected together, got ${self.name}. Use it by itself.`,
    );
  }
  const names = sets.map(({ name }, k) => {
    const before = sets.slice(0, k).filter((other) => other.name === name).length;
    return before === 0 ? name : `${name} ${before + 1}`;
  });
  const { lo, hi } = first!.scale;
  const unit = { lo: 0, hi: hi - lo };
  const joined = (of: (set: StimulusSet) => NdArray<Float64Array>) => {
    const data = sets.flatMap((set) => [...of(set).data]);
    return ndarray(Float64Array.from(data), [data.length / 2, 2]);
  };
  const moved = (set: StimulusSet) =>
    set.scale.lo === lo && set.scale.hi === hi ? set.ratings : rescale(set.ratings, set.scale, first!.scale);
  const columns = [...new Set(sets.flatMap((set) => Object.keys(set.columns)))];
  const ids = sets.map((set, k) => set.ids.map((id) => `${names[k]}:${id}`));
  const of = sets.flatMap((set, k) => set.ids.map(() => names[k]!));
  const scales = sets.map((set, k) => `${names[k]} ${set.scale.lo} to ${set.scale.hi}`).join(", ");
  return {
    name: names.join(" + "),
    citation: [...new Set(sets.map(({ citation }) => citation).filter((text) => text !== ""))].join("; "),
    ids: ids.flat(),
    files: sets.flatMap(({ files }) => files),
    ratings: joined(moved),
    scale: first!.scale,
    ...(sets.every(({ raters }) => raters) && {
      raters: {
        sd: joined((set) => rescale(set.raters!.sd, { lo: 0, hi: set.scale.hi - set.scale.lo }, unit)),
        n: joined((set) => set.raters!.n),
      },
    }),
    sets: of,
    columns: {
      ...Object.fromEntries(
        columns.map((name) => [name, sets.flatMap((set, k) => set.columns[name] ?? ids[k]!)]),
      ),
      picture_set: of,
    },
    redistribute: sets.every(({ redistribute }) => redistribute),
    warnings: sets.flatMap(({ warnings }, k) => warnings.map((warning) => `${names[k]}: ${warning}`)),
    notes: [
      ...sets.flatMap(({ notes }, k) => notes.map((note) => `${names[k]}: ${note}`)),
      `Ratings are on ${lo} to ${hi}, the scale of ${names[0]}; they were ${scales}.`,
    ],
  };
}
