/**
 * @file The report's script: downloads, sliders, previews. Plain JavaScript for the page, kept as text because its hash
 * stands in the content security policy; `LIGHT_COLOURS` is replaced by the palette, for drawings that leave the page.
 */

/** The script. */
export const PAGE_SCRIPT = `"use strict";
const light = LIGHT_COLOURS;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const button of all("[data-get]")) {
  button.addEventListener("click", () => {
    const figure = button.closest("figure");
    const name = figure.dataset.name;
    if (button.dataset.get === "csv") return download(name + ".csv", figure.querySelector(".csv").textContent, "text/csv");
    const svg = figure.querySelector(".frame:not([hidden]) .wide svg");
    for (const mark of all("[data-text]", svg)) restore(mark);
    const text = new XMLSerializer().serializeToString(svg).replace(/var\\(--(\\w+)\\)/g, (whole, key) => light[key] ?? whole);
    download(name + ".svg", text, "image/svg+xml");
  });
}

for (const slider of all(".slider input")) {
  const figure = slider.closest("figure");
  const frames = all(".frame", figure);
  slider.addEventListener("input", () => {
    frames.forEach((frame, i) => { frame.hidden = i !== Number(slider.value); });
    const label = frames[slider.value].dataset.label;
    figure.querySelector("output").value = label;
    slider.setAttribute("aria-valuetext", label);
  });
}

let pictures;
let graphic;
const preview = document.getElementById("preview");
const image = preview.querySelector("img");
const words = preview.querySelector("p");
let shown;

function restore(mark) {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = mark.dataset.text;
  mark.append(title);
  delete mark.dataset.text;
}

function show(mark) {
  if (mark === shown) return;
  hide();
  const title = mark.querySelector("title");
  if (title) { mark.dataset.text = title.textContent; title.remove(); }
  pictures ??= JSON.parse(document.getElementById("thumbnails").textContent);
  graphic ??= new Set(JSON.parse(document.getElementById("graphic").textContent));
  const id = mark.dataset.text.split("\\n")[0];
  if (Object.hasOwn(pictures, id)) image.src = pictures[id];
  else image.removeAttribute("src");
  image.className = graphic.has(id) ? "graphic" : "";
  words.textContent = mark.dataset.text;
  mark.classList.add("at");
  preview.hidden = false;
  shown = mark;
  place();
}

function place() {
  const spot = shown.getBoundingClientRect();
  const box = preview.getBoundingClientRect();
  const left = spot.right + 12 + 208 > innerWidth ? Math.max(8, spot.left - 12 - box.width) : spot.right + 12;
  preview.style.left = left + "px";
  preview.style.top = Math.max(8, Math.min(innerHeight - 260, spot.top - 40)) + "px";
}

function hide() {
  shown?.classList.remove("at");
  shown = undefined;
  preview.hidden = true;
}

const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
for (const art of all("figure[data-pictures] .art")) {
  art.addEventListener("pointerover", ({ target }) => (target.tagName === "circle" && (target.dataset.text || target.querySelector("title")) ? show(target) : hide()));
  art.addEventListener("pointerleave", hide);
  art.addEventListener("blur", hide);
  art.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const marks = all("circle", art).filter((mark) => (mark.dataset.text || mark.querySelector("title")) && mark.getClientRects().length > 0);
    const left = new Map(marks.map((mark) => [mark, mark.getBoundingClientRect().left]));
    const sorted = marks.sort((a, b) => left.get(a) - left.get(b));
    const at = sorted.indexOf(shown);
    show(sorted[(at + step + sorted.length) % sorted.length]);
  });
}
addEventListener("scroll", () => shown && (shown.closest(".art").matches(":focus") ? place() : hide()), { passive: true });
document.getElementById("show-graphic")?.addEventListener("change", ({ target }) => {
  document.documentElement.classList.toggle("all", target.checked);
});
`;
