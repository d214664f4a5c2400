/** @file Train in the tab: choose pictures, encoder and circuit, press, watch loss and held-out r, stop, go on, save the run's folder. */
import { useEffect } from "preact/hooks";
import { CIRCUIT_NAMES } from "../../src/circuits/presets.ts";
import type { Provider } from "./protocol.ts";
import { facts, ownEncoders, ownSets } from "./state.ts";
import { TrainingCharts } from "./train-charts.tsx";
import { Own } from "./train-own.tsx";
import { KeptRuns } from "./train-runs.tsx";
import {
  choice,
  choose,
  chosenSet,
  findProviders,
  press,
  progress,
  provider,
  providers,
  runName,
  said,
  state,
  stop,
} from "./train-state.ts";

interface FieldProps {
  readonly title: string;
  readonly value: string | undefined;
  /** Value and text of each choice. */
  readonly of: readonly (readonly [value: string, text: string])[];
  readonly take: (value: string) => void;
}

function Select({ title, value = "", of, take }: FieldProps) {
  return (
    <label>
      {title}
      <select
        disabled={state.value !== "idle"}
        value={value}
        onChange={(event) => take(event.currentTarget.value)}
      >
        {of.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface NumberProps {
  readonly title: string;
  readonly value: number | undefined;
  readonly min?: number;
  readonly max?: number;
  readonly placeholder?: string;
  readonly take: (value: number | undefined) => void;
}

function NumberField({ title, value, min, max, placeholder, take }: NumberProps) {
  return (
    <label>
      {title}
      <input
        type="number"
        {...{ min, max, placeholder }}
        required={!placeholder}
        disabled={state.value !== "idle"}
        value={Number.isFinite(value) ? value : ""}
        onInput={({ currentTarget: { valueAsNumber } }) =>
          take(Number.isFinite(valueAsNumber) ? valueAsNumber : undefined)
        }
      />
    </label>
  );
}

/** The ends of the declared scale: nothing guesses them from the ratings. */
function ScaleFields() {
  const [, lo, hi] = /^(.*)\.\.(.*)$/.exec(choice.value.scale ?? "") ?? [];
  const numberOf = (text: string | undefined) => (text ? Number(text) : undefined);
  const take = (a: number | undefined, b: number | undefined) => choose({ scale: `${a ?? ""}..${b ?? ""}` });
  return (
    <>
      <NumberField title="Scale from" value={numberOf(lo)} take={(value) => take(value, numberOf(hi))} />
      <NumberField title="Scale to" value={numberOf(hi)} take={(value) => take(numberOf(lo), value)} />
    </>
  );
}

const PROVIDER_TEXT: Readonly<Record<Provider, string>> = { wasm: "processor", webgpu: "GPU" };
const STAGES = ["5", "6", "7", "8"];
const BEST = "best in inner folds";

function Form() {
  const { encoder, circuit, folds, seeds, epochs, taps, set, group } = choice.value;
  const idle = state.value === "idle";
  const own = chosenSet.value;
  return (
    <form
      class="train"
      onSubmit={(event) => {
        event.preventDefault();
        void press({ ...choice.value, name: runName(choice.value) });
      }}
    >
      <Select
        title="Pictures"
        value={set}
        of={[["", "81 emoji"], ...ownSets.value.map(({ name }) => [name, name] as const)]}
        take={(value) => choose({ set: value || undefined, scale: undefined, group: undefined })}
      />
      {own && <ScaleFields key={own.name} />}
      {own && own.labels.length > 0 && (
        <Select
          title="Keep in one fold"
          value={group}
          of={[["", "equal pictures"], ...own.labels.map((label) => [label, `equal ${label}`] as const)]}
          take={(value) => choose({ group: value || undefined })}
        />
      )}
      <Select
        title="Circuit"
        value={circuit}
        of={CIRCUIT_NAMES.map((name) => [name, name])}
        take={(value) => choose({ circuit: value })}
      />
      <Select
        title="Encoder"
        value={encoder}
        of={[["", "EfficientNet-Lite0"], ...ownEncoders.value.map((name) => [name, name] as const)]}
        take={(value) => choose({ encoder: value || undefined, taps: undefined })}
      />
      {encoder === undefined ? (
        <Select
          title="Encoder's depth"
          value={taps}
          of={[["", BEST], ...STAGES.map((depth) => [depth, `stage ${depth}`] as const)]}
          take={(value) => choose({ taps: value || undefined })}
        />
      ) : (
        <NumberField
          title="Encoder's depth"
          min={1}
          placeholder={BEST}
          value={taps === undefined ? undefined : Number(taps)}
          take={(n) => choose({ taps: n === undefined ? undefined : String(n) })}
        />
      )}
      <NumberField
        title="Folds"
        min={2}
        max={20}
        value={folds}
        take={(n) => choose({ folds: n ?? Number.NaN })}
      />
      <NumberField
        title="Seeds"
        min={1}
        max={5}
        value={seeds}
        take={(n) => choose({ seeds: n ?? Number.NaN })}
      />
      <NumberField
        title="Epochs"
        min={1}
        max={200}
        placeholder="recipe's"
        value={epochs}
        take={(n) => choose({ epochs: n })}
      />
      {providers.value.length > 1 && (
        <Select
          title="Runs on the"
          value={provider.value}
          of={providers.value.map((name) => [name, PROVIDER_TEXT[name]])}
          take={(value) => (provider.value = value as Provider)}
        />
      )}
      {idle || state.value === "keeping" ? (
        <button type="submit" class="primary" disabled={!idle || (own?.missing ?? 0) > 0}>
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
  );
}

export function TrainPanel() {
  const at = progress.value;
  const known = facts.value !== undefined;
  useEffect(() => {
    if (known) void findProviders();
  }, [known]);
  return (
    <>
      <Own />
      <Form />
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
      <TrainingCharts />
      <KeptRuns />
    </>
  );
}
