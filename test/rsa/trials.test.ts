import { describe, expect, test } from "vitest";
import { sameRunRdm, trialLagRdm } from "../../src/rsa/trials.ts";

describe("trials", () => {
  test("of one run are alike, and the more the nearer", () => {
    const trials = { runs: ["a", "a", "b", "b"], positions: [1, 4, 2, 3] };
    expect([...sameRunRdm(trials)]).toEqual([0, 1, 1, 1, 1, 0]);
    expect([...trialLagRdm(trials)]).toEqual([3, 3, 3, 3, 3, 1]);
  });

  test("refuse positions that are missing", () => {
    expect(() => trialLagRdm({ runs: [1, 1], positions: [1] })).toThrow(
      "trialLagRdm: a position for each of 2 runs was expected, got 1. Take both from one table.",
    );
    expect(() => trialLagRdm({ runs: [1, 1], positions: [1, Number.NaN] })).toThrow(
      "trialLagRdm: finite positions were expected, got NaN. Mend the onsets.",
    );
  });
});
