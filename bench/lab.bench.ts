/**
 * @file The lab in Chromium: a dropped picture's answer, a slider's answer with 3 and with 48 pictures on the page, a training step
 * in the tab against the command line (in turns, same machine, 2 threads each), the first load; and a run's report with small
 * pictures: its size, and when the page is idle after loading. Times are medians and, for a machine that does other work, the
 * fastest; in the page's own clock.
 *
 * Run: `npm run build && npx tsx --conditions=source bench/lab.bench.ts RUN PICTURE.jpg [REPORTED_RUN]` (CHROMIUM names the browser;
 * RUN is opened, REPORTED_RUN reported)
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { labAnswers, serveLab } from "../src/cli/lab-server.ts";
import { thumbnail } from "../src/cli/thumbnail.ts";
import { fitStudy } from "../src/study/fit.ts";
import { fitConfig } from "../src/study/fit-config.ts";
import { writeReport } from "../src/study/report.ts";
import { SILENT } from "../src/study/reporter.ts";
import { field } from "../test/lab/support.ts";
import { launch } from "../test/support/chromium.ts";

const [run, picture, reported] = process.argv.slice(2);
if (!run || !picture) throw new Error("lab.bench.ts: RUN and PICTURE were expected. Name a run and a JPEG.");
const [TURNS, WARM] = [20, 3];
const KEPT = 48;
const TRAINING = { circuit: "vca", taps: "6", folds: 10, seeds: 1, epochs: 8 };
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const milliseconds = (times: readonly number[]) =>
  `${median(times).toFixed(0)} ms (fastest ${Math.min(...times).toFixed(0)})`;

const folder = await mkdtemp(join(tmpdir(), "vca-lab-bench-"));
process.env.VCA_CACHE = join(folder, "cache");
const { server, url } = await serveLab(await labAnswers([run]), 0);
const browser = await launch();
/** Prints a row as soon as it is measured. */
const row = (...cells: [what: string, measured: string, bar: string]) =>
  console.log(`| ${cells.join(" | ")} |`);
console.log("| | measured | bar |\n| --- | --- | --- |");

const context = () => browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
/** As text, because what tsx makes of a class needs a helper that the page has not. */
const KEEP_MOMENTS = `
  globalThis.moments = [];
  globalThis.Worker = class extends Worker {
    constructor(address, options) {
      super(address, options);
      this.addEventListener("message", ({ data }) => {
        if (data.news?.kind === "loss") moments.push(performance.now());
      });
    }
  };`;

/** A tab of a browser that has seen nothing yet; moments of training news are kept in the page. */
async function open(): Promise<Page> {
  const tab = await (await context()).newPage();
  tab.setDefaultTimeout(300_000);
  await tab.addInitScript({ content: KEEP_MOMENTS });
  return tab;
}

const tab = await open();
const loaded: { path: string; bytes: number }[] = [];
const bodies: Promise<void>[] = [];
tab.on("response", (response) => {
  const path = response.url().replace(url, "");
  if (!/^blob:|\.(wasm|onnx)$|^package\/efficientnet/.test(path))
    bodies.push(
      response.body().then((body) => void loaded.push({ path, bytes: gzipSync(body, { level: 9 }).length })),
    );
});
await tab.goto(url);
await tab.waitForFunction(() => document.querySelectorAll("tbody tr").length === 3);
tab.removeAllListeners("response");
await Promise.all(bodies);
const kilobytes = loaded.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
row("first load, gzip, without encoder weights and wasm", `${kilobytes.toFixed(0)} kB`, "400 kB");

