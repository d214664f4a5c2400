import { beforeAll, describe, expect, it } from "vitest";
import type { Circuit, Nucleus, Projection } from "../../src/circuits/circuit.ts";
import { applyCircuit } from "../../src/circuits/model.ts";
import type { ParameterSpec } from "../../src/circuits/parts.ts";
import { CIRCUIT_NAMES, PLAIN, presetCircuit } from "../../src/circuits/presets.ts";
import { type Data, type NdArray, row, sizeOf } from "../../src/core/array.ts";
import { Graph } from "../../src/graph/build.ts";
import { BATCH } from "../../src/graph/shape.ts";
import { type Fed, relativeDifference, runGraphs } from "../support/graphs.ts";
import { EVERYTHING, hashed } from "../support/step-cases.ts";

const [B, T, D] = [4, 5, 12];

type Override = (spec: ParameterSpec) => NdArray | undefined;

interface Setting {
  readonly tokens?: NdArray;
  readonly replicas?: number;
  readonly hasCls?: boolean;
  readonly symbolic?: boolean;
  /** Gains by name; those not named rest at 1. Absent: no gain inputs. */
  readonly gains?: Readonly<Record<string, number>>;
  /** Parameters that a test sets; a value of one replica serves all. */
  readonly set?: Override;
  /** Replica r gets the numbers of replica `numbers[r]`. */
  readonly numbers?: readonly number[];
}

function drawn(name: string, shape: readonly number[], of: (u: number) => number): NdArray {
  return { shape, data: Float32Array.from(hashed(name, sizeOf(shape)), of) };
}

const pictures = (t = T) => drawn("pictures", [B, t, D], (u) => 2 * u);

/** A parameter of replica r: weights that keep variance, scales above 0. */
function value(spec: ParameterSpec, r: number): Float32Array {
  const fan = Math.sqrt(3 / spec.shape[0]!);
  const { initial, name, shape } = spec;
  const scale = initial.kind === "statistic" && initial.of.endsWith("scale");
  const at = initial.kind === "constant" ? initial.value : 0;
  return drawn(`${name} ${r}`, shape, (u) => (scale ? 1.5 + u : at + fan * u)).data;
}

/** A circuit as a graph with predictions and `activation/<nucleus>` as outputs, and what it is fed. */
function fed(circuit: Circuit, setting: Setting = {}): Fed {
  const { replicas = 1, tokens = pictures(circuit.visual === "tokens" ? T : 1), hasCls = true } = setting;
  const numbers = setting.numbers ?? Array.from({ length: replicas }, (_, r) => r);
  const graph = new Graph();
  const [b, t, d] = tokens.shape as [number, number, number];
  const input = graph.input("tokens", [setting.symbolic ? BATCH : b, t, d]);
  const options = { replicas, gains: setting.gains !== undefined };
  const applied = applyCircuit(graph, circuit, { tokens: input, hasCls }, options);
  graph.output("predictions", applied.predictions);
  for (const [id, activation] of applied.activations) graph.output(`activation/${id}`, activation);
  const feeds: Record<string, NdArray> = { tokens };
  for (const spec of applied.parameters) {
    const size = sizeOf(spec.shape);
    const data = new Float32Array(replicas * size);
    numbers.forEach((number, r) => {
      data.set(setting.set?.(spec)?.data ?? value(spec, number), r * size);
    });
    feeds[spec.name] = { shape: [replicas, ...spec.shape], data };
  }
  for (const node of graph.nodes) {
    if (node.kind !== "input" || !node.name.startsWith("gain/")) continue;
    const shape = node.outputs[0]!.shape as number[];
    const gain = setting.gains?.[node.name.slice("gain/".length)] ?? 1;
    feeds[node.name] = { shape, data: new Float32Array(sizeOf(shape)).fill(gain) };
  }
  return { graph, feeds };
}

type Answers = Record<string, NdArray<Data>>;

/** What circuits make of their settings. */
const run = (...circuits: readonly (readonly [Circuit, Setting?])[]): Promise<Answers[]> =>
  runGraphs(circuits.map(([circuit, setting]) => fed(circuit, setting)));

/** Predictions of the first replica, per picture. */
const perPicture = ({ predictions }: Answers): number[][] =>
  Array.from({ length: B }, (_, s) => Array.from(row(row(predictions!, 0), s).data, Number));

const plus = (from: string, to: string, density = 1): Projection => ({
  from,
  to,
  sign: "+",
  density,
  source: "test",
});

