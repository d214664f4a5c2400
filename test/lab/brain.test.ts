/** @file The brain drawer in a real browser: a run's maps and dropped images, drawn with WebGL in software; nothing leaves. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Affine, gridSize, voxelAt } from "../../src/brain/grid.ts";
import { writeNifti } from "../../src/brain/nifti-write.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { drawPictures } from "../study/support.ts";
import { seriousFindings } from "../support/axe.ts";
import { launch, present, why } from "../support/chromium.ts";
import { type ServedLab, serveBuiltLab } from "./support.ts";

const affine: Affine = [-3, 0, 0, 57, 0, 3, 0, -60, 0, 0, 3, -45, 0, 0, 0, 1];
const grid = { shape: [39, 40, 24], affine } as const;
const [ni, nj] = grid.shape;
const at = (mm: readonly [number, number, number]) => {
  const [i, j, k] = voxelAt(affine, mm);
  return i + ni * (j + nj * k);
};
/** A map of 0 but for two blobs of 3 x 3 x 3 voxels, around `x = 21` and `x = -21`. */
function blobs(right: number, left: number, outside = 0): Float32Array {
  const data = new Float32Array(gridSize(grid)).fill(outside);
  for (const [side, value] of [
    [21, right],
    [-21, left],
  ] as const)
    for (const x of [-3, 0, 3])
      for (const y of [-3, 0, 3])
        for (const z of [-3, 0, 3])
          data[at([side + x, -3 + y, -18 + z])] = x === 0 && y === 0 && z === 0 ? value : value / 2;
  return data;
}
const nifti = (data: Float32Array) => Buffer.from(writeNifti({ grid, data }));
const file = (name: string, buffer: Buffer) => ({ name, mimeType: "application/octet-stream", buffer });

