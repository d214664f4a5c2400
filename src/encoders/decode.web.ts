/**
 * @file Picture files to pixels in a tab, with the browser's own decoder. The pixels are those of `decode.node.ts`:
 * upright, colour profiles unread, transparency over white. Differs from it: no TIFF, and the browser's own arithmetic
 * for CMYK and 16-bit samples.
 */
import type { Picture } from "../core/picture.ts";
import { VcaError } from "../errors.ts";

/** Larger pictures are refused by their header: a decoded one takes 4 bytes a pixel, twice over. */
export const MAX_MEGAPIXELS = 100;

const FORMATS = "JPEG, PNG, WebP, GIF or AVIF";

/**
 * The pixels of a picture file, 8-bit sRGB.
 * @param where named in errors, usually the file
 * @throws DataError when the bytes are no picture, are cut short, or exceed `MAX_MEGAPIXELS`.
 */
export async function decodePicture(bytes: Uint8Array, where: string): Promise<Picture> {
  if (bytes.length === 0)
    throw fault(where, "a picture was expected", "an empty file", "Copy the file again");
  refuseLarge(pictureSize(bytes), where);
  const bitmap = await createImageBitmap(new Blob([bytes.slice()]), {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch((cause: unknown) => {
    throw noPicture(bytes, where, cause);
  });
  try {
    const { width, height } = bitmap;
    refuseLarge({ width, height }, where);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    return { width, height, data: overWhite(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}

/** RGBA to RGB over white, rounding as in Node. */
function overWhite(samples: Uint8ClampedArray): Uint8Array {
  const data = new Uint8Array((samples.length / 4) * 3);
  for (let from = 0, to = 0; from < samples.length; from += 4) {
    const alpha = samples[from + 3]!;
    for (let c = 0; c < 3; c++)
      data[to++] = Math.floor((samples[from + c]! * alpha + 255 * (255 - alpha)) / 255 + 0.5);
  }
  return data;
}

function refuseLarge(size: { width: number; height: number } | undefined, where: string): void {
  if (!size || size.width * size.height <= MAX_MEGAPIXELS * 1e6) return;
  const { width, height } = size;
  const got = `${width} x ${height} (${((width * height) / 1e6).toFixed(0)} megapixels)`;
  throw fault(
    where,
    `a picture of at most ${MAX_MEGAPIXELS} megapixels was expected`,
    got,
    "Scale the picture down",
  );
}

function noPicture(bytes: Uint8Array, where: string, cause: unknown): VcaError {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  const expected = `a ${FORMATS} picture was expected`;
  if (start === "%PDF")
    return fault(where, expected, "a PDF document", "Save its pictures as PNG or JPEG", cause);
  if (pictureSize(bytes))
    return fault(
      where,
      "a whole picture was expected",
      "one that is damaged",
      "Copy or export the file again",
      cause,
    );
  const hex = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const got = `${bytes.length} bytes that start with ${hex}`;
  return fault(where, expected, got, "Copy the file again, or convert it to PNG or JPEG", cause);
}

function fault(where: string, expected: string, got: string, remedy: string, cause?: unknown): VcaError {
  return new VcaError("DataError", `${where}: ${expected}, got ${got}. ${remedy}.`, { cause });
}

/**
 * Width and height from the header of a PNG, GIF, WebP or JPEG; undefined for anything else.
 * @see PNG 11.2.1, GIF89a 18, RFC 9649, ITU-T T.81 B.2.2
 */
export function pictureSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (bytes.length < 30) return undefined;
  if (start.startsWith("\x89PNG")) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (start.startsWith("GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP") return webpSize(view, start.slice(12));
  return start.startsWith("\xff\xd8") ? jpegSize(view) : undefined;
}

function webpSize(view: DataView, kind: string) {
  if (kind === "VP8X") {
    const three = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1;
    return { width: three(24), height: three(27) };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

/** Walks the segments to the frame's header (SOF0 to SOF15, but DHT, JPG, DAC). */
function jpegSize(view: DataView) {
  for (let at = 2; at + 9 < view.byteLength && view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
