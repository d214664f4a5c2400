/** @file Inner folds part training pictures as the outer folds do. */
import { expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { innerFolds } from "../../src/study/inner-folds.ts";
import type { Prepared } from "../../src/study/prepare.ts";

const S = 40;
const theme = Array.from({ length: S }, (_, s) => `theme ${s % 8}`);
const prepared = { set: { columns: { theme } }, duplicates: { together: [[1, 2]] } } as unknown as Prepared;
const inner = (options: object, keep = (_: number) => true) => {
  const train = Int32Array.from([...Array(S).keys()].filter(keep));
  const config = fitConfig({ stimuli: "emoji", ...options });
  return { train, folds: innerFolds(config, prepared, train, Random.seeded(0)) };
};
const isWhole = ({ train, folds }: ReturnType<typeof inner>) =>
  theme.every(
    (label) => new Set([...train].flatMap((s, i) => (theme[s] === label ? [folds[i]] : []))).size <= 1,
  );

it("is five parts of pictures, look-alikes together", () => {
  const parts = inner({});
  expect(new Set(parts.folds).size).toBe(5);
  expect(parts.folds[1]).toBe(parts.folds[2]);
  expect(isWhole(parts)).toBe(false);
});

it.each(["grouped", "halves"])("keeps groups whole where folds do: %s", (split) => {
  const parts = inner({ split, group: "theme" });
  expect(new Set(parts.folds).size).toBe(5);
  expect(isWhole(parts)).toBe(true);
});

it("is fewer parts where there are fewer groups", () => {
  const parts = inner({ split: "grouped", group: "theme" }, (s) => s % 8 === 0 || s % 8 === 3 || s % 8 === 5);
  expect(new Set(parts.folds).size).toBe(3);
  expect(isWhole(parts)).toBe(true);
});
