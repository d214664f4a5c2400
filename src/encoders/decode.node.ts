/**
 * @file Picture files to pixels in Node, with libvips (sharp). Pixels equal those of Pillow and Chromium:
 * colour profiles are left unread, as everywhere that these encoders are trained and served, and what is
 * not 8-bit RGB is turned into it here, by the same arithmetic as Pillow's.
 */
import sharp from "sharp";
import type { Picture } from "../core/picture.ts";
import { VcaError } from "../errors.ts";

/** Larger pictures are refused by their header: a decoded one takes 3 bytes a pixel, twice over. */
export const MAX_MEGAPIXELS = 100;

const FORMATS = "JPEG, PNG, WebP, GIF, TIFF or AVIF";

/**
 * The pixels of a picture file, upright (EXIF orientation applied), 8-bit sRGB; the first frame of an
 * animation; the high byte of 16-bit samples; transparency laid over white, as a viewer shows it.
 *
 * Differs from Pillow's `convert("RGB")`, which drops transparency and clips 16-bit grey at 255.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no picture, are cut short, or exceed `MAX_MEGAPIXELS`.
 */
export async function decodePicture(bytes: Uint8Array, where: string): Promise<Picture> {
  if (bytes.length === 0)
    throw fault(where, "a picture was expected", "an empty file", "Copy the file again");
  const open = () => sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: false });
  const header = await open()
    .metadata()
    .catch((cause: unknown) => {
      const got = `${bytes.length} bytes that start with ${hex(bytes.subarray(0, 4))}`;
      throw fault(
        where,
        `a ${FORMATS} picture was expected`,
        got,
        "Copy the file again, or convert it to PNG or JPEG",
        cause,
      );
    });
  const height = header.pageHeight ?? header.height;
  const megapixels = (header.width * height) / 1e6;
  if (megapixels > MAX_MEGAPIXELS) {
    const got = `${header.width} x ${height} (${megapixels.toFixed(0)} megapixels)`;
    const expected = `a picture of at most ${MAX_MEGAPIXELS} megapixels was expected`;
    throw fault(where, expected, got, "Scale the picture down");
  }
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
