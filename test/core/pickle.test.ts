/** @file Pickles as data: what is built, what is refused by name, and that no bytes do harm. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PickleRules, unpickle } from "../../src/core/pickle.ts";
import { isVcaError } from "../../src/errors.ts";

const RULES: PickleRules = { where: "p.pkl", remedy: "Save the arrays alone", globals: new Map() };

/** Bytes from hexadecimal and from text, as `pickletools` shows them. */
const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...part].map((c) => c.charCodeAt(0)))),
  );
const fails = (data: Uint8Array, rules: PickleRules = RULES) => {
  try {
    unpickle(data, rules);
  } catch (error) {
    return isVcaError(error, "DataError") ? error.message : `not ours: ${error}`;
  }
  return "nothing failed";
};

describe("unpickle", () => {
  it.each<[string, Uint8Array, unknown]>([
    // pickle.dumps({"a": [1, -2, 300, 2.5], "b": (None, True, False)}, 2)
    [
      "a dict of a list and a tuple",
      bytes(
        0x80,
        2,
        "}q",
        0,
        "(X",
        1,
        0,
        0,
        0,
        "aq",
        1,
        "]q",
        2,
        "(K",
        1,
        "J",
        254,
        255,
        255,
        255,
        "M",
        44,
        1,
        "G@",
        4,
        0,
        0,
        0,
        0,
        0,
        0,
        "eX",
        1,
        0,
        0,
        0,
        "bq",
        3,
        "N",
        0x88,
        0x89,
        0x87,
        "q",
        4,
        "u.",
      ),
      new Map<string, unknown>([
        ["a", [1, -2, 300, 2.5]],
        ["b", [null, true, false]],
      ]),
    ],
    // pickle.dumps(("é", b"\x00\xff", 2**53, -(2**70)), 4)
    [
      "text, bytes and long numbers",
      bytes(
        0x80,
        4,
        0x95,
        37,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        "(",
        0x8c,
        2,
        0xc3,
        0xa9,
        0x94,
        "C",
        2,
        0,
        255,
        0x94,
        0x8a,
        7,
        0,
        0,
        0,
        0,
        0,
        0,
        32,
        0x8a,
        9,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        192,
        "t",
        0x94,
        ".",
      ),
      ["é", Uint8Array.of(0, 255), 2n ** 53n, -(2n ** 70n)],
    ],
    // the same list twice: x = [7]; pickle.dumps([x, x], 2)
    ["what is remembered", bytes(0x80, 2, "]q", 0, "(]q", 1, "K", 7, "ah", 1, "e."), [[7], [7]]],
  ])("builds %s", (_, data, expected) => expect(unpickle(data, RULES)).toEqual(expected));

  it("calls what the table has, gives states, and asks for what lies outside", () => {
    const states: unknown[] = [];
    const made = { states, build: (state: unknown) => states.push(state) };
    const globals = new Map<string, unknown>([
      ["m.make", (...args: unknown[]) => Object.assign(made, { args })],
      ["m.value", 5],
    ]);
    const rules = { ...RULES, globals, persistentLoad: (id: unknown) => `object ${id}` };
    const data = bytes(0x80, 2, "cm\nmake\nX", 1, 0, 0, 0, "kQcm\nvalue\n", 0x86, "RK", 9, "b.");
    expect(unpickle(data, rules)).toMatchObject({ args: ["object k", 5], states: [9] });
  });

  it.each<[string, Uint8Array, string]>([
    ["a function", bytes(0x80, 2, "cos\nsystem\n(X", 2, 0, 0, 0, "lstR."), "GLOBAL os.system"],
    [
      "a function of protocol 4",
      bytes(0x80, 4, 0x8c, 5, "posix", 0x8c, 6, "system", 0x93, "."),
      "GLOBAL posix.system",
    ],
    [
      "an inherited name of the table",
      bytes("cconstructor\nconstructor\n."),
      "GLOBAL constructor.constructor",
    ],
    ["an instance of a class", bytes("(ios\nsystem\n."), "instruction INST"],
    ["an object by its class", bytes("K", 1, ")", 0x81, "."), "instruction NEWOBJ"],
    ["an extension", bytes(0x82, 1, "."), "instruction EXT1"],
    ["an instruction of no name", bytes(0xff), "instruction 0xff"],
    ["a call of a number", bytes("K", 1, ")R."), "a call of what is no function"],
    ["a state for a number", bytes("K", 1, "K", 2, "b."), "a state for what has none"],
    ["items of a dict in a list", bytes("](K", 1, "K", 2, "u."), "a dict's items in what is no dict"],
    ["items of a list in a dict", bytes("}K", 1, "a."), "a list's items in what is no list"],
    ["an object outside", bytes("NQ."), "an object outside the pickle"],
    ["a protocol to come", bytes(0x80, 9, "."), "protocol 9"],
  ])("refuses %s by name", (_, data, got) => {
    expect(fails(data)).toBe(
      `p.pkl: only tensors, arrays, numbers, text, lists and dicts were expected, got ${got}. Save the arrays alone.`,
    );
  });

  it.each<[string, Uint8Array]>([
    ["nothing", bytes()],
    ["no end", bytes(0x80, 2, "N")],
    ["text longer than the rest", bytes("X", 255, 255, 255, 127, "a.")],
    ["a line without an end", bytes("cos")],
    ["a stack that is empty", bytes(".")],
    ["a stack that is empty above its mark", bytes("N(0.").with(2, 0x85)],
    ["no mark", bytes("]Ne.")],
    ["a place that nothing was put in", bytes("h", 1, ".")],
  ])("says that a pickle of %s is cut short", (_, data) => {
    expect(fails(data)).toBe(
      "p.pkl: a whole pickle was expected, got one that is cut short. Save the arrays alone.",
    );
  });

  it("ends with data or a tagged error, whatever the bytes", () => {
    const instructions = [..."}](KJMGX)aeust\u0085\u0086\u0087qh\u0094NRbQ."].map((c) => c.charCodeAt(0));
    const byte = fc.oneof(fc.constantFrom(...instructions), fc.nat(255));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(byte, { maxLength: 60 }), (head, tail) => {
        const message = fails(Uint8Array.from([...tail, ...head]), {
          ...RULES,
          globals: new Map([["a.b", () => []]]),
        });
        expect(message).not.toMatch(/^not ours/);
      }),
      { numRuns: 2000 },
    );
  });
});
