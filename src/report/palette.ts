/**
 * @file The colours of every figure and of the report, once, as CSS variables with a light and a dark value; all
 * sets are safe for colour-blind eyes (nuclei: Okabe & Ito; valence and arousal: ColorBrewer's RdBu, and light to violet).
 */

/** Light and dark value of each variable. */
const VARIABLES: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  paper: ["#fbfaf7", "#16181c"],
  ink: ["#1f2328", "#e8e6e1"],
  soft: ["#5f656d", "#a4a9b0"],
  line: ["#dcd8cf", "#34383f"],
  accent: ["#0072b2", "#5ab4ea"],
  grey: ["#9aa0a6", "#7d838b"],
  band: ["#dfdbd1", "#30353c"],
  visual: ["#8a8f98", "#8a8f98"],
  LA: ["#0072b2", "#2f8fd0"],
  AB: ["#56b4e9", "#56b4e9"],
  B: ["#009e73", "#0fae82"],
  ITC: ["#cc79a7", "#cc79a7"],
  CeA: ["#d55e00", "#e87722"],
  MeA: ["#b89b00", "#f0e442"],
  CoA: ["#6a51a3", "#9e8fd8"],
  v0: ["#b2182b", "#f0707c"],
  v1: ["#cf5246", "#e2867f"],
  v2: ["#e08b73", "#c99a90"],
  v3: ["#a39d90", "#a7a49c"],
  v4: ["#7fa9cc", "#93adc9"],
  v5: ["#4a85bd", "#7cafe0"],
  v6: ["#2166ac", "#5fa8f0"],
  a0: ["#f7f3e8", "#f7f3e8"],
  a1: ["#e3d5da", "#e3d5da"],
  a2: ["#cfb7cc", "#cfb7cc"],
  a3: ["#b998bd", "#b998bd"],
  a4: ["#a27aac", "#a27aac"],
  a5: ["#8a5c98", "#8a5c98"],
  a6: ["#723d83", "#723d83"],
  a7: ["#5b1a6e", "#5b1a6e"],
};

const declared = (theme: 0 | 1) =>
  Object.entries(VARIABLES)
    .map(([name, values]) => `--${name}:${values[theme]}`)
    .join(";");

/** A rule that gives `selector` the variables, dark where the screen is; paper is always light. */
export function colourRules(selector: string): string {
  return `${selector}{${declared(0)}}@media screen and (prefers-color-scheme:dark){${selector}{${declared(1)}}}`;
}

/** Light values by variable, for programs that do not know variables. */
export const LIGHT: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(VARIABLES).map(([name, [light]]) => [name, light]),
);

/** A colour as figures write it. */
export function colour(name: string): string {
  return `var(--${name})`;
}

/** Nuclei in the order of the hierarchy. */
export const NUCLEI = ["visual", "LA", "AB", "B", "ITC", "MeA", "CoA", "CeA"] as const;

/** Stages of a control circuit, in turn. */
const STAGES = ["LA", "AB", "B", "CeA", "ITC"] as const;

/** The colour of a nucleus, or of a stage of a control circuit (`stage-2`). */
export function nucleusColour(id: string): string {
  if (Object.hasOwn(VARIABLES, id)) return colour(id);
  const stage = Number(/(\d+)$/.exec(id)?.[1] ?? 1);
  return colour(STAGES[(stage - 1) % STAGES.length]!);
}

/** Nuclei in the order of the hierarchy, others after them by name. */
export function inHierarchy(ids: Iterable<string>): string[] {
  const rank = (id: string) => (NUCLEI as readonly string[]).indexOf(id) + 1 || NUCLEI.length + 1;
  return [...new Set(ids)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en"));
}

/** One of seven colours from unpleasant to pleasant. */
export function valenceColour(
  value: number,
  { lo, hi }: { readonly lo: number; readonly hi: number },
): string {
  return colour(`v${Math.max(0, Math.min(6, Math.floor(((value - lo) / (hi - lo)) * 7)))}`);
}

/** Levels of the sequential map. */
export const LEVELS = 8;

/** The colour of a level of the sequential map, 0 to `LEVELS - 1`. */
export function levelColour(level: number): string {
  return colour(`a${level}`);
}
