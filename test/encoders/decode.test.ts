import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePicture } from "#decode";
import { readBytes } from "#files";
import type { Picture } from "../../src/core/picture.ts";
import { isVcaError } from "../../src/errors.ts";
import { expectedPicture, fixture } from "./pictures.ts";

const AS_PILLOW = [
  "rgb.jpg",
  "progressive.jpg",
  "grey.jpg",
  "cmyk.jpg",
  "profile.jpg",
  "turned.jpg",
  "rgb.png",
  "rgb.webp",
  "rgb16.png",
  "bilevel.png",
  "moving.gif",
  "rgb.bmp",
  "palette.bmp",
  "grey.bmp",
  "rgbx.bmp",
  "top-down.bmp",
];

test.each(AS_PILLOW)("%s decodes to Pillow's pixels, bit for bit", async (name) => {
  const picture = await decodePicture(await readBytes(fixture(name)), name);
  expect(picture).toEqual(await expectedPicture(`${name}.npy`));
});

test.each(["rgba.png", "grey-alpha.png", "palette.png"])(
  "%s is laid over white, as a viewer shows it",
  async (name) => {
    const picture = await decodePicture(await readBytes(fixture(name)), name);
    expect(picture).toEqual(await expectedPicture(`${name}.npy`));
  },
);

test("16-bit grey keeps its high byte, where Pillow clips", async () => {
  const picture = await decodePicture(await readBytes(fixture("grey16.png")), "grey16.png");
  expect(picture).toEqual(await expectedPicture("grey16.png.npy"));
});

/** A PNG's start: signature and header chunk of a picture of the given size. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(45);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes.set([8, 2, 0, 0, 0], 24);
  view.setUint32(29, crc(bytes.subarray(12, 29)));
  bytes.set([0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54], 33);
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

const jpeg = await readBytes(fixture("rgb.jpg"));
const bmp = await readBytes(fixture("rgb.bmp"));
/** A BMP with other numbers in its header. */
function bmpWith(...words: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const bytes = bmp.slice();
  for (const [at, value] of words) new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

const REFUSED: readonly [what: string, bytes: Uint8Array, message: string][] = [
  [
    "an empty file",
    new Uint8Array(),
    "a.jpg: a picture was expected, got an empty file. Copy the file again.",
  ],
  [
    "a text",
    new TextEncoder().encode("hello"),
    "a.jpg: a JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP picture was expected, got 5 bytes that start with 68 65 6c 6c. Copy the file again, or convert it to PNG or JPEG.",
  ],
  [
    "a drawing that names another file",
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>',
    ),
    "a.jpg: a JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP picture was expected, got SVG. Copy the file again, or convert it to PNG or JPEG.",
  ],
  [
    "a truncated JPEG",
    jpeg.subarray(0, jpeg.length - 300),
    'a.jpg: a whole picture was expected, got "VipsJpeg: premature end of JPEG image". Copy or export the file again.',
  ],
  [
    "a truncated PNG",
    (await readBytes(fixture("rgb.png"))).subarray(0, 900),
    'a.jpg: a whole picture was expected, got "vipspng: libpng read error". Copy or export the file again.',
  ],
  [
    "a giant, by its header",
    pngHeader(20_000, 6_000),
    "a.jpg: a picture of at most 100 megapixels was expected, got 20000 x 6000 (120 megapixels). Scale the picture down.",
  ],
  [
    "a bomb of 20,000 x 20,000, by its header",
    pngHeader(20_000, 20_000),
    "a.jpg: a picture of at most 100 megapixels was expected, got 20000 x 20000 (400 megapixels). Scale the picture down.",
  ],
  [
    "a bomb in BMP, by its header",
    bmpWith([18, 20_000], [22, 20_000]),
    "a.jpg: a picture of at most 100 megapixels was expected, got 20000 x 20000 (400 megapixels). Scale the picture down.",
  ],
  [
    "a truncated BMP",
    bmp.subarray(0, bmp.length - 1),
    "a.jpg: a whole picture was expected, got 4269 bytes of 4270. Copy or export the file again.",
  ],
  [
    "a BMP's first bytes",
    bmp.subarray(0, 20),
    "a.jpg: a whole picture was expected, got a BMP of 20 bytes. Copy or export the file again.",
  ],
  [
    "a BMP without rows",
    bmpWith([22, 0]),
    "a.jpg: a whole picture was expected, got a BMP of 45 x 0. Copy or export the file again.",
  ],
  [
    "a BMP with a palette of 4 billion colours",
    bmpWith([46, 0xffffffff]),
    "a.jpg: a whole picture was expected, got a BMP of 45 x 31. Copy or export the file again.",
  ],
];

