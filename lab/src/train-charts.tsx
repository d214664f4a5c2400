/** @file Two live charts of training: the loss of each group of networks, r on held-out pictures of each seed. */
import { heldOut, losses, type Point } from "./train-state.ts";

const W = 420;
const H = 170;
const LEFT = 40;

function Chart({
  title,
  lines,
  lo,
  hi,
  last,
}: {
  title: string;
  lines: readonly { points: readonly Point[]; class: string; label: string }[];
  lo: number;
  hi: number;
  last: number;
}) {
  const x = (epoch: number) => LEFT + (epoch / last) * (W - LEFT - 60);
  const y = (value: number) => 24 + (1 - (value - lo) / (hi - lo || 1)) * (H - 50);
  return (
    <svg class="chart" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={title}>
      <text x="0" y="13" font-weight="600">
        {title}
      </text>
      <path class="axis" d={`M${LEFT} 24V${H - 26}H${W - 60}`} />
      {[lo, hi].map((value) => (
        <text key={value} class="soft" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
          {value.toFixed(1)}
        </text>
      ))}
      <text class="soft" x={LEFT} y={H - 8}>
        epoch 0
      </text>
      <text class="soft" x={W - 60} y={H - 8} text-anchor="end">
        {last}
      </text>
      {lines.map(({ points, class: kind, label }, i) => (
        <g key={i} class={kind}>
          <path d={points.map(({ epoch, value }, k) => `${k ? "L" : "M"}${x(epoch)} ${y(value)}`).join("")} />
          {points.length === 1 && <circle cx={x(points[0]!.epoch)} cy={y(points[0]!.value)} r="3" />}
          {label && points.length > 0 && (
            <text
              x={x(points.at(-1)!.epoch) + 6}
              y={y(points.at(-1)!.value) + (kind === "arousal" ? 12 : -2)}
            >
              {label}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

/** Loss and held-out r as training goes on. */
export function TrainingCharts() {
  const lines = losses.value;
  const top = Math.max(0.1, ...lines.flat().map(({ value }) => value));
  const last = Math.max(
    1,
    ...lines.flat().map(({ epoch }) => epoch),
    ...heldOut.value.map(({ epoch }) => epoch),
  );
  const seeds = [...new Set(heldOut.value.map(({ seed }) => seed))];
  const r = (scale: "valence" | "arousal") =>
    seeds.map((seed, i) => ({
      points: heldOut.value
        .filter((each) => each.seed === seed)
        .map((each) => ({ epoch: each.epoch, value: each[scale] })),
      class: scale,
      label: i === 0 ? scale : "",
    }));
  if (lines.length === 0 && heldOut.value.length === 0) return null;
  return (
    <div class="charts">
      <Chart
        title="Training loss, mean of the networks"
        lines={lines.map((points, i) => ({
          points,
          class: i === lines.length - 1 ? "loss" : "loss old",
          label: "",
        }))}
        lo={0}
        hi={Math.ceil(top * 10) / 10}
        last={last}
      />
      <Chart
        title="r on held-out pictures, per seed"
        lines={[...r("valence"), ...r("arousal")]}
        lo={Math.min(0, ...heldOut.value.flatMap(({ valence, arousal }) => [valence, arousal]))}
        hi={1}
        last={last}
      />
    </div>
  );
}
