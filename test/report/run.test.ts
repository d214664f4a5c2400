/** @file `vca report` of a tiny run: what it writes, what it leaves out, what it refuses. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitStudy } from "../../src/study/fit.ts";
import { writeReport } from "../../src/study/report.ts";
import { SILENT } from "../../src/study/reporter.ts";
import { filesOf, type TinyStudy, tinyStudy } from "../study/support.ts";

const FIGURES = ["circuit", "r", "plane", "scatter", "learning", "rdm", "maps"];

describe("a run's report", () => {
  let study: TinyStudy;
  let run: string;
  const warnings: string[] = [];
  const work = { reporter: { ...SILENT, warn: (text: string) => warnings.push(text) } };

  beforeAll(async () => {
    study = await tinyStudy();
    run = join(study.folder, "run");
    await fitStudy(study.config, { ...work, out: run });
  });

  afterAll(() => rm(study.folder, { recursive: true, force: true }));

  it("is one file and its figures, the same each time, and names what is not there", async () => {
    const before = new Set((await filesOf(run)).keys());
    const result = await writeReport(run, work);
    const html = await readFile(join(run, "report.html"), "utf8");
    expect(result).toMatchObject({ out: `${run}/report.html`, figures: FIGURES, thumbnails: 0 });
    expect(result.bytes).toBe(Buffer.byteLength(html));
    expect(result.absent.map(({ command }) => command)).toEqual([
      `vca report ${run} --beside OTHER_RUN`,
      `vca neurons ${run}`,
      `vca geometry ${run}`,
      `vca lesion ${run}`,
      `vca rsa --out amygdala ... && vca report ${run} --brain amygdala`,
    ]);
    const made = [...(await filesOf(run)).keys()].filter((name) => !before.has(name));
    expect(made).toEqual([...[...FIGURES].sort().map((name) => `figures/${name}.svg`), "report.html"]);
    await writeReport(run, work);
    expect(await readFile(join(run, "report.html"), "utf8")).toBe(html);
  });

  it("asks nothing of a network and names no folder of this computer but in commands", async () => {
    const html = await readFile(join(run, "report.html"), "utf8");
    expect(html).toContain("default-src 'none'");
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
    expect(html.replace(/<code>[^<]*<\/code>/g, "")).not.toContain(study.folder);
  });

  it("carries no pictures of a set whose terms are unknown", async () => {
    const thumbnail = () => Promise.reject(new Error("asked for a picture"));
    const result = await writeReport(run, { ...work, thumbnail, out: join(study.folder, "named.html") });
    expect(result.thumbnails).toBe(0);
    expect(warnings).toContain(
      "The terms of this picture set do not allow its pictures to be passed on: the report names them only.",
    );
    expect(await readFile(join(study.folder, "named.html"), "utf8")).not.toContain("data:image");
  });

  it("carries them on the user's word, and says whose terms they are", async () => {
    const thumbnail = () => Promise.resolve("data:image/png;base64,AAAA");
    const out = join(study.folder, "shown.html");
    const result = await writeReport(run, { ...work, thumbnail, redistribute: true, out });
    expect(result.thumbnails).toBeGreaterThan(0);
    expect(warnings.at(-1)).toMatch(/^The terms of this picture set do not say .* you do\. Whom to ask: \S/);
    expect(await readFile(out, "utf8")).toContain("data:image/png;base64,AAAA");
  });

  it("refuses a folder without comparisons with the brain", async () => {
    const folder = join(study.folder, "pictures");
    await expect(writeReport(run, { ...work, brain: [folder] })).rejects.toThrow(
      `report: ${folder}: alignment.csv and rsa.json were expected, got none. Make them with \`vca rsa --out ${folder}\`.`,
    );
  });
});
