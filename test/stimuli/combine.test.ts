/** @file Several picture sets as one: scales, ids, columns, and pictures that are alike over sets. */
import { expect, test } from "vitest";
import { findDuplicates } from "../../src/stimuli/duplicates.ts";
import { openStimuli, splitSets } from "../../src/stimuli/set.ts";
import { folderOf, messageOf, paint } from "./support.ts";

const gaped = await folderOf({ "A.txt": "Id V A\n7.bmp 25 100\n", "7.bmp": "same" });
const vca = await folderOf({ "t.csv": "7,.jpg,9,1\n8,.jpg,1,5\n", "7.jpg": "other", "8.jpg": "same" });
const spec = `vca-csv:${vca}/t.csv + gaped:${gaped}`;

test("ratings move to the first set's scale, ids bear their set, what a set lacks is a group of its own", async () => {
  const set = await openStimuli(spec);
  expect(set.name).toBe("vca-csv + gaped");
  expect(set.ids).toEqual(["vca-csv:7", "vca-csv:8", "gaped:7"]);
  expect([...set.ratings.data]).toEqual([1, 9, 5, 1, 3, 9]);
  expect(set.scale).toEqual({ lo: 1, hi: 9 });
  expect(set.sets).toEqual(["vca-csv", "vca-csv", "gaped"]);
  expect(set.columns).toEqual({ category: ["vca-csv:7", "vca-csv:8", "A"], picture_set: set.sets });
  expect(set.redistribute).toBe(false);
  expect(set.notes.at(-1)).toBe(
    "Ratings are on 1 to 9, the scale of vca-csv; they were vca-csv 1 to 9, gaped 0 to 100.",
  );
});

test("equal pictures of two sets share a fold", async () => {
  const set = await openStimuli(spec);
  const { equal, together } = await findDuplicates(set, {
    decode: async (bytes) => paint(32, 32, (x, y) => [(bytes[0]! * x * (y + 1)) % 256, 0, 0]),
  });
  expect(equal.map(({ ids }) => ids)).toEqual([["vca-csv:8", "gaped:7"]]);
  expect(together).toContainEqual([1, 2]);
});

test("one reader twice is numbered", async () => {
  const set = await openStimuli(`vca-csv:${vca}/t.csv + vca-csv:${vca}/t.csv`);
  expect(set.ids).toEqual(["vca-csv:7", "vca-csv:8", "vca-csv 2:7", "vca-csv 2:8"]);
});

test("each table keeps the scale that it states; --scale counts for the others", async () => {
  const row = (ratings: string) => `id,file,valence,arousal\na,a.png,${ratings}\n`;
  const folder = await folderOf({
    "percent.csv": row("25,100"),
    "sign.csv": row("-2,1"),
    "seven.csv": row("4,7"),
    "a.png": "a",
  });
  const specs = ["percent.csv@0-100", "sign.csv@-2..2", "seven.csv"].map((name) => `table:${folder}/${name}`);
  const set = await openStimuli([...specs, `vca-csv:${vca}/t.csv@0-10`].join(" + "), {
    scale: { lo: 1, hi: 7 },
  });
  expect(set.scale).toEqual({ lo: 0, hi: 100 });
  expect([...set.ratings.data]).toEqual([25, 100, 0, 75, 50, 100, 10, 90, 50, 10]);
  expect(set.notes.at(-1)).toBe(
    "Ratings are on 0 to 100, the scale of table; they were table 0 to 100, table 2 -2 to 2, table 3 1 to 7, vca-csv 0 to 10.",
  );
  expect(await messageOf(() => openStimuli(specs.join(" + ")), true)).toBe(
    "ConfigError table: seven.csv: the rating scale was expected, got none. State its ends, as in --scale 1-9 or seven.csv@1-9.",
  );
});

test("only a reader's name after the sign begins another set", () => {
  expect(splitSets("oasis:/a + b + naps:/c + emoji")).toEqual(["oasis:/a + b", "naps:/c", "emoji"]);
  expect(splitSets("table:a.csv@0-1 + table:b.csv@-2..2")).toEqual(["table:a.csv@0-1", "table:b.csv@-2..2"]);
});

test("drawings that look alike to the hash stay by themselves", async () => {
  expect(await messageOf(() => openStimuli(`emoji + gaped:${gaped}`), true)).toBe(
    "ConfigError stimuli: sets of photographs were expected together, got emoji. Use it by itself.",
  );
});
