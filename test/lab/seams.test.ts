/** @file What a tab has instead of Node's files: its hash, its store, its reading of picture headers. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import * as node from "../../src/core/files.node.ts";
import * as web from "../../src/core/files.web.ts";
import { sha256Bytes } from "../../src/core/sha256.ts";
import * as decodeNode from "../../src/encoders/decode.node.ts";
import * as decodeWeb from "../../src/encoders/decode.web.ts";

describe("the seams", () => {
  it("have the same functions on both sides", () => {
    expect(Object.keys(web)).toEqual(expect.arrayContaining(Object.keys(node)));
    expect(Object.keys(decodeWeb)).toEqual(expect.arrayContaining(Object.keys(decodeNode)));
  });

  it("hash as Node does, at every length around a block's end", () => {
    for (let n = 0; n < 200; n++) {
      const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) % 256);
      expect(sha256Bytes(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
    expect(web.sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("files in memory", () => {
  it("are written, listed, read and removed", async () => {
    const heard: string[] = [];
    const stop = web.watchFiles((path) => heard.push(path));
    await web.writeFileAtomic("cache/a/2.txt", "zwei");
    await web.writeFileAtomic("cache//a/./1.txt", Uint8Array.of(49));
    stop();
    await web.writeFileAtomic("cache/a/b/3.txt", "");
    expect(heard).toEqual(["cache/a/2.txt", "cache/a/1.txt"]);
    expect(await web.listFolder("cache/a")).toEqual(["1.txt", "2.txt", "b"]);
    expect([await web.isFolder("cache/a"), await web.isFolder("cache/a/2.txt")]).toEqual([true, false]);
    expect([await web.exists("cache/a"), await web.exists("cache/c")]).toEqual([true, false]);
    expect(await web.readText("cache/a/2.txt")).toBe("zwei");
    expect([await web.fileSize("cache/a/2.txt"), await web.fileSize("cache/a")]).toEqual([4, undefined]);
    await web.removeFolder("cache");
    expect(web.filesBelow("cache")).toEqual([]);
  });

  it("say what is missing and what a tab cannot do", async () => {
    await web.writeFileAtomic("x/y", "");
    await expect(web.readBytes("none")).rejects.toThrow(
      "none: a readable file was expected, got no such file. Check the path.",
    );
    await expect(web.readBytes("x")).rejects.toThrow(
      "x: a readable file was expected, got a folder. Check the path.",
    );
    await expect(web.renameFile("x/y", "z")).rejects.toThrow(
      "x/y: another name for a file was asked for, got a browser tab. Use the command line.",
    );
  });
});

describe("picture headers", () => {
  const names = [
    "rgb.png",
    "grey16.png",
    "rgb.jpg",
    "progressive.jpg",
    "scene.jpg",
    "rgb.webp",
    "moving.gif",
  ];
  const file = (name: string) => fileURLToPath(new URL(`../fixtures/pictures/${name}`, import.meta.url));

  it.each(names)("give the size of %s", async (name) => {
    const { width, height, pageHeight } = await sharp(file(name)).metadata();
    expect(decodeWeb.pictureSize(await readFile(file(name)))).toEqual({
      width,
      height: pageHeight ?? height,
    });
  });

  it.each(["lossless", "alpha"] as const)("give the size of a %s WebP", async (kind) => {
    const background = { r: 9, g: 99, b: 199, alpha: kind === "alpha" ? 0.5 : 1 };
    const drawn = sharp({ create: { width: 321, height: 123, channels: 4, background } });
    const bytes = await drawn.webp({ lossless: kind === "lossless" }).toBuffer();
    expect(decodeWeb.pictureSize(bytes)).toEqual({ width: 321, height: 123 });
  });

  it("give nothing for other bytes", () => {
    expect(decodeWeb.pictureSize(new Uint8Array(40))).toBeUndefined();
    expect(decodeWeb.pictureSize(Uint8Array.of(0xff, 0xd8))).toBeUndefined();
  });
});
