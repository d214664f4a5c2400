import { describe, expect, test } from "vitest";
import { usableChannels } from "../../src/rsa/channels.ts";

describe("usableChannels", () => {
  test("drops and counts channels that are constant or not finite", () => {
    const data = Float32Array.of(1, 5, Number.NaN, 3, 7, 2, 5, 1, 4, Number.POSITIVE_INFINITY);
    const { patterns, kept, notFinite, constant } = usableChannels({ shape: [2, 5], data });
    expect([...kept]).toEqual([0, 3]);
    expect([patterns.shape, [...patterns.data]]).toEqual([
      [2, 2],
      [1, 3, 2, 4],
    ]);
    expect([notFinite, constant]).toEqual([2, 1]);
  });

  test("refuses patterns without a usable channel", () => {
    const patterns = { shape: [2, 2], data: Float64Array.of(1, Number.NaN, 1, 2) };
    expect(() => usableChannels(patterns, "sub-01")).toThrow(
      "sub-01: a channel that varies was expected, got 1 that are not finite and 1 that are constant. Check the mask and the estimates.",
    );
  });
});
