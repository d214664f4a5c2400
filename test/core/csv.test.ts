/** @file Reading and writing tables: every encoding, delimiter and line end met in published ratings. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnIndex, numberCell, parseCsv, writeCsv } from "../../src/core/csv.ts";
import { messageOf } from "../stimuli/support.ts";

const cells = (text: string | Uint8Array) => parseCsv(text, "t.csv").rows.map((row) => row.cells);

describe("parseCsv", () => {
  test.each([
    ["LF", "id,x\na,1\nb,2\n"],
    ["CR", "id,x\ra,1\rb,2"],
    ["CRLF", "id,x\r\na,1\r\nb,2\r\n"],
    ["mixed line ends", "id,x\r\na,1\rb,2\n"],
    ["semicolons", "id;x\na;1\nb;2"],
    ["tabs", "id\tx\na\t1\nb\t2"],
    ["a byte order mark", "\ufeffid,x\na,1\nb,2"],
    ["quotes", '"id","x"\n"a","1"\n"b","2"'],
    ["empty and blank rows", "id,x\na,1\n\n , \nb,2\n\n"],
    ["empty rows first", "\n\nid;x\na;1\nb;2"],
  ])("reads %s", (_, text) => {
    const table = parseCsv(new TextEncoder().encode(text), "t.csv");
    expect(table.header).toEqual(["id", "x"]);
    expect(table.rows.map((row) => row.cells)).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  test("keeps delimiters, quotes and line ends inside quotes", () => {
    expect(cells('id,"a;b;c"\n"x,y","say ""no""\r\nor yes"\n')).toEqual([["x,y", 'say "no"\nor yes']]);
  });

  test("numbers rows as a spreadsheet does, the header being row 1", () => {
    expect(parseCsv('id,x\n"two\nlines",1\n\nb,2', "t.csv").rows.map((row) => row.number)).toEqual([2, 4]);
  });

  test("skips a preamble, and counts its lines", () => {
    const { header, rows } = parseCsv("A title, with a comma\n\nid\tx\n2375.1\t1\n", "t.csv", {
      after: "id",
    });
    expect(header).toEqual(["id", "x"]);
    expect(rows).toEqual([{ number: 4, cells: ["2375.1", "1"] }]);
    expect(parseCsv("a,b\n1,2", "t.csv", { after: "id" }).header).toEqual(["a", "b"]);
  });

  test("takes given names for a file without header", () => {
    expect(parseCsv("007,.jpg\n8,.jpg", "t.csv", { header: ["id", "x"] })).toEqual({
      where: "t.csv",
      header: ["id", "x"],
      rows: [
        { number: 1, cells: ["007", ".jpg"] },
        { number: 2, cells: ["8", ".jpg"] },
      ],
      delimiter: ",",
    });
  });

  test("takes the delimiter of the header, not of the cells", () => {
    expect(cells("id;x\na;1,5\nb;2,5")).toEqual([
      ["a", "1,5"],
      ["b", "2,5"],
    ]);
  });

  test.each([
    [
      "another encoding",
      Uint8Array.of(0x69, 0x64, 0x0a, 0xe9),
      't.csv: the text must be UTF-8, got another encoding. Save it as "CSV UTF-8".',
    ],
    [
      "UTF-16",
      Uint8Array.of(0xff, 0xfe, 0x69, 0, 0x0a, 0),
      't.csv: the text must be UTF-8, got another encoding. Save it as "CSV UTF-8".',
    ],
    [
      "UTF-16 without a mark",
      Uint8Array.of(0x69, 0, 0x0a, 0, 0x61, 0),
      't.csv: the text must be UTF-8, got another encoding. Save it as "CSV UTF-8".',
    ],
    [
      "an empty file",
      "",
      "t.csv: a header and at least one row were expected, got an empty file. Check the file.",
    ],
    [
      "a header alone",
      "id,x\n",
      "t.csv: a header and at least one row were expected, got a header only. Check the file.",
    ],
    [
      "a short row",
      "id,x\na,1\n\nb\n",
      "t.csv row 4: 2 cells as in the header were expected, got 1. Quote cells that hold the delimiter, and fill the row.",
    ],
    [
      "a long row",
      "id,x\na,1,5\n",
      "t.csv row 2: 2 cells as in the header were expected, got 3. Quote cells that hold the delimiter, and fill the row.",
    ],
    [
      "an open quote",
      'id,x\na,1\n"b,2\n',
      "t.csv row 3: a quoted cell must be closed by one quote, got quoted field unterminated. Double each quote inside a quoted cell.",
    ],
  ])("refuses %s", async (_, text, message) => {
    expect(await messageOf(() => parseCsv(text, "t.csv"))).toBe(message);
  });
});

describe("cells", () => {
  const table = parseCsv("id,valence,valence,x\na,n/a,1,4,\n".replace("4,", '"4,5"'), "oasis: OASIS.csv");
  const number = (text: string, lo: number, hi: number) => {
    const one = parseCsv(writeCsv(["id", "x"], [["a", text]]), "t.csv");
    return numberCell(one, one.rows[0]!, 1, { lo, hi, id: "a" });
  };

  test("names the column that is missing or doubled", async () => {
    expect(await messageOf(() => columnIndex(table, "ID"))).toBe(
      'oasis: OASIS.csv: a column "ID" was expected, got "id", "valence", "valence", "x". Rename "id", or add the column.',
    );
    expect(await messageOf(() => columnIndex(table, "valence"))).toBe(
      'oasis: OASIS.csv: one column "valence" was expected, got two. Rename one of them.',
    );
  });

  test.each([
    ["4", 4],
    [" 4.5 ", 4.5],
    ["+.5e1", 5],
    ["1", 1],
    ["7", 7],
  ])("reads %j", (text, value) => expect(number(text, 1, 7)).toBe(value));

  test.each(["", "n/a", "NaN", "Infinity", "1e999", "0x3", "3 4", "0.99", "7.01", "-3"])(
    "refuses %j",
    (text) => {
      expect(() => number(text, 1, 7)).toThrow(
        `t.csv row 2 (a): x must be a number from 1 to 7, got "${text}". Correct the cell, or remove the row.`,
      );
    },
  );

  test("says which range, and how to write a decimal", async () => {
    const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
    expect(await messageOf(() => number("0", 1, most))).toContain("x must be a number from 1, got");
    expect(await messageOf(() => number("9", least, 8))).toContain("x must be a number up to 8, got");
    expect(await messageOf(() => number("?", least, most))).toContain("x must be a number, got");
    expect(
      await messageOf(() => numberCell(table, table.rows[0]!, 3, { lo: 1, hi: 7, id: "Alcohol 3" })),
    ).toBe(
      'oasis: OASIS.csv row 2 (Alcohol 3): x must be a number from 1 to 7, got "4,5". Write it with a decimal point.',
    );
  });
});

describe("writeCsv", () => {
  test("quotes as needed and prints numbers in full", () => {
    expect(
      writeCsv(
        ["id", "r"],
        [
          ["a,b", 0.1 + 0.2],
          ['"', undefined],
          [" c", 1e-9],
        ],
      ),
    ).toBe('id,r\n"a,b",0.30000000000000004\n"""",\n" c",1e-9\n');
  });

  test("refuses a ragged row", async () => {
    expect(await messageOf(() => writeCsv(["a", "b"], [["1", "2"], ["1"]]))).toBe(
      "csv: row 3 must have 2 cells, got 1. Pass one cell per column.",
    );
  });

  test("is read back as it was", () => {
    const text = fc.string({ unit: fc.constantFrom("a", ",", ";", "\t", '"', "\n", " ", "é", "🙂") });
    const row = fc.tuple(
      fc.constantFrom("x", "y"),
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const back = parseCsv(writeCsv(["id", "text", "number"], rows), "t.csv").rows;
        expect(back.map(({ cells }) => [cells[0], cells[1], Number(cells[2])])).toEqual(
          rows.map(([id, label, value]) => [id, label, value === 0 ? 0 : value]),
        );
      }),
    );
  });
});

test("errors about a table are data errors", async () => {
  expect(await messageOf(() => parseCsv("", "t.csv"), true)).toMatch(/^DataError /);
});

test("a decimal comma and a sign for missing are read only where they are declared", async () => {
  const table = parseCsv("id;x;y;z\na;4,5;.;1,234,5", "t.csv");
  const read = (column: number, declared: object) =>
    numberCell(table, table.rows[0]!, column, { lo: 1, hi: 9, id: "a", ...declared });
  expect(read(1, { decimalComma: true })).toBe(4.5);
  expect(read(2, { missing: "." })).toBeNaN();
  for (const [column, declared] of [
    [1, {}],
    [2, { decimalComma: true }],
    [3, { decimalComma: true }],
  ] as const)
    expect(await messageOf(() => read(column, declared))).toMatch(
      /^t\.csv row 2 \(a\): . must be a number from 1 to 9/,
    );
});
