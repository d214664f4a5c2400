import { expect, test } from "vitest";
import { decodePicture } from "#decode";
import { readBytes } from "#files";
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
const REFUSED: readonly [what: string, bytes: Uint8Array, message: string][] = [
  [
    "an empty file",
    new Uint8Array(),
    "a.jpg: a picture was expected, got an empty file. Copy the file again.",
  ],
  [
    "a text",
    new TextEncoder().encode("hello"),
    "a.jpg: a JPEG, PNG, WebP, GIF, TIFF or AVIF picture was expected, got 5 bytes that start with 68 65 6c 6c. Copy the file again, or convert it to PNG or JPEG.",
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
];

test.each(REFUSED)("%s is refused", async (_, bytes, message) => {
  const error = await decodePicture(bytes, "a.jpg").catch((thrown: unknown) => thrown);
  expect(isVcaError(error, "DataError")).toBe(true);
  expect((error as Error).message).toBe(message);
});
