/** @file The readers of published sets, on synthetic sets in the published formats, every trap of them. */
import { describe, expect, test } from "vitest";
import { openStimuli } from "../../src/stimuli/set.ts";
import { folderOf, messageOf } from "./support.ts";

const pictures = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "picture"]));
const IAPS_HEADER = "desc\tIAPS\tvalmn\tvalsd\taromn\tarosd\tdom1mn\tdom1sd\tdom2mn\tdom2sd\tset";
const IAPS = [
  "International Affective Picture System",
  "All subjects, sets 1-20",
  "",
  IAPS_HEADER,
  "Snake\t1050\t3.46\t2.15\t6.87\t1.68\t3.08\t2.10\t.\t.\t2",
  "Snake\t1050\t3.06\t2.15\t6.07\t1.68\t.\t.\t3.08\t2.10\t11",
  "Woman\t2375.1\t2.20\t1.31\t4.88\t2.21\t.\t.\t3.08\t2.10\t15",
  "Lost\t007\t8.1\t1.31\t4.88\t2.21\t.\t.\t3.08\t2.10\t15",
  "Unrated\t1051\t.\t.\t4.88\t2.21\t.\t.\t3.08\t2.10\t15",
];

describe("iaps", () => {
  const folder = (rows = IAPS, end = "\r\n", names = ["1050.jpg", "2375.1.JPG", "1051.jpg", "9999.jpg"]) =>
    folderOf({
      "AllSubjects_1-20.txt": rows.join(end),
      ...pictures(...names.map((name) => `images/${name}`)),
    });

  test.each(["\n", "\r\n", "\r"])(
    "skips the preamble, averages repeats, keeps ids as text (%j)",
    async (end) => {
      const path = await folder(IAPS, end);
      const set = await openStimuli(`iaps:${path}`);
      expect(set.ids).toEqual(["1050", "2375.1"]);
      expect(set.files).toEqual([`${path}/images/1050.jpg`, `${path}/images/2375.1.JPG`]);
      expect([...set.ratings.data]).toEqual([(3.46 + 3.06) / 2, (6.87 + 6.07) / 2, 2.2, 4.88]);
      expect(set.columns).toEqual({ description: ["Snake", "Woman"], iaps_set: ["2+11", "15"] });
      expect(set).toMatchObject({ name: "iaps", scale: { lo: 1, hi: 9 }, redistribute: false });
      expect(set.raters).toBeUndefined(); // the file says no number
      expect(set.notes).toEqual([
        "Rated in several of its sets, their means averaged with equal weight: 1 (1050).",
        "Rows without picture, left out: 1 of 4 (007).",
        "Rows without rating, left out: 1 of 4 (1051).",
        "Pictures without row, left out: 1 (9999.jpg).",
      ]);
      expect(set.warnings).toEqual([
        "The scale is declared 1 to 9, but the ratings run from 2.2 to 6.47: check the file.",
      ]);
    },
  );

  test("refuses what is no number, two pictures of one id, and a folder without the table", async () => {
    const broken = await folder([...IAPS, "X\t3\tNaN\t1\t2\t1\t.\t.\t.\t.\t1"]);
    expect(await messageOf(() => openStimuli(`iaps:${broken}`), true)).toBe(
      'DataError iaps: AllSubjects_1-20.txt row 10 (3): valmn must be a number from 1 to 9, got "NaN". Correct the cell, or remove the row.',
    );
    const twice = await folder(IAPS, "\n", ["1050.jpg", "1050.JPG"]);
    expect(await messageOf(() => openStimuli(`iaps:${twice}`), true)).toBe(
      `DataError iaps: one picture 1050 was expected, got ${twice}/images/1050.JPG, ${twice}/images/1050.jpg. Remove all but one.`,
    );
    const bare = await folderOf(pictures("1050.jpg"));
    expect(await messageOf(() => openStimuli(`iaps:${bare}`), true)).toBe(
      `DataError iaps: ${bare}: one file such as "AllSubjects_1-20.txt" was expected, got none. Pass the folder that holds the set, as published.`,
    );
    const empty = await folder(IAPS, "\n", []);
    expect(await messageOf(() => openStimuli(`iaps:${empty}`), true)).toBe(
      'DataError iaps: pictures of the rated rows were expected, got none. Put pictures such as "1050.jpg" into the set\'s folder.',
    );
    const headless = await folder(["a\tb", "1\t2"]);
    expect(await messageOf(() => openStimuli(`iaps:${headless}`), true)).toBe(
      'DataError iaps: AllSubjects_1-20.txt: a column "desc" was expected, got "a", "b". Rename "a", or add the column.',
    );
  });
});