function small(nuclei: (Partial<Nucleus> & { id: string })[], projections: Projection[]): Circuit {
  return {
    name: "small",
    description: "",
    visual: "tokens",
    standardise: true,
    nuclei: nuclei.map((nucleus) => ({ ...PLAIN, input: 4, ...nucleus })),
    projections,
    readout: nuclei.at(-1)!.id,
    untrained: "mean",
    passes: 1,
  };
}

/** One circuit of each kind; what follows holds for parts that all share. */
const KINDS = [
  ...["vca", "anatomical-attention", "serial-linear-pooled"].map((name) => presetCircuit(name, D)),
  EVERYTHING,
];

it("every circuit is silent without its readout: all pictures get the same answer", async () => {
  const circuits = [...CIRCUIT_NAMES.map((name) => presetCircuit(name, D)), EVERYTHING];
  const settings = circuits.map((circuit) => [circuit, { gains: { [circuit.readout]: 0 } }] as const);
  for (const [i, answers] of (await run(...settings)).entries()) {
    const silenced = perPicture(answers);
    expect(silenced, circuits[i]!.name).toEqual(Array.from({ length: B }, () => silenced[0]));
  }
});

describe.each(KINDS)("$name", (circuit) => {
  const tokens = pictures(circuit.visual === "tokens" ? T : 1);
  const size = tokens.data.length / B;
  const two = { shape: [2, ...tokens.shape.slice(1)], data: tokens.data.subarray(size, 3 * size) };
  const settings = {
    plain: {},
    rest: { gains: {} },
    together: { replicas: 3 },
    second: { numbers: [1] },
    third: { numbers: [2] },
    open: { symbolic: true },
    two: { tokens: two },
  } satisfies Record<string, Setting>;
  const got = {} as Record<keyof typeof settings, Answers>;

  beforeAll(async () => {
    const answers = await run(...Object.values(settings).map((setting) => [circuit, setting] as const));
    Object.keys(settings).forEach((name, i) => {
      got[name as keyof typeof settings] = answers[i]!;
    });
  });

  it("at rest (gains of 1) equals itself without gain inputs, bit for bit", () => {
    expect(got.rest).toEqual(got.plain);
    expect(perPicture(got.rest)[1]).not.toEqual(perPicture(got.rest)[0]);
  });

  it("in a group of replicas gives each what it gives alone, bit for bit", () => {
    for (const [r, alone] of [got.plain, got.second, got.third].entries())
      for (const [name, array] of Object.entries(alone))
        expect(row(got.together[name]!, r).data, name).toEqual(row(array, 0).data);
  });

  it("with an open batch axis equals itself with a fixed one, but for rounding", () => {
    for (const [name, array] of Object.entries(got.plain)) {
      const expected = { shape: [...array.shape], data: Array.from(array.data, Number) };
      expect(relativeDifference(got.open[name]!, expected), name).toBeLessThan(1e-6);
    }
  });

  it("answers for a picture whatever else is in the batch", () => {
    const inTwo = got.two.predictions!.data;
    Array.from(got.plain.predictions!.data.slice(2, 6), Number).forEach((expected, i) => {
      expect(Number(inTwo[i])).toBeCloseTo(expected, 4);
    });
  });
});

it("a lesion silences what it names and spares what it does not reach", async () => {
  const lesions = ["", "LA", "B", "ITC", "LA->AB"];
  const circuit = presetCircuit("vca", D);
  const answers = await run(...lesions.map((name) => [circuit, { gains: { [name]: 0 } }] as const));
  const [rest, ...lesioned] = answers as [Answers, ...Answers[]];
  for (const [i, id] of ["LA", "B", "ITC"].entries()) {
    expect(lesioned[i]![`activation/${id}`]!.data.every((unit) => Number(unit) === 0)).toBe(true);
    expect(perPicture(lesioned[i]!)).not.toEqual(perPicture(rest));
  }
  const blind = perPicture(lesioned[0]!);
  expect(blind).toEqual(Array.from({ length: B }, () => blind[0]));
  expect(lesioned[3]!["activation/AB"]).not.toEqual(rest["activation/AB"]);
  expect(lesioned[3]!["activation/B"]).toEqual(rest["activation/B"]);
});

