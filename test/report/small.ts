/** @file Small data for every figure, with an id that would break markup that is not escaped. */
import { parseHTML } from "linkedom";
import { presetCircuit } from "../../src/circuits/presets.ts";
import { Random } from "../../src/core/random.ts";
import { alignmentFigure } from "../../src/report/figures/alignment.ts";
import { circuitFigure } from "../../src/report/figures/circuit.ts";
import { effectsFigure } from "../../src/report/figures/effects.ts";
import { learningFigure } from "../../src/report/figures/learning.ts";
import { lesionsFigure } from "../../src/report/figures/lesions.ts";
import { mdsFigure } from "../../src/report/figures/mds.ts";
import { behaviourFigure, type NucleusRow, selectivityFigure } from "../../src/report/figures/over-epochs.ts";
import { type PictureRow, planeFigure } from "../../src/report/figures/plane.ts";
import { rBarsFigure } from "../../src/report/figures/r-bars.ts";
import { rdmFigure } from "../../src/report/figures/rdm.ts";
import { type RdmPoint, rdmMapFigure } from "../../src/report/figures/rdm-map.ts";
import { scatterFigure } from "../../src/report/figures/scatter.ts";
import { tuningFigure } from "../../src/report/figures/tuning.ts";
import type { Canvas } from "../../src/report/svg.ts";

/** An id that is markup, quotes, an entity, a control character and two scripts at once. */
export const HOSTILE = `<script>alert("1")</script> & 'é' \u0007 ]]> 字`;

export const scale = { lo: 1, hi: 9 };
export const about = `<b>small</b> & 12 pictures`;

const random = Random.seeded(1);

export const pictures: PictureRow[] = Array.from({ length: 12 }, (_, i) => ({
  id: i === 3 ? HOSTILE : `picture ${i}`,
  valence: 1.5 + i * 0.6,
  arousal: 3 + Math.abs(i - 6) * 0.5,
  predictedValence: 2.5 + i * 0.45 + random.uniform(),
  predictedArousal: 3.5 + Math.abs(i - 6) * 0.3 + random.uniform(),
}));

export const r = (["valence", "arousal"] as const).flatMap((of) => [
  { model: "circuit", scale: of, value: 0.7, lower: 0.61, upper: 0.77 },
  { model: "ridge", scale: of, value: 0.66, lower: 0.58, upper: 0.72 },
  {
    model: "circuit - ridge",
    scale: of,
    value: of === "valence" ? 0.04 : -0.01,
    lower: of === "valence" ? 0.01 : -0.03,
    upper: of === "valence" ? 0.07 : 0.02,
  },
]);

export const overEpochs: NucleusRow[] = ["LA", "AB", "B", "ITC", "CeA"].flatMap((nucleus, depth) =>
  ["run", "shuffled"].flatMap((source) =>
    [0, 1, 2, 4].flatMap((epoch) =>
      [0, 1, 2].map((seed) => ({
        source,
        nucleus,
        epoch,
        seed,
        value: source === "run" ? (0.05 + depth * 0.02) * (1 + epoch) + seed * 0.01 : 0.02 + seed * 0.004,
      })),
    ),
  ),
);

export const learning = (["valence", "arousal"] as const).flatMap((of) =>
  [0, 1, 2, 4].flatMap((epoch) =>
    [0, 1].map((seed) => ({ scale: of, epoch, seed, value: epoch / (epoch + 1) - 0.1 + seed * 0.05 })),
  ),
);

export const tuning = ["LA", "CeA"].flatMap((nucleus) =>
  [0, 1, 2].flatMap((unit) =>
    (["valence", "arousal"] as const).map((of) => ({
      nucleus,
      unit: `fold0-seed0 ${unit}`,
      scale: of,
      r: unit === 1 ? -0.6 : 0.4 + unit / 10,
      curve: [1, 2, 3, 4, 5].map((part) => (unit === 1 ? 3 - part : part - 3) * (0.3 + unit / 10)),
    })),
  ),
);

export const lesions = (["valence", "arousal"] as const).flatMap((of) =>
  ["LA", "AB", "LA \u2192 CeA"].map((name, i) => ({
    name,
    nucleus: name.slice(0, 2),
    scale: of,
    before: 0.6,
    effect: i === 0 ? -0.6 : -0.02 * i,
    lower: i === 0 ? -0.7 : -0.05,
    upper: i === 0 ? -0.5 : 0.01,
    random: [-0.03, 0.01] as const,
  })),
);

