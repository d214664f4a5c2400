/** @file Damage to files: what a broken disk, a bad copy or an enemy makes of their bytes. */
import fc from "fast-check";

/** A place in something, as a share of its length; `fc.double` would draw exponents, so nearly always an end. */
export const share = fc.nat(100_000).map((part) => part / 100_000);
/** Damage to bytes: some overwritten, a stretch removed or doubled, the end cut off. */
export const damage = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ writes: fc.array(fc.tuple(share, fc.nat(255)), { minLength: 1, maxLength: 3 }) }),
  },
  fc.record({ remove: fc.tuple(share, fc.integer({ min: 1, max: 64 })) }),
  fc.record({ double: fc.tuple(share, fc.integer({ min: 1, max: 64 })) }),
  fc.record({ keep: share }),
);
export type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

/** The bytes after it. */
export function damaged(bytes: Uint8Array, how: Damage): Uint8Array {
  const result = [...bytes];
  const at = (part: number) => Math.floor(part * (result.length - 1));
  if ("writes" in how) for (const [part, value] of how.writes) result[at(part)] = value;
  if ("remove" in how) result.splice(at(how.remove[0]), how.remove[1]);
  if ("double" in how)
    result.splice(
      at(how.double[0]),
      0,
      ...result.slice(at(how.double[0]), at(how.double[0]) + how.double[1]),
    );
  return Uint8Array.from("keep" in how ? result.slice(0, at(how.keep)) : result);
}
