/** @file The readers of picture sets, on small sets made here: every trap of published tables, and the full text of each error. */
import { describe, expect, test } from "vitest";
import { decodePicture } from "#decode";
import { readBytes } from "#files";
import { parseScale, rescale } from "../../src/stimuli/scale.ts";
import { openStimuli } from "../../src/stimuli/set.ts";
import { folderOf, messageOf } from "./support.ts";

const HEADER = ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N";
const ROWS = [
  "I1,Acorns 1,Object,Pixabay,4.5,0.9,102,2.25,1.5,101",
  "I2,War 2 ,Scenery,Flickr,1.5,0.9,100,5.5,1.5,99",
  "I3,Nude couple 1,Person,Pixabay,4,1,100,4,1,100",
];
const oasisFolder = (rows = ROWS, pictures = ["Acorns1.jpg", "War 2.JPG"], images = "images") =>
  folderOf({
    "OASIS.csv": [HEADER, ...rows].join("\r"),
    ...Object.fromEntries(pictures.map((name) => [`${images}/${name}`, "jpg"])),
  });

describe("openStimuli", () => {
  test.each([
    [
      "oasi:x",
      'ConfigError stimuli: unknown picture set "oasi". Did you mean "oasis"? Choices: oasis, iaps, naps, gaped, emomadrid, bass, bass-ch, emoji, vca-csv, table.',
    ],
    [
      "oasis",
      'ConfigError stimuli: a path after the colon was expected, got "oasis". Write it as oasis:FOLDER.',
    ],
    [
      "table:",
      'ConfigError stimuli: a path after the colon was expected, got "table:". Write it as table:FILE.csv.',
    ],
    ["emoji:x", 'ConfigError stimuli: no path was expected, got "emoji:x". Write it as emoji.'],
    [
      "oasis:x@1-9",
      "ConfigError stimuli: no scale was expected for oasis, which is rated on 1 to 7, got 1 to 9. Leave it out.",
    ],
    [
      "vca-csv:x.csv + emoji@-2..2",
      "ConfigError stimuli: no scale was expected for emoji, which is rated on 1 to 7, got -2 to 2. Leave it out.",
    ],
    [
      "table:my.csv@9-1",
      'ConfigError table:my.csv@9-1: the lower and upper end of the rating scale were expected, got "9-1". Write it as 1-9 or -2..2.',
    ],
    [
      "table:@1-9",
      'ConfigError stimuli: a path after the colon was expected, got "table:@1-9". Write it as table:FILE.csv.',
    ],
  ])("refuses %s", async (spec, message) => {
    expect(await messageOf(() => openStimuli(spec), true)).toBe(message);
  });
});

