/**
 * @file The model, whole: from tokens to valence and arousal. Training, inference, export and lesions all
 * call `applyCircuit`; no equation of the model stands anywhere else.
 *
 * Axes: R replicas (fold x seed, each a network of its own), B pictures, T tokens, M = B T, U units,
 * H heads, K width of a head. A stream of activity is `[R, M, U]`.
 *
 * Source: Liu, Bo, Chen, Keil, Ding & Fang 2025, bioRxiv 10.1101/2025.10.20.683439. Differs from the
 * paper where a circuit says so: pre-norm gated blocks, sums of projections, inhibition, attention
 * pooling, feedback. Blocks are those of Vaswani et al. 2017.
 */

import { zeros } from "../core/array.ts";
import { Random } from "../core/random.ts";
import {
  add,
  concat,
  div,
  type Graph,
  gelu,
  layerNorm,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  softmax,
  sub,
  swapLast,
  transpose,
  type Value,
} from "../graph/build.ts";
import { type Dim, product } from "../graph/shape.ts";
import { afferents, type Circuit, type Nucleus, type Projection, projectionName, VISUAL } from "./circuit.ts";

/** How a parameter begins: one value, drawn, or a statistic of the training pictures. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly sd: number }
  | { readonly kind: "visual-center" | "visual-scale" | "rating-center" | "rating-scale" };

/** A parameter of one replica; in the graph it is `[R, ...shape]`. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
  /** Whether weight decay applies: weights yes, biases, norms and gates no. */
  readonly decay: boolean;
  /** Whether the optimizer changes it. */
  readonly trained: boolean;
}

/** A dropout mask that a training step feeds: 0 or 1 / (1 - rate). */
export interface MaskSpec {
  readonly name: string;
  /** `[R, B, ...]`; the axes after are those of one picture. */
  readonly shape: readonly number[];
  readonly rate: number;
}

/** What a circuit makes of a batch. */
export interface Applied {
  /** Valence and arousal on the scale of the ratings: `[R, B, 2]`. */
  readonly predictions: Value;
  /** The deviation of the training ratings, by which errors are measured: `[R, 1, 2]`. */
  readonly ratingScale: Value;
  /** Each nucleus's units, averaged over tokens, after gain: `[R, B, U]`. */
  readonly activations: ReadonlyMap<string, Value>;
  readonly parameters: readonly ParameterSpec[];
  /** The parameters' values in the graph, by name: `[R, ...shape]`. */
  readonly values: ReadonlyMap<string, Value>;
  readonly masks: readonly MaskSpec[];
  /** Names and lengths of the gain inputs, in order; empty without gains. */
  readonly gains: ReadonlyMap<string, readonly number[]>;
}

/** How to apply a circuit. */
export interface ApplyOptions {
  readonly replicas: number;
  /** Every nucleus and projection gets a gain input; 1 is rest. */
  readonly gains?: boolean;
  /** Dropout masks become inputs. */
  readonly dropout?: boolean;
}

interface Connections {
  readonly density?: number;
  readonly initial?: Initial;
}

/** He et al. 2015, "Delving deep into rectifiers": keeps the variance through rectified units. */
const heNormal = (fanIn: number): Initial => ({ kind: "normal", sd: Math.sqrt(2 / fanIn) });

interface Stream {
  readonly x: Value; // [R, M, U]
  readonly tokens: number;
}

/**
 * Adds a circuit to `graph`.
 * @param tokens the visual stream `[B, T, D]`; T = 1 in pooled mode
 */
export function applyCircuit(graph: Graph, circuit: Circuit, tokens: Value, options: ApplyOptions): Applied {
  return new Application(graph, circuit, tokens, options).run();
}

class Application {
  readonly #graph: Graph;
  readonly #circuit: Circuit;
  readonly #tokens: Value;
  readonly #options: ApplyOptions;
  readonly #batch: Dim;
  readonly #parameters = new Map<string, { spec: ParameterSpec; value: Value }>();
  readonly #masks: MaskSpec[] = [];
  readonly #gains = new Map<string, { shape: readonly number[]; value: Value }>();

  constructor(graph: Graph, circuit: Circuit, tokens: Value, options: ApplyOptions) {
    this.#graph = graph;
    this.#circuit = circuit;
    this.#tokens = tokens;
    this.#options = options;
    this.#batch = tokens.shape[0]!;
  }

