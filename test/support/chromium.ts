/** @file The Chromium of browser tests: where it is, and how it is started so that it asks nobody anything by itself. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether there is one. */
export const present = existsSync(CHROMIUM);
/** What a skipped suite says. */
export const why = present ? "" : ` (skipped: there is no Chromium at ${CHROMIUM}; set CHROMIUM)`;

/** WebGPU in software, as Chromium's own tests have it. */
const SOFTWARE_GPU = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
];

/** WebGL in software. */
const SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** Starts it, headless; with WebGPU or WebGL in software where one is asked for. */
export function launch({ gpu = false, gl = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      ...(gpu ? SOFTWARE_GPU : gl ? SOFTWARE_GL : ["--disable-gpu"]),
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