describe("oasis", () => {
  test("matches pictures to rows without spaces and letter case, and notes what has no partner", async () => {
    const folder = await oasisFolder(ROWS, ["Acorns1.jpg", "War 2.JPG", "Stray 1.jpg"], "Images");
    const set = await openStimuli(`oasis:${folder}`);
    expect(set.ids).toEqual(["Acorns 1", "War 2"]);
    expect(set.files).toEqual([`${folder}/Images/Acorns1.jpg`, `${folder}/Images/War 2.JPG`]);
    expect([...set.ratings.data]).toEqual([4.5, 2.25, 1.5, 5.5]);
    expect(set.ratings.shape).toEqual([2, 2]);
    expect([...set.raters!.n.data]).toEqual([102, 101, 100, 99]);
    expect([...set.raters!.sd.data]).toEqual([0.9, 1.5, 0.9, 1.5]);
    expect(set.columns).toEqual({
      theme: ["Acorns", "War"],
      category: ["Object", "Scenery"],
      source: ["Pixabay", "Flickr"],
    });
    expect(set.notes).toEqual([
      "Rows without picture, left out: 1 of 3 (Nude couple 1).",
      "Pictures without row, left out: 1 (Stray 1.jpg).",
    ]);
  });

  test.each([
    [
      "NaN",
      "I1,Acorns 1,Object,Pixabay,n/a,0.9,102,2,1,101",
      'Valence_mean must be a number from 1 to 7, got "n/a"',
    ],
    [
      "an off-scale mean",
      "I1,Acorns 1,Object,Pixabay,4,0.9,102,7.5,1,101",
      'Arousal_mean must be a number from 1 to 7, got "7.5"',
    ],
    ["no raters", "I1,Acorns 1,Object,Pixabay,4,0.9,0,2,1,101", 'Valence_N must be a number from 1, got "0"'],
  ])("refuses %s", async (_, row, got) => {
    const folder = await oasisFolder([row, ...ROWS.slice(1)]);
    expect(await messageOf(() => openStimuli(`oasis:${folder}`), true)).toBe(
      `DataError oasis: OASIS.csv row 2 (Acorns 1): ${got}. Correct the cell, or remove the row.`,
    );
  });

  test("refuses a theme twice, a picture twice, and folders without the set", async () => {
    const twice = await oasisFolder([ROWS[0]!, ROWS[1]!, ROWS[0]!.replace("Acorns 1", "Acorns  1 ")]);
    expect(await messageOf(() => openStimuli(`oasis:${twice}`), true)).toBe(
      'DataError oasis: OASIS.csv row 4: Theme must be unique, got "Acorns 1" as in row 2. Give each row an id of its own.',
    );
    const pictures = await oasisFolder(ROWS, ["Acorns 1.jpg", "Acorns1.jpg"]);
    expect(await messageOf(() => openStimuli(`oasis:${pictures}`), true)).toBe(
      `DataError oasis: ${pictures}/images: one picture for each row was expected, got "Acorns 1.jpg" and "Acorns1.jpg". Remove one of them.`,
    );
    const strangers = await oasisFolder(ROWS, ["x.jpg", "Acorns 1.txt"]);
    expect(await messageOf(() => openStimuli(`oasis:${strangers}`), true)).toBe(
      `DataError oasis: ${strangers}/images: pictures of the rows in OASIS.csv were expected, got none. Put pictures such as "Acorns 1.jpg" there.`,
    );
    const bare = await folderOf({ "OASIS.csv": HEADER });
    expect(await messageOf(() => openStimuli(`oasis:${bare}`), true)).toBe(
      `DataError oasis: ${bare}: OASIS.csv and images/ were expected, got no images. Pass the folder that holds both.`,
    );
    expect(await messageOf(() => openStimuli(`oasis:${bare}/none`), true)).toBe(
      `DataError ${bare}/none: a folder was expected, got none. Check the path.`,
    );
  });
});