/** Gives the page a file under a name of its own, and waits for its sentence. */
const see = (name: string, data: string) =>
  tab.evaluate(
    async ([as, base64]) => {
      const bytes = Uint8Array.from(atob(base64!), (char) => char.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], `${as}.jpg`, { type: "image/jpeg" }));
      const input = document.querySelector<HTMLInputElement>("input[type=file]")!;
      input.files = transfer.files;
      const from = performance.now();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      await new Promise<void>((resolve) => {
        new MutationObserver((_, watch) => {
          if (document.querySelector(".plane [data-test=sentence] b")?.textContent !== as) return;
          watch.disconnect();
          resolve();
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      return performance.now() - from;
    },
    [name, data],
  );
const base64 = (await readFile(picture)).toString("base64");
const seen: number[] = [];
for (let i = 0; i < WARM + TURNS; i++) seen.push(await see(`drop-${i}`, base64));
row("picture dropped to answer", milliseconds(seen.slice(WARM)), "200 ms");

/** Moves a nucleus's slider, and waits until the answer has changed. */
const slide = (to: number) =>
  tab.evaluate(async (gain) => {
    const input = document.querySelector<HTMLInputElement>('input[data-gain="B"]')!;
    const sentence = document.querySelector<HTMLElement>(".plane [data-test=sentence]")!;
    input.value = String(gain);
    const before = sentence.dataset.valence;
    const from = performance.now();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise<void>((resolve) => {
      new MutationObserver((_, watch) => {
        if (document.querySelector<HTMLElement>(".plane [data-test=sentence]")!.dataset.valence === before)
          return;
        watch.disconnect();
        resolve();
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
    return performance.now() - from;
  }, to);
async function slides(): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < WARM + TURNS; i++) times.push(await slide(i % 2 === 0 ? 0.1 + i * 0.02 : 1.5));
  return milliseconds(times.slice(WARM));
}
const onPage = () => tab.locator(".pictures .picture").count();
while ((await onPage()) > 3) await tab.click(".pictures .remove >> nth=0");
row("slider to answer, 3 pictures", await slides(), "50 ms");
for (let i = 0; (await onPage()) < KEPT; i++) await see(`more-${i}`, base64);
row(`slider to answer, ${KEPT} pictures`, await slides(), "");
await tab.close();

/** Milliseconds from the first epoch to the last, over all networks: the two may not train as many at once. */
function span(moments: readonly number[]): number {
  if (moments.length < 2)
    throw new Error(`lab.bench.ts: epochs were expected, got ${moments.length} of them.`);
  return moments.at(-1)! - moments[0]!;
}
async function trainInNode(turn: number): Promise<number> {
  const moments: number[] = [];
  await fitStudy(fitConfig({ stimuli: "emoji", encoder: "efficientnet-lite0", ...TRAINING }), {
    out: join(folder, `run-${turn}`),
    reporter: SILENT,
    threads: 2,
    onEpoch: ({ losses }) => {
      if (losses.length > 0) moments.push(performance.now());
    },
  });
  return span(moments);
}
async function trainInTab(): Promise<number> {
  const training = await open();
  await training.goto(`${url}#drawer=train`);
  await training.waitForSelector("form.train");
  await field(training, "Circuit").selectOption(TRAINING.circuit);
  await field(training, "Encoder's depth").selectOption(TRAINING.taps);
  await field(training, "Epochs").fill(String(TRAINING.epochs));
  await training.click("form.train .primary");
  await training.waitForSelector("text=/^Trained in/");
  const moments = await training.evaluate(() => (globalThis as unknown as { moments: number[] }).moments);
  await training.context().close();
  return span(moments);
}
const [inNode, inTab]: [number[], number[]] = [[], []];
for (const turn of [0, 1]) {
  inNode.push(await trainInNode(turn));
  inTab.push(await trainInTab());
}
const ratio = Math.min(...inNode) / Math.min(...inTab);
row(
  `training steps of ${TRAINING.circuit}, emoji, ${TRAINING.folds} folds, ${TRAINING.epochs} epochs`,
  `${milliseconds(inTab)} in the tab, ${milliseconds(inNode)} on the command line: ${ratio.toFixed(2)}x`,
  "0.25x",
);

if (reported) {
  const out = join(folder, "report.html");
  const { bytes, thumbnails } = await writeReport(reported, { reporter: SILENT, out, thumbnail });
  row(`report.html, ${thumbnails} small pictures`, `${(bytes / 1e6).toFixed(1)} MB`, "12 MB");
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const page = await (await context()).newPage();
    await page.goto(pathToFileURL(out).href, { waitUntil: "load" });
    times.push(
      await page.evaluate(
        () => new Promise<number>((resolve) => requestIdleCallback(() => resolve(performance.now()))),
      ),
    );
    await page.close();
  }
  row("report opened to idle", `${(median(times) / 1000).toFixed(1)} s`, "2 s");
}
await browser.close();
server.closeAllConnections();
server.close();
await rm(folder, { recursive: true });
