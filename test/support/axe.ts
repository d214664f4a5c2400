/** @file Accessibility, as axe judges a page: what it finds serious or critical, in one line each. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

declare const axe: { run(): Promise<AxeResults> }; // in the page

/** Serious findings: rule, help, the first places. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(SOURCE); // by the debugger's hand, which the page's policy does not bind
  const { violations } = await page.evaluate(() => axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => {
      const places = nodes.slice(0, 4).map(({ html, failureSummary }) => `${html} (${failureSummary})`);
      return `${id}: ${help}: ${places.join(" | ")}`;
    });
}
