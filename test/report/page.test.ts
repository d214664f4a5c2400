/** @file The report in a real browser: no complaint, no request, every figure, and usable by keyboard and by name. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Report, reportPage } from "../../src/report/page.ts";
import { brainSection } from "../../src/report/sections/brain.ts";
import { geometrySection } from "../../src/report/sections/geometry.ts";
import { lesionsSection } from "../../src/report/sections/lesions.ts";
import { headlines, predictionAnswer, predictionSection } from "../../src/report/sections/prediction.ts";
import { circuitSection, structureSection } from "../../src/report/sections/structure.ts";
import { unitsSection } from "../../src/report/sections/units.ts";
import { seriousFindings } from "../support/axe.ts";
import { launch, present, why } from "../support/chromium.ts";
import * as small from "./small.ts";

const PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

const prediction = {
  about: small.about,
  scale: small.scale,
  pictures: small.pictures,
  r: small.r,
  ceilings: { valence: 0.98, arousal: 0.95 },
  learning: small.learning,
  design: "3 folds, 2 seeds",
};
const effects = small.r.map(({ model, ...row }) => ({ ...row, name: model, baseline: model === "ridge" }));
const run = {
  folder: "a",
  encoder: "<i>enc</i>",
  circuit: "vca",
  rows: effects.filter(({ name }) => name !== "circuit - ridge"),
};
const report: Report = {
  title: `A <report> & "more"`,
  asked: "What?",
  answer: predictionAnswer(prediction),
  headlines: headlines(prediction),
  sections: [
    circuitSection(small.circuit),
    predictionSection(prediction),
    structureSection(
      [run, { ...run, folder: "b", circuit: "serial-linear" }, { ...run, folder: "c", encoder: "other" }],
      small.about,
    )!,
    unitsSection({
      about: small.about,
      readout: "CeA",
      selective: small.overEpochs,
      tuning: small.tuning,
      strips: [{ title: "CeA unit 1", ids: [small.HOSTILE, "picture 1"] }],
    }),
    geometrySection({
      about: small.about,
      readout: "CeA",
      scale: small.scale,
      behaviour: small.overEpochs,
      network: "fold0-seed0",
      pictures: 12,
      rdms: small.rdms,
      order: small.order,
      maps: [0, 4].map((epoch) => ({ epoch, nuclei: small.maps })),
    }),
    lesionsSection({ about: small.about, parts: small.lesions, units: small.lesions }),
    brainSection({ about: small.about, comparison: "rho-a", rows: small.alignment }),
  ],
  absent: [{ what: "Nothing <else>", command: "vca <nothing>" }],
  thumbnails: new Map([...small.pictures.map(({ id }) => [id, PIXEL] as const)]),
  graphic: new Set(["picture 0"]),
  graphicRule: "a rule",
};
const NAMES = report.sections.flatMap(({ figures }) => figures.map(({ name }) => name));

describe("what the report says", () => {
  it("names the verdict of each scale's interval", () => {
    expect(predictionAnswer(prediction)).toBe(
      "On pictures it never saw, the circuit reaches r .70 [.61, .77] for valence and .70 [.61, .77] for arousal: more than ridge on the same tokens for valence (.040 [.010, .070]), no more, within its interval, than ridge for arousal (\u2212.010 [\u2212.030, .020]).",
    );
    expect(headlines(prediction).map(({ name, value }) => `${name} ${value}`)).toEqual([
      "r valence .70",
      "r arousal .70",
      "more than ridge, valence +.040",
      "more than ridge, arousal \u2212.010",
    ]);
  });

  it("opens each section with its answer and its control", () => {
    const answers = Object.fromEntries(report.sections.map(({ id, answer }) => [id, answer]));
    expect(answers.units).toBe(
      "After training, a fraction of .66 of CeA's units is selective for some bin of valence and arousal, more than in any other nucleus; before training it is .14, with the pictures' bins shuffled .02.",
    );
    expect(answers.geometry).toBe(
      "CeA's geometry correlates with that of the ratings by .66 after training, .14 before; without a control run this may be an effect of depth alone.",
    );
    expect(answers.lesions).toBe(
      "Without LA, nothing of r is left. Of the other parts, LA \u2192 CeA costs most: r changes by \u2212.040. 4 of 6 lesions of selective units cost more than 97.5 % of matched random ones.",
    );
    expect(answers.brain).toBe(
      "encoder is most like amygdala (rho-a .09), the noise ceiling from .12 to .20.",
    );
  });

  it("holds the readout against the last stage of a control run", () => {
    const control = small.overEpochs
      .filter(({ source, nucleus }) => source === "run" && nucleus === "B")
      .map((row) => ({ ...row, source: "control", nucleus: "stage-4" }));
    const rows = [...small.overEpochs, ...control, ...control.map((row) => ({ ...row, nucleus: "stage-1" }))];
    const { answer } = unitsSection({ about: "", readout: "CeA", selective: rows, tuning: [], strips: [] });
    expect(answer).toMatch(/shuffled \.02; stage-4 of the control run reaches \.46\.$/);
  });

  it("says so where nothing could be tested, and draws nothing then", () => {
    const { answer, figures } = unitsSection({
      about: "",
      readout: "CeA",
      selective: [],
      tuning: [],
      strips: [],
    });
    expect(answer).toBe(
      "No bin of valence and arousal holds ten of the pictures that a network had not seen, so that selectivity could not be tested: fit with two folds.",
    );
    expect(figures).toEqual([]);
  });

  it("compares only runs that differ", () => {
    expect(structureSection([run], "")).toBeUndefined();
    expect(structureSection([run, { ...run, folder: "b" }], "")).toBeUndefined();
  });
});

describe.skipIf(!present)(`the report in a browser${why}`, () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vca-report-"));
    const file = join(folder, "report.html");
    await writeFile(file, await reportPage(report, small.document));
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`file://${file}`);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("shows every figure, and no narrow one on a wide screen", async () => {
    const shown = await page.$$eval("figure", (figures) =>
      figures.map((figure) => {
        const visible = [...figure.querySelectorAll("svg")].filter((svg) => svg.getClientRects().length > 0);
        return [figure.dataset.name, visible.length, visible[0]?.getBoundingClientRect().width];
      }),
    );
    expect(shown).toEqual(NAMES.map((name) => [name, 1, 880]));
    expect(NAMES).toHaveLength(16);
  });

  it("fits a phone without scrolling sideways", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(
      await page.$$eval(
        "figure .narrow svg",
        (all) => all.filter((svg) => svg.getClientRects().length > 0).length,
      ),
    ).toBe(16);
    await page.setViewportSize({ width: 1200, height: 900 });
  });

  it.each([1200, 390])(
    "has every text within its figure and off other texts, at %i pixels",
    async (width) => {
      await page.setViewportSize({ width, height: 900 });
      const faults = await page.$$eval("figure .frame:not([hidden]) svg", (all) =>
        all.flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll("text")]
            .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
            .filter(({ box }) => box.width > 0);
          const outside = texts.filter(
            ({ box }) =>
              box.left < frame.left - 1 ||
              box.right > frame.right + 1 ||
              box.top < frame.top - 1 ||
              box.bottom > frame.bottom + 1,
          );
          const upon = texts.flatMap((a, i) =>
            texts
              .slice(i + 1)
              .filter(
                (b) =>
                  Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 1 &&
                  Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 4,
              )
              .map((b) => `${a.text} upon ${b.text}`),
          );
          return [...outside.map(({ text }) => text), ...upon].map(
            (what) => `${svg.getAttribute("aria-label")}: ${what}`,
          );
        }),
      );
      await page.setViewportSize({ width: 1200, height: 900 });
      expect(faults).toEqual([]);
    },
  );

  it("names what can be pressed and pictures, has one heading above all, and no id twice", async () => {
    expect(await page.title()).toBe(`A <report> & "more"`);
    expect(await page.$$eval("h1", (all) => all.map((h) => h.textContent))).toEqual([`A <report> & "more"`]);
    const faults = await page.evaluate(() => {
      const all = (selector: string) => [...document.querySelectorAll(selector)];
      const name = (element: Element) =>
        (
          element.getAttribute("aria-label") ??
          element.closest("label")?.textContent ??
          element.textContent ??
          ""
        ).trim();
      const ids = all("[id]").map(({ id }) => id);
      return [
        ...all("button, input, a, [tabindex]")
          .filter((element) => name(element) === "")
          .map((element) => element.outerHTML),
        ...all("main img")
          .filter((image) => !image.getAttribute("alt"))
          .map((image) => image.outerHTML),
        ...all("main svg")
          .filter((svg) => svg.getAttribute("role") !== "img" || !svg.querySelector("title, desc"))
          .map(() => "svg"),
        ...ids.filter((id, i) => ids.indexOf(id) !== i),
        ...(document.documentElement.lang === "en" ? [] : ["lang"]),
      ];
    });
    expect(faults).toEqual([]);
  });

  it.each(["light", "dark"] as const)("keeps text at a contrast of 4.5, %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const weak = await page.evaluate(() => {
      const channels = (css: string) => (css.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
      const luminance = (css: string) => {
        const [r, g, b] = channels(css).map((c) =>
          c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const paper = luminance(getComputedStyle(document.body).backgroundColor);
      const contrast = (css: string) => {
        const ink = luminance(css);
        return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      };
      const of = (element: Element) =>
        getComputedStyle(element)[element instanceof SVGElement ? "fill" : "color"];
      return [
        ...document.querySelectorAll("p, h1, h2, h3, a, button, figcaption, th, td, dt, dd, text, label"),
      ]
        .filter((element) => contrast(of(element)) < 4.5)
        .map((element) => `${element.textContent} ${of(element)}`);
    });
    expect([...new Set(weak)]).toEqual([]);
  });

  it.each(["light", "dark"] as const)("has no serious finding of axe, %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFindings(page)).toEqual([]);
  });

  it("follows the keyboard with the picture, its name as text", async () => {
    await page.locator("#figure-plane .art").focus();
    const seen = new Set<string>();
    for (let i = 0; i < 24; i++) {
      await page.keyboard.press("ArrowRight");
      seen.add((await page.textContent("#preview p"))!.split("\n")[0]!);
    }
    expect(seen).toContain(small.HOSTILE.replace("\u0007", "\uFFFD"));
    expect(await page.isVisible("#preview")).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.isVisible("#preview")).toBe(false);
  });

  it("blurs graphic pictures until asked for", async () => {
    const show = async () => {
      await page.locator("#figure-scatter .art").focus();
      await page.keyboard.press("ArrowRight");
      expect(await page.textContent("#preview p")).toMatch(/^picture 0\n/);
      return page.$eval("#preview img", (image) => getComputedStyle(image).filter);
    };
    expect(await show()).toBe("blur(14px)");
    await page.check("#show-graphic");
    await page.keyboard.press("Escape");
    expect(await show()).toBe("none");
  });

  it("moves through training by its slider", async () => {
    const slider = page.locator("#figure-maps input");
    const label = () =>
      page.$eval("#figure-maps .frame:not([hidden])", (frame) => (frame as HTMLElement).dataset.label);
    expect(await label()).toBe("epoch 4");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    expect(await label()).toBe("epoch 0");
    expect(await page.textContent("#figure-maps output")).toBe("epoch 0");
  });

  it("gives figures as SVG with fixed colours and data as CSV", async () => {
    const save = async (kind: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.click(`#figure-plane [data-get=${kind}]`),
      ]);
      const path = join(folder, download.suggestedFilename());
      await download.saveAs(path);
      return readFile(path, "utf8");
    };
    const svg = await save("svg");
    expect(svg).not.toContain("var(--");
    expect(
      await page.evaluate(
        (text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror"),
        svg,
      ),
    ).toBeNull();
    expect((await save("csv")).split("\n")[0]).toBe("id,valence,arousal,predictedValence,predictedArousal");
  });

  it("draws figures that XML readers accept", async () => {
    const drawn = Object.values(small.FIGURES).map((draw) => draw({ document: small.document, width: 880 }));
    const broken = await page.evaluate(
      (all) =>
        all.flatMap(
          (svg) =>
            new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("parsererror")?.textContent ??
            [],
        ),
      drawn,
    );
    expect(broken).toEqual([]);
  });

  it("complained of nothing and asked for nothing but itself", () => {
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !/^(data|blob):/.test(url))).toHaveLength(1);
  });
});