describe("naps", () => {
  const HEADER = "ID;Category;Nr;V/H;Description;M_Valence;SD;M_arousal;SD";
  test("reads semicolons, decimal commas and a byte order mark", async () => {
    const rows = [
      "Animals_001_h;Animals;1;h;dead cow;2,5;1,1;6,25;1,9",
      'Faces_002_v;Faces;2;v;"a; b";8.5;1;1,5;2',
    ];
    const path = await folderOf({
      "NAPS_valence_arousal_2014.csv": `\ufeff${[HEADER, ...rows].join("\r\n")}`,
      ...pictures("NAPS_H/Animals_001_h.jpg", "NAPS_V/Faces_002_v.jpg"),
    });
    const set = await openStimuli(`naps:${path}`);
    expect(set.ids).toEqual(["Animals_001_h", "Faces_002_v"]);
    expect([...set.ratings.data]).toEqual([2.5, 6.25, 8.5, 1.5]);
    expect(set.columns).toEqual({ category: ["Animals", "Faces"], description: ["dead cow", "a; b"] });
    expect(set).toMatchObject({ scale: { lo: 1, hi: 9 }, redistribute: false, notes: [] });
  });
});

describe("gaped", () => {
  test("reads tabs and spaces mixed, both kinds of text, and notes a category that is missing", async () => {
    const path = await folderOf({
      "A.txt": "Id\tValence\tArousal\r\nA001.bmp\t 3.5  \t70.25\t1.0  2.0\r\n\r\nA002.bmp   0 100\r\n",
      "A_with SD.txt": "not read",
      "SN_with SD.txt": "Id Valence SD Arousal SD\nSn001.bmp\t20 (10.5)\t55  (1.5)\n",
      ...pictures("A/A001.bmp", "A/A002.bmp", "Sn/Sn001.BMP"),
    });
    const set = await openStimuli(`gaped:${path}`);
    expect(set.ids).toEqual(["A001", "A002", "Sn001"]);
    expect([...set.ratings.data]).toEqual([3.5, 70.25, 0, 100, 20, 55]);
    expect(set.columns).toEqual({ category: ["A", "A", "Sn"] });
    expect(set).toMatchObject({ scale: { lo: 0, hi: 100 }, redistribute: false });
    expect(set.notes).toEqual(
      ["H", "N", "P", "Sp"].map((name) => `Categories without text, left out: ${name}.txt is missing.`),
    );
  });

  test("refuses a short row, and a folder without texts", async () => {
    const short = await folderOf({ "N.txt": "Id V A\nN001.bmp 50\n", ...pictures("N001.bmp") });
    expect(await messageOf(() => openStimuli(`gaped:${short}`), true)).toBe(
      'DataError gaped: N.txt row 2: picture, valence and arousal were expected, got "N001.bmp 50". Fill the row, or remove it.',
    );
    const bare = await folderOf(pictures("N001.bmp"));
    expect(await messageOf(() => openStimuli(`gaped:${bare}`), true)).toBe(
      `DataError gaped: ${bare}: the texts A.txt, H.txt, N.txt, P.txt, Sn.txt, Sp.txt were expected, got none. Pass the folder that holds the set, as published.`,
    );
  });
});

describe("emomadrid", () => {
  const texts = (valence: string, arousal: string) =>
    folderOf({
      "pictures.txt": "EM0001.jpg\r\nEM0002\r\n",
      "Valence.txt": valence,
      "Arousal.txt": arousal,
      ...pictures("EM0001.jpg", "EM0002.jpg"),
    });

  test("joins three texts by line and keeps the sign", async () => {
    const set = await openStimuli(`emomadrid:${await texts("-1.5\n\u22120,5\n", "+1.25\n-2\n\n")}`);
    expect(set.ids).toEqual(["EM0001", "EM0002"]);
    expect([...set.ratings.data]).toEqual([-1.5, 1.25, -0.5, -2]);
    expect(set).toMatchObject({ scale: { lo: -2, hi: 2 }, redistribute: false });
  });

  test("refuses texts of unequal length", async () => {
    const path = await texts("1\n", "1\n2\n");
    expect(await messageOf(() => openStimuli(`emomadrid:${path}`), true)).toBe(
      `DataError emomadrid: ${path}: three texts of as many lines were expected, got 2 in pictures.txt, 1 in Valence.txt, 2 in Arousal.txt. Copy the files again.`,
    );
  });
});

