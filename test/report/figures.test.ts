/** @file Figures are pure: the same data, the same text; what they say of themselves; what data may not do to them. */
import { describe, expect, it } from "vitest";
import { overSeeds } from "../../src/report/epoch-panel.ts";
import { stars } from "../../src/report/figures/alignment.ts";
import { pairsPanel } from "../../src/report/figures/pairs.ts";
import { blockMeans } from "../../src/report/figures/rdm.ts";
import { domainOf, tick } from "../../src/report/interval-panel.ts";
import { WIDTHS } from "../../src/report/page.ts";
import { inHierarchy, nucleusColour, valenceColour } from "../../src/report/palette.ts";
import { escaped, fitted, rText, wrapped } from "../../src/report/svg.ts";
import { document, FIGURES, HOSTILE } from "./small.ts";

describe.each(Object.entries(FIGURES))("figure %s", (name, draw) => {
  it.each(["wide", "narrow"] as const)("looks as it did, %s", async (size) => {
    await expect(draw({ document, width: WIDTHS[size] })).toMatchFileSnapshot(
      `snapshots/${name}-${size}.svg`,
    );
  });

  it("is the same text every time", () => {
    expect(draw({ document, width: 880 })).toBe(draw({ document, width: 880 }));
  });

  it("has a role, a title, a description, both themes, and no markup from data", () => {
    const svg = draw({ document, width: 880 });
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" class="vca-figure" viewBox="0 0 880 \d+"/,
    );
    expect(svg).toMatch(/ role="img" aria-label="[^"]+"[^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc>/);
    expect(svg).not.toContain(String.fromCharCode(7));
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/<script|<b>|NaN|undefined|Infinity/);
  });
});

describe("text", () => {
  it("is escaped for content and attributes, and holds nothing that XML forbids", () => {
    expect(escaped(HOSTILE)).toBe(
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;é&#39; \uFFFD ]]&gt; 字",
    );
  });

  it("is broken at spaces and cut with an ellipsis", () => {
    expect(wrapped("one two three", 70)).toEqual(["one two", "three"]);
    expect(wrapped("one two three", 700)).toEqual(["one two three"]);
    expect(fitted("a long name of something", 60)).toBe("a long …");
    expect(fitted("short", 60)).toBe("short");
  });

  it("writes numbers within one without a leading zero, with a true minus", () => {
    expect([0.712, -0.034, 1, -0.0001, 0].map((value) => rText(value))).toEqual([
      ".71",
      "\u2212.03",
      "1.00",
      ".00",
      ".00",
    ]);
    expect([0.2, -0.5, 1, 10].map(tick)).toEqual([".2", "\u2212.5", "1", "10"]);
  });
});

describe("names", () => {
  it("of pairs are whole where there is room", () => {
    const names = ["LA", "encoder", "ratings", "FaceBodyManmadeNatobj"];
    const { svg } = pairsPanel(names, [], 440);
    for (const [i, name] of names.entries()) expect(svg).toContain(`>${i + 1}  ${name}</text>`);
    expect(pairsPanel(names, [], 200).svg).toContain("…");
  });

  it("of small RDMs end before the next panel", () => {
    const svg = FIGURES["rdm-within"]!({ document, width: 880 });
    expect(svg).toContain(">FaceBodyMan…</text>");
    expect(svg).toContain(">not compared</text>");
    expect(FIGURES.rdm!({ document, width: 880 })).not.toContain("not compared");
  });

  it("on a map of RDMs do not lie on one another", () => {
    const svg = FIGURES["rdm-map"]!({ document, width: 880 });
    const places = ["LA", "CeA", "B"].map((name) => {
      const [, x, y, anchor] = new RegExp(
        `<text x="([\\d.]+)" y="([\\d.]+)" [^>]*text-anchor="(\\w+)"[^>]*>${name}</text>`,
      ).exec(svg)!;
      return { x: Number(x), y: Number(y), anchor };
    });
    for (const [i, a] of places.entries())
      for (const b of places.slice(i + 1))
        expect(a.anchor !== b.anchor || Math.abs(a.y - b.y) >= 13).toBe(true);
  });
});

describe("scales", () => {
  it("put nuclei in the order of the hierarchy, stages of controls after them", () => {
    expect(inHierarchy(["CeA", "stage-2", "B", "LA", "ITC", "AB", "stage-1", "LA"])).toEqual([
      "LA",
      "AB",
      "B",
      "ITC",
      "CeA",
      "stage-1",
      "stage-2",
    ]);
    expect(nucleusColour("CeA")).toBe("var(--CeA)");
    expect(nucleusColour("stage-4")).toBe("var(--CeA)");
  });

  it("give valence seven colours, the middle neutral, the ends included", () => {
    expect([1, 4, 7, 0, 9].map((value) => valenceColour(value, { lo: 1, hi: 7 }))).toEqual(
      ["v0", "v3", "v6", "v0", "v6"].map((name) => `var(--${name})`),
    );
  });

  it("hold every interval, band and ceiling", () => {
    const rows = [{ name: "a", value: 0.5, lower: -0.5, upper: 0.6, fill: "", band: [0, 0.8] as const }];
    expect(domainOf(rows, [0, 1.5])).toEqual([-0.58, 1.58]);
    expect(domainOf([{ name: "a", value: 0.5, fill: "" }])).toEqual([0, 0.52]);
  });

  it("give a mean over seeds its interval from three seeds on", () => {
    const of = (values: number[]) => overSeeds(values.map((value, seed) => ({ epoch: 0, seed, value })));
    expect(of([0.1, 0.3])).toEqual([{ epoch: 0, mean: 0.2, seeds: 2 }]);
    const [three] = of([0.1, 0.2, 0.3]);
    expect(three!.lower).toBeCloseTo(0.2 - 4.302653 * (0.1 / Math.sqrt(3)), 6); // t of 2 degrees of freedom
    expect(three!.upper).toBeCloseTo(0.2 + 4.302653 * (0.1 / Math.sqrt(3)), 6);
  });

  it("average an RDM in blocks, in a given order, without the diagonal", () => {
    // pairs (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)
    expect([...blockMeans([1, 2, 3, 4, 5, 6], [0, 1, 2, 3], 2)]).toEqual([1, 3.5, 3.5, 6]);
    expect([...blockMeans([1, 2, 3, 4, 5, 6], [3, 2, 1, 0], 2)]).toEqual([6, 3.5, 3.5, 1]);
    expect(blockMeans([1, 2, 3], [0, 1, 2], 3)[0]).toBeNaN();
    const lacking = [1, Number.NaN, 3, Number.NaN, Number.NaN, 6];
    expect([...blockMeans(lacking, [0, 1, 2, 3], 2)]).toEqual([1, 3, 3, 6]);
  });

  it("mark significance by level", () => {
    expect([undefined, 0.2, 0.04, 0.004, 0.0004].map(stars)).toEqual(["", "", " *", " **", " ***"]);
  });
});
