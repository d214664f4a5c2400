/** @file The middle pane: the report's own diagram, filled with activity, and sliders for every gain. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Circuit, projectionName } from "../../src/circuits/circuit.ts";
import { mean } from "../../src/core/statistics.ts";
import { circuitFigure } from "../../src/report/figures/circuit.ts";
import { inHierarchy, nucleusColour } from "../../src/report/palette.ts";
import {
  answerTime,
  canUndo,
  changed,
  chosen,
  gains,
  rememberGains,
  resetGains,
  run,
  STRONG,
  setGain,
  undo,
} from "./state.ts";
import { changesText, gainText, Sentence } from "./words.tsx";

/** Mean activity of a nucleus, 0 to 1: 1 is the 95 % quantile of the pictures that the run held out. */
function activity(id: string): number {
  const answer = chosen.value?.now ?? chosen.value?.rest;
  const units = answer?.units[id];
  const high = run.value?.about.typical[id]?.[1];
  return units && high ? Math.max(0, Math.min(1, mean(units) / high)) : 0;
}

/** The diagram without its heading and its own style, whose rules are the page's. */
function drawing(circuit: Circuit, width: number): SVGSVGElement {
  const text = circuitFigure(circuit, { width }).replace(/<style>.*?<\/style>/s, "");
  const svg = new DOMParser().parseFromString(text, "image/svg+xml")
    .documentElement as unknown as SVGSVGElement;
  for (const heading of svg.querySelectorAll(":scope > text")) heading.remove();
  const group = svg.querySelector(":scope > g")!;
  const top = Number(/,([\d.]+)\)/.exec(group.getAttribute("transform")!)![1]);
  const [, , w, h] = svg.getAttribute("viewBox")!.split(" ").map(Number) as [number, number, number, number];
  svg.setAttribute("viewBox", `0 ${top} ${w} ${h - top}`);
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return document.importNode(svg, true);
}

/** The circle of a nucleus: what stands before its name. */
function circleOf(svg: SVGSVGElement, id: string): Element | undefined {
  const name = [...svg.querySelectorAll("text[font-weight]")].find((text) => text.textContent === id);
  return name?.previousElementSibling ?? undefined;
}

function lineOf(svg: SVGSVGElement, name: string): SVGGElement | undefined {
  const [from, to] = name.split("->");
  const title = [...svg.querySelectorAll("g > title")].find((each) =>
    each.textContent!.startsWith(`${from} \u2192 ${to}:`),
  );
  return title?.parentElement as unknown as SVGGElement | undefined;
}

function Diagram({ circuit }: { circuit: Circuit }) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    watch.observe(host.current!);
    return () => watch.disconnect();
  }, []);
  const svg = useMemo(
    () => (width > 0 ? drawing(circuit, Math.max(300, width)) : undefined),
    [circuit, width],
  );
  useEffect(() => {
    if (svg) host.current!.replaceChildren(svg);
  }, [svg]);
  const present = gains.value;
  const levels = circuit.nuclei.map(({ id }) => activity(id));
  const circles = useMemo(
    () => new Map(circuit.nuclei.map(({ id }) => [id, svg && circleOf(svg, id)])),
    [svg],
  );
  const lines = useMemo(
    () => new Map(circuit.projections.map(projectionName).map((name) => [name, svg && lineOf(svg, name)])),
    [svg],
  );
  useEffect(() => {
    circuit.nuclei.forEach(({ id }, i) => {
      const circle = circles.get(id);
      circle?.setAttribute("fill-opacity", (0.06 + 0.54 * levels[i]!).toFixed(3));
      circle?.setAttribute("stroke-dasharray", (present[id] ?? 1) < 1 ? "6 4" : "none");
    });
    for (const [name, line] of lines) {
      const gain = present[name] ?? 1;
      line?.setAttribute("stroke-dasharray", gain < 1 ? "5 4" : "none");
      line?.setAttribute("opacity", String(Math.max(0.25, Math.min(1, gain))));
      line?.classList.toggle("amplified", gain > 1);
    }
  });
  return <div class="diagram" ref={host} />;
}

function Slider({ name, title, colour }: { name: string; title: string; colour?: string }) {
  const gain = gains.value[name] ?? 1;
  const level = colour && !name.includes(":") && !name.includes("->") ? activity(name) : undefined;
  return (
    <div class={gain === 1 ? "slider" : "slider changed"}>
      <label>
        <span class="name">
          {colour && <i class="dot" style={{ background: colour }} aria-hidden="true" />}
          {title}
        </span>
        <input
          type="range"
          min="0"
          max="2"
          step="0.05"
          value={gain}
          aria-valuetext={gainText(gain)}
          data-gain={name}
          style={{ "--c": colour ?? "var(--accent)", "--at": `${gain * 50}%` }}
          onPointerDown={rememberGains}
          onKeyDown={({ key }) => key.startsWith("Arrow") && rememberGains()}
          onInput={(event) => setGain(name, Number(event.currentTarget.value), { remember: false })}
          onDblClick={() => setGain(name, 1, { remember: true })}
        />
        <output>{gain.toFixed(2)}</output>
      </label>
      {level !== undefined && (
        <span class="activity" title={`activity ${Math.round(level * 100)} % of what strong pictures evoke`}>
          <i style={{ width: `${level * 100}%`, background: colour }} />
        </span>
      )}
    </div>
  );
}

export function CircuitPane() {
  const about = run.value?.about;
  if (!about) {
    return (
      <section class="pane circuit" aria-label="Circuit">
        <p class="empty">The circuit appears here when a model is open.</p>
      </section>
    );
  }
  const { circuit } = about;
  const ids = inHierarchy(circuit.nuclei.map(({ id }) => id));
  const isChanged = changed.value.length > 0;
  return (
    <section class="pane circuit" aria-labelledby="circuit-title">
      <div class="bar">
        <h2 id="circuit-title" aria-live="polite">
          Circuit {circuit.name}: {isChanged ? changesText() : "at rest"}
        </h2>
        <button type="button" onClick={undo} disabled={!canUndo.value}>
          Undo
        </button>
        <button type="button" onClick={resetGains} disabled={!isChanged}>
          Reset
        </button>
      </div>
      <Diagram circuit={circuit} />
      <div class="phone">
        <Sentence />
      </div>
      <fieldset>
        <legend>Nuclei: gain, with activity below</legend>
        {ids.map((id) => (
          <Slider key={id} name={id} title={id} colour={nucleusColour(id)} />
        ))}
      </fieldset>
      <details open={changed.value.some(([name]) => name.includes("->"))}>
        <summary>Projections ({circuit.projections.length})</summary>
        <div class="sliders">
          {circuit.projections.map((projection) => (
            <Slider
              key={projectionName(projection)}
              name={projectionName(projection)}
              title={`${projection.from} \u2192 ${projection.to}${projection.sign === "-" ? " (inhibits)" : ""}`}
            />
          ))}
        </div>
      </details>
      <details open={changed.value.some(([name]) => name.includes(":"))}>
        <summary>Unit groups</summary>
        <p class="fine">
          The {STRONG * 100} % of a nucleus's units that the chosen picture excites most at rest.
        </p>
        <div class="sliders">
          {ids.map((id) => (
            <Slider key={id} name={`${id}:strong`} title={`${id}, strongest`} colour={nucleusColour(id)} />
          ))}
        </div>
      </details>
      {isChanged && answerTime.value > 0 && (
        <p class="fine">{answerTime.value.toFixed(0)} ms for the last change, the encoder's tokens kept</p>
      )}
    </section>
  );
}
