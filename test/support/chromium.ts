/** @file The Chromium of browser tests: where it is, and how it is started so that it asks nobody anything by itself. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether there is one. */
export const present = existsSync(CHROMIUM);
/** What a skipped suite says. */
export const why = present ? "" : ` (skipped: there is no Chromium at ${CHROMIUM}; set CHROMIUM)`;

/** Starts it, headless. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
