/** @file Training on the GPU in a tab, as Chromium's software adapter, whose process ends in the middle. Its losses: `test/engine/web.test.ts`. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, present, why } from "../support/chromium.ts";
import { field, type ServedLab, serveBuiltLab } from "./support.ts";

describe.skipIf(!present)(`training on the GPU${why}`, () => {
  let lab: ServedLab;
  let browser: Browser;

  beforeAll(async () => {
    lab = await serveBuiltLab();
    browser = await launch({ gpu: true });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  it("goes on without the GPU when it is lost", async ({ skip }) => {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(240_000);
    await tab.goto(lab.url);
    if (!(await tab.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()))))
      skip("this Chromium has no WebGPU adapter");
    await tab.waitForSelector("form.train");
    await field(tab, "Circuit").selectOption("serial-linear-pooled");
    await field(tab, "Encoder's depth").selectOption("5");
    await field(tab, "Folds").fill("2");
    await field(tab, "Epochs").fill("20");
    await field(tab, "Runs on the").selectOption("webgpu");
    await tab.click("form.train .primary");
    await tab.waitForSelector(".chart .loss path", { state: "attached" });
    const control = await browser.newBrowserCDPSession();
    await control.send("Browser.crashGpuProcess");
    await tab.waitForSelector(
      "text=The GPU was lost: training goes on without it, from the last checkpoint.",
    );
    await tab.waitForSelector("text=/^Trained in \\d+ s: held-out r/");
    expect(await tab.locator("[role=alert]").count()).toBe(0);
  }, 600_000);
});
