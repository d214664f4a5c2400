/** @file Training in the tab on the user's own table, pictures and encoder: dropped, checked, kept, stopped, gone on with after a closed tab, saved. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeOnnx } from "../../src/graph/onnx.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { writeReport } from "../../src/study/report.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { RunFolder } from "../../src/study/run-folder.ts";
import { drawPictures } from "../study/support.ts";
import { seriousFindings } from "../support/axe.ts";
import { launch, present, why } from "../support/chromium.ts";
import { tinySettings, tinyTransformer } from "../support/tiny-encoders.ts";
import { field, type ServedLab, saveRun, serveBuiltLab } from "./support.ts";

const CHOICES = {
  scale: "1..9",
  circuit: "serial-linear-pooled",
  taps: "5",
  folds: 2,
  seeds: 1,
  group: "theme",
};

describe.skipIf(!present)(`the user's own pictures${why}`, () => {
  let lab: ServedLab;
  let browser: Browser;
  let context: BrowserContext;
  let tab: Page;
  let drawn: string;
  let pictures: string[];
  const cache = process.env.VCA_CACHE;

  const give = (files: Parameters<Page["setInputFiles"]>[1]) =>
    tab.setInputFiles(".own input[type=file] >> nth=0", files);
  const alert = async () => {
    const text = await tab.textContent("[role=alert] span");
    await tab.click("[role=alert] button");
    return text;
  };
  const csv = (name: string, text: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  const chooseAll = async (epochs: string) => {
    await field(tab, "Scale from").fill("1");
    await field(tab, "Scale to").fill("9");
    await field(tab, "Keep in one fold").selectOption(CHOICES.group);
    await field(tab, "Circuit").selectOption(CHOICES.circuit);
    await field(tab, "Encoder's depth").selectOption(CHOICES.taps);
    await field(tab, "Folds").fill("2");
    await field(tab, "Epochs").fill(epochs);
  };

  beforeAll(async () => {
    lab = await serveBuiltLab();
    process.env.VCA_CACHE = join(lab.folder, "cache");
    drawn = await drawPictures(join(lab.folder, "drawn"), "drawn", 24);
    const rows = (await readFile(drawn, "utf8")).split("\n");
    const themed = rows.map((row, i) => row.replace(/theme \d$/, `theme ${i % 12}`));
    const european = themed.map((row) => row.replaceAll(",", ";").replace(/(\d)\.(?=\d)/g, "$1,"));
    await writeFile(drawn, `${european.join("\n")}unrated;;.;5,5;theme 0\n`);
    pictures = (await readdir(join(lab.folder, "drawn")))
      .filter((name) => name.endsWith(".png"))
      .map((name) => join(lab.folder, "drawn", name));
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(120_000);
    tab = await context.newPage();
    await tab.goto(lab.url);
    await tab.waitForSelector("form.train");
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.close();
    if (cache === undefined) delete process.env.VCA_CACHE;
    else process.env.VCA_CACHE = cache;
  });

  it.each(["light", "dark"] as const)("has no serious finding of axe, empty, %s", async (colorScheme) => {
    await tab.emulateMedia({ colorScheme });
    expect(await seriousFindings(tab)).toEqual([]);
  });

  it("says what a table must have", async () => {
    const said: (string | null)[] = [];
    for (const files of [
      [csv("mine.csv", "name,file,pleasure,arousal\na,a.png,1,2\n")],
      [csv("mine.csv", "id,file,valence,arousal\na,a.png,1,2\nb,b.png,n/a,2\n")],
      [csv("mine.csv", "id,file,valence,arousal\na,a.png,1,2\na,b.png,1,2\n")],
      [csv("mine.csv", "id,file,valence,arousal\na,../a.png,1,2\n")],
      [csv("mine.csv", "id,file,valence,arousal\n"), csv("yours.csv", "id,file,valence,arousal\n")],
      pictures.slice(0, 2),
    ]) {
      await give(files);
      said.push(await alert());
    }
    expect(said).toEqual([
      'mine.csv: a column "id" was expected, got "name", "file", "pleasure", "arousal". Rename "file", or add the column.',
      'mine.csv row 3 (b): valence must be a number, got "n/a". Correct the cell, or remove the row.',
      'mine.csv row 3: id must be unique, got "a" as in row 2. Give each row an id of its own.',
      "mine.csv row 2 (a): file must be a path below the table's folder, got \"../a.png\". Write the picture's name alone.",
      "lab: one table was expected, got mine.csv, yours.csv. Choose a CSV file with its pictures.",
      "lab: one table was expected, got none. Choose a CSV file with its pictures.",
    ]);
  });

  it("takes a table first and its pictures later, and keeps both when the tab is closed", async () => {
    await give([drawn, ...pictures.slice(0, 22)]);
    await tab.waitForSelector(
      "text=/22 of 24 rated pictures are here. Add drawn-\\d+.png, drawn-\\d+.png\\./",
    );
    expect(await tab.isDisabled("form.train .primary")).toBe(true);
    await tab.close();
    tab = await context.newPage();
    await tab.goto(lab.url);
    await field(tab, "Pictures").selectOption("drawn");
    await give(pictures.slice(22));
    await tab.waitForSelector("text=/24 rated pictures, all here; ratings from/");
  });

  it("says when the declared scale does not hold the ratings", async () => {
    await chooseAll("1");
    await field(tab, "Scale to").fill("5");
    await tab.click("form.train .primary");
    expect(await alert()).toMatch(
      /^table: drawn\.csv row \d+ \(drawn \d+\): (valence|arousal) must be a number from 1 to 5, got "[\d,]+"\. Correct the cell, or remove the row\.$/,
    );
  });

  it("goes on after a closed tab, and gives the run that the command line makes", async () => {
    await chooseAll("60");
    await tab.click("form.train .primary");
    await tab.waitForSelector("text=/^ ?training, [1-9]/");
    await tab.close();
    tab = await context.newPage();
    await tab.goto(lab.url);
    const name = "drawn-1to9-by-theme-serial-linear-pooled-2x1-e60-t5";
    await tab.click(`li:has-text("${name} (not finished)") >> text=Go on`);
    await tab.waitForSelector("text=/^Trained in \\d+ s: held-out r/", { timeout: 240_000 });
    const run = await saveRun(tab, lab.folder);
    const { manifest, config } = await RunFolder.open(run);
    expect(manifest.stimuli).toMatchObject({ set: "table", n: 24, redistribute: false });
    expect(config).toMatchObject({ ...CHOICES, split: "grouped", stimuli: "table:sets/drawn/drawn.csv" });

    const out = join(lab.folder, "in-node");
    await fitStudy(fitConfig({ ...CHOICES, split: "grouped", epochs: 60, stimuli: `table:${drawn}` }), {
      out,
      reporter: SILENT,
      threads: 2,
    });
    const stimuli = (of: string) => readFile(join(of, "stimuli.csv"), "utf8");
    expect(await stimuli(run)).toBe(await stimuli(out)); // the same pictures, bytes and folds
    const [here, there] = await Promise.all([heldOut(run), heldOut(out)]);
    for (const [i, r] of here.entries()) expect(Math.abs(r - there[i]!)).toBeLessThan(0.02);

    const html = join(lab.folder, "report.html");
    await writeReport(run, { reporter: SILENT, out: html });
    expect(await readFile(html, "utf8")).toContain("serial-linear-pooled");
  }, 300_000);

  it("trains on an encoder of one's own, kept when the tab is closed, and sees pictures through it", async () => {
    const tiny = join(lab.folder, "tiny");
    await mkdir(join(tiny, "onnx"), { recursive: true });
    await writeFile(join(tiny, "preprocessor_config.json"), tinySettings);
    const giveEncoder = () => tab.setInputFiles(".own label:has-text('encoder') input", tiny);
    await giveEncoder();
    expect(await alert()).toBe(
      "encoder: given/tiny must hold onnx/vision_model.onnx or onnx/model.onnx or model.onnx, got none of them. Point to a folder in the hub's layout.",
    );
    await writeFile(join(tiny, "onnx", "model.onnx"), "no model");
    await giveEncoder();
    expect(await alert()).toMatch(/^onnx\/model\.onnx: /);

    const model = encodeOnnx(tinyTransformer({ blocks: 3 }));
    await writeFile(join(tiny, "onnx", "model.onnx"), model);
    await giveEncoder();
    await tab.waitForFunction(chosen, "tiny");
    await tab.close();
    tab = await context.newPage();
    await tab.goto(lab.url);
    await tab.click("nav >> text=Train here");
    await field(tab, "Pictures").selectOption("drawn");
    await field(tab, "EncoderEff").selectOption("tiny");
    await field(tab, "Scale from").fill("1");
    await field(tab, "Scale to").fill("9");
    await field(tab, "Circuit").selectOption(CHOICES.circuit);
    await field(tab, "Folds").fill("2");
    await field(tab, "Epochs").fill("2");
    await field(tab, "Encoder's depth").fill("9");
    await tab.click("form.train .primary");
    expect(await alert()).toContain("tiny");
    await field(tab, "Encoder's depth").fill("2");
    await tab.click("form.train .primary");
    await tab.waitForSelector("text=/^Trained in \\d+ s: held-out r/");
    const name = "drawn-1to9-tiny-serial-linear-pooled-2x1-e2-t2";
    const run = await saveRun(tab, lab.folder, name);
    const { manifest } = await RunFolder.open(run);
    expect(manifest.encoder).toMatchObject({
      name: "tiny",
      sha256: createHash("sha256").update(model).digest("hex"),
      taps: [{ name: "depth-2" }],
    });
    await tab.click(`li:has-text("${name}") >> text=Open`);
    await tab.waitForFunction(() => document.querySelectorAll(".plane [data-test=sentence]").length > 0);
    await tab.click("text=Delete the encoder");
    await tab.waitForFunction(gone, "tiny");
  }, 120_000);

  it("deletes a table and keeps its run", async () => {
    await field(tab, "Pictures").selectOption("drawn");
    await tab.click("text=Delete the table and pictures");
    await tab.waitForFunction(gone, "drawn");
    expect(await tab.locator("ul.runs li").count()).toBeGreaterThan(0);
  });
});

/** In the page: whether a choice is taken, or is offered no longer. */
const chosen = (value: string) =>
  [...document.querySelectorAll<HTMLSelectElement>("form.train select")].some((each) => each.value === value);
const gone = (value: string) =>
  [...document.querySelectorAll<HTMLOptionElement>("form.train option")].every(
    (each) => each.value !== value,
  );

/** Held-out r of valence and arousal. */
async function heldOut(run: string): Promise<number[]> {
  const text = await readFile(join(run, "metrics.csv"), "utf8");
  return ["valence", "arousal"].map((scale) =>
    Number(new RegExp(`^circuit,${scale},r,([^,]+)`, "m").exec(text)![1]),
  );
}