export const alignment = ["amygdala", "V1"].flatMap((region) =>
  ["LA", "CeA", "encoder"].map((model, i) => ({
    model,
    region,
    value: 0.03 + i * 0.03,
    lower: 0.01,
    upper: 0.1,
    q: [0.2, 0.03, 0.0001][i],
    baseline: model === "encoder",
    ceiling: { lower: 0.12, upper: 0.2 },
  })),
);

export const rdms = ["ratings", "LA", "CeA"].map((name, k) => ({
  name,
  rdm: Float64Array.from({ length: 66 }, (_, pair) => (pair * (k + 1)) % 17),
}));
export const order = Array.from({ length: 12 }, (_, i) => 11 - i);

export const maps = ["LA", "CeA"].map((nucleus, k) => ({
  nucleus,
  spearman: 0.2 + k * 0.2,
  points:
    k === 0
      ? []
      : pictures.map(({ id, valence, arousal }, i) => ({
          id,
          valence,
          arousal,
          x: Math.cos(i),
          y: Math.sin(i),
        })),
}));

/** Pictures of two folds, which are not compared, under a long name. */
const within = [
  {
    name: "FaceBodyManmadeNatural",
    rdm: order.flatMap((_, i) =>
      order.slice(i + 1).map((_, k) => ((k + 1) % 2 === 1 ? Number.NaN : Math.abs(Math.sin(i + k)))),
    ),
  },
  ...["", " 2"].flatMap((copy) => rdms.map(({ name, rdm }) => ({ name: `${name}${copy}`, rdm }))),
];

/** Models that lie close together among participants. */
const points: readonly RdmPoint[] = [
  { name: "LA", kind: "model", x: 0, y: 0 },
  { name: "CeA", kind: "model", x: 0.02, y: -0.03 },
  { name: "B", kind: "model", x: -0.01, y: 0.02 },
  { name: "encoder", kind: "baseline", x: 1, y: 0.5 },
  { name: "ratings", kind: "baseline", x: 0.98, y: 0.52 },
  { name: "participant sub-01", kind: "brain", x: 0.1, y: 0 },
  { name: "participant sub-02", kind: "brain", x: -0.8, y: -0.9 },
];

export const circuit = presetCircuit("vca-feedback", 32);

const withR = { valence: { value: 0.7, lower: 0.61, upper: 0.77 }, arousal: { value: 0.66 } };
const effects = r.map(({ model, ...row }) => ({ ...row, name: model, baseline: model === "ridge" }));

/** Every figure of small data, by name. */
export const FIGURES: Readonly<Record<string, (canvas: Canvas) => string>> = {
  alignment: (canvas) => alignmentFigure(alignment, { comparison: "rho-a", about }, canvas),
  behaviour: (canvas) => behaviourFigure(overEpochs, { about }, canvas),
  circuit: (canvas) => circuitFigure(circuit, canvas),
  effects: (canvas) => effectsFigure(effects, { of: "structure", about }, canvas),
  learning: (canvas) => learningFigure(learning, { about, ridge: { valence: 0.6, arousal: 0.5 } }, canvas),
  lesions: (canvas) => lesionsFigure(lesions, { about, of: "parts" }, canvas),
  maps: (canvas) => mdsFigure(maps, { epoch: 4, scale, about }, canvas),
  plane: (canvas) => planeFigure(pictures, { scale, about }, canvas),
  r: (canvas) =>
    rBarsFigure(
      r.filter(({ model }) => model !== "circuit - ridge"),
      { about, ceilings: { valence: 0.98, arousal: 0.95 } },
      canvas,
    ),
  rdm: (canvas) => rdmFigure(rdms, { order, ends: ["unpleasant", "pleasant"], about }, canvas),
  "rdm-map": (canvas) => rdmMapFigure(points, { comparison: "rho-a", about }, canvas),
  "rdm-within": (canvas) => rdmFigure(within, { order, ends: ["unpleasant", "pleasant"], about }, canvas),
  scatter: (canvas) => scatterFigure(pictures, { scale, about, r: withR }, canvas),
  selectivity: (canvas) => selectivityFigure(overEpochs, { about }, canvas),
  tuning: (canvas) => tuningFigure(tuning, { scale: "valence", about }, canvas),
};

/** A document outside a browser. */
export const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
  document: Document;
};