describe.skipIf(!present)(`the brain drawer${why}`, () => {
  let lab: ServedLab;
  let browser: Browser;
  let context: BrowserContext;
  let tab: Page;
  let webgl = false;
  const requests: string[] = [];
  const complaints: string[] = [];
  const cache = process.env.VCA_CACHE;

  const give = (...files: ReturnType<typeof file>[]) => tab.setInputFiles(".brain input[type=file]", files);
  const shown = (text: string | RegExp) => tab.locator("[data-test=shown]", { hasText: text }).waitFor();
  const value = (text: string | RegExp) => tab.locator("[data-test=value]", { hasText: text }).waitFor();
  const alert = async () => {
    const text = await tab.textContent("[role=alert] span");
    await tab.click("[role=alert] button");
    return text;
  };
  /** Pixels of the slices that are orange, and blue. */
  const coloured = async () => {
    const png = await tab.locator(".slices canvas").screenshot();
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const found = { orange: 0, blue: 0 };
    for (let p = 0; p < info.width * info.height; p++) {
      const [r, , b] = data.subarray(3 * p);
      if (r! - b! > 25) found.orange++;
      if (b! - r! > 25) found.blue++;
    }
    return found;
  };

  beforeAll(async () => {
    lab = await serveBuiltLab(async (folder) => {
      process.env.VCA_CACHE = join(folder, "cache");
      const table = await drawPictures(join(folder, "drawn"), "drawn", 24);
      const options = { stimuli: `table:${table}`, scale: "1-9", taps: "6", grid: 3, folds: 2, seeds: 1 };
      const out = join(folder, "run");
      await fitStudy(fitConfig({ ...options, epochs: 1 }), { out, reporter: SILENT, threads: 2 });
      await mkdir(join(out, "maps"));
      await writeFile(join(out, "maps/mask-CeA-r.nii.gz"), nifti(blobs(0.4, -0.3)));
      await writeFile(join(out, "maps/mask-CeA-q.nii.gz"), nifti(blobs(0.01, 0.2, 1)));
      await writeFile(join(out, "maps/notes.txt"), "no map");
      return [out];
    });
    browser = await launch({ gl: true });
    context = await browser.newContext({ viewport: { width: 1440, height: 1200 } });
    context.setDefaultTimeout(120_000);
    context.on("request", (asked) => requests.push(asked.url()));
    context.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    context.on("weberror", (error) => complaints.push(String(error.error())));
    tab = await context.newPage();
    webgl = await tab.evaluate(() => Boolean(new OffscreenCanvas(1, 1).getContext("webgl2")));
    await tab.goto(lab.url);
    await tab.waitForSelector("[data-test=sentence]", { state: "attached" });
  }, 600_000);
  beforeEach(({ skip }) => {
    if (!webgl) skip("this Chromium has no WebGL 2");
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
    if (cache === undefined) delete process.env.VCA_CACHE;
    else process.env.VCA_CACHE = cache;
  });

  it("comes with its first opening, and shows the readout's map at its peak", async () => {
    const views = () => requests.filter((url) => /brain-view/.test(url));
    expect(views()).toEqual([]);
    await tab.click("nav >> text=Brain");
    await shown(/^\u2212\.400\s+0\s+\.400\s+54 voxels$/);
    await value("mask-CeA-r .400");
    expect(views()).toHaveLength(1);
    const { orange, blue } = await coloured();
    expect(orange).toBeGreaterThan(500);
    expect(blue).toBeGreaterThan(500);
    expect(await tab.locator(".brain option").allTextContents()).toEqual(
      expect.arrayContaining(["mask-CeA-q", "mask-CeA-r"]),
    );
    expect(await tab.locator(".brain option", { hasText: "notes" }).count()).toBe(0);
  });

  it("leaves what is as far from 0 as the threshold", async () => {
    await tab.fill("[data-test=threshold]", "0.35");
    await shown(/\s1 voxel$/);
    await tab.waitForTimeout(300);
    const { orange, blue } = await coloured();
    expect(orange).toBeGreaterThan(20);
    expect(blue).toBe(0);
    await tab.fill("[data-test=threshold]", "0");
  });

  it("moves by fields and by keys, and tells the number there", async () => {
    const field = (name: string) => tab.locator(".crosshair label", { hasText: name }).locator("input");
    for (const [name, mm] of [
      ["x", "-21"],
      ["y", "-3"],
      ["z", "-18"],
    ] as const) {
      await field(name).fill(mm);
      await field(name).press("Enter");
    }
    await value("mask-CeA-r \u2212.300");
    await tab.focus(".slices canvas");
    await tab.keyboard.press("ArrowRight");
    await value("mask-CeA-r \u2212.150");
    expect(await field("x").inputValue()).toBe("-18");
    await tab.keyboard.press("PageUp");
    await tab.keyboard.press("ArrowDown");
    expect(Number(await field("z").inputValue())).toBeCloseTo(-15);
    expect(Number(await field("y").inputValue())).toBeCloseTo(-6);
    await tab.click("text=Peak");
    await value("mask-CeA-r .400");
  });

  it("shows of probabilities what is small", async () => {
    await tab
      .locator(".brain label", { hasText: "Statistic" })
      .locator("select")
      .selectOption("mask-CeA-q.nii.gz");
    await shown("27 voxels");
    await value(/mask-CeA-q \.0(05|10)/);
    await tab.fill("[data-test=threshold]", "0.2");
    await shown("54 voxels");
  });

  it("takes a dropped mask below and a dropped statistic above, and keeps the crosshair", async () => {
    const mask = blobs(1, 1).map((number) => Number(number > 0));
    await give(file("roi.nii.gz", nifti(mask)), file("t-map.nii", nifti(blobs(5, -4))));
    await value("t-map 5.000");
    const on = tab.locator(".brain label", { hasText: /^On/ }).locator("select");
    expect(await on.inputValue()).toBe("roi.nii.gz");
    await on.selectOption("");
    await value("t-map 5.000");
    await on.selectOption("roi.nii.gz");
    const anatomy = Float32Array.from({ length: gridSize(grid) }, (_, v) => 300 + (v % 100));
    await give(file("sub-01_T1w.nii.gz", nifti(anatomy)));
    await tab.waitForFunction(
      () => document.querySelectorAll<HTMLSelectElement>(".brain select")[1]!.value === "sub-01_T1w.nii.gz",
    );
    await value("t-map 5.000");
  });

  it("says what is wrong with an image", async () => {
    const whole = nifti(blobs(1, 1));
    const said: (string | null)[] = [];
    for (const bad of [
      file("notes.nii", Buffer.from("no brain at all")),
      file("cut.nii.gz", whole.subarray(0, whole.length / 2)),
      file("series.nii.gz", nifti(new Float32Array(2 * gridSize(grid)))),
    ]) {
      await give(bad);
      said.push(await alert());
    }
    expect(said).toEqual([
      "notes.nii: at least 348 bytes were expected, got 15: the file is cut short. Copy the file again.",
      'cut.nii.gz: a whole gzip file was expected, got "unexpected EOF". Copy the file again.',
      "series.nii.gz: one volume was expected, got 2. Pass a 3-D image.",
    ]);
    await value("t-map 5.000");
  });

  it.each(["light", "dark"] as const)("has no serious finding of axe, %s", async (colorScheme) => {
    await tab.emulateMedia({ colorScheme });
    expect(await seriousFindings(tab)).toEqual([]);
  });

  it("says so where there is no WebGL 2", async () => {
    const other = await context.newPage();
    await other.addInitScript(() => {
      OffscreenCanvas.prototype.getContext = () => null;
    });
    await other.goto(`${lab.url}#drawer=brain`);
    await other.waitForSelector(
      "text=lab: WebGL 2 was expected for the brain, got none. Allow hardware acceleration in the browser's settings.",
    );
    await other.close();
  });

  it("asks its own server only, and complains of nothing", async () => {
    expect(requests.filter((asked) => !asked.replace(/^blob:/, "").startsWith(lab.url))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
