/** @file The right pane: the valence-arousal plane, the training pictures grey, the chosen ones with the path an answer takes. */
import { useState } from "preact/hooks";
import { valenceColour } from "../../src/report/palette.ts";
import { choose, chosenId, pictures, run } from "./state.ts";
import { Sentence, score, short } from "./words.tsx";

const SIZE = 360;
const MARGIN = { left: 30, right: 10, top: 10, bottom: 34 };

type Cloud = "rated" | "predicted";

/** Heights of labels, moved down where one would cover the label above it. */
function apart(wanted: readonly (readonly [string, number])[]): Map<string, number> {
  let least = 0;
  return new Map(
    [...wanted]
      .sort(([, a], [, b]) => a - b)
      .map(([id, y]) => {
        const at = Math.max(y, least);
        least = at + 14;
        return [id, at];
      }),
  );
}

export function PlanePane() {
  const [cloud, setCloud] = useState<Cloud>("rated");
  if (!run.value) {
    return (
      <section class="pane plane" aria-label="Feeling">
        <p class="empty">The valence-arousal plane appears here when a model is open.</p>
      </section>
    );
  }
  const { scale, set, n } = run.value.about.trainedOn;
  const span = scale.hi - scale.lo;
  const inside = SIZE - MARGIN.left - MARGIN.right;
  const tall = SIZE - MARGIN.top - MARGIN.bottom;
  const clip = (value: number) => Math.max(scale.lo, Math.min(scale.hi, value));
  const x = (valence: number) => MARGIN.left + ((clip(valence) - scale.lo) / span) * inside;
  const y = (arousal: number) => MARGIN.top + (1 - (clip(arousal) - scale.lo) / span) * tall;
  const middle = (scale.lo + scale.hi) / 2;
  const ticks = Array.from({ length: Math.floor(span) + 1 }, (_, i) => scale.lo + i);
  const shown = pictures.value.filter(({ rest }) => rest).slice(0, 48);
  const labelled = shown.filter(({ id }) => shown.length <= 6 || id === chosenId.value);
  const labels = apart(labelled.map(({ id, now, rest }) => [id, y((now ?? rest!).arousal)] as const));
  return (
    <section class="pane plane" aria-labelledby="plane-title">
      <div class="bar">
        <h2 id="plane-title">How it would feel</h2>
        <label class="choice">
          <span class="hidden">Training pictures</span>
          <select value={cloud} onChange={(event) => setCloud(event.currentTarget.value as Cloud)}>
            <option value="rated">{n} pictures as rated</option>
            <option value="predicted">{n} pictures as predicted unseen</option>
          </select>
        </label>
      </div>
      <svg
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label={`Valence and arousal, ${scale.lo} to ${scale.hi}, among ${n} pictures of ${set}`}
      >
        <path
          class="axis"
          d={`M${MARGIN.left} ${MARGIN.top}V${SIZE - MARGIN.bottom}H${SIZE - MARGIN.right}`}
        />
        <path
          class="half"
          d={`M${x(middle)} ${MARGIN.top}V${SIZE - MARGIN.bottom}M${MARGIN.left} ${y(middle)}H${SIZE - MARGIN.right}`}
        />
        {ticks.map((tick) => (
          <g key={tick} class="tick">
            <text x={x(tick)} y={SIZE - MARGIN.bottom + 13} text-anchor="middle">
              {tick}
            </text>
            <text x={MARGIN.left - 7} y={y(tick) + 4} text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
        <text class="soft" x={MARGIN.left} y={SIZE - 5}>
          unpleasant
        </text>
        <text class="soft" x={x(middle)} y={SIZE - 5} text-anchor="middle">
          valence
        </text>
        <text class="soft" x={SIZE - MARGIN.right} y={SIZE - 5} text-anchor="end">
          pleasant
        </text>
        <text class="soft" x={MARGIN.left + 7} y={MARGIN.top + 9}>
          arousal
        </text>
        <g class="cloud">
          {run.value.pictures.map((picture) => (
            <circle
              key={picture.id}
              cx={x(cloud === "rated" ? picture.valence : picture.predictedValence)}
              cy={y(cloud === "rated" ? picture.arousal : picture.predictedArousal)}
              r="3"
              class={cloud}
            >
              <title>{`${picture.id}\nrated valence ${score(picture.valence)}, arousal ${score(picture.arousal)}`}</title>
            </circle>
          ))}
        </g>
        {shown.map(({ id, name, rest, now }) => {
          const at = now ?? rest!;
          const [px, py] = [x(at.valence), y(at.arousal)];
          const moved = Math.hypot(px - x(rest!.valence), py - y(rest!.arousal)) > 3;
          const right = px < SIZE * 0.7;
          const isChosen = id === chosenId.value;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut; the list of pictures does the same by keyboard
            <g key={id} class={isChosen ? "dot chosen" : "dot"} onClick={() => choose(id)}>
              {moved && (
                <>
                  <path class="path" d={`M${x(rest!.valence)} ${y(rest!.arousal)}L${px} ${py}`} />
                  <circle class="rest" cx={x(rest!.valence)} cy={y(rest!.arousal)} r="5" />
                </>
              )}
              <circle cx={px} cy={py} r={isChosen ? 8 : 6} fill={valenceColour(at.valence, scale)} />
              {labels.has(id) && (
                <text
                  x={px + (right ? 12 : -12)}
                  y={labels.get(id)! + 4}
                  text-anchor={right ? "start" : "end"}
                >
                  {short(name)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <Sentence />
    </section>
  );
}