describe("table", () => {
  const scale = { lo: 1, hi: 9 };
  const tableOf = (text: string | Uint8Array, pictures = ["a.png", "pics/b.png"]) =>
    folderOf({ "my.csv": text, ...Object.fromEntries(pictures.map((name) => [name, "png"])) });
  const GOOD = "id,file,valence,arousal,video\na,a.png,8,2,v1\nb,pics/b.png,2,6.5,v2\n";

  test.each([
    ["commas", GOOD],
    ["semicolons", GOOD.replaceAll(",", ";")],
    ["tabs, CR and a byte order mark", `\ufeff${GOOD.replaceAll(",", "\t").replaceAll("\n", "\r")}`],
  ])("reads %s", async (_, text) => {
    const folder = await tableOf(text);
    const set = await openStimuli(`table:${folder}/my.csv`, { scale });
    expect(set.ids).toEqual(["a", "b"]);
    expect(set.files).toEqual([`${folder}/a.png`, `${folder}/pics/b.png`]);
    expect([...set.ratings.data]).toEqual([8, 2, 2, 6.5]);
    expect(set.columns).toEqual({ video: ["v1", "v2"] });
    expect(set).toMatchObject({ name: "table", scale, redistribute: false, notes: [] });
    expect(set.raters).toBeUndefined();
  });

  test("carries raters when all four columns are there", async () => {
    const folder = await tableOf(
      "arousal_n,id,file,valence,arousal,valence_sd,arousal_sd,valence_n\n20,a,a.png,8,2,1,2,10",
    );
    const set = await openStimuli(`table:${folder}/my.csv`, { scale });
    expect([...set.raters!.sd.data, ...set.raters!.n.data]).toEqual([1, 2, 10, 20]);
    expect(set.columns).toEqual({});
  });

  test.each([";", "\t"])("reads 4,5 as 4.5 where %j parts the cells", async (delimiter) => {
    const header = "id,file,valence,arousal,valence_sd,arousal_sd,valence_n,arousal_n".replaceAll(
      ",",
      delimiter,
    );
    const row = ["a", "a.png", "8,25", "2.5", "1,5", "2", "10", "20"].join(delimiter);
    const folder = await tableOf(`${header}\n${row}\n`);
    const set = await openStimuli(`table:${folder}/my.csv`, { scale });
    expect([...set.ratings.data, ...set.raters!.sd.data, ...set.raters!.n.data]).toEqual([
      8.25, 2.5, 1.5, 2, 10, 20,
    ]);
  });

  test("refuses a comma among numbers of raters, which may part thousands", async () => {
    const header = "id;file;valence;arousal;valence_sd;arousal_sd;valence_n;arousal_n";
    const folder = await tableOf(`${header}\na;a.png;8,5;2,5;1,5;2;10;1,234\n`);
    expect(await messageOf(() => openStimuli(`table:${folder}/my.csv`, { scale }), true)).toBe(
      'DataError table: my.csv row 2 (a): arousal_n must be a number from 1, got "1,234". Write it with a decimal point.',
    );
  });

  test('leaves out and notes rows whose valence or arousal is "."', async () => {
    const header = "id,file,valence,arousal,valence_sd,arousal_sd,valence_n,arousal_n,video";
    const rows = [
      "a,a.png,8,2,1,2,10,20,v1",
      "none,,.,.,.,.,0,0,v2",
      "half,pics/b.png,3,.,.,.,.,.,v3",
      "c,pics/c.png,2,3,3,4,30,40,v4",
    ];
    const folder = await tableOf([header, ...rows].join("\n"), ["a.png", "pics/b.png", "pics/c.png"]);
    const set = await openStimuli(`table:${folder}/my.csv`, { scale });
    expect(set).toMatchObject({ ids: ["a", "c"], columns: { video: ["v1", "v4"] } });
    expect(set.files).toEqual([`${folder}/a.png`, `${folder}/pics/c.png`]);
    expect([...set.ratings.data]).toEqual([8, 2, 2, 3]);
    expect([...set.raters!.sd.data, ...set.raters!.n.data]).toEqual([1, 2, 3, 4, 10, 20, 30, 40]);
    expect(set.notes).toEqual(["Rows without rating, left out: 2 of 4 (none, half)."]);
  });

  test("warns of a scale wider than the ratings, and notes pictures without row", async () => {
    const folder = await tableOf(GOOD.replace("a.png,8", "a.png,7"), ["a.png", "pics/b.png", "pics/c.png"]);
    expect(await openStimuli(`table:${folder}/my.csv`, { scale })).toMatchObject({
      warnings: ["The scale is declared 1 to 9, but the ratings run from 2 to 7: check the scale."],
      notes: ["Pictures without row: 1 (c.png)."],
    });
  });

  test.each([
    [
      "an id twice",
      GOOD.replace("b,", "a,"),
      'DataError table: my.csv row 3: id must be unique, got "a" as in row 2. Give each row an id of its own.',
    ],
    [
      "an empty id",
      GOOD.replace("\nb,", "\n,"),
      "DataError table: my.csv row 3: id must be unique, got an empty cell. Give each row an id of its own.",
    ],
    [
      "NaN",
      GOOD.replace("6.5", "NaN"),
      'DataError table: my.csv row 3 (b): arousal must be a number from 1 to 9, got "NaN". Correct the cell, or remove the row.',
    ],
    [
      "an off-scale rating",
      GOOD.replace("8,2", "9.5,2"),
      'DataError table: my.csv row 2 (a): valence must be a number from 1 to 9, got "9.5". Correct the cell, or remove the row.',
    ],
    [
      "an empty rating",
      GOOD.replace("6.5", ""),
      'DataError table: my.csv row 3 (b): arousal must be a number from 1 to 9, got "". Correct the cell, or remove the row.',
    ],
    [
      "a decimal comma between commas",
      GOOD.replace("6.5", '"6,5"'),
      'DataError table: my.csv row 3 (b): arousal must be a number from 1 to 9, got "6,5". Write it with a decimal point.',
    ],
    [
      "an off-scale rating with a decimal comma",
      GOOD.replaceAll(",", ";").replace("6.5", "9,5"),
      'DataError table: my.csv row 3 (b): arousal must be a number from 1 to 9, got "9,5". Correct the cell, or remove the row.',
    ],
    [
      "an off-scale rating of a row that is left out",
      GOOD.replace("8,2", ".,12"),
      'DataError table: my.csv row 2 (a): arousal must be a number from 1 to 9, got "12". Correct the cell, or remove the row.',
    ],
    [
      "a table without any rating",
      GOOD.replace("8,2", ".,2").replace("6.5", "."),
      'DataError table: my.csv: a row with valence and arousal was expected, got none. Write numbers for ".".',
    ],
    [
      "no column of that name",
      GOOD.replace("arousal", "Arousal"),
      'DataError table: my.csv: a column "arousal" was expected, got "id", "file", "valence", "Arousal", "video". Rename "Arousal", or add the column.',
    ],
  ])("refuses %s", async (_, text, message) => {
    const folder = await tableOf(text);
    expect(await messageOf(() => openStimuli(`table:${folder}/my.csv`, { scale }), true)).toBe(message);
  });

  test("refuses missing pictures, naming every row", async () => {
    const folder = await tableOf(`${GOOD}c,,3,3,v3\n`, ["a.png"]);
    expect(await messageOf(() => openStimuli(`table:${folder}/my.csv`, { scale }), true)).toBe(
      `DataError table: my.csv: each row needs its picture, got none for row 3 (b: pics/b.png), row 4 (c: ). Correct the column file, or add the pictures to ${folder}.`,
    );
  });

  test("refuses a set without scale", async () => {
    expect(await messageOf(() => openStimuli("table:my.csv"), true)).toBe(
      "ConfigError table: my.csv: the rating scale was expected, got none. State its ends, as in --scale 1-9 or my.csv@1-9.",
    );
  });
});

