/** @file What the user gives to train on: a rated table with its pictures, an encoder's folder. */
import { chosenFiles, FOLDER, type Named } from "./files.ts";
import {
  addEncoder,
  addOwn,
  choice,
  chosenSet,
  removeChosenEncoder,
  removeChosenSet,
  state,
} from "./train-state.ts";

interface PickerProps {
  readonly title: string;
  /** Asks for a folder. */
  readonly folder?: boolean;
  /** The files of a folder that are taken; default: pictures and tables. */
  readonly wanted?: (file: File) => boolean;
  readonly take: (files: readonly Named[]) => void;
}

function Picker({ title, folder, wanted, take }: PickerProps) {
  return (
    <label class="button">
      {title}
      <input
        {...(folder && FOLDER)}
        type="file"
        multiple
        disabled={state.value !== "idle"}
        onChange={({ currentTarget }) => {
          const files = chosenFiles(currentTarget, wanted);
          if (files.length > 0) take(files);
        }}
      />
    </label>
  );
}

interface DeleteProps {
  readonly what: string;
  readonly press: () => Promise<void>;
}

function Delete({ what, press }: DeleteProps) {
  return (
    <button type="button" disabled={state.value !== "idle"} onClick={() => void press()}>
      Delete {what}
    </button>
  );
}

/** Table and pictures, encoder. */
export function Own() {
  const set = chosenSet.value;
  const { encoder } = choice.value;
  return (
    <div class="own">
      {set === undefined && (
        <p class="lead">
          The same training as <code>vca fit</code>, in this tab: on the 81 embedded emoji, a first look and
          not science, or on your own pictures, which stay in this browser. Yours need a CSV table with the
          columns id, file, valence, arousal and any others. A vision encoder of your own is an ONNX model in
          a folder as the Hugging Face hub lays it out.
        </p>
      )}
      {set && (
        <p class="lead" data-test="own">
          {set.missing === 0
            ? `${set.n} rated pictures, all here; ratings from ${Number(set.lowest.toPrecision(3))} to ${Number(set.highest.toPrecision(3))}.`
            : `${set.n - set.missing} of ${set.n} rated pictures are here. Add ${set.firstMissing}.`}
        </p>
      )}
      <div class="ways">
        <Picker title={set ? "Add files" : "Your table and pictures"} take={addOwn} />
        <Picker title={set ? "Add a folder" : "A folder with both"} folder take={addOwn} />
        {set && <Delete what="the table and pictures" press={removeChosenSet} />}
        <Picker title="Your encoder's folder" folder wanted={() => true} take={addEncoder} />
        {encoder && <Delete what="the encoder" press={removeChosenEncoder} />}
      </div>
    </div>
  );
}
