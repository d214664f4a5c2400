/** @file The lab in a real browser, against a run of 24 drawn pictures: the same numbers as the command line, and nothing leaves. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildLab, LAB_POLICY, labAnswers, serveLab } from "../../src/cli/lab-server.ts";
import { decodePicture } from "../../src/encoders/decode.node.ts";
import { preprocess } from "../../src/encoders/preprocess.ts";
import { openSession } from "../../src/engine/node.ts";
import { exportRun } from "../../src/study/export.ts";
import { fitStudy } from "../../src/study/fit.ts";
import { fitConfig } from "../../src/study/fit-config.ts";
import { liveModel } from "../../src/study/live.ts";
import { predictPictures } from "../../src/study/predict.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { RunFolder } from "../../src/study/run-folder.ts";
import { drawPictures } from "../study/support.ts";
import { seriousFindings } from "../support/axe.ts";
import { launch, present, why } from "../support/chromium.ts";
import { field, saveRun } from "./support.ts";

const picture = (name: string) => fileURLToPath(new URL(`../fixtures/pictures/${name}`, import.meta.url));
const FILES = ["rgb.png", "rgb.jpg", "rgb.webp", "rgba.png", "scene.jpg", "turned.jpg"].map(picture);
const work = { reporter: SILENT, threads: 2 };

let folder = "";
let run = "";
let page = "";
let server: Server;
let url = "";
const cache = process.env.VCA_CACHE;

/** 24 drawn pictures, two folds, two seeds. */
async function smallRun(): Promise<void> {
  const table = await drawPictures(join(folder, "drawn"), "drawn", 24);
  const config = fitConfig({
    stimuli: `table:${table}`,
    scale: "1-9",
    taps: "6",
    grid: 3,
    folds: 2,
    seeds: 2,
    epochs: 2,
  });
  await fitStudy(config, { ...work, out: run });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vca-lab-"));
  process.env.VCA_CACHE = join(folder, "cache");
  run = join(folder, "small");
  page = join(folder, "page");
  const configFile = fileURLToPath(new URL("../../lab/vite.config.ts", import.meta.url));
  await Promise.all([
    smallRun(),
    build({ configFile, mode: "test", logLevel: "error", build: { outDir: page, emptyOutDir: true } }),
  ]);
  ({ server, url } = await serveLab(await labAnswers([run], page), 0));
}, 300_000);

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  if (cache === undefined) delete process.env.VCA_CACHE;
  else process.env.VCA_CACHE = cache;
  await rm(folder, { recursive: true, force: true });
});

describe("the server", () => {
  /** Asks without tidying the path, as an attacker would. */
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const asked = request({ hostname, port, path, headers, method }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
      });
      asked.on("error", reject).end();
    });

  it("gives the page with the headers that isolate it", async () => {
    const { status, headers, text } = await ask("/");
    expect(status).toBe(200);
    expect(text).toContain("<title>vca lab</title>");
    expect(headers).toMatchObject({
      "content-security-policy": LAB_POLICY,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "x-content-type-options": "nosniff",
    });
    expect(LAB_POLICY).not.toMatch(/'unsafe-(inline|eval)'|https?:|\*/);
  });

  it.each([
    "/../package.json",
    "/..%2f..%2fpackage.json",
    "/run-0/../../drawn/drawn.csv",
    "/run-0/%2e%2e/%2e%2e/drawn/drawn.csv",
    "/run-0/fit.yaml",
    "//etc/passwd",
    "/%00",
    "/%zz",
    "/__proto__",
  ])("has no %s", async (path) => {
    expect(await ask(path)).toMatchObject({
      status: 404,
      text: "There is no such file in the lab. Open its first page.\n",
    });
  });

  it.each([
    { host: "evil.example" },
    { host: "127.0.0.1.evil.example" },
    { origin: "http://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("refuses %o", async (headers) => {
    const { status, text } = await ask("/lab.json", headers as object as Record<string, string>);
    expect({ status, text }).toEqual({
      status: 403,
      text: `This lab answers its own page only. Open ${url}.\n`,
    });
  });

  it("changes nothing", async () => {
    expect(await ask("/lab.json", {}, "PUT")).toMatchObject({
      status: 405,
      text: "This lab is read only. Ask with GET.\n",
    });
  });

  it("says that a port is taken, and that a page was not built", async () => {
    const { port } = server.address() as AddressInfo;
    await expect(serveLab(new Map(), port)).rejects.toThrow(
      /^lab: a free port was expected, got \d+, which could not/,
    );
    await expect(labAnswers([], folder)).rejects.toThrow(
      `lab: the built page was expected in ${folder}, got none. Run \`npm run build\`.`,
    );
  });
});

