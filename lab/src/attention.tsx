/** @file Where a nucleus looks: the chosen picture, cropped as the encoder sees it, brighter where attention is. */
import { signal } from "@preact/signals";
import { chosen, run } from "./state.ts";

const nucleus = signal("");

/** What is seen of a token without attention. */
const DARKEST = 0.25;

export function Attention() {
  const picture = chosen.value;
  const answer = picture?.now ?? picture?.rest;
  if (!picture?.url || !answer) return null;
  const ids = Object.keys(answer.attention);
  if (ids.length === 0) return null;
  const id = ids.includes(nucleus.value) ? nucleus.value : ids[0]!;
  const weights = answer.attention[id]!;
  const size = Math.floor(Math.sqrt(weights.length));
  const patches = weights.subarray(weights.length - size * size); // a CLS token comes first
  const most = Math.max(...patches);
  const { networks } = run.value!.about;
  const whole = run.value!.about.preprocessing.resize?.kind === "exact";
  return (
    <figure class="attention">
      <div class={whole ? "seen whole" : "seen"}>
        <img src={picture.url} alt="" />
        <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={`Attention of ${id} over the picture`}>
          {[...patches].map((weight, i) => (
            <rect
              key={i}
              x={i % size}
              y={Math.floor(i / size)}
              width="1"
              height="1"
              opacity={(1 - DARKEST) * (1 - weight / most)}
            />
          ))}
        </svg>
      </div>
      <figcaption>
        <b>Where {id} looks</b>
        {ids.length > 1 && (
          <select
            aria-label="Nucleus"
            value={id}
            onChange={(event) => (nucleus.value = event.currentTarget.value)}
          >
            {ids.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <span class="fine">
          The brighter, the more attention; mean over heads and {networks}{" "}
          {networks === 1 ? "network" : "networks"}, {size} x {size} tokens.
        </span>
      </figcaption>
    </figure>
  );
}
