/** @file The real encoders against Python onnxruntime, on one drawn picture. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openEncoder } from "../../src/encoders/encoder.ts";
import { extractFeatures } from "../../src/encoders/features.ts";
import { resolveTaps } from "../../src/encoders/taps.ts";
import { shared } from "../support/shared.ts";
import { expected, fixture } from "./pictures.ts";

const cacheFolder = await mkdtemp(join(tmpdir(), "vca-real-"));
afterAll(() => rm(cacheFolder, { recursive: true }));

/** The first 12 channels of each tap, ours and Python's: `[T, taps x 12]`. */
async function compare(nameOrPath: string, name: string): Promise<{ largest: number; relative: number }> {
  const encoder = await openEncoder(nameOrPath);
  const taps = await resolveTaps(encoder);
  const stimuli = { ids: ["scene"], files: [fixture("scene.jpg")] };
  const features = await extractFeatures({ encoder, taps }, stimuli, { cacheFolder });
  const { data } = await features.load();
  const python = await expected(`tokens-${name}.npy`);
  expect(python.shape).toEqual([features.T, taps.length * 12]);
  let difference = 0;
  let magnitude = 0;
  let squares = 0;
  let residual = 0;
  for (let t = 0; t < features.T; t++) {
    for (const [k, { from }] of features.channels.entries()) {
      for (let c = 0; c < 12; c++) {
        const theirs = Number(python.data[(t * taps.length + k) * 12 + c]);
        const error = data[t * features.D + from + c]! - theirs;
        difference = Math.max(difference, Math.abs(error));
        magnitude = Math.max(magnitude, Math.abs(theirs));
        residual += error ** 2;
        squares += theirs ** 2;
      }
    }
  }
  return { largest: difference / magnitude, relative: Math.sqrt(residual / squares) };
}

test.skipIf(!shared).each(["deit-tiny-patch16-224", "efficientnet-lite0"])(
  "%s gives the tokens of Pillow and onnxruntime in Python (needs ../shared)",
  async (name) => {
    expect((await compare(`${shared}/encoders/${name}`, name)).largest).toBeLessThan(1e-5);
  },
);

test("the embedded encoder's tokens are within 6 % of the float32 model's", async () => {
  expect((await compare("efficientnet-lite0", "efficientnet-lite0")).relative).toBeLessThan(0.06);
});
