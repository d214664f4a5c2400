/** @file Two circuits side by side: the pictures on the page through another run. */
import { signal } from "@preact/signals";
import type { LiveAnswer } from "../../src/study/live.ts";
import { call } from "./client.ts";
import { fail, type Picture, pictures, run, runAt, runChoices } from "./state.ts";

const MOST = 48;
const other = signal<
  { name: string; shown: readonly Picture[]; answers: readonly (LiveAnswer | undefined)[] } | undefined
>(undefined);
const busy = signal(false);

async function compareWith(at: string, name: string): Promise<void> {
  busy.value = true;
  try {
    const shown = pictures.value.filter(({ rest }) => rest).slice(0, MOST);
    other.value = { name, shown, answers: await call("compare", { at, files: shown }) };
  } catch (error) {
    fail(error);
  } finally {
    busy.value = false;
  }
}

const two = (value: number | undefined) => value?.toFixed(2) ?? "";

export function ComparePanel() {
  const choices = runChoices().filter(({ at }) => at !== runAt.value);
  if (choices.length === 0) {
    return (
      <p class="empty">
        One circuit is here. Train another below in Train here, or start the lab with two runs:{" "}
        <code>vca lab RUN OTHER</code>.
      </p>
    );
  }
  const found = other.value;
  return (
    <>
      <div class="bar">
        <p>{run.value?.name} beside</p>
        {choices.map(({ at, name }) => (
          <button type="button" key={at} disabled={busy.value} onClick={() => void compareWith(at, name)}>
            {name}
          </button>
        ))}
        {busy.value && <span role="status">Answering with the other circuit.</span>}
      </div>
      {found && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Picture, at rest</th>
                <th scope="col">Valence, {run.value?.name}</th>
                <th scope="col">{found.name}</th>
                <th scope="col">Arousal, {run.value?.name}</th>
                <th scope="col">{found.name}</th>
              </tr>
            </thead>
            <tbody>
              {found.shown.map(({ id, name, rest }, i) => (
                <tr key={id}>
                  <th scope="row">{name}</th>
                  <td>{two(rest?.valence)}</td>
                  <td>{two(found.answers[i]?.valence)}</td>
                  <td>{two(rest?.arousal)}</td>
                  <td>{two(found.answers[i]?.arousal)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