describe("a set's own scale", () => {
  const text = "id,file,valence,arousal\na,a.png,1,2\nb,b.png,-2,1.5\n";
  const pictures = { "a.png": "a", "b.png": "b" };

  test.each([
    ["-2..2", { lo: -2, hi: 2 }],
    ["-2-2", { lo: -2, hi: 2 }],
    ["-2.5..+3", undefined],
  ])("@%s", async (ends, scale) => {
    const folder = await folderOf({ "my.csv": text, ...pictures });
    const opened = openStimuli(`table:${folder}/my.csv@${ends}`, { scale: { lo: 1, hi: 9 } });
    if (scale) expect(await opened).toMatchObject({ scale, ids: ["a", "b"] });
    else await expect(opened).rejects.toThrow("my.csv@-2.5..+3: a readable file was expected"); // no scale: a name
  });

  test("is read from the end, so a path may hold one", async () => {
    const folder = await folderOf({ "a@1-7/my@1-9": text, "a@1-7/a.png": "a", "a@1-7/b.png": "b" });
    expect((await openStimuli(`table:${folder}/a@1-7/my@1-9@-2..2`)).scale).toEqual({ lo: -2, hi: 2 });
    const published = await folderOf({ "v@1-0/N.txt": "Id V A\nN1.bmp 50 60\n", "v@1-0/N1.bmp": "picture" });
    expect((await openStimuli(`gaped:${published}/v@1-0/`)).ids).toEqual(["N1"]);
  });
});

test("emoji are embedded, and alike faces share a group", async () => {
  const set = await openStimuli("emoji");
  expect(set.ids).toHaveLength(81);
  expect(new Set(set.ids).size).toBe(81);
  expect(new Set(set.columns.group).size).toBe(54);
  const group = (id: string) => set.columns.group![set.ids.indexOf(id)];
  expect(group("imp")).toBe(group("smiling-face-with-horns"));
  expect(group("kissing-face")).toBe(group("face-throwing-a-kiss"));
  expect(group("clown-face")).toBe("clown-face");
  const s = set.ids.indexOf("loudly-crying-face");
  expect([...set.ratings.data.subarray(2 * s, 2 * s + 2)]).toEqual([1.72, 6.09]);
  for (const file of set.files) {
    expect(await decodePicture(await readBytes(file), file)).toMatchObject({ width: 128, height: 128 });
  }
  expect(set).toMatchObject({ scale: { lo: 1, hi: 7 }, nearEqual: "group", redistribute: true, notes: [] });
});

describe("scales", () => {
  test.each([
    ["1-9", { lo: 1, hi: 9 }],
    ["-2..2", { lo: -2, hi: 2 }],
    ["-2-2", { lo: -2, hi: 2 }],
    [" 0 - 1.5 ", { lo: 0, hi: 1.5 }],
  ])("reads %s", (text, scale) => expect(parseScale(text)).toEqual(scale));

  test.each(["", "9", "9-1", "1-1", "1 to 9"])("refuses %j", async (text) => {
    expect(await messageOf(() => parseScale(text), true)).toBe(
      `ConfigError --scale: the lower and upper end of the rating scale were expected, got "${text}". Write it as 1-9 or -2..2.`,
    );
  });

  test("rescales end to end", () => {
    const ratings = { shape: [2, 2], data: Float64Array.of(1, 4, 7, 2.5) };
    expect(rescale(ratings, { lo: 1, hi: 7 }, { lo: 1, hi: 9 })).toEqual({
      shape: [2, 2],
      data: Float64Array.of(1, 5, 9, 3),
    });
  });
});