describe.skipIf(!present)(`the page${why}`, () => {
  const PATIENCE = 120_000; // of single steps, for machines that do other work too
  let browser: Browser;
  let context: BrowserContext;
  let tab: Page;
  /** Pictures on the page. */
  let dropped = 0;
  const requests: string[] = [];
  const complaints: string[] = [];

  const watch = (of: BrowserContext) => {
    of.on("request", (asked) => requests.push(asked.url()));
    of.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    of.on("weberror", (error) => complaints.push(String(error.error())));
  };
  const answered = (of: Page) => of.waitForSelector("[data-test=sentence]", { state: "attached" });
  const drop = async (files: Parameters<Page["setInputFiles"]>[1], rows: number) => {
    dropped = rows;
    await tab.setInputFiles("input[type=file] >> nth=0", files);
    await tab.waitForFunction((n) => document.querySelectorAll("tbody tr").length === n, rows);
  };
  /** The numbers of the CSV file, by name. */
  const saved = async () => {
    const [file] = await Promise.all([tab.waitForEvent("download"), tab.click("text=Save as CSV")]);
    const [, ...rows] = (await readFile(await file.path(), "utf8")).trim().split(/\r?\n/);
    return new Map(rows.map((row) => [row.split(",")[0]!, row.split(",").slice(1, 5).map(Number)]));
  };

  beforeAll(async () => {
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    watch(context);
    context.setDefaultTimeout(PATIENCE);
    tab = await context.newPage();
    await tab.goto(url);
    await answered(tab);
  });
  afterAll(() => browser?.close());

  it("opens with three pictures answered, on two threads", async () => {
    expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
    await tab.waitForFunction(() => document.querySelectorAll("tbody tr").length === 3);
    expect(await tab.textContent("header")).toContain("trained on 24 pictures (table), 2 networks");
    expect(await tab.locator(".diagram svg circle").count()).toBeGreaterThan(4);
  });

  it.each([
    ["light", 1440, "#drawer=table"],
    ["dark", 1440, "#drawer=compare"],
    ["light", 390, "#drawer=train"],
  ] as const)("has no serious finding of axe: %s, %i pixels, %s", async (colorScheme, width, hash) => {
    const other = await context.newPage();
    await other.setViewportSize({ width, height: 900 });
    await other.emulateMedia({ colorScheme });
    await other.goto(url + hash);
    await answered(other);
    expect(await seriousFindings(other)).toEqual([]);
    await other.close();
  });

  it("answers dropped PNG, JPEG and WebP as `vca predict` does", async () => {
    await drop(FILES, 3 + FILES.length);
    const found = await saved();
    for (const { file, valence, arousal } of await predictPictures(run, FILES, work)) {
      const numbers = found.get(file.replace(/^.*\//, ""))!;
      expect(Math.abs(numbers[0]! - valence), file).toBeLessThan(1e-4);
      expect(Math.abs(numbers[1]! - arousal), file).toBeLessThan(1e-4);
    }
  });

  it("moves a slider as the same gains do in an exported model, undoes it and keeps it in the URL", async () => {
    const slide = (name: string, to: string) => tab.locator(`input[data-gain="${name}"]`).fill(to);
    await tab.locator("summary").first().click();
    await tab.keyboard.press("Tab");
    await slide("B", "0.4");
    await slide("LA->CeA", "0");
    await tab.waitForFunction(
      () => location.hash.includes("gain.B=0.4") && location.hash.includes("gain.LA-%3ECeA=0"),
    );
    await tab.waitForTimeout(300);
    const found = await saved();
    const out = join(folder, "gains.onnx");
    await exportRun(run, { gains: true, out });
    const session = await openSession(await readFile(out));
    const file = picture("rgb.png");
    const { about } = await liveModel(run);
    const fitted = preprocess(await decodePicture(await readFile(file), file), {
      ...about.preprocessing,
      mean: [0, 0, 0],
      sd: [1, 1, 1],
    });
    const gains = Object.entries(about.units).map(([id, n]) => [
      `gain/${id}`,
      { shape: [n], data: new Float32Array(n).fill(id === "B" ? 0.4 : 1) },
    ]);
    const projections = about.circuit.projections.map(({ from, to }) => [
      `gain/${from}->${to}`,
      { shape: [], data: Float32Array.of(`${from}->${to}` === "LA->CeA" ? 0 : 1) },
    ]);
    const { height, width } = about.preprocessing;
    const feeds = {
      pixels: { shape: [1, 3, height, width], data: fitted },
      ...Object.fromEntries([...gains, ...projections]),
    };
    const { valence, arousal } = await session.run(feeds, ["valence", "arousal"]);
    await session.close();
    const [v, a, vRest] = found.get("rgb.png")!;
    expect(Math.abs(v! - Number(valence!.data[0]))).toBeLessThan(1e-4);
    expect(Math.abs(a! - Number(arousal!.data[0]))).toBeLessThan(1e-4);
    expect(Math.abs(v! - vRest!)).toBeGreaterThan(1e-3);

    const again = await context.newPage();
    await again.goto(tab.url());
    await answered(again);
    expect(await again.inputValue('input[data-gain="B"]')).toBe("0.4");
    await again.close();
    await tab.click("text=Reset");
    await tab.waitForFunction(() => !location.hash.includes("gain"));
    await tab.keyboard.press("Control+z");
    await tab.waitForFunction(() => location.hash.includes("gain.B=0.4"));
    await tab.click("text=Reset");
  });

  it("says what is wrong with a PDF, a broken picture and one of 100 megapixels", async () => {
    const png = await readFile(picture("rgb.png"));
    const huge = Buffer.from(png);
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(10_000, 20);
    const whole = await sharp({ create: { width: 400, height: 300, channels: 3, background: "#888" } })
      .jpeg()
      .toBuffer();
    const bad = [
      {
        name: "paper.pdf",
        mimeType: "application/pdf",
        buffer: Buffer.from("%PDF-1.7 and then some more bytes to read"),
      },
      { name: "cut.jpg", mimeType: "image/jpeg", buffer: whole.subarray(0, whole.length - 300) },
      { name: "cut.png", mimeType: "image/png", buffer: png.subarray(0, png.length / 2) },
      {
        name: "cut.webp",
        mimeType: "image/webp",
        buffer: (await readFile(picture("rgb.webp"))).subarray(0, 60),
      },
      { name: "huge.png", mimeType: "image/png", buffer: huge },
      { name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) },
      {
        name: "noise.png",
        mimeType: "image/png",
        buffer: Buffer.from("thirty bytes or more of no picture at all"),
      },
    ];
    await drop(bad, 3 + FILES.length + bad.length);
    const said = await tab.locator("td.problem").allTextContents();
    expect(said).toEqual([
      "paper.pdf: a JPEG, PNG, WebP, GIF or AVIF picture was expected, got a PDF document. Save its pictures as PNG or JPEG.",
      "cut.jpg: a whole picture was expected, got one that is damaged. Copy or export the file again.",
      "cut.png: a whole picture was expected, got one that is damaged. Copy or export the file again.",
      "cut.webp: a whole picture was expected, got one that is damaged. Copy or export the file again.",
      "huge.png: a picture of at most 100 megapixels was expected, got 20000 x 10000 (200 megapixels). Scale the picture down.",
      "empty.png: a picture was expected, got an empty file. Copy the file again.",
      "noise.png: a JPEG, PNG, WebP, GIF or AVIF picture was expected, got 41 bytes that start with 74 68 69 72. Copy the file again, or convert it to PNG or JPEG.",
    ]);
  });

  it("trains, stops, goes on, and gives a run that the command line reads", async () => {
    await tab.click("text=Train here");
    await field(tab, "Circuit").selectOption("serial-linear-pooled");
    await field(tab, "Encoder's depth").selectOption("5");
    await field(tab, "Folds").fill("2");
    await field(tab, "Epochs").fill("1");
    await tab.click("form.train .primary");
    await tab.waitForSelector("text=/features, [1-9]/");
    await tab.click("form.train .primary");
    await tab.waitForSelector("text=Stopped. Press Train with the same choices to go on from here.");
    await tab.click("form.train .primary");
    await tab.waitForSelector("text=/^Trained in \\d+ s: held-out r/", { timeout: 240_000 });
    const trained = await saveRun(tab, folder);
    const opened = await RunFolder.open(trained);
    expect(opened.manifest.stimuli.n).toBe(81);
    const [inNode] = await predictPictures(trained, [picture("rgb.png")], work);
    await tab.click("ul.runs >> text=Open");
    await tab.waitForFunction(() =>
      document.querySelector("header p")!.textContent!.includes("serial-linear-pooled"),
    );
    await tab.click("nav >> text=Table");
    await tab.waitForFunction((n) => document.querySelectorAll("tbody tr").length === n, dropped);
    const [valence] = (await saved()).get("rgb.png")!;
    expect(Math.abs(valence! - inNode!.valence)).toBeLessThan(1e-4);
  }, 300_000);

  it("takes 5,000 files at once and never freezes", async () => {
    const other = await context.newPage();
    await other.goto(url);
    await other.waitForFunction(() => document.querySelectorAll("tbody tr").length === 3);
    await other.evaluate(async (pictures) => {
      const transfer = new DataTransfer();
      const canvas = new OffscreenCanvas(8, 8);
      const drawing = canvas.getContext("2d")!;
      for (let i = 0; i < 5000; i++) {
        drawing.fillStyle = `hsl(${i} 80% 50%)`;
        drawing.fillRect(0, 0, 8, 8);
        const data = i < pictures ? await canvas.convertToBlob() : new Blob(); // broken ones come fastest
        transfer.items.add(new File([data], `tiny-${i}.png`, { type: "image/png" }));
      }
      const input = document.querySelector<HTMLInputElement>("input[type=file]")!;
      input.files = transfer.files;
      const tasks: number[] = [];
      const from = performance.now();
      Object.assign(globalThis, { tasks });
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) if (startTime >= from) tasks.push(duration);
      }).observe({ type: "longtask" });
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, 50);
    await other.waitForSelector("text=/^ ?[1-9]\\d* of 5000/");
    await other.locator('input[data-gain="B"]').fill("0.4"); // it still answers
    await other.waitForSelector(".plane >> text=/With B damped to 40 %/");
    await other.waitForSelector("text=/^ ?([6-9]\\d|\\d{3,}) of 5000/");
    await other.click(".queue >> text=Stop");
    await other.waitForFunction(() => !document.querySelector(".pictures .queue"));
    expect(await other.locator(".pictures img").count()).toBe(48);
    await other.click("tbody tr >> nth=51"); // beyond those whose units are kept: it is seen again
    await other.waitForFunction(() => {
      const bar = document.querySelector<HTMLElement>(".activity i");
      const name = document.querySelector(".plane [data-test=sentence] b")?.textContent;
      return name === "tiny-48" && bar?.style.width !== "0%";
    });
    const longest = await other.evaluate(() =>
      Math.max(0, ...(globalThis as unknown as { tasks: number[] }).tasks),
    );
    expect(longest).toBeLessThan(1000); // ms; on an idle machine far less
    await other.close();
  }, 300_000);

  it("works from static files, with threads, and without a network", async () => {
    const site = join(folder, "site");
    await buildLab(await labAnswers([run], page), site);
    await expect(buildLab(new Map(), site)).rejects.toThrow(
      `${site}: an empty folder was expected, got one with files. Choose another --build.`,
    );
    const types: Record<string, string> = {
      html: "text/html",
      js: "text/javascript",
      css: "text/css",
      wasm: "application/wasm",
      svg: "image/svg+xml",
    };
    const plain = createServer(async ({ url: path = "/" }, response) => {
      const name = path === "/" ? "/index.html" : path.replace(/\?.*/, "");
      const body = await readFile(join(site, name)).catch(() => undefined);
      const type = types[name.split(".").at(-1)!] ?? "application/octet-stream";
      response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const other = await browser.newContext();
    other.setDefaultTimeout(PATIENCE);
    watch(other);
    const first = await other.newPage();
    await first.goto(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/`);
    await first.waitForFunction(() => crossOriginIsolated);
    await answered(first);
    const before = await first.textContent("[data-test=sentence]");
    plain.closeAllConnections();
    await new Promise((resolve) => plain.close(resolve));
    await first.reload();
    await answered(first);
    expect(await first.textContent("[data-test=sentence]")).toBe(before);
    await other.close();
  }, 300_000);

  it("asks loopback only, and complains of nothing", () => {
    const away = requests.filter((asked) => !/^(blob:)?http:\/\/127\.0\.0\.1:\d+\//.test(asked));
    expect(requests.length).toBeGreaterThan(20);
    expect(away).toEqual([]);
    // Of the static lab's server, which was closed; of the question where training can run.
    const expected = /net::ERR_CONNECTION_REFUSED|No available adapters/;
    expect(complaints.filter((text) => !expected.test(text))).toEqual([]);
  });
});
