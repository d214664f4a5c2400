/**
 * @file Makes `assets/emoji/`: `tsx --conditions=source scripts/emoji.ts [LEED.csv]`.
 * Ratings: Rodrigues et al. (2018), doi 10.3758/s13428-017-0878-6. Drawings: Noto Emoji, Apache-2.0, from the
 * package @svgmoji/noto, drawn by sharp at 128 px on white. Run again, it writes the same bytes with the same versions.
 *
 * Near-identical faces share a `group`, so that folds never part them. The rule: (1) average linkage of the root
 * mean square distance between drawings of 32 x 32 RGB pixels, cut at 28 of 255: of 22, 25, 28 and 30 the highest
 * at which, to the eye, each group is one face with another mouth or other eyes; (2) groups that hold members of
 * one name family are joined. A group bears the id of its first member.
 */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { readBytes, writeFileAtomic } from "#files";
import { columnIndex, parseCsv, writeCsv } from "../src/core/csv.ts";

const SIZE = 128;
const CUT = 28;
const FAMILIES = [
  /^grinning face/,
  /^smiling face with open mouth/,
  /kiss/,
  /stuck-out tongue/,
  /^thumbs /,
  /heart$/,
] as const;

/** The drawing of one code point: the `<svg>` of the sprite that bears its id, made a document of its own. */
function drawing(sprites: string, codepoint: string): Buffer {
  const id = sprites.indexOf(` id="${codepoint}"`);
  if (id < 0) throw new Error(`@svgmoji/noto draws no ${codepoint}`);
  const start = sprites.lastIndexOf("<svg", id);
  const end = sprites.indexOf("</svg>", id) + "</svg>".length;
  const svg = sprites.slice(start, end);
  return Buffer.from(svg.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"'));
}

/** Root mean square distance of two pictures. */
function distance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}

/** Joins the two nearest clusters, by average linkage, until none are nearer than `CUT`. */
function clusters(pictures: readonly Uint8Array[]): number[][] {
  const found = pictures.map((_, s) => [s]);
  for (;;) {
    let nearest = { distance: CUT, a: -1, b: -1 };
    for (let a = 0; a < found.length; a++) {
      for (let b = a + 1; b < found.length; b++) {
        const all = found[a]!.flatMap((i) => found[b]!.map((j) => distance(pictures[i]!, pictures[j]!)));
        const mean = all.reduce((x, y) => x + y, 0) / all.length;
        if (mean < nearest.distance) nearest = { distance: mean, a, b };
      }
    }
    if (nearest.a < 0) return found;
    found[nearest.a]!.push(...found.splice(nearest.b, 1)[0]!);
  }
}

/** The group of each stimulus: the least index among those joined by drawing or by name. */
function groups(pictures: readonly Uint8Array[], names: readonly string[]): number[] {
  const group = names.map((_, s) => s);
  const sets = clusters(pictures);
  for (const family of FAMILIES) {
    sets.push(names.flatMap((name, s) => (family.test(name.toLowerCase()) ? [s] : [])));
  }
  for (const set of sets) {
    const joined = new Set(set.map((s) => group[s]!));
    const least = Math.min(...joined);
    for (const [s, label] of group.entries()) if (joined.has(label)) group[s] = least;
  }
  return group;
}

const source = process.argv[2] ?? "../shared/data/emoji/leed.csv";
const table = parseCsv(await readBytes(source), source);
const column = (name: string) => {
  const index = columnIndex(table, name);
  return table.rows.map((row) => row.cells[index]!.trim());
};
const codepoints = column("codepoint").map((codepoint) => codepoint.replace("U+", ""));
const names = column("name").map((name) => name.replace("frowing", "frowning"));
const ids = names.map((name) => name.toLowerCase().replace(/\W+/g, "-"));
const sprites = await readFile("node_modules/@svgmoji/noto/sprites/all.svg", "utf8");

const small: Uint8Array[] = [];
for (const codepoint of codepoints) {
  const png = await sharp(drawing(sprites, codepoint))
    .resize(SIZE, SIZE, { fit: "contain", background: "#fff" })
    .flatten({ background: "#fff" })
    .png({ palette: true, colours: 64, effort: 10 })
    .toBuffer();
  await writeFileAtomic(`assets/emoji/${codepoint}.png`, png);
  small.push(await sharp(png).resize(32, 32).removeAlpha().raw().toBuffer());
}
const group = groups(small, names);
const [n, valence, arousal] = ["n_raters", "valence_mean", "arousal_mean"].map(column);
await writeFileAtomic(
  "assets/emoji/emoji.csv",
  writeCsv(
    ["id", "codepoint", "name", "n", "valence", "arousal", "group", "file"],
    ids.map((id, s) => [
      id,
      `U+${codepoints[s]}`,
      names[s],
      n![s],
      valence![s],
      arousal![s],
      ids[group[s]!],
      `${codepoints[s]}.png`,
    ]),
  ),
);
console.log(`${ids.length} emoji in ${new Set(group).size} groups, ${new Set(ids).size} ids`);
