/** @file Brain drawer: a statistic over a mask or an anatomy, with its threshold, its colours and the number under the crosshair. */
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { COLD, gradient, WARM } from "./brain-colours.ts";
import {
  addImages,
  background,
  choose,
  chooseBackground,
  chooseStatistic,
  count,
  given,
  type Image,
  maps,
  most,
  type Place,
  peak,
  place,
  reading,
  type Shown,
  shown,
  statistic,
  threshold,
  valueAt,
} from "./brain-state.ts";
import type { BrainView } from "./brain-view.ts";
import { chosenFiles } from "./files.ts";
import type { Volume } from "./protocol.ts";
import { fail, run } from "./state.ts";

const three = (value: number) =>
  value === 0
    ? "0"
    : value
        .toFixed(3)
        .replace("-", "\u2212")
        .replace(/^(\u2212?)0\./, "$1.");
const bare = (name: string) => name.replace(/\.nii(\.gz)?$/i, "");

function Choice({ title, none, value, take }: ChoiceProps) {
  const all = [...maps.value, ...given.value];
  const group = (label: string, images: readonly Image[]) =>
    images.length > 0 && (
      <optgroup label={label}>
        {images.map(({ name }) => (
          <option key={name} value={name}>
            {bare(name)}
          </option>
        ))}
      </optgroup>
    );
  return (
    <label>
      {title}
      <select
        value={value}
        onChange={({ currentTarget }) => take(all.find(({ name }) => name === currentTarget.value))}
      >
        <option value="" disabled={none === undefined}>
          {none ?? "choose one"}
        </option>
        {group("of this run", maps.value)}
        {group("added here", given.value)}
      </select>
    </label>
  );
}

interface ChoiceProps {
  readonly title: string;
  /** What no image means; without it, one must be chosen. */
  readonly none?: string;
  readonly value: string;
  readonly take: (image: Image | undefined) => void;
}

function Threshold() {
  const below = shown.value === "below";
  const end = below ? 1 : most.value;
  return (
    <label class="threshold slider">
      <span>{below ? "At most" : "At least"}</span>
      <input
        type="range"
        min="0"
        max={end}
        step={end / 200 || 0.005}
        value={threshold.value}
        aria-valuetext={three(threshold.value)}
        data-test="threshold"
        style={{ "--c": "var(--accent)", "--at": `${(100 * threshold.value) / (end || 1)}%` }}
        onInput={({ currentTarget }) => (threshold.value = currentTarget.valueAsNumber)}
      />
      <output>{three(threshold.value)}</output>
    </label>
  );
}

/** The colours from the threshold to the end. */
function Legend() {
  const below = shown.value === "below";
  const [limit, end] = [three(threshold.value), three(below ? 0 : most.value)];
  const whole = !below && threshold.value === 0;
  return (
    <p class="legend" data-test="shown">
      {!below && (
        <>
          {"\u2212"}
          {end} <i style={{ background: gradient(COLD, "left") }} /> {!whole && `\u2212${limit} \u2003`}
        </>
      )}
      {limit} <i style={{ background: gradient(WARM, "right") }} /> {end} &ensp; {count.value}{" "}
      {count.value === 1 ? "voxel" : "voxels"}
    </p>
  );
}

/** Where the crosshair is, as fields, and what is there. */
function Crosshair({ view }: { view: BrainView | undefined }) {
  const at = place.value;
  if (!at || !statistic.value) return null;
  const value = valueAt(statistic.value, at);
  const move = (axis: number, to: number) =>
    Number.isFinite(to) && view?.moveTo(at.map((old, a) => (a === axis ? to : old)) as unknown as Place);
  return (
    <fieldset class="crosshair">
      <legend>Crosshair, mm</legend>
      {["x", "y", "z"].map((name, axis) => (
        <label key={name}>
          {name}
          <input
            type="number"
            step="any"
            value={Number(at[axis]!.toFixed(1))}
            onChange={({ currentTarget }) => move(axis, currentTarget.valueAsNumber)}
          />
        </label>
      ))}
      <button type="button" onClick={() => view?.moveTo(peak(statistic.value!))}>
        Peak
      </button>
      <output data-test="value" aria-live="polite">
        {bare(statistic.value.name)}{" "}
        <b>{value === undefined ? "has no voxel here" : Number.isNaN(value) ? "no number" : three(value)}</b>
      </output>
    </fieldset>
  );
}

