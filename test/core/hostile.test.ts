/** @file Array files that are broken or hostile: each is read, or refused with a tag, and never hangs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readNifti } from "../../src/brain/nifti.ts";
import { readPickledArray } from "../../src/brain/numpy-pickle.ts";
import { decodeMat } from "../../src/core/mat.ts";
import { decodeNpy, encodeNpy } from "../../src/core/npy.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/core/safetensors.ts";
import { isVcaError } from "../../src/errors.ts";
import { decodeOnnx, encodeOnnx } from "../../src/graph/onnx.ts";
import { readRdms } from "../../src/rsa/read-rdms.ts";
import { damage, damaged } from "../support/damage.ts";
import { tinyTransformer } from "../support/tiny-encoders.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const fixtures = (folder: string, ending: RegExp) =>
  readdirSync(join(FIXTURES, folder))
    .filter((name) => ending.test(name))
    .map((name) => new Uint8Array(readFileSync(join(FIXTURES, folder, name))));
const array = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const square = { shape: [3, 3], data: Float64Array.of(0, 1, 2, 1, 0, 3, 2, 3, 0) };
const arrays = new Map([
  ["a", array],
  ["b", array],
]);

const READERS: readonly [name: string, files: readonly Uint8Array[], read: (bytes: Uint8Array) => unknown][] =
  [
    [".npy", [encodeNpy(array), encodeNpy(square)], (bytes) => decodeNpy(bytes)],
    [
      ".safetensors",
      [encodeSafetensors({ arrays, metadata: { a: "b" } })],
      (bytes) => decodeSafetensors(bytes, "f"),
    ],
    [".mat", fixtures("brain", /^(compressed|plain|TYPED_v5)\.mat$/), (bytes) => decodeMat(bytes, "f")],
    [
      "NIfTI",
      fixtures("brain", /\.nii(\.gz)?$/),
      (bytes) => {
        for (const _ of readNifti(bytes, "f").volumes());
      },
    ],
    [
      "a pickled dict in .npy",
      fixtures("brain", /^TYPED\.npy$/),
      (bytes) => readPickledArray(bytes, "f", ["betasmd"]),
    ],
    ["an RDM in .npy", [encodeNpy(square)], (bytes) => readRdms(bytes, "f.npy", { axes: [] })],
    ["RDMs in .mat", fixtures("rsa", /\.mat$/), (bytes) => readRdms(bytes, "f.mat", { axes: ["model"] })],
    ["ONNX", [encodeOnnx(tinyTransformer({ blocks: 1 }))], (bytes) => decodeOnnx(bytes, "f")],
  ];
const BOUNDED = { numRuns: 500, interruptAfterTimeLimit: 5_000 };

test.each(READERS)("%s", (_, files, read) => {
  for (const file of files) read(file);
  const outcome = (bytes: Uint8Array) => {
    const started = performance.now();
    try {
      read(bytes);
    } catch (error) {
      if (!isVcaError(error)) throw error;
    }
    if (performance.now() - started > 2000) throw new Error(`${bytes.length} bytes took too long`);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), outcome), BOUNDED);
  fc.assert(
    fc.property(fc.constantFrom(...files), damage, (file, how) => outcome(damaged(file, how))),
    BOUNDED,
  );
});

const HEADERS: readonly [header: string, got: string][] = [
  ["null", ""],
  ['{"a": null}', 'type undefined for "a"'],
  ['{"a": {"dtype": "F32"}}', 'a shape and a place of "a" that do not fit'],
  [
    '{"a": {"dtype": "F32", "shape": [-2, -3], "data_offsets": [0, 24]}}',
    'a shape and a place of "a" that do not fit',
  ],
  [
    '{"a": {"dtype": "F32", "shape": [6], "data_offsets": [0, 23]}}',
    'a shape and a place of "a" that do not fit',
  ],
  [
    '{"a": {"dtype": "F32", "shape": [6], "data_offsets": [4, 28]}}',
    '24 bytes of numbers where "a" ends at 28',
  ],
];

test.each(HEADERS)("safetensors with the header %s", (header, got) => {
  const bytes = new Uint8Array(8 + header.length + 24);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  const read = () => decodeSafetensors(bytes, "f");
  if (got === "") expect(read()).toEqual({ arrays: new Map(), metadata: {} });
  else
    expect(read).toThrow(
      `f: a whole safetensors file of floats was expected, got ${got}. Delete it and run again.`,
    );
});

test.each([
  ["F64", Float64Array.of(1.5, -2)],
  ["F32", Float32Array.of(1.5, -2)],
  ["F16", Uint16Array.of(0x3e00, 0xc000)],
  ["BF16", Uint16Array.of(0x3fc0, 0xc000)],
])("safetensors of %s become float32", (dtype, numbers) => {
  const header = JSON.stringify({ a: { dtype, shape: [2], data_offsets: [0, numbers.byteLength] } });
  const bytes = new Uint8Array(8 + header.length + numbers.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(numbers.buffer), 8 + header.length);
  expect(decodeSafetensors(bytes, "f").arrays.get("a")).toEqual({
    shape: [2],
    data: Float32Array.of(1.5, -2),
  });
});

test("a shape of .npy that is none", () => {
  const bytes = encodeNpy({ shape: [3, 4], data: new Float32Array(12) });
  bytes.set(new TextEncoder().encode("(-3,-4)"), new TextDecoder("latin1").decode(bytes).indexOf("(3"));
  expect(() => decodeNpy(bytes, "a.npy")).toThrow(
    "a.npy: whole numbers as shape were expected, got (-3,-4). Write it again with numpy.save.",
  );
});
