import { expect, test } from "vitest";
import { fitPicture, preprocess, readPreprocessing, toUnitRange } from "../../src/encoders/preprocess.ts";
import { resize } from "../../src/encoders/resample.ts";
import { isVcaError } from "../../src/errors.ts";
import { expectedPicture } from "./pictures.ts";

const picture = await expectedPicture("rgb.png.npy"); // 45 x 31
const BASE = {
  do_resize: true,
  size: { height: 12, width: 16 },
  resample: 3,
  do_normalize: true,
  image_mean: [0.5, 0.25, 0],
  image_std: [0.5, 0.25, 1],
};
const CROP = { ...BASE, do_center_crop: true, crop_size: 9 };

const READ: readonly [what: string, config: object, geometry: object][] = [
  ["height and width", BASE, { resize: { kind: "exact", height: 12, width: 16 }, height: 12, width: 16 }],
  ["a number, by default a square", { ...BASE, size: 8 }, { resize: { kind: "exact", height: 8, width: 8 } }],
  [
    "a number, CLIP's shorter edge",
    { ...CROP, size: 10, image_processor_type: "CLIPImageProcessor" },
    { resize: { kind: "shortest", edge: 10 }, height: 9, width: 9 },
  ],
  [
    "a shorter edge and a crop",
    { ...CROP, size: { shortest_edge: 10 } },
    { resize: { kind: "shortest", edge: 10 }, height: 9, width: 9 },
  ],
  [
    "a crop of two lengths",
    { ...CROP, crop_size: { height: 8, width: 10 } },
    { resize: { kind: "exact", height: 12, width: 16 }, height: 8, width: 10 },
  ],
  [
    "ConvNeXt's margin below 384",
    {
      ...BASE,
      size: { shortest_edge: 224 },
      crop_pct: 0.875,
      feature_extractor_type: "ConvNextFeatureExtractor",
    },
    { resize: { kind: "shortest", edge: 256 }, height: 224, width: 224 },
  ],
  [
    "ConvNeXt at 384",
    { ...BASE, size: { shortest_edge: 384 }, image_processor_type: "ConvNextImageProcessor" },
    { resize: { kind: "exact", height: 384, width: 384 }, height: 384, width: 384 },
  ],
  ["no resizing", { ...CROP, do_resize: false }, { height: 9, width: 9 }],
];

test.each(READ)("%s", (_, config, geometry) => {
  expect(readPreprocessing(config, "p.json")).toMatchObject(geometry);
});

test("mean and deviation are those of pixels from 0 to 1, whatever the scale", () => {
  const read = (more: object) => readPreprocessing({ ...BASE, ...more }, "p.json");
  expect(read({})).toMatchObject({ filter: "bicubic", mean: [0.5, 0.25, 0], sd: [0.5, 0.25, 1] });
  expect(read({ do_normalize: false })).toMatchObject({ mean: [0, 0, 0], sd: [1, 1, 1] });
  expect(read({ do_rescale: false, image_mean: [127.5, 0, 51], image_std: [255, 51, 51] })).toMatchObject({
    mean: [0.5, 0, 0.2],
    sd: [1, 0.2, 0.2],
  });
  const signed = read({ rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false });
  expect(signed).toMatchObject({ mean: [0.5, 0.5, 0.5], sd: [0.5, 0.5, 0.5] });
});

test("a picture is resized, cropped from its centre and normalised, channels first", () => {
  const settings = readPreprocessing({ ...CROP, size: { shortest_edge: 10 } }, "p.json");
  const fitted = fitPicture(picture, settings);
  const resized = resize(picture, 14, 10, "bicubic"); // 10 * 45 / 31 = 14.5, cut down
  const pixel = (x: number, y: number) => [...resized.data.subarray((y * 14 + x) * 3, (y * 14 + x) * 3 + 3)];
  expect([fitted.width, fitted.height]).toEqual([9, 9]);
  expect([...fitted.data.subarray(0, 3)]).toEqual(pixel(2, 0));
  expect([...fitted.data.subarray(-3)]).toEqual(pixel(10, 8));
  const input = preprocess(picture, settings);
  const unit = toUnitRange(fitted);
  expect(input.length).toBe(3 * 81);
  expect(unit[80]).toBe(Math.fround(pixel(10, 8)[0]! / 255));
  expect(input[80]).toBeCloseTo((unit[80]! - 0.5) / 0.5, 6);
  expect(input[81 + 80]).toBeCloseTo((unit[81 + 80]! - 0.25) / 0.25, 6);
  const tall = { width: 31, height: 45, data: picture.data };
  expect(fitPicture(tall, settings)).toMatchObject({ width: 9, height: 9 });
});

test("a crop larger than the picture has black edges", () => {
  const white = { width: 2, height: 2, data: new Uint8Array(12).fill(255) };
  const settings = readPreprocessing({ ...CROP, do_resize: false, crop_size: 4 }, "p.json");
  const { data } = fitPicture(white, settings);
  const red = Array.from({ length: 16 }, (_, i) => data[i * 3]);
  expect(red).toEqual([0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
});

const REFUSED: readonly [config: unknown, message: string][] = [
  [[], "p.json: the settings must be an object, got []. Correct it after the model's card."],
  [
    { ...BASE, do_resize: "yes" },
    "p.json: do_resize must be true or false, got yes. Correct it after the model's card.",
  ],
  [
    { ...BASE, resample: undefined },
    "p.json: resample must be an integer from 0 to 5, got nothing. Correct it after the model's card.",
  ],
  [
    { ...BASE, size: { longest_edge: 3 } },
    'p.json: size must be a whole number, {height, width} or {shortest_edge}, got {"longest_edge":3}. Correct it after the model\'s card.',
  ],
  [
    { ...BASE, size: { shortest_edge: 10 } },
    "p.json: the settings must be an input of fixed size (a size of height and width, or do_center_crop with a crop_size), got a size that depends on the picture. Correct it after the model's card.",
  ],
  [
    { ...BASE, rescale_factor: 0 },
    "p.json: rescale_factor must be a number above 0, got 0. Correct it after the model's card.",
  ],
  [
    { ...BASE, image_mean: [1, 2] },
    "p.json: image_mean must be three numbers, got [1,2]. Correct it after the model's card.",
  ],
  [
    { ...BASE, image_std: [1, 0, 1] },
    "p.json: image_std must be three numbers other than 0, got [1,0,1]. Correct it after the model's card.",
  ],
  [
    { ...BASE, size: 8, crop_pct: 2, image_processor_type: "ConvNextImageProcessor" },
    "p.json: crop_pct must be a number above 0, at most 1, got 2. Correct it after the model's card.",
  ],
];

test.each(REFUSED)("%j is refused", (config, message) => {
  let error: unknown;
  try {
    readPreprocessing(config, "p.json");
  } catch (thrown) {
    error = thrown;
  }
  expect(isVcaError(error, "DataError")).toBe(true);
  expect((error as Error).message).toBe(message);
});
