import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { correlationRdm, correlationRdmMemory, sampledRows } from "../../src/rsa/correlation-rdm.ts";
import { dissimilarities } from "../../src/rsa/dissimilarities.ts";
import { centredGram } from "../../src/rsa/gram.ts";

const random = Random.seeded(3);
const filled = (S: number, V: number, offset = 0) => ({
  shape: [S, V],
  data: Float64Array.from({ length: S * V }, () => offset + random.normal()),
});
const worst = (got: Float64Array, expected: Float64Array) =>
  got.length === expected.length
    ? expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0)
    : Number.NaN;

describe("correlationRdm", () => {
  test.each([
    [2, 5],
    [300, 40], // two blocks of rows
    [5, 450_000], // two chunks of columns
  ])("of %i x %i on the engine is 1 - r", async (S, V) => {
    const patterns = filled(S, V, 1000);
    expect(
      worst(await correlationRdm(patterns), dissimilarities({ patterns }, { measure: "correlation" })),
    ).toBeLessThan(1e-9);
  });

  test("float32 patterns are multiplied in float64: near-equal ones keep their digits", async () => {
    const V = 4000;
    const data = Float32Array.from({ length: 2 * V }, () => random.normal());
    for (let v = 0; v < V; v++) data[V + v] = data[v]! * (1 + 1e-4 * (v % 2));
    const patterns = { shape: [2, V], data };
    const [got] = await correlationRdm(patterns);
    const [expected] = dissimilarities({ patterns }, { measure: "correlation" });
    expect(expected).toBeLessThan(1e-8);
    expect(Math.abs(got! - expected!)).toBeLessThan(1e-14);
  });

  test("the product is of patterns less their means", async () => {
    const patterns = { shape: [2, 2], data: Float64Array.of(1, 3, 4, 10) };
    const { gram, means } = await centredGram(patterns, { threads: 1 });
    expect([[...gram], [...means]]).toEqual([
      [2, 6, 6, 18],
      [2, 7],
    ]);
    expect([...patterns.data]).toEqual([1, 3, 4, 10]);
  });

  test("memory is stated, and far below that of the patterns", () => {
    expect(correlationRdmMemory(838, 62_720)).toBeLessThan(0.4 * 8 * 838 * 62_720);
    expect(correlationRdmMemory(5000, 300)).toBeLessThan(1.1e9);
  });

  test.each([
    [Float64Array.of(1, 2, 0.1, 0.1), "one of length 0 about its mean in row 1"],
    [Float64Array.of(1, Number.NaN, 3, 4), "one of length NaN about its mean in row 0"],
  ])("refuses a pattern that is flat or not finite (%#)", async (data, got) => {
    await expect(correlationRdm({ shape: [2, 2], data })).rejects.toThrow(
      `correlationRdm: finite patterns that vary were expected, got ${got}. Drop this stimulus, or its channels that are not finite.`,
    );
  });
});

describe("sampledRows", () => {
  const block = (...data: number[]) => ({ shape: [data.length / 2, 2], data: Float32Array.from(data) });
  const blocks = [block(0, 1, 2, 3), block(4, 5), block(6, 7, 8, 9)];

  test("keeps the rows asked for, in their order", async () => {
    const { shape, data } = await sampledRows(blocks, [4, 0, 2]);
    expect([shape, [...data]]).toEqual([
      [3, 2],
      [8, 9, 0, 1, 4, 5],
    ]);
  });

  test("refuses rows that never come, and blocks of another width", async () => {
    await expect(sampledRows(blocks, [1, 5])).rejects.toThrow(
      "sampledRows: a row 5 was expected, got 5 rows. Sample among the rows there are.",
    );
    await expect(sampledRows([...blocks, { shape: [1, 1], data: Float32Array.of(1) }], [0])).rejects.toThrow(
      "sampledRows: 2 channels were expected, got 1 from row 5. Use the channels that all blocks have.",
    );
  });
});
