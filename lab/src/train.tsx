/** @file Train in the tab: choose, press, watch loss and held-out r, stop, go on, save the run's folder. */
import { signal } from "@preact/signals";
import { CIRCUIT_NAMES } from "../../src/circuits/presets.ts";
import { call, onNews } from "./client.ts";
import { download } from "./download.ts";
import type { TrainRequest } from "./protocol.ts";
import { fail, keptRuns, openRun } from "./state.ts";

interface Point {
  readonly epoch: number;
  readonly value: number;
}

const choice = signal<Omit<TrainRequest, "name">>({ circuit: "vca", folds: 10, seeds: 1 });
const state = signal<"idle" | "training" | "stopping">("idle");
const progress = signal<{ stage: string; done: number; total: number } | undefined>(undefined);
const said = signal("");
const losses = signal<readonly (readonly Point[])[]>([]);
const heldOut = signal<readonly { epoch: number; seed: number; valence: number; arousal: number }[]>([]);

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

const runName = ({ circuit, folds, seeds, epochs, taps }: Omit<TrainRequest, "name">) =>
  ["emoji", circuit, `${folds}x${seeds}`, epochs && `e${epochs}`, taps && `t${taps.replaceAll(",", "-")}`]
    .filter(Boolean)
    .join("-");

async function press(request: TrainRequest): Promise<void> {
  state.value = "training";
  losses.value = [];
  heldOut.value = [];
  said.value = "";
  group = "";
  try {
    const { seconds, r } = await call("train", request);
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

async function stop(): Promise<void> {
  state.value = "stopping";
  await call("stop", undefined);
}

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

function Live() {
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

function Kept() {
  if (keptRuns.value.length === 0) return null;
  return (
    <>
      <h3>Runs in this browser</h3>
      <ul class="runs">
        {keptRuns.value.map(({ name, finished, request }) => (
          <li key={name}>
            <span>
              {name}
              {!finished && " (not finished)"}
            </span>
            {!finished && (
              <button type="button" disabled={state.value !== "idle"} onClick={() => void press(request)}>
                Go on
              </button>
            )}
            {finished && (
              <button type="button" onClick={() => void openRun(`runs/${name}`)}>
                Open
              </button>
            )}
            {finished && (
              <button
                type="button"
                onClick={() => void call("zip", { name }).then((blob) => download(`${name}.zip`, blob), fail)}
              >
                Save as zip
              </button>
            )}
            <button
              type="button"
              disabled={state.value !== "idle"}
              onClick={() =>
                void call("remove", { name }).then(
                  async () => (keptRuns.value = await call("kept", undefined)),
                  fail,
                )
              }
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
      <p class="fine">
        Unzipped, a run is a folder for <code>vca predict</code>, <code>vca report</code> and all other
        commands.
      </p>
    </>
  );
}

export function TrainPanel() {
  const { circuit, folds, seeds, epochs, taps } = choice.value;
  const set = (change: Partial<TrainRequest>) => (choice.value = { ...choice.value, ...change });
  const idle = state.value === "idle";
  const at = progress.value;
  return (
    <>
      <p class="lead">
        Train a circuit on the 81 embedded emoji and their human ratings: the same training as{" "}
        <code>vca fit</code>, in this tab. A first look, not science.
      </p>
      <form
        class="train"
        onSubmit={(event) => {
          event.preventDefault();
          void press({ ...choice.value, name: runName(choice.value) });
        }}
      >
        <label>
          Circuit
          <select
            disabled={!idle}
            value={circuit}
            onChange={(event) => set({ circuit: event.currentTarget.value })}
          >
            {CIRCUIT_NAMES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Encoder's depth
          <select
            disabled={!idle}
            value={taps ?? ""}
            onChange={({ currentTarget: { value } }) => {
              const { taps: _, ...rest } = choice.value;
              choice.value = value ? { ...rest, taps: value } : rest;
            }}
          >
            <option value="">best in inner folds</option>
            {["5", "6", "7", "8"].map((depth) => (
              <option key={depth} value={depth}>
                stage {depth}
              </option>
            ))}
          </select>
        </label>
        <label>
          Folds
          <input
            type="number"
            min="2"
            max="20"
            disabled={!idle}
            value={folds}
            onInput={(event) => set({ folds: event.currentTarget.valueAsNumber })}
          />
        </label>
        <label>
          Seeds
          <input
            type="number"
            min="1"
            max="5"
            disabled={!idle}
            value={seeds}
            onInput={(event) => set({ seeds: event.currentTarget.valueAsNumber })}
          />
        </label>
        <label>
          Epochs
          <input
            type="number"
            min="1"
            max="200"
            placeholder="recipe's"
            disabled={!idle}
            value={epochs ?? ""}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              const { epochs: _, ...rest } = choice.value;
              choice.value = Number.isFinite(valueAsNumber) ? { ...rest, epochs: valueAsNumber } : rest;
            }}
          />
        </label>
        {idle ? (
          <button type="submit" class="primary">
            Train
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={state.value === "stopping"}
            onClick={() => void stop()}
          >
            {state.value === "stopping" ? "Stopping" : "Stop"}
          </button>
        )}
      </form>
      {at && (
        <p role="status" class="queue">
          <progress value={at.done} max={at.total} aria-label={at.stage} /> {at.stage}, {at.done} of{" "}
          {at.total}
        </p>
      )}
      {said.value && (
        <p role="status" data-test="said">
          {said.value}
        </p>
      )}
      <Live />
      <Kept />
    </>
  );
}
