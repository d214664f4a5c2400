/** @file A decoded picture, the one form in which pixels travel through the program. */

/** 8-bit sRGB pixels, row by row, three channels: `data` is `[height, width, 3]`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
