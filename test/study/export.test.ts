/** @file An exported model says in Python's onnxruntime what it says here (scripts/fixtures/export.py). */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openSession } from "#engine";
import { readBytes } from "#files";
import { predictPictures } from "../../src/study/predict.ts";
import { SILENT } from "../../src/study/reporter.ts";
import python from "../fixtures/export/python.json" with { type: "json" };
import { relativeDifference } from "../support/graphs.ts";
import { gainsOf } from "./support.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/export/${name}`, import.meta.url));
const pictures = ["a.png", "b.png", "c.png"].map(fixture);

it.each(["model", "gains"] as const)("predicts from %s.onnx what Python predicts", async (name) => {
  const answers = await predictPictures(fixture(`${name}.onnx`), pictures, { reporter: SILENT, threads: 1 });
  expect(answers.map(({ file }) => file)).toEqual(pictures);
  answers.forEach(({ valence, arousal }, i) => {
    expect(Math.abs(valence - python[name].valence.data[i]!)).toBeLessThan(1e-5);
    expect(Math.abs(arousal - python[name].arousal.data[i]!)).toBeLessThan(1e-5);
  });
});

it("has Python's activations, lesioned too", async () => {
  const bytes = await readBytes(fixture("gains.onnx"));
  const session = await openSession(bytes, { threads: 1 });
  const { default: sharp } = await import("sharp");
  const raw = await Promise.all(pictures.map((file) => sharp(file).removeAlpha().raw().toBuffer()));
  const pixels = new Float32Array(3 * 3 * 64);
  raw.forEach((picture, b) => {
    picture.forEach((value, i) => {
      pixels[b * 192 + (i % 3) * 64 + Math.floor(i / 3)] = value / 255;
    });
  });
  const feeds = (lesion?: string) => ({
    pixels: { shape: [3, 3, 8, 8], data: pixels },
    ...gainsOf(bytes, lesion),
  });
  const rest = await session.run(feeds());
  const lesioned = await session.run(feeds("gain/LA->ITC"));
  await session.close();
  expect(Object.keys(rest).sort()).toEqual(Object.keys(python.gains).sort());
  for (const [name, expected] of Object.entries(python.gains))
    expect(relativeDifference(rest[name]!, expected), name).toBeLessThan(1e-5);
  for (const [name, expected] of Object.entries(python.lesion))
    expect(relativeDifference(lesioned[name]!, expected), name).toBeLessThan(1e-5);
  expect(python.lesion.valence).not.toEqual(python.gains.valence);
});