test.each(REFUSED)("%s is refused", async (_, bytes, message) => {
  const error = await decodePicture(bytes, "a.jpg").catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "DataError")).toBe(true);
  expect((error as Error).message).toBe(message);
});

test.each([
  ["RLE8", bmpWith([28, 8], [30, 1]), "8 bits, compression 1, a header of 40 bytes"],
  ["4 bits", bmpWith([28, 4]), "4 bits, compression 0, a header of 40 bytes"],
  ["an OS/2 header", bmpWith([14, 12]), "24 bits, compression 0, a header of 12 bytes"],
])("a BMP with %s is unsupported, and the message says so", async (_, bytes, got) => {
  const error = await decodePicture(bytes, "a.bmp").catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "UnsupportedError")).toBe(true);
  expect((error as Error).message).toBe(
    `a.bmp: an uncompressed BMP of 8, 24 or 32 bits a pixel was expected, got ${got}. Convert the picture to PNG.`,
  );
});

test("the extension does not matter, the bytes do", async () => {
  expect(await decodePicture(bmp, "really-a-bmp.jpg")).toEqual(await expectedPicture("rgb.bmp.npy"));
});

test("any damage to a BMP gives a picture or a tagged error", async () => {
  const palette = await readBytes(fixture("palette.bmp"));
  const writes = fc.array(fc.tuple(fc.nat(64), fc.nat(255)), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(bmp, palette), writes, fc.nat(3000), async (whole, damage, length) => {
      const bytes = whole.slice(0, length);
      for (const [at, value] of damage) if (at > 1 && at < length) bytes[at] = value;
      const result = await decodePicture(bytes, "a.bmp").catch((thrown: unknown) => thrown);
      expect(isVcaError(result) || (result as Picture).data.length > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("names with newlines and letters of any script are read; folders and absent files are refused", async () => {
  const root = await mkdtemp(join(tmpdir(), "vca-pictures-"));
  try {
    for (const name of ["two\nlines.jpg", "\u00e9t\u00e9 \u96ea.jpg"]) {
      await writeFile(join(root, name), jpeg);
      expect(await decodePicture(await readBytes(join(root, name)), name)).toMatchObject({ width: 45 });
    }
    const refused = async (name: string) => {
      const error = await readBytes(join(root, name)).catch((thrown: unknown) => thrown);
      expect(isVcaError(error, "DataError")).toBe(true);
      return (error as Error).message.replace(`${root}/`, "");
    };
    await mkdir(join(root, "x.jpg"));
    expect(await refused("x.jpg")).toBe("x.jpg: a readable file was expected, got a folder. Check the path.");
    expect(await refused("y.jpg")).toBe(
      "y.jpg: a readable file was expected, got no such file. Check the path.",
    );
  } finally {
    await rm(root, { recursive: true });
  }
});

test.skipIf(process.getuid?.() === 0)(
  "a locked file is refused (skipped for root, who may read it)",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "vca-pictures-"));
    await writeFile(join(root, "locked.jpg"), jpeg, { mode: 0 });
    const error = await readBytes(join(root, "locked.jpg")).catch((thrown: unknown) => thrown);
    await rm(root, { recursive: true });
    expect((error as Error).message).toBe(
      `${join(root, "locked.jpg")}: a readable file was expected, got no permission to read it. Check the path.`,
    );
  },
);
