/** @file The page: header, three panes (tabs on a phone), a drawer below. */
import { render } from "preact";
import { colourRules } from "../../src/report/palette.ts";
import { BrainPanel } from "./brain.tsx";
import { CircuitPane } from "./circuit.tsx";
import { ComparePanel } from "./compare.tsx";
import { PicturesPane } from "./pictures.tsx";
import { PlanePane } from "./plane.tsx";
import {
  DRAWERS,
  type Drawer,
  drawer,
  failure,
  loading,
  openRun,
  PANES,
  pane,
  run,
  runAt,
  runChoices,
  start,
  undo,
} from "./state.ts";
import { TablePanel } from "./table.tsx";
import { TrainPanel } from "./train.tsx";

const DRAWER_TITLES: Readonly<Record<Drawer, string>> = {
  table: "Table",
  compare: "Compare circuits",
  train: "Train here",
  brain: "Brain",
};
const PANE_TITLES = { pictures: "Pictures", circuit: "Circuit", plane: "Feeling" } as const;

function Header() {
  const choices = runChoices();
  const about = run.value?.about;
  return (
    <header>
      <h1>vca</h1>
      {choices.length > 1 && (
        <label class="run-choice">
          <span class="hidden">Run</span>
          <select value={runAt.value} onChange={(event) => void openRun(event.currentTarget.value)}>
            {choices.map(({ at, name }) => (
              <option key={at} value={at}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {about && (
        <p>
          {choices.length > 1 ? "" : `${run.value!.name}: `}circuit <b>{about.circuit.name}</b> on{" "}
          {about.encoder.name}, trained on {about.trainedOn.n} pictures ({about.trainedOn.set}),{" "}
          {about.networks} {about.networks === 1 ? "network" : "networks"}; held-out r{" "}
          <b>{rText(run.value!.r.valence)}</b> valence, <b>{rText(run.value!.r.arousal)}</b> arousal
        </p>
      )}
    </header>
  );
}

const rText = (r: number) => r.toFixed(2).replace("0.", ".").replace("-", "\u2212");

function Notices() {
  const progress = loading.value;
  return (
    <>
      {progress && (
        <div class="notice" role="status">
          <label>
            Loading the model
            <progress value={progress.done} max={progress.total} />
          </label>
        </div>
      )}
      {failure.value && (
        <div class="notice failed" role="alert">
          <span>{failure.value}</span>
          <button type="button" onClick={() => (failure.value = "")}>
            Close
          </button>
        </div>
      )}
      {!crossOriginIsolated && (
        <p class="notice">
          This server sends no COOP and COEP headers: the engine has one thread and takes about twice as long.
        </p>
      )}
    </>
  );
}

function Drawers() {
  return (
    <section class="drawer" aria-label="More">
      <nav>
        {DRAWERS.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={drawer.value === name}
            onClick={({ currentTarget }) => {
              drawer.value = name;
              requestAnimationFrame(() =>
                currentTarget.closest("section")!.scrollIntoView({ block: "nearest" }),
              );
            }}
          >
            {DRAWER_TITLES[name]}
          </button>
        ))}
      </nav>
      <div class="drawer-content">
        {drawer.value === "table" && <TablePanel />}
        {drawer.value === "compare" && <ComparePanel />}
        {drawer.value === "train" && <TrainPanel />}
        {drawer.value === "brain" && <BrainPanel />}
      </div>
    </section>
  );
}

function Lab() {
  return (
    <>
      <Header />
      <Notices />
      <nav class="panes" aria-label="Panes">
        {PANES.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={pane.value === name}
            onClick={() => (pane.value = name)}
          >
            {PANE_TITLES[name]}
          </button>
        ))}
      </nav>
      <main data-pane={pane.value}>
        <PicturesPane />
        <CircuitPane />
        <PlanePane />
      </main>
      <Drawers />
    </>
  );
}

addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.shiftKey && !typing) {
    event.preventDefault();
    undo();
  }
});

/** A static lab gets its headers from a service worker, whose first visit needs a second load. */
async function serviceWorker(): Promise<void> {
  if (!document.querySelector('meta[name="vca-static"]') || !("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("./sw.js");
  await navigator.serviceWorker.ready;
  if (crossOriginIsolated || sessionStorage.getItem("reloaded")) return;
  sessionStorage.setItem("reloaded", "yes");
  location.reload();
}

const colours = new CSSStyleSheet();
colours.replaceSync(colourRules(":root"));
document.adoptedStyleSheets = [colours];
render(<Lab />, document.getElementById("lab")!);
void serviceWorker().then(start, start);