describe("inhibition", () => {
  const nuclei = [{ id: "LA" }, { id: "ITC", input: 3 }, { id: "CeA" }];
  const inhibits: Projection = { ...plus("ITC", "CeA"), sign: "-" };
  const edges = [plus("visual", "LA"), plus("LA", "ITC"), plus("LA", "CeA")];
  const circuit = small(nuclei, [...edges, inhibits]);
  const free = small(nuclei, edges);
  const bias =
    (at: number): Override =>
    (spec) => {
      const { name, shape } = spec;
      if (name === "CeA/from-ITC/bias") return drawn(name, shape, () => at);
      return name === "CeA/from-ITC/weight" ? drawn(name, shape, () => 0) : undefined;
    };

  it("multiplies its target by 1 - sigmoid of what arrives", async () => {
    const [whole, half] = await run([free], [circuit, { set: bias(0) }]);
    const halved = half!["activation/CeA"]!;
    Array.from(whole!["activation/CeA"]!.data, Number).forEach((unit, i) => {
      expect(Number(halved.data[i])).toBeCloseTo(unit / 2, 5);
    });
  });

  it("opens with its gain at 0 and closes with much of it", async () => {
    const without = { set: bias(0), gains: { "ITC->CeA": 0 } };
    const [opened, whole, closed] = await run([circuit, without], [free], [circuit, { set: bias(40) }]);
    expect(opened!["activation/CeA"]).toEqual(whole!["activation/CeA"]);
    expect(closed!["activation/CeA"]!.data.every((unit) => Math.abs(Number(unit)) < 1e-6)).toBe(true);
  });

  it("reaches a target of one token from a source of many", async () => {
    const summary = { heads: 1, channels: 3, keys: 2 };
    const mixed = small(
      [{ id: "LA" }, { id: "ITC", input: 3 }, { id: "B", summary }, { id: "CeA" }],
      [plus("visual", "LA"), plus("LA", "ITC"), plus("visual", "B"), plus("B", "CeA"), inhibits],
    );
    expect((await run([mixed]))[0]!["activation/CeA"]!.shape).toEqual([1, B, 4]);
  });
});

describe("a projection", () => {
  it("of density .25 has a quarter of its connections, the same in every replica", async () => {
    const circuit = small([{ id: "CeA", input: 64 }], [plus("visual", "CeA", 0.25)]);
    const ones: Override = ({ name, shape, initial }) => {
      if (name === "CeA/from-visual/weight") return drawn(name, shape, () => 1);
      const scale = initial.kind === "statistic" && initial.of.endsWith("scale");
      return drawn(name, shape, () => (scale ? 1 : 0));
    };
    const eye = Float32Array.from({ length: D * D }, (_, i) => (i % (D + 1) === 0 ? 1 : 0));
    const tokens = { shape: [D, 1, D], data: eye }; // picture d shows channel d alone
    const [seen] = await run([circuit, { tokens, set: ones, replicas: 2 }]);
    const exists = seen!["activation/CeA"]!; // [2, D, 64]
    expect(new Set(Array.from(exists.data, Number))).toEqual(new Set([0, 1]));
    expect(row(exists, 0).data).toEqual(row(exists, 1).data);
    const share = Array.from(row(exists, 0).data, Number).reduce((sum, x) => sum + x, 0) / (D * 64);
    expect(Math.abs(share - 0.25)).toBeLessThan(3 * Math.sqrt((0.25 * 0.75) / (D * 64)));
  });

  it("sends the mean of its tokens to a nucleus of fewer", async () => {
    const summary = { heads: 1, channels: 3, keys: 2 };
    const circuit = small(
      [{ id: "LA" }, { id: "B", summary }, { id: "CeA" }],
      [plus("visual", "LA"), plus("visual", "B"), plus("LA", "CeA"), plus("B", "CeA"), plus("visual", "CeA")],
    );
    const shuffled = pictures();
    const turned = {
      ...shuffled,
      data: Float32Array.from(shuffled.data, (_, i) => {
        const [b, t, d] = [Math.floor(i / (T * D)), Math.floor(i / D) % T, i % D];
        return shuffled.data[(b * T + (t === 0 ? 0 : T - t)) * D + d]!; // CLS stays, patches turn round
      }),
    };
    const [one, other] = (await run([circuit], [circuit, { tokens: turned }])).map(perPicture);
    one!.flat().forEach((x, i) => {
      expect(other!.flat()[i]).toBeCloseTo(x, 4);
    });
  });
});

