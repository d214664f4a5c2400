/**
 * @file Picture files to pixels in Node, with libvips (sharp) and, for BMP, bmp-ts. Pixels equal those of Pillow and Chromium:
 * colour profiles are left unread, as everywhere that these encoders are trained and served, and what is
 * not 8-bit RGB is turned into it here, by the same arithmetic as Pillow's.
 */
import { decode as decodeBmp } from "bmp-ts";
import sharp from "sharp";
import type { Picture } from "../core/picture.ts";
import { VcaError } from "../errors.ts";

/** Larger pictures are refused by their header: a decoded one takes 3 bytes a pixel, twice over. */
export const MAX_MEGAPIXELS = 100;

const FORMATS = "JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP";
/** What sharp calls them; it would also draw SVG, which is no photograph and can name other files. */
const DECODED: readonly string[] = ["jpeg", "png", "webp", "gif", "tiff", "heif"];

/**
 * The pixels of a picture file, upright (EXIF orientation applied), 8-bit sRGB; the first frame of an
 * animation; the high byte of 16-bit samples; transparency laid over white, as a viewer shows it.
 *
 * Differs from Pillow's `convert("RGB")`, which drops transparency and clips 16-bit grey at 255.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no picture, are cut short, or exceed `MAX_MEGAPIXELS`; UnsupportedError for a
 *   compressed BMP, or one of other than 8, 24 or 32 bits a pixel.
 */
export async function decodePicture(bytes: Uint8Array, where: string): Promise<Picture> {
  if (bytes.length === 0)
    throw fault(where, "a picture was expected", "an empty file", "Copy the file again");
  if (bytes[0] === 0x42 && bytes[1] === 0x4d) return fromBmp(bytes, where);
  const open = () => sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: false });
  const other = (got: string, cause?: unknown) =>
    fault(
      where,
      `a ${FORMATS} picture was expected`,
      got,
      "Copy the file again, or convert it to PNG or JPEG",
      cause,
    );
  const header = await open()
    .metadata()
    .catch((cause: unknown) => {
      throw other(`${bytes.length} bytes that start with ${hex(bytes.subarray(0, 4))}`, cause);
    });
  if (!DECODED.includes(header.format)) throw other(header.format.toUpperCase());
  checkSize(where, header.width, header.pageHeight ?? header.height);
  const cmyk = header.space === "cmyk";
  const upright = open().autoOrient();
  const pipeline = cmyk ? upright.pipelineColourspace("cmyk").toColourspace("cmyk") : upright;
  const { data, info } = await pipeline
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      const got = cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
      throw fault(where, "a whole picture was expected", `"${got}"`, "Copy or export the file again", cause);
    });
  const pixels = cmyk ? fromCmyk(data, info.channels) : toRgb(data, info.channels);
  return { width: info.width, height: info.height, data: pixels };
}

function fault(where: string, expected: string, got: string, remedy: string, cause?: unknown): VcaError {
  return new VcaError("DataError", `${where}: ${expected}, got ${got}. ${remedy}.`, { cause });
}

/** @throws DataError when a picture of this size would not be decoded */
function checkSize(where: string, width: number, height: number): void {
  const megapixels = (width * height) / 1e6;
  if (megapixels <= MAX_MEGAPIXELS) return;
  const got = `${width} x ${height} (${megapixels.toFixed(0)} megapixels)`;
  const expected = `a picture of at most ${MAX_MEGAPIXELS} megapixels was expected`;
  throw fault(where, expected, got, "Scale the picture down");
}

/** A BMP's file header and the part of its picture header that all its versions share. */
const BMP_HEADER = 54;

/**
 * An uncompressed BMP of 8, 24 or 32 bits a pixel, its header checked first; the fourth byte of 32 is no
 * transparency, as in Pillow. What bmp-ts reads wrongly (RLE, 4 bits) or not at all is refused.
 */
function fromBmp(bytes: Uint8Array, where: string): Picture {
  const cut = (got: string) =>
    fault(where, "a whole picture was expected", got, "Copy or export the file again");
  if (bytes.length < BMP_HEADER) throw cut(`a BMP of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => view.getUint32(at, true);
  const [pixelsAt, headerSize, width, colours] = [word(10), word(14), word(18), word(46)];
  const height = Math.abs(view.getInt32(22, true)); // negative: the rows run from the top
  const [bits, compression] = [view.getUint16(28, true), word(30)];
  if (![40, 52, 56, 108, 124].includes(headerSize) || compression !== 0 || ![8, 24, 32].includes(bits)) {
    const got = `${bits} bits, compression ${compression}, a header of ${headerSize} bytes`;
    const expected = "an uncompressed BMP of 8, 24 or 32 bits a pixel was expected";
    throw new VcaError("UnsupportedError", `${where}: ${expected}, got ${got}. Convert the picture to PNG.`);
  }
  checkSize(where, width, height);
  const palette = bits === 8 && colours === 0 ? 256 : colours;
  const headerEnd = 14 + headerSize + 4 * palette;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (width * height === 0 || palette > 256 || pixelsAt < headerEnd)
    throw cut(`a BMP of ${width} x ${height}`);
  if (bytes.length < pixelsAt + rowBytes * height)
    throw cut(`${bytes.length} bytes of ${pixelsAt + rowBytes * height}`);
  // bmp-ts takes the pixels for what follows the header, whatever the header says
  const { data } = decodeBmp(Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(pixelsAt)]));
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = data[4 * i + 3 - c]!; // [alpha, blue, green, red]
  return { width, height, data: pixels };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Grey, grey and alpha, RGB or RGBA samples to RGB over white. */
function toRgb(samples: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
  const pixels = samples.length / channels;
  const hasAlpha = channels === 2 || channels === 4;
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const alpha = hasAlpha ? samples[pixel * channels + channels - 1]! : 255;
    for (let c = 0; c < 3; c++) {
      const value = samples[pixel * channels + (channels < 3 ? 0 : c)]!;
      data[pixel * 3 + c] = Math.floor((value * alpha + 255 * (255 - alpha)) / 255 + 0.5);
    }
  }
  return data;
}

/** Ink to light without a profile, rounding as Pillow's `cmyk2rgb` (`src/libImaging/Convert.c`). */
function fromCmyk(samples: Uint8Array, channels: number): Uint8Array {
  const pixels = samples.length / channels;
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const light = 255 - samples[pixel * channels + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = samples[pixel * channels + c]! * light + 128;
      data[pixel * 3 + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return data;
}