describe("bass", () => {
  const names = (country: string) =>
    ["val_mean", "aro_mean", "val_sd", "aro_sd", "val_n", "aro_n"].map((name) => `${name}_${country}`);
  const folder = () =>
    folderOf({
      "BASS_data.csv": [
        ["file_name", ...names("us"), ...names("ch"), "keywords", "source"].join(","),
        'abuse.png,1.7,6.6,1,2.3,96,95,2.9,4.7,1.5,2,101,119,"fight, anger",Anna',
        "axe.png,8.2,1.5,1,2,94,93,3.8,4.8,1.4,1.8,100,118,sharp,Pixabay",
      ].join("\n"),
      ...pictures("images/abuse.png", "images/axe_bw.png"),
    });

  test("keeps the two countries apart", async () => {
    const path = await folder();
    const us = await openStimuli(`bass:${path}`);
    expect(us.files).toEqual([`${path}/images/abuse.png`, `${path}/images/axe_bw.png`]);
    expect([...us.ratings.data]).toEqual([1.7, 6.6, 8.2, 1.5]);
    expect([...us.raters!.n.data]).toEqual([96, 95, 94, 93]);
    expect(us.columns.keywords).toEqual(["fight, anger", "sharp"]);
    const ch = await openStimuli(`bass-ch:${path}`);
    expect([...ch.ratings.data]).toEqual([2.9, 4.7, 3.8, 4.8]);
    expect([us.raterFacts!.country, ch.raterFacts!.country]).toEqual(["the United States", "China"]);
  });
});

describe("vca-csv", () => {
  const csv = (text: string) => folderOf({ "train.csv": text, ...pictures("7.jpg", "sub/2375.1.jpg") });

  test("has no header, and arousal before valence", async () => {
    const path = await csv("7,.jpg,6.5,2\n2375.1,.jpg,1.5,8\n");
    const set = await openStimuli(`vca-csv:${path}/train.csv`);
    expect(set.ids).toEqual(["7", "2375.1"]);
    expect([...set.ratings.data]).toEqual([2, 6.5, 8, 1.5]); // valence first
    expect(set).toMatchObject({ scale: { lo: 1, hi: 9 }, redistribute: false, notes: [] });
  });

  test.each([";", "\t"])("reads 6,5 as 6.5 where %j parts the cells", async (delimiter) => {
    const path = await csv("7;.jpg;6,5;2\n2375.1;.jpg;1.5;8,25\n".replaceAll(";", delimiter));
    const set = await openStimuli(`vca-csv:${path}/train.csv`);
    expect([...set.ratings.data]).toEqual([2, 6.5, 8.25, 1.5]);
    const quoted = await csv('7,.jpg,"6,5",2\n');
    expect(await messageOf(() => openStimuli(`vca-csv:${quoted}/train.csv`), true)).toBe(
      'DataError vca-csv: train.csv row 1 (7): arousal must be a number from 1 to 9, got "6,5". Write it with a decimal point.',
    );
  });

  test("takes the extension of the row where two pictures share a name", async () => {
    const row = (extension: string) => `7,${extension},6,2\n8,.jpg,2,8\n`;
    const names = ["7.jpg", "sub/7.PNG", "8.png"];
    const open = async (extension: string, more: readonly string[] = []) => {
      const path = await folderOf({ "t.csv": row(extension), ...pictures(...names, ...more) });
      return { path, set: openStimuli(`vca-csv:${path}/t.csv`) };
    };
    for (const [extension, file] of [
      [".png", "sub/7.PNG"],
      ["PNG", "sub/7.PNG"],
      [".jpg", "7.jpg"],
    ] as const) {
      const { path, set } = await open(extension);
      expect((await set).files).toEqual([`${path}/${file}`, `${path}/8.png`]);
      const other = file === "7.jpg" ? "7.PNG" : "7.jpg";
      expect((await set).notes).toEqual([`Pictures without row, left out: 1 (${other}).`]);
    }
    for (const [extension, more] of [
      [".gif", []],
      ["", []],
      [".jpg", ["sub/7.JPG"]],
    ] as const) {
      const { path, set } = await open(extension, more);
      const found = more.length > 0 ? ["7.jpg", ...more] : ["7.jpg", "sub/7.PNG"];
      await expect(set).rejects.toThrow(
        `vca-csv: one picture 7 was expected, got ${found.map((name) => `${path}/${name}`).join(", ")}. Remove all but one.`,
      );
    }
  });

  test("warns when no rating passes 7 of 9, and refuses the reverse", async () => {
    const seven = await csv("7,.jpg,6.5,2\n2375.1,.jpg,1.5,7\n");
    expect((await openStimuli(`vca-csv:${seven}/train.csv`)).warnings).toEqual([
      "The scale is declared 1 to 9, but the ratings run from 1.5 to 7: check the scale.",
    ]);
    const nine = await csv("7,.jpg,6.5,2\n2375.1,.jpg,1.5,8\n");
    expect(
      await messageOf(() => openStimuli(`vca-csv:${nine}/train.csv`, { scale: { lo: 1, hi: 7 } }), true),
    ).toBe(
      'DataError vca-csv: train.csv row 2 (2375.1): valence must be a number from 1 to 7, got "8". Correct the cell, or remove the row.',
    );
    const empty = await csv("");
    expect(await messageOf(() => openStimuli(`vca-csv:${empty}/train.csv`), true)).toBe(
      "DataError vca-csv: train.csv: a header and at least one row were expected, got an empty file. Check the file.",
    );
  });
});