const STEPS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0, 0],
  ArrowRight: [1, 0, 0],
  ArrowDown: [0, -1, 0],
  ArrowUp: [0, 1, 0],
  PageDown: [0, 0, -1],
  PageUp: [0, 0, 1],
};

/** The slices. niivue comes with the first of them. */
function Slices({ open }: { open: (view: BrainView | undefined) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<BrainView | undefined>(undefined);
  useEffect(() => {
    let closed = false;
    let stop = () => {};
    const begin = async () => {
      const { openView } = await import("./brain-view.ts");
      const opened = await openView(canvas.current!, (at) => (place.value = at));
      if (closed) return opened.close();
      view.current = opened;
      open(opened);
      let before: Volume | undefined;
      const stopDrawing = effect(() => {
        const scene = {
          statistic: statistic.value,
          background: background.value,
          shown: shown.value,
          most: most.value,
        };
        const isNew = scene.statistic && scene.statistic !== before;
        before = scene.statistic;
        const at = isNew ? peak(scene.statistic!) : place.peek();
        opened.draw(scene).then(() => at && opened.moveTo(at), fail);
      });
      const stopThreshold = effect(() => opened.setThreshold(threshold.value));
      stop = () => {
        stopDrawing();
        stopThreshold();
        opened.close();
      };
    };
    begin().catch(fail);
    return () => {
      closed = true;
      stop();
      open(undefined);
    };
  }, []);
  return (
    <div class="slices">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label="Three slices through the crosshair; arrow keys and Page Up and Down move it"
        onKeyDown={(event) => {
          const step = STEPS[event.key];
          if (!step) return;
          event.preventDefault();
          view.current?.step(...step);
        }}
      />
    </div>
  );
}

export function BrainPanel() {
  const [view, setView] = useState<BrainView>();
  const opened = run.value;
  useEffect(() => {
    const wanted = `-${opened?.about.circuit.readout}-r.nii`;
    const first = maps.value.find(({ name }) => name.includes(wanted)) ?? maps.value[0];
    if (!statistic.value && first) void chooseStatistic(first);
  }, [opened]);
  const file = (
    <label class="button">
      Add NIfTI files
      <input
        type="file"
        multiple
        accept=".nii,.gz"
        onChange={({ currentTarget }) => void addImages(chosenFiles(currentTarget))}
      />
    </label>
  );
  return (
    <>
      <div class="brain">
        <Choice
          title="Statistic"
          value={statistic.value?.name ?? ""}
          take={(image) => image && void chooseStatistic(image)}
        />
        <Choice
          title="On"
          none="its own voxels"
          value={background.value?.name ?? ""}
          take={(image) => void chooseBackground(image)}
        />
        <label>
          Show
          <select value={shown.value} onChange={({ currentTarget }) => choose(currentTarget.value as Shown)}>
            <option value="beyond">values far from 0</option>
            <option value="below">p or q, small</option>
          </select>
        </label>
        {statistic.value && <Threshold />}
        {file}
      </div>
      {reading.value && <p role="status">Reading {reading.value}.</p>}
      {statistic.value || background.value ? (
        <>
          {statistic.value && <Legend />}
          <Slices open={setView} />
          <Crosshair view={view} />
        </>
      ) : (
        <p class="empty">
          Drop a statistic as .nii or .nii.gz, and a mask or your own anatomy in the same space. A run that{" "}
          <code>vca encode</code> or <code>vca rsa --searchlight</code> compared with brains shows its maps
          here.
        </p>
      )}
      <p class="fine">
        Drawn in this page only; left is left. No template comes with vca: lay your own anatomy or the mask
        below.
      </p>
    </>
  );
}