  run(): Applied {
    const { nuclei, passes, readout } = this.#circuit;
    let streams = new Map<string, Stream>();
    for (let pass = 0; pass < passes; pass++) {
      const before = streams;
      streams = new Map();
      for (const nucleus of nuclei) {
        const stream = this.#graph.scope(nucleus.id, () => this.#nucleus(nucleus, streams, before));
        streams.set(nucleus.id, stream);
      }
    }
    const activations = new Map([...streams].map(([id, stream]) => [id, this.#pooled(stream)]));
    const standardised = this.#graph.scope("readout", () =>
      this.#linear(activations.get(readout)!, "readout", 2),
    ); // [R, B, 2]
    const ratingScale = this.#statistic("ratings/scale", [1, 2], "rating-scale");
    const center = this.#statistic("ratings/center", [1, 2], "rating-center");
    return {
      predictions: add(mul(standardised, ratingScale), center),
      ratingScale,
      activations,
      parameters: [...this.#parameters.values()].map(({ spec }) => spec),
      values: new Map([...this.#parameters].map(([name, { value }]) => [name, value])),
      masks: this.#masks,
      gains: new Map([...this.#gains].map(([name, { shape }]) => [name, shape])),
    };
  }

  /** y = gain * output(pool(blocks(inhibition(input)))) */
  #nucleus(
    nucleus: Nucleus,
    streams: ReadonlyMap<string, Stream>,
    before: ReadonlyMap<string, Stream>,
  ): Stream {
    const { id } = nucleus;
    let { x, tokens } = this.#input(nucleus, streams, before);
    for (const projection of afferents(this.#circuit, id, "-"))
      x = this.#inhibited(x, tokens, projection, streams);
    for (let block = 1; block <= nucleus.blocks; block++) {
      x = this.#graph.scope(`block${block}`, () =>
        this.#block({ x, tokens }, nucleus, `${id}/block${block}`),
      );
    }
    if (nucleus.pool > 0) ({ x, tokens } = this.#attentionPool({ x, tokens }, nucleus));
    if (nucleus.output !== "none") x = this.#linear(x, `${id}/output`, nucleus.output);
    if (nucleus.rectify) x = relu(x);
    x = this.#dropout({ x, tokens }, `${id}/output`, nucleus.dropout.output);
    const gain = this.#gain(id, [x.shape[2] as number]);
    return { x: gain ? mul(x, gain) : x, tokens };
  }

  /** The afferents of a nucleus, side by side or mapped to `input` channels and added. */
  #input(
    nucleus: Nucleus,
    streams: ReadonlyMap<string, Stream>,
    before: ReadonlyMap<string, Stream>,
  ): Stream {
    const projections = afferents(this.#circuit, nucleus.id, "+");
    const { input } = nucleus;
    const tokensOf = ({ from }: Projection) => streams.get(from)?.tokens ?? (this.#tokens.shape[1] as number);
    const tokens = Math.min(...projections.map(tokensOf)); // a source with more tokens sends their mean
    const fanIn = projections.reduce((sum, { from }) => sum + this.#width(from, streams), 0);
    const parts = projections.map((projection) => {
      const name = `${nucleus.id}/from-${projection.from}`;
      if (projection.from === VISUAL)
        return input === "concat"
          ? this.#scaled(this.#visualRaw(), projection)
          : this.#visual(projection, name, input, before);
      const stream = streams.get(projection.from)!;
      const x = stream.tokens === tokens ? stream.x : this.#pooled(stream);
      const arrives =
        input === "concat"
          ? x
          : this.#linear(x, name, input, {
              density: projection.density,
              initial: heNormal(fanIn * projection.density),
            });
      return this.#scaled(arrives, projection);
    });
    const x = input === "concat" ? concat(parts, 2) : parts.reduce((sum, part) => add(sum, part));
    return { x, tokens };
  }

  #width(from: string, streams: ReadonlyMap<string, Stream>): number {
    return (streams.get(from)?.x ?? this.#tokens).shape[2] as number;
  }

  /** The tokens as they are, for every replica: `[R, M, D]`. */
  #visualRaw(): Value {
    const [, T, D] = this.#tokens.shape as [Dim, number, number];
    const M = product([this.#batch, T]);
    const flat = reshape(this.#tokens, [1, M, D]);
    const R = this.#options.replicas;
    return R === 1 ? flat : add(flat, this.#graph.constant(zeros([R, 1, 1])));
  }

  /**
   * The standardised tokens through the weights of a projection, `(x - center) / scale W + b`, as one
   * product that all replicas share: `[M, D] x [D, R U]`, twice as fast as R products.
   */
  #visual(projection: Projection, name: string, width: number, before: ReadonlyMap<string, Stream>): Value {
    const [, T, D] = this.#tokens.shape as [Dim, number, number];
    const R = this.#options.replicas;
    const M = product([this.#batch, T]);
    const { density } = projection;
    let weight = this.#weight(name, [D, width], { density, initial: heNormal(D * density) }); // [R, D, U]
    let bias = this.#vector(`${name}/bias`, width, 0); // [R, 1, U]
    if (this.#circuit.standardise) {
      weight = div(weight, this.#statistic("visual/scale", [D, 1], "visual-scale"));
      bias = sub(bias, matmul(this.#statistic("visual/center", [1, D], "visual-center"), weight));
    }
    const shared = reshape(transpose(weight, [1, 0, 2]), [D, R * width]);
    const y = reshape(matmul(reshape(this.#tokens, [M, D]), shared), [M, R, width]);
    const x = add(transpose(y, [1, 0, 2]), bias); // [R, M, U]
    return this.#scaled(this.#feedback(x, before, width), projection);
  }

  /** From the second pass on, projections to the visual stream add to what it sends, equally to all tokens. */
  #feedback(x: Value, before: ReadonlyMap<string, Stream>, width: number): Value {
    let y = x;
    for (const projection of afferents(this.#circuit, VISUAL, "+")) {
      const stream = before.get(projection.from);
      if (!stream) continue;
      const back = this.#linear(this.#pooled(stream), `visual/from-${projection.from}`, width, projection); // [R, B, U]
      y = this.#perPicture(y, this.#scaled(back, projection), add);
    }
    return y;
  }

  /** x (1 - g sigmoid(W y + b)): the inhibitory source y closes units of its target. */
  #inhibited(x: Value, tokens: number, projection: Projection, streams: ReadonlyMap<string, Stream>): Value {
    const source = streams.get(projection.from)!;
    const width = x.shape[2] as number;
    const name = `${projection.to}/from-${projection.from}`;
    const closed = this.#scaled(sigmoid(this.#linear(source.x, name, width, projection)), projection);
    const open = sub(1, closed);
    return source.tokens === tokens ? mul(x, open) : this.#perPicture(x, open, mul);
  }

  /** Combines a stream `[R, M, U]` with one vector per picture `[R, B, U]`. */
  #perPicture(x: Value, y: Value, combine: (a: Value, b: Value) => Value): Value {
    const U = x.shape[2] as number;
    const RB = product([this.#options.replicas, this.#batch]);
    const tokens = this.#tokensOf(x);
    return reshape(combine(reshape(x, [RB, tokens, U]), reshape(y, [RB, 1, U])), x.shape);
  }

  #tokensOf(x: Value): number {
    const count = (dim: Dim) => (typeof dim === "number" ? dim : Number.parseInt(dim, 10));
    return count(x.shape[1]!) / count(this.#batch);
  }

  /** A self-attention block: attention, then feed-forward, each with a residual path. */
  #block(stream: Stream, nucleus: Nucleus, name: string): Value {
    const { tokens } = stream;
    const rate = nucleus.dropout.blocks;
    const attention = (x: Value) =>
      this.#dropout({ x: this.#attention({ x, tokens }, nucleus, name), tokens }, `${name}/attention`, rate);
    const feedForward = (x: Value) => {
      const activate = nucleus.norm === "post" ? relu : gelu;
      const hidden = activate(this.#linear(x, `${name}/expand`, nucleus.feedForward));
      const kept = this.#dropout({ x: hidden, tokens }, `${name}/hidden`, rate);
      const y = this.#linear(kept, `${name}/reduce`, x.shape[2] as number);
      return this.#dropout({ x: y, tokens }, `${name}/reduce`, rate);
    };
    if (nucleus.norm === "post") {
      const z = this.#norm(add(stream.x, attention(stream.x)), `${name}/norm1`);
      return this.#norm(add(z, feedForward(z)), `${name}/norm2`);
    }
    const gated = (y: Value, part: string) =>
      mul(y, this.#vector(`${name}/${part}`, y.shape[2] as number, nucleus.gate));
    const z = add(stream.x, gated(attention(this.#norm(stream.x, `${name}/norm1`)), "gate1"));
    return add(z, gated(feedForward(this.#norm(z, `${name}/norm2`)), "gate2"));
  }

  /** Multi-head attention: softmax(Q K' / sqrt K) V, heads side by side, then a linear map. */
  #attention({ x, tokens: T }: Stream, nucleus: Nucleus, name: string): Value {
    const H = nucleus.heads;
    const U = x.shape[2] as number;
    const RB = product([this.#options.replicas, this.#batch]);
    const split = (part: string) =>
      transpose(reshape(this.#linear(x, `${name}/${part}`, U), [RB, T, H, U / H]), [0, 2, 1, 3]); // [RB, H, T, K]
    const [query, key, value] = [split("query"), split("key"), split("value")];
    const scores = mul(matmul(query, swapLast(key)), 1 / Math.sqrt(U / H)); // [RB, H, T, T]
    const weights = this.#masked(softmax(scores), `${name}/weights`, [H, 1, T], nucleus.dropout.blocks);
    const mixed = matmul(weights, value); // [RB, H, T, K]
    return this.#linear(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape), `${name}/merge`, U);
  }

  /** Attention pooling: each of Q learned queries takes its own weighted mean over tokens; side by side. */
  #attentionPool({ x, tokens: T }: Stream, { id, pool }: Nucleus): Stream {
    if (T === 1) return { x, tokens: T };
    const U = x.shape[2] as number;
    const R = this.#options.replicas;
    const RB = product([R, this.#batch]);
    const scores = this.#linear(x, `${id}/pool`, pool, { initial: { kind: "constant", value: 0 } }); // [R, M, Q]: begins as the mean
    const weights = softmax(swapLast(reshape(scores, [RB, T, pool]))); // [RB, Q, T]
    const pooled = matmul(weights, reshape(x, [RB, T, U])); // [RB, Q, U]
    return { x: reshape(pooled, [R, this.#batch, pool * U]), tokens: 1 };
  }

  /** Mean over tokens: `[R, M, U] -> [R, B, U]`. */
  #pooled({ x, tokens }: Stream): Value {
    if (tokens === 1) return x;
    const U = x.shape[2] as number;
    const RB = product([this.#options.replicas, this.#batch]);
    return reshape(mean(reshape(x, [RB, tokens, U]), [1], false), [this.#options.replicas, this.#batch, U]);
  }

  #scaled(x: Value, projection: Projection): Value {
    const gain = this.#gain(projectionName(projection), []);
    return gain ? mul(x, gain) : x;
  }

  /** x W + b, for every replica with weights of its own: `[R, M, I] -> [R, M, U]`. */
  #linear(x: Value, name: string, width: number, connections: Connections = {}): Value {
    const fanIn = x.shape[2] as number;
    const weight = this.#weight(name, [fanIn, width], connections);
    return add(matmul(x, weight), this.#vector(`${name}/bias`, width, 0));
  }

  /** Weights `[R, I, U]`; of a sparse projection, all but a share `density` are zero. */
  #weight(name: string, shape: readonly [number, number], { density = 1, initial }: Connections): Value {
    const bound = 1 / Math.sqrt(shape[0] * density); // PyTorch's default for linear layers
    const spec = { initial: initial ?? { kind: "uniform" as const, bound }, decay: true, trained: true };
    const weight = this.#parameter({ ...spec, name: `${name}/weight`, shape });
    if (density === 1) return weight;
    const random = Random.seeded(0).at(name); // the same connections exist in every replica
    const exists = Float32Array.from({ length: shape[0] * shape[1] }, () =>
      random.uniform() < density ? 1 : 0,
    );
    return mul(weight, this.#graph.constant({ shape: [1, ...shape], data: exists }));
  }

  /** A bias, scale or gate `[R, 1, U]`. */
  #vector(name: string, width: number, value: number): Value {
    return this.#parameter({
      name,
      shape: [1, width],
      initial: { kind: "constant", value },
      decay: false,
      trained: true,
    });
  }

  /** What is known of the training pictures and is not trained, `[R, ...shape]`. */
  #statistic(
    name: string,
    shape: readonly number[],
    kind: "visual-center" | "visual-scale" | "rating-center" | "rating-scale",
  ): Value {
    return this.#parameter({ name, shape, initial: { kind }, decay: false, trained: false });
  }

  #parameter(spec: ParameterSpec): Value {
    const known = this.#parameters.get(spec.name);
    if (known) return known.value;
    const value = this.#graph.parameter(spec.name, [this.#options.replicas, ...spec.shape]);
    this.#parameters.set(spec.name, { spec, value });
    return value;
  }

  #norm(x: Value, name: string): Value {
    const width = x.shape[2] as number;
    return layerNorm(x, this.#vector(`${name}/scale`, width, 1), this.#vector(`${name}/shift`, width, 0));
  }

  /** Drops units, the same ones at every token of a picture. */
  #dropout({ x, tokens }: Stream, site: string, rate: number): Value {
    if (!this.#options.dropout || rate === 0) return x;
    const U = x.shape[2] as number;
    const RB = product([this.#options.replicas, this.#batch]);
    return reshape(this.#masked(reshape(x, [RB, tokens, U]), site, [1, U], rate), x.shape);
  }

  /** x `[RB, ...]` times a mask `[R, B, ...shape]` that the training step feeds. */
  #masked(x: Value, site: string, shape: readonly number[], rate: number): Value {
    if (!this.#options.dropout || rate === 0) return x;
    const name = `mask/${site}`;
    const { replicas } = this.#options;
    const full = [replicas, this.#batch as number, ...shape];
    this.#masks.push({ name, shape: full, rate });
    return mul(x, reshape(this.#graph.input(name, full), [replicas * (this.#batch as number), ...shape]));
  }

  #gain(name: string, shape: readonly number[]): Value | undefined {
    if (!this.#options.gains) return undefined;
    const known = this.#gains.get(name);
    if (known) return known.value;
    const value = this.#graph.input(`gain/${name}`, shape);
    this.#gains.set(name, { shape, value });
    return value;
  }
}
