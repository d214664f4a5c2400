/**
 * @file Writes the embedded encoder, `assets/efficientnet-lite0`: the trunk of the float32 model up to its
 * last convolution's map, weights in int8, and the settings beside it.
 * Run: `npx tsx --conditions=source scripts/embed-encoder.ts ../shared/encoders/efficientnet-lite0`
 */
import { assetPath, readBytes, writeFileAtomic } from "#files";
import { openEncoder } from "../src/encoders/encoder.ts";
import { shrinkWeights } from "../src/encoders/int8.ts";
import { listTaps } from "../src/encoders/taps.ts";
import { pruneTo } from "../src/encoders/trunk.ts";
import { encodeOnnx } from "../src/graph/onnx.ts";

const folder = process.argv[2];
if (folder === undefined)
  throw new Error("embed-encoder: the float32 encoder's folder was expected as argument.");
const encoder = await openEncoder(folder);
const last = (await listTaps(encoder)).at(-1)!;
const bytes = encodeOnnx(shrinkWeights(pruneTo(encoder.model, [last.tensor])));
const target = assetPath("efficientnet-lite0");
await writeFileAtomic(`${target}/model.onnx`, bytes);
for (const name of ["config.json", "preprocessor_config.json"])
  await writeFileAtomic(`${target}/${name}`, await readBytes(`${folder}/${name}`));
console.log(`${target}/model.onnx: ${(bytes.length / 1e6).toFixed(2)} MB, ends at ${last.tensor}`);
