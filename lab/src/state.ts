/** @file What the page knows, as signals, and all that can be done to it. Gains and the open drawer live in the URL too. */
import { batch, computed, effect, signal } from "@preact/signals";
import { projectionName } from "../../src/circuits/circuit.ts";
import type { LiveAnswer, LiveGains } from "../../src/study/live.ts";
import { call, onNews } from "./client.ts";
import type { KeptRun, LabFacts, OpenRun, OwnSet } from "./protocol.ts";

/** A picture that was dropped. */
export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
  /** A blob: URL; undefined beyond the first pictures of a large folder. */
  readonly url: string | undefined;
  /** Without any gain changed; units and attention are left out beyond the first pictures, until one is chosen. */
  readonly rest?: LiveAnswer;
  /** Under the present gains, where its tokens are kept. */
  readonly now?: LiveAnswer;
  readonly milliseconds?: number;
  readonly problem?: string;
}

/** The drawers below the three panes. */
export const DRAWERS = ["table", "compare", "train", "brain"] as const;
export type Drawer = (typeof DRAWERS)[number];
export const PANES = ["pictures", "circuit", "plane"] as const;
export type Pane = (typeof PANES)[number];

/** Pictures whose tokens and thumbnails are kept; of more, only the answer at rest. */
export const KEPT = 48;

export const facts = signal<LabFacts | undefined>(undefined);
export const keptRuns = signal<readonly KeptRun[]>([]);
export const ownSets = signal<readonly OwnSet[]>([]);
export const ownEncoders = signal<readonly string[]>([]);
export const run = signal<OpenRun | undefined>(undefined);
export const runAt = signal("");
export const loading = signal<{ readonly done: number; readonly total: number } | undefined>(undefined);
export const failure = signal("");
export const pictures = signal<readonly Picture[]>([]);
export const chosenId = signal("");
/** By nucleus, projection (`LA->CeA`) or unit group (`LA:strong`); absent is 1. */
export const gains = signal<Readonly<Record<string, number>>>({});
export const drawer = signal<Drawer>("table");
export const pane = signal<Pane>("circuit");
export const queue = signal({ done: 0, total: 0 });
export const answerTime = signal(0);

export const chosen = computed(() => pictures.value.find(({ id }) => id === chosenId.value));
export const changed = computed(() => Object.entries(gains.value).filter(([, gain]) => gain !== 1));

const past: Readonly<Record<string, number>>[] = [];
export const canUndo = signal(false);

/** Sets one gain; a drag of a slider is one step of undo. */
export function setGain(name: string, gain: number, { remember }: { remember: boolean }): void {
  if (remember) rememberGains();
  gains.value = { ...gains.value, [name]: gain };
}

/** Remembers the gains before a change. */
export function rememberGains(): void {
  past.push(gains.value);
  canUndo.value = true;
}

/** All gains at rest. */
export function resetGains(): void {
  rememberGains();
  gains.value = {};
}

/** Takes back the last change of gains. */
export function undo(): void {
  const before = past.pop();
  canUndo.value = past.length > 0;
  if (before) gains.value = before;
}

/** Share of a nucleus's units that its group `strong` holds. */
export const STRONG = 0.25;

/** The gains as the model takes them; a unit group is the quarter of a nucleus that the chosen picture excites most. */
export function modelGains(): LiveGains {
  const result: Record<string, number | Float32Array> = { ...gains.value };
  for (const [key, gain] of Object.entries(gains.value)) {
    const [id, group] = key.split(":") as [string, string?];
    if (group === undefined) continue;
    delete result[key];
    const units = chosen.value?.rest?.units[id];
    if (!units || gain === 1) continue;
    const order = [...units.keys()].sort((a, b) => units[b]! - units[a]!);
    const vector = new Float32Array(units.length).fill(gains.value[id] ?? 1);
    for (const u of order.slice(0, Math.round(units.length * STRONG))) vector[u]! *= gain;
    result[id] = vector;
  }
  return result;
}

let answering = false;
let again = false;

/** Answers all kept pictures anew; while one answer is on its way, the latest wish waits. */
export async function reanswer(): Promise<void> {
  if (answering) {
    again = true;
    return;
  }
  answering = true;
  try {
    do {
      again = false;
      const kept = pictures.value.filter(({ now }) => now);
      const { answers, milliseconds } = await call("answer", {
        ids: kept.map(({ id }) => id),
        gains: modelGains(),
      });
      const byId = new Map(kept.map(({ id }, i) => [id, answers[i]!]));
      batch(() => {
        answerTime.value = milliseconds;
        pictures.value = pictures.value.map((picture) =>
          byId.has(picture.id) ? { ...picture, now: byId.get(picture.id)! } : picture,
        );
      });
    } while (again);
  } catch (error) {
    fail(error);
  } finally {
    answering = false;
  }
}

/** Shows what went wrong. */
export function fail(error: unknown): void {
  failure.value = error instanceof Error ? error.message : String(error);
}

let pictureNumber = 0;
let stopped = false;

/** Stops a large folder between two pictures. */
export function stopQueue(): void {
  stopped = true;
}

/** While many pictures come in, the page is drawn anew no sooner than after so many milliseconds. */
const REDRAW = 250;

