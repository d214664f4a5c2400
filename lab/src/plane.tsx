/** @file The right pane: the valence-arousal plane, the training pictures grey, the chosen ones with the path an answer takes. */
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { valenceColour } from "../../src/report/palette.ts";
import type { Scale } from "../../src/stimuli/scale.ts";
import { Attention } from "./attention.tsx";
import { placeLabels } from "./labels.ts";
import type { RatedPicture } from "./protocol.ts";
import { choose, chosenId, pictures, run } from "./state.ts";
import { Sentence, score, short } from "./words.tsx";

const SIZE = 360;
const MARGIN = { left: 30, right: 10, top: 10, bottom: 34 };

type Cloudy = "rated" | "predicted";

/** From a rating to a place; what is off the scale stands at its edge. */
function placed({ lo, hi }: Scale) {
  const share = (value: number) => (Math.max(lo, Math.min(hi, value)) - lo) / (hi - lo);
  return {
    x: (valence: number) => MARGIN.left + share(valence) * (SIZE - MARGIN.left - MARGIN.right),
    y: (arousal: number) => MARGIN.top + (1 - share(arousal)) * (SIZE - MARGIN.top - MARGIN.bottom),
  };
}

/** The training pictures; a component of its own, because it stays while sliders move. */
const Cloud = memo(function Cloud({
  rated,
  kind,
  scale,
}: {
  rated: readonly RatedPicture[];
  kind: Cloudy;
  scale: Scale;
}) {
  const { x, y } = placed(scale);
  return (
    <g class="cloud">
      {rated.map(({ id, valence, arousal, predictedValence, predictedArousal }) => (
        <circle
          key={id}
          cx={x(kind === "rated" ? valence : predictedValence)}
          cy={y(kind === "rated" ? arousal : predictedArousal)}
          r="3"
          class={kind}
        >
          <title>{`${id}\nrated valence ${score(valence)}, arousal ${score(arousal)}`}</title>
        </circle>
      ))}
    </g>
  );
});

export function PlanePane() {
  const [cloud, setCloud] = useState<Cloudy>("rated");
  if (!run.value) {
    return (
      <section class="pane plane" aria-label="Feeling">
        <p class="empty">The valence-arousal plane appears here when a model is open.</p>
      </section>
    );
  }
  const { scale, set, n } = run.value.about.trainedOn;
  const { x, y } = placed(scale);
  const middle = (scale.lo + scale.hi) / 2;
  const ticks = Array.from({ length: Math.floor(scale.hi - scale.lo) + 1 }, (_, i) => scale.lo + i);
  const shown = pictures.value.filter(({ rest }) => rest).slice(0, 48);
  const dots = shown.map(({ id, name, now, rest }) => {
    const { valence, arousal } = now ?? rest!;
    return { id, text: short(name), x: x(valence), y: y(arousal) };
  });
  const isChosen = ({ id }: { id: string }) => id === chosenId.value;
  const others = dots.length > 6 ? [] : dots.filter((dot) => !isChosen(dot));
  const labels = placeLabels([...dots.filter(isChosen), ...others], dots, SIZE);
  return (
    <section class="pane plane" aria-labelledby="plane-title">
      <div class="bar">
        <h2 id="plane-title">How it would feel</h2>
        <label class="choice">
          <span class="hidden">Training pictures</span>
          <select value={cloud} onChange={(event) => setCloud(event.currentTarget.value as Cloudy)}>
            <option value="rated">{n} as rated</option>
            <option value="predicted">{n} predicted unseen</option>
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
        <Cloud rated={run.value.pictures} kind={cloud} scale={scale} />
        {shown.map(({ id, rest, now }, i) => {
          const at = now ?? rest!;
          const { text, x: px, y: py } = dots[i]!;
          const label = labels.get(id);
          const moved = Math.hypot(px - x(rest!.valence), py - y(rest!.arousal)) > 3;
          const on = id === chosenId.value;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut; the list of pictures does the same by keyboard
            <g key={id} class={on ? "dot chosen" : "dot"} onClick={() => choose(id)}>
              {moved && (
                <>
                  <path class="path" d={`M${x(rest!.valence)} ${y(rest!.arousal)}L${px} ${py}`} />
                  <circle class="rest" cx={x(rest!.valence)} cy={y(rest!.arousal)} r="5" />
                </>
              )}
              <circle cx={px} cy={py} r={on ? 8 : 6} fill={valenceColour(at.valence, scale)} />
              {label && (
                <text x={label.x} y={label.y} text-anchor={label.anchor}>
                  {text}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <div>
        <Sentence />
        <Attention />
      </div>
    </section>
  );
}
