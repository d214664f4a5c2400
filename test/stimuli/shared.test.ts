/** @file OASIS itself, where the shared data lies. */
import { describe, expect, test } from "vitest";
import { decodePicture } from "#decode";
import { readBytes } from "#files";
import { columnIndex, parseCsv } from "../../src/core/csv.ts";
import { findDuplicates } from "../../src/stimuli/duplicates.ts";
import { openStimuli } from "../../src/stimuli/set.ts";
import { shared } from "../support/shared.ts";

describe.skipIf(!shared)("OASIS (skipped without ../shared or VCA_SHARED)", () => {
  test("has 838 pictures in 244 themes; 62 rows have none", async () => {
    const set = await openStimuli(`oasis:${shared}/data/oasis`);
    expect(set.ids).toHaveLength(838);
    expect(new Set(set.columns.theme).size).toBe(244);
    expect(new Set(set.columns.category)).toEqual(new Set(["Object", "Person", "Animal", "Scenery"]));
    expect(set.notes).toHaveLength(1);
    expect(set.notes[0]).toMatch(/^Rows without picture, left out: 62 of 900 \(.* and 52 more\)\.$/);
    const s = set.ids.indexOf("Crosswalk 1");
    expect(set.files[s]).toBe(`${shared}/data/oasis/images/Crosswalk 1.jpg`);
    expect(set.ids[0]).toBe("Acorns 1");
    expect([...set.ratings.data.subarray(0, 2)]).toEqual([4.68627451, 2.346534653]);
  });

  test("holds one photograph twice, and no other near-equal pictures", async () => {
    const set = await openStimuli(`oasis:${shared}/data/oasis`);
    const found = await findDuplicates(set, { decode: decodePicture });
    expect(found.equal).toEqual([]);
    expect(found.near.map(({ ids }) => ids)).toEqual([["Couple 2", "Couple 9"]]);
  });
});

describe.skipIf(!shared)("emoji (skipped without ../shared or VCA_SHARED)", () => {
  test("carry the ratings of the Lisbon database", async () => {
    const set = await openStimuli("emoji");
    const source = parseCsv(await readBytes(`${shared}/data/emoji/leed.csv`), "leed.csv");
    const columns = ["valence_mean", "arousal_mean"].map((name) => columnIndex(source, name));
    expect(source.rows.map(({ cells }) => cells[0])).toEqual(set.columns.codepoint);
    expect([...set.ratings.data]).toEqual(
      source.rows.flatMap(({ cells }) => columns.map((i) => Number(cells[i]))),
    );
  });
});
