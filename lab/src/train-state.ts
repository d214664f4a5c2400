/** @file What training knows: the choices, the user's own sets and encoders, what a running training says. */
import { computed, signal } from "@preact/signals";
import { call, onNews } from "./client.ts";
import type { Named } from "./files.ts";
import type { Provider, TrainRequest } from "./protocol.ts";
import { drawer, fail, keptRuns, ownEncoders, ownSets } from "./state.ts";

/** A value at an epoch. */
export interface Point {
  readonly epoch: number;
  readonly value: number;
}

export type Choice = Omit<TrainRequest, "name">;

export const choice = signal<Choice>({ circuit: "vca", folds: 10, seeds: 1 });
export const provider = signal<Provider>("wasm");
export const providers = signal<readonly Provider[]>(["wasm"]);
export const state = signal<"idle" | "keeping" | "training" | "stopping">("idle");
export const progress = signal<{ stage: string; done: number; total: number } | undefined>(undefined);
export const said = signal("");
export const losses = signal<readonly (readonly Point[])[]>([]);
export const heldOut = signal<readonly { epoch: number; seed: number; valence: number; arousal: number }[]>(
  [],
);

/** The chosen set of the user's own. */
export const chosenSet = computed(() => ownSets.value.find(({ name }) => name === choice.value.set));

/** Changes choices; `undefined` takes one back. */
export function choose(change: { readonly [K in keyof Choice]?: Choice[K] | undefined }): void {
  const entries = Object.entries({ ...choice.value, ...change });
  choice.value = Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as Choice;
}

let group = "";
onNews((news) => {
  if (state.value === "idle") return;
  if (news.kind === "progress" && news.stage !== "model") progress.value = news;
  if (news.kind === "note") said.value = news.text;
  if (news.kind === "held-out") heldOut.value = [...heldOut.value, news];
  if (news.kind === "loss") {
    const point = { epoch: news.epoch, value: news.loss };
    const lines = losses.value;
    losses.value =
      news.group === group ? [...lines.slice(0, -1), [...lines.at(-1)!, point]] : [...lines, [point]];
    group = news.group;
  }
});

/** The name of a run: what was chosen. */
export function runName({ set, scale, group, encoder, circuit, folds, seeds, epochs, taps }: Choice): string {
  return [
    set ?? "emoji",
    set && scale?.replace("..", "to"),
    group && `by-${group.replace(/[^\w.-]+/g, "-")}`,
    encoder,
    circuit,
    `${folds}x${seeds}`,
    epochs && `e${epochs}`,
    taps && `t${taps.replaceAll(",", "-")}`,
  ]
    .filter(Boolean)
    .join("-");
}

/** Trains, or goes on. */
export async function press(request: TrainRequest): Promise<void> {
  state.value = "training";
  losses.value = [];
  heldOut.value = [];
  said.value = "";
  group = "";
  try {
    const { seconds, r } = await call("train", { ...request, provider: provider.value });
    said.value = `Trained in ${Math.round(seconds)} s: held-out r ${r.valence.toFixed(3)} valence, ${r.arousal.toFixed(3)} arousal; kept in this browser as ${request.name}.`;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/^Stopped/.test(message)) said.value = message;
    else fail(new Error(message));
  } finally {
    state.value = "idle";
    progress.value = undefined;
    keptRuns.value = await call("kept", undefined);
  }
}

/** Stops after the present step. */
export async function stop(): Promise<void> {
  state.value = "stopping";
  await call("stop", undefined);
}

/** Takes files in while nothing trains. */
async function keep(work: () => Promise<void>): Promise<void> {
  if (state.value !== "idle")
    return fail(new Error("lab: an idle lab was expected, got one that trains. Stop it, or wait."));
  drawer.value = "train";
  state.value = "keeping";
  said.value = "";
  try {
    await work();
  } catch (error) {
    fail(error);
  } finally {
    state.value = "idle";
    progress.value = undefined;
  }
}

/** Takes in a rated table and pictures, or pictures for the chosen one, and chooses that set. */
export function addOwn(files: readonly Named[]): Promise<void> {
  return keep(async () => {
    const { set } = choice.value;
    const { name } = await call("addToSet", { files, ...(set !== undefined && { set }) });
    ownSets.value = await call("sets", undefined);
    if (name !== set) choose({ set: name, scale: undefined, group: undefined });
  });
}

/** Deletes the chosen set. */
export async function removeChosenSet(): Promise<void> {
  await call("removeSet", { name: choice.value.set! }).catch(fail);
  ownSets.value = await call("sets", undefined);
  choose({ set: undefined, scale: undefined, group: undefined });
}

/** Takes in an encoder's folder, and chooses it. */
export function addEncoder(files: readonly Named[]): Promise<void> {
  return keep(async () => {
    const encoder = await call("addEncoder", { files });
    ownEncoders.value = await call("encoders", undefined);
    choose({ encoder, taps: undefined });
  });
}

/** Deletes the chosen encoder. */
export async function removeChosenEncoder(): Promise<void> {
  await call("removeEncoder", { name: choice.value.encoder! }).catch(fail);
  ownEncoders.value = await call("encoders", undefined);
  choose({ encoder: undefined, taps: undefined });
}

/** Asks once where training can run: a browser without a GPU says so in its console. */
export async function findProviders(): Promise<void> {
  providers.value = await call("providers", undefined);
}