/** Sees pictures one after the other. */
export async function addPictures(files: readonly { name: string; file: Blob }[]): Promise<void> {
  if (!run.value)
    return fail(new Error("lab: an open model was expected, got none. Open a run or train one below."));
  stopped = false;
  queue.value = { done: queue.value.done, total: queue.value.total + files.length };
  let fresh: Picture[] = [];
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = () => {
    batch(() => {
      pictures.value = [...pictures.value, ...fresh];
      queue.value = { ...queue.value, done: queue.value.done + fresh.length };
      const first = fresh.find(({ problem }) => !problem);
      if (first && (!chosen.value || files.length === 1)) choose(first.id);
    });
    fresh = [];
    drawn = performance.now();
  };
  for (const { name, file } of files) {
    if (stopped) break;
    const keep = [...pictures.value, ...fresh].filter(({ now }) => now).length < KEPT;
    const id = `picture-${pictureNumber++}`;
    fresh.push(await seen({ id, name, file, url: keep ? URL.createObjectURL(file) : undefined }, keep));
    if (performance.now() - drawn > REDRAW) draw();
  }
  draw();
  if (stopped || queue.value.done >= queue.value.total) queue.value = { done: 0, total: 0 };
  if (changed.value.length > 0) await reanswer();
}

function replace(picture: Picture): void {
  pictures.value = pictures.value.map((each) => (each.id === picture.id ? picture : each));
}

async function seen(picture: Picture, keep: boolean): Promise<Picture> {
  const { id, name, file } = picture;
  try {
    const { answer, milliseconds } = await call("see", { id, name, file, keep });
    const rest = keep || id === chosenId.value ? answer : { ...answer, units: {}, attention: {} };
    return { ...picture, rest, milliseconds, ...(keep && { now: answer }) };
  } catch (error) {
    return { ...picture, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Chooses a picture; unit groups follow it. */
export function choose(id: string): void {
  chosenId.value = id;
  const { rest, now } = chosen.value ?? {};
  if (rest && !now && Object.keys(rest.units).length === 0) void seen(chosen.value!, false).then(replace);
  if (changed.value.some(([name]) => name.includes(":"))) void reanswer();
}

/** Takes pictures away: one, or all. */
export function removePictures(ids: readonly string[]): void {
  const gone = new Set(ids);
  for (const { id, url } of pictures.value) if (gone.has(id) && url) URL.revokeObjectURL(url);
  pictures.value = pictures.value.filter(({ id }) => !gone.has(id));
  if (gone.has(chosenId.value)) chosenId.value = pictures.value.find(({ rest }) => rest)?.id ?? "";
  void call("forget", { ids });
}

/** What the first visit shows: a pleasant, an aroused and a sad one. */
const SHOWN = { "1F60D": "heart-eyes.png", "1F631": "screaming.png", "1F622": "crying.png" };

/** Opens a run and answers what is on the page, or three embedded pictures. */
export async function openRun(at: string): Promise<void> {
  failure.value = "";
  loading.value = { done: 0, total: 4 };
  try {
    const opened = await call("open", { at });
    const names = new Set([
      ...opened.about.circuit.nuclei.map(({ id }) => id),
      ...opened.about.circuit.projections.map(projectionName),
    ]);
    const before = pictures.value;
    batch(() => {
      run.value = opened;
      runAt.value = at;
      pictures.value = [];
      gains.value = Object.fromEntries(
        Object.entries(gains.value).filter(([name]) => names.has(name.split(":")[0]!)),
      );
    });
    loading.value = undefined;
    if (before.length > 0) await addPictures(before);
    else await addPictures(await embedded());
  } catch (error) {
    fail(error);
  } finally {
    loading.value = undefined;
  }
}

async function embedded(): Promise<{ name: string; file: Blob }[]> {
  return Promise.all(
    Object.entries(SHOWN).map(async ([code, name]) => ({
      name,
      file: await (await fetch(`package/emoji/${code}.png`)).blob(),
    })),
  );
}

/** Begins: what is there, and the run of the URL, else the first. */
export async function start(): Promise<void> {
  const url = new URLSearchParams(location.hash.slice(1));
  for (const [name, text] of url) {
    const gain = Number(text);
    if (name.startsWith("gain.") && gain >= 0 && gain <= 2)
      gains.value = { ...gains.value, [name.slice(5)]: gain };
  }
  drawer.value = DRAWERS.find((each) => each === url.get("drawer")) ?? "table";
  try {
    const { facts: found, kept, sets, encoders } = await call("start", { base: document.baseURI });
    facts.value = found;
    keptRuns.value = kept;
    ownSets.value = sets;
    ownEncoders.value = encoders;
    const choices = runChoices();
    const wanted = choices.find(({ at }) => at === url.get("run")) ?? choices[0];
    if (wanted) await openRun(wanted.at);
    else drawer.value = "train";
  } catch (error) {
    fail(error);
  }
}

/** The runs that can be opened. */
export function runChoices(): { at: string; name: string }[] {
  return [
    ...(facts.value?.runs ?? []).map(({ name }, i) => ({ at: `run-${i}`, name })),
    ...keptRuns.value
      .filter(({ finished }) => finished)
      .map(({ name }) => ({ at: `runs/${name}`, name: `${name} (this browser)` })),
  ];
}

onNews((news) => {
  if (news.kind === "progress" && news.stage === "model" && loading.value) loading.value = news;
});

effect(() => {
  if (!facts.value) return;
  const url = new URLSearchParams();
  if (runAt.value && runAt.value !== "run-0") url.set("run", runAt.value);
  if (drawer.value !== "table") url.set("drawer", drawer.value);
  for (const [name, gain] of changed.value) url.set(`gain.${name}`, String(gain));
  history.replaceState(null, "", url.size > 0 ? `#${url}` : location.pathname + location.search);
});

let asked: unknown = gains.value;
effect(() => {
  if (gains.value === asked) return;
  asked = gains.value;
  if (run.value) void reanswer();
});
