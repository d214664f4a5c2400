/** @file What the page says in words: gains, changes, the chosen picture's answer. */
import type { LiveAnswer } from "../../src/study/live.ts";
import { changed, chosen, run } from "./state.ts";

/** A rating with one decimal. */
export const score = (value: number) => value.toFixed(1).replace("-", "\u2212");

/** A gain in words. */
export function gainText(gain: number): string {
  if (gain === 0) return "silenced";
  if (gain === 1) return "at rest";
  return `${gain < 1 ? "damped" : "amplified"} to ${Math.round(gain * 100)} %`;
}

/** The changed gains in words. */
export function changesText(): string {
  return changed.value
    .map(
      ([name, gain]) =>
        `${name.replace("->", " \u2192 ").replace(":strong", "'s strongest units")} ${gainText(gain)}`,
    )
    .join(", ");
}

/** A file's name as it fits the plane. */
export const short = (name: string) => {
  const base = name.replace(/^.*\//, "").replace(/\.\w+$/, "");
  return base.length > 16 ? `${base.slice(0, 15)}\u2026` : base;
};

/** Says so when an answer lies where no rating can. */
function OffScale({ valence, arousal }: LiveAnswer) {
  const { lo, hi } = run.value!.about.trainedOn.scale;
  if ([valence, arousal].every((value) => value >= lo && value <= hi)) return null;
  return (
    <span class="fine">
      {" "}
      That is off the scale of {lo} to {hi}: the model learned from pictures unlike this one.
    </span>
  );
}

/** What is seen, in words. */
export function Sentence() {
  const picture = chosen.value;
  if (!picture?.rest) return null;
  const { rest, now = rest } = picture;
  const { lo, hi } = run.value!.about.trainedOn.scale;
  const name = <b>{short(picture.name)}</b>;
  if (changed.value.length === 0) {
    return (
      <p
        class="sentence"
        aria-live="polite"
        data-test="sentence"
        data-valence={now.valence}
        data-arousal={now.arousal}
      >
        {name}: valence <b>{score(rest.valence)}</b>, arousal <b>{score(rest.arousal)}</b>, on a scale from{" "}
        {lo} to {hi}. Move a slider to silence or amplify a part of the circuit.
        <OffScale {...rest} />
      </p>
    );
  }
  return (
    <p
      class="sentence"
      aria-live="polite"
      data-test="sentence"
      data-valence={now.valence}
      data-arousal={now.arousal}
    >
      With {changesText()}, {name} goes from <b>{score(rest.valence)}</b> to <b>{score(now.valence)}</b> in
      valence and from <b>{score(rest.arousal)}</b> to <b>{score(now.arousal)}</b> in arousal.
      <OffScale {...now} />
    </p>
  );
}
