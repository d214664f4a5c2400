/** @file The runs that this browser keeps. */
import { call } from "./client.ts";
import { download } from "./download.ts";
import { fail, keptRuns, openRun } from "./state.ts";
import { press, state } from "./train-state.ts";

/** The runs of this browser: go on, open, save, delete. */
export function KeptRuns() {
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
        commands. An encoder of your own must lie in <code>./encoders</code> there.
      </p>
    </>
  );
}
