/** @file Small pictures for reports. */

/** Longest edge of a small picture, in pixels; WebP at this quality takes 2 to 8 kB. */
const EDGE = 184;
const QUALITY = 60;

/** A small picture as a data URL. */
export async function thumbnail(file: string): Promise<string> {
  const { default: sharp } = await import("sharp");
  const small = sharp(file, { failOn: "error" })
    .autoOrient()
    .resize(EDGE, EDGE, { fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .webp({ quality: QUALITY });
  return `data:image/webp;base64,${(await small.toBuffer()).toString("base64")}`;
}