describe("feedback", () => {
  const nuclei = [{ id: "LA" }, { id: "B" }, { id: "CeA" }];
  const edges = [plus("visual", "LA"), plus("LA", "B"), plus("B", "CeA"), plus("B", "visual")];
  const once = small(nuclei, edges);

  it("does nothing on the first pass and something on the second", async () => {
    const without = small(nuclei, edges.slice(0, 3));
    const [first, second, never] = await run([once], [{ ...once, passes: 2 }], [without]);
    expect(first).toEqual(never);
    expect(perPicture(second!)).not.toEqual(perPicture(first!));
  });

  it("with its gain at 0 leaves each pass as the first", async () => {
    const cut: Setting = { gains: { "B->visual": 0 } };
    const [thrice, first] = await run([{ ...once, passes: 3 }, cut], [once, { gains: {} }]);
    expect(thrice).toEqual(first);
  });

  it("adds equally to all tokens of a picture what B sends", async () => {
    const back = 3;
    const set: Override = ({ name, shape }) => {
      if (name === "LA/from-visual/from-B/weight") return drawn(name, shape, () => 0);
      if (name === "LA/from-visual/from-B/bias") return drawn(name, shape, () => back);
      return undefined;
    };
    const answers = await run([once, { set }], [{ ...once, passes: 2 }, { set }]);
    const [first, second] = answers.map((answer) => answer["activation/LA"]!) as [NdArray, NdArray];
    Array.from(first.data, Number).forEach((unit, i) => {
      expect(Number(second.data[i])).toBeCloseTo(unit + back, 4);
    });
  });
});

describe("summary attention", () => {
  const circuit = small(
    [{ id: "LA", input: 3, summary: { heads: 1, channels: 3, keys: 2 } }],
    [plus("visual", "LA")],
  );
  /** Statistics at rest, the summary's own path and all biases at zero. */
  const set =
    (key: number): Override =>
    ({ name, shape, initial }) => {
      const of = (at: (i: number, j: number) => number): NdArray => ({
        shape,
        data: Float32Array.from({ length: sizeOf(shape) }, (_, k) =>
          at(Math.floor(k / shape[1]!), k % shape[1]!),
        ),
      });
      if (initial.kind === "statistic") return of(() => (initial.of.endsWith("scale") ? 1 : 0));
      if (name === "LA/from-visual/reduced/weight") return of((i, j) => (i === j ? 1 : 0));
      if (name === "LA/from-visual/found/weight") return of((i, j) => (i === j ? 1 : 0));
      if (name === "LA/from-visual/gate") return of(() => 1);
      if (name === "LA/from-visual/query/bias") return of((_, j) => (j === 0 ? key : 0));
      if (name === "LA/from-visual/key/weight") return of((i, j) => (i === 0 && j === 0 ? 1 : 0));
      return of(() => 0);
    };

  it("with an even query is the mean of all tokens", async () => {
    const tokens = pictures();
    const units = (await run([circuit, { set: set(0) }]))[0]!["activation/LA"]!;
    for (let b = 0; b < B; b++)
      for (let c = 0; c < 3; c++) {
        let mean = 0;
        for (let t = 0; t < T; t++) mean += tokens.data[(b * T + t) * D + c]! / T;
        expect(Number(units.data[b * 3 + c])).toBeCloseTo(mean, 5);
      }
  });

  it("with a strong one is the token that has most of what is sought", async () => {
    const tokens = pictures();
    const units = (await run([circuit, { set: set(500) }]))[0]!["activation/LA"]!;
    for (let b = 0; b < B; b++) {
      const sought = Array.from({ length: T }, (_, t) => tokens.data[(b * T + t) * D]!);
      const t = sought.indexOf(Math.max(...sought));
      for (let c = 0; c < 3; c++)
        expect(Number(units.data[b * 3 + c])).toBeCloseTo(tokens.data[(b * T + t) * D + c]!, 4);
    }
  });

  it("takes the CLS token beside the mean patch where there is one", () => {
    const widths = (hasCls: boolean, t: number) => {
      const graph = new Graph();
      const tokens = graph.input("tokens", [B, t, D]);
      const { parameters } = applyCircuit(graph, circuit, { tokens, hasCls }, { replicas: 1 });
      return parameters.find(({ name }) => name === "summary/center")!.shape[1];
    };
    expect([widths(true, T), widths(false, T), widths(true, 1)]).toEqual([2 * D, D, D]);
  });
});
