/** @file A lab for browser tests: the page built into a temporary folder, served on loopback. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Locator, Page } from "playwright-core";
import { build } from "vite";
import { labAnswers, serveLab } from "../../src/cli/lab-server.ts";

/** A lab that is served. */
export interface ServedLab {
  readonly folder: string;
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page and serves it, with the runs that `make` leaves in the lab's folder. */
export async function serveBuiltLab(
  make: (folder: string) => Promise<readonly string[]> = async () => [],
): Promise<ServedLab> {
  const folder = await mkdtemp(join(tmpdir(), "vca-lab-"));
  const page = join(folder, "page");
  const configFile = fileURLToPath(new URL("../../lab/vite.config.ts", import.meta.url));
  const [runs] = await Promise.all([
    make(folder),
    build({ configFile, mode: "test", logLevel: "error", build: { outDir: page, emptyOutDir: true } }),
  ]);
  const { server, url } = await serveLab(await labAnswers(runs, page), 0);
  return {
    folder,
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A field of the training form, by its label. */
export function field(tab: Page, title: string): Locator {
  return tab.locator("form.train label", { hasText: new RegExp(`^${title}`) }).locator("select, input");
}

/** Presses `Save as zip` of a run, by default of the first, and unpacks it. @returns the run's folder */
export async function saveRun(tab: Page, folder: string, name = ""): Promise<string> {
  const [file] = await Promise.all([
    tab.waitForEvent("download"),
    tab.click(`li:has-text("${name}") >> text=Save as zip`),
  ]);
  const entries = Object.entries(unzipSync(await readFile(await file.path())));
  for (const [path, bytes] of entries) {
    const at = join(folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, bytes);
  }
  return join(folder, entries[0]![0].split("/")[0]!);
}
