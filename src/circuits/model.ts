/**
 * @file The model, whole: from tokens to valence and arousal. Training, inference, export and lesions all
 * call `applyCircuit`; no equation of the model stands anywhere else.
 *
 * Axes: R replicas (fold x seed, each a network of its own), B pictures, T tokens, M = B T, D visual
 * channels, U units, H heads, K width of a head. A stream of activity is `[R, M, U]`.
 *
 * Source: Liu, Bo, Chen, Keil, Ding & Fang 2025, bioRxiv 10.1101/2025.10.20.683439; blocks are those of
 * Vaswani et al. 2017. Differs from the paper where a circuit says so: sums of projections, summary
 * attention, inhibition, pre-norm gated blocks, feedback.
 */

import { zeros } from "../core/array.ts";
import {
  add,
  broadcast,
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
  slice,
  softmax,
  sub,
  sum,
  swapLast,
  transpose,
  type Value,
} from "../graph/build.ts";
import { type Dim, product } from "../graph/shape.ts";
import {
  afferents,
  type Circuit,
  type Nucleus,
  type Projection,
  projectionName,
  type SummaryAttention,
  VISUAL,
} from "./circuit.ts";
import { type Applied, type ApplyOptions, type Connections, constant, heNormal, Parts } from "./parts.ts";

interface Stream {
  readonly x: Value; // [R, M, U]
  readonly tokens: number;
}

type Streams = ReadonlyMap<string, Stream>;

/**
 * Adds a circuit to `graph`.
 * @param visual the visual stream `[B, T, D]` (T = 1 when it is pooled), and whether token 0 is a CLS token
 */
export function applyCircuit(
  graph: Graph,
  circuit: Circuit,
  visual: { tokens: Value; hasCls: boolean },
  options: ApplyOptions,
): Applied {
  return new Application(graph, circuit, visual, options).run();
}

/** onnxruntime adds up products of at most 64 columns in longer stretches (MLAS, sgemm.cpp: StrideN, StrideK). */
const ENOUGH_COLUMNS = 128;

class Application {
  readonly #circuit: Circuit;
  readonly #visual: { readonly tokens: Value; readonly hasCls: boolean };
  readonly #parts: Parts;
  readonly #attention = new Map<string, Value[]>();
  /** R, B, T, D of the visual stream; B may be symbolic. */
  readonly #R: number;
  readonly #B: Dim;
  readonly #T: number;
  readonly #D: number;

  constructor(
    graph: Graph,
    circuit: Circuit,
    visual: { tokens: Value; hasCls: boolean },
    options: ApplyOptions,
  ) {
    const [B, T, D] = visual.tokens.shape as [Dim, number, number];
    this.#circuit = circuit;
    this.#visual = visual;
    this.#parts = new Parts(graph, options, B);
    this.#R = options.replicas;
    this.#B = B;
    this.#T = T;
    this.#D = D;
  }

  run(): Applied {
    const { nuclei, passes, readout, untrained } = this.#circuit;
    const { graph } = this.#parts;
    let streams = new Map<string, Stream>();
    for (let pass = 0; pass < passes; pass++) {
      const before = streams;
      streams = new Map();
      this.#attention.clear();
      for (const nucleus of nuclei) {
        streams.set(
          nucleus.id,
          graph.scope(nucleus.id, () => this.#nucleus(nucleus, streams, before)),
        );
      }
    }
    const activations = new Map([...streams].map(([id, stream]) => [id, this.#pooled(stream)]));
    const standardised = graph.scope("readout", () =>
      this.#linear(
        activations.get(readout)!,
        "readout",
        2,
        untrained === "mean" ? { initial: constant(0) } : {},
      ),
    ); // [R, B, 2]
    const ratingScale = this.#parts.statistic("ratings/scale", [1, 2]);
    const { parameters, masks } = this.#parts;
    return {
      predictions: add(mul(standardised, ratingScale), this.#parts.statistic("ratings/center", [1, 2])),
      ratingScale,
      activations,
      attention: this.#attention,
      parameters: [...parameters.values()].map(({ spec }) => spec),
      values: new Map([...parameters].map(([name, { value }]) => [name, value])),
      masks,
    };
  }

  /** y = gain * output(blocks(inhibition(input))) */
  #nucleus(nucleus: Nucleus, streams: Streams, before: Streams): Stream {
    const { id } = nucleus;
    const { x: input, tokens } = this.#input(nucleus, streams, before);
    let x = input;
    for (const projection of afferents(this.#circuit, id, "-"))
      x = this.#inhibited({ x, tokens }, projection, streams);
    for (let block = 1; block <= nucleus.blocks; block++) {
      x = this.#parts.graph.scope(`block${block}`, () =>
        this.#block({ x, tokens }, nucleus, `${id}/block${block}`),
      );
    }
    if (nucleus.output !== "none") x = this.#linear(x, `${id}/output`, nucleus.output);
    if (nucleus.rectify) x = relu(x);
    x = this.#dropout({ x, tokens }, `${id}/output`, nucleus.dropout.output);
    return { x: this.#parts.scaled(x, id, "nucleus"), tokens };
  }

  /** The afferents of a nucleus: side by side, or each mapped to `input` channels and added. */
  #input(nucleus: Nucleus, streams: Streams, before: Streams): Stream {
    const projections = afferents(this.#circuit, nucleus.id, "+");
    const { input, summary } = nucleus;
    const visualTokens = summary === "none" ? this.#T : 1;
    const tokens = Math.min(...projections.map(({ from }) => streams.get(from)?.tokens ?? visualTokens)); // a source with more sends their mean
    const fanIn = projections.reduce(
      (total, { from }) => total + ((streams.get(from)?.x ?? this.#visual.tokens).shape[2] as number),
      0,
    );
    const fitting = (stream: Stream) => (stream.tokens === tokens ? stream.x : this.#pooled(stream));
    const arriving = (projection: Projection): Value => {
      const { from, density } = projection;
      const name = `${nucleus.id}/from-${from}`;
      const source = streams.get(from);
      if (!source) {
        if (input === "concat") return fitting({ x: this.#visualRaw(), tokens: this.#T });
        const seen =
          summary === "none"
            ? this.#visualMapped(name, input, projection)
            : this.#summaryAttention(name, input, nucleus);
        return fitting({ x: this.#withFeedback(seen, name, before), tokens: visualTokens });
      }
      const x = fitting(source);
      return input === "concat"
        ? x
        : this.#linear(x, name, input, { density, initial: heNormal(fanIn * density) });
    };
    const parts = projections.map((projection) =>
      this.#parts.scaled(arriving(projection), projectionName(projection), "projection"),
    );
    return {
      x: input === "concat" ? concat(parts, 2) : parts.reduce((total, part) => add(total, part)),
      tokens,
    };
  }

  /** The tokens as they are, for every replica: `[R, M, D]`. */
  #visualRaw(): Value {
    const flat = reshape(this.#visual.tokens, [1, product([this.#B, this.#T]), this.#D]);
    return this.#R === 1 ? flat : add(flat, this.#parts.graph.constant(zeros([this.#R, 1, 1])));
  }

  /**
   * The standardised tokens through weights, `(x - center) / scale W + b`: `[R, M, U]`. One product that all
   * replicas share, `[M, D] x [D, R U]`, twice as fast as R products.
   */
  #visualMapped(name: string, width: number, connections: Connections): Value {
    const [R, D, M] = [this.#R, this.#D, product([this.#B, this.#T])];
    const { weight, bias } = this.#visualWeights(name, width, connections);
    const shared = reshape(transpose(weight, [1, 0, 2]), [D, R * width]);
    const y = reshape(this.#wideProduct(reshape(this.#visual.tokens, [M, D]), shared), [M, R, width]);
    return add(transpose(y, [1, 0, 2]), bias); // [R, M, U]
  }

  /** Weights `[R, D, U]` and bias `[R, 1, U]` by which `(x - center) / scale W + b` is one product of the tokens x as they are. */
  #visualWeights(name: string, width: number, { density = 1 }: Connections) {
    const D = this.#D;
    const weight = this.#parts.weight(name, [D, width], { density, initial: heNormal(D * density) });
    const bias = this.#parts.vector(`${name}/bias`, width, 0);
    if (!this.#circuit.standardise) return { weight, bias };
    const scaled = div(weight, this.#parts.statistic("tokens/scale", [D, 1]));
    return {
      weight: scaled,
      bias: sub(bias, matmul(this.#parts.statistic("tokens/center", [1, D]), scaled)),
    };
  }

  /** x W, with columns of zeros where W has few, so that the last bits of a column do not depend on how many there are. */
  #wideProduct(x: Value, weight: Value): Value {
    const [D, N] = weight.shape as [number, number];
    if (N >= ENOUGH_COLUMNS) return matmul(x, weight);
    const zero = this.#parts.graph.constant(zeros([1, 1]));
    const padded = concat([weight, broadcast(zero, [D, ENOUGH_COLUMNS - N])], 1);
    return slice(matmul(x, padded), 1, 0, N);
  }

  /** The picture's summary, standardised: the CLS token where there is one, then the mean patch: `[R, B, F]`. */
  #summary(): Value {
    const { tokens, hasCls } = this.#visual;
    const cls = hasCls && this.#T > 1 ? slice(tokens, 1, 0, 1) : undefined; // [B, 1, D]
    const average = cls ? mul(sub(sum(tokens, [1]), cls), 1 / (this.#T - 1)) : mean(tokens, [1]); // [B, 1, D]
    const F = cls ? 2 * this.#D : this.#D;
    const whole = reshape(cls ? concat([cls, average], 2) : average, [1, this.#B, F]);
    const centered = sub(whole, this.#parts.statistic("summary/center", [1, F]));
    return div(centered, this.#parts.statistic("summary/scale", [1, F]));
  }

  /**
   * What the whole picture says, and what is seen where it makes one look: with s the summary, x the standardised
   * tokens and p = x W + b these reduced to P channels, s S + gate * [softmax(q k' / sqrt K) p, heads side by side] V,
   * where q = s Q and k = p K: `[R, B, U]`.
   *
   * The products are taken in an order in which none has tokens x channels rows and columns: q k' is (q K' W') x',
   * but for what is equal at all tokens, which softmax ignores, and softmax(...) p is (softmax(...) x) W + b.
   */
  #summaryAttention(name: string, width: number, { id, summary, dropout }: Nucleus): Value {
    const { heads: H, channels: P, keys: K } = summary as SummaryAttention;
    const [R, B, T, D] = [this.#R, this.#B, this.#T, this.#D];
    const { tokens } = this.#visual;
    const whole = this.#summary();
    const F = whole.shape[2] as number;
    const s = this.#dropout({ x: whole, tokens: 1 }, `${name}/summary`, dropout.input);
    const reduced = this.#visualWeights(`${name}/reduced`, P, {});
    const key = this.#parts.weight(`${name}/key`, [P, H * K], {}); // [R, P, H K]

    const query = reshape(this.#linear(s, `${name}/query`, H * K), [R, B, H, K]);
    const keys = reshape(key, [R, P, H, K]);
    const sought = matmul(transpose(query, [0, 2, 1, 3]), transpose(keys, [0, 2, 3, 1])); // [R, H, B, P]
    const wanted = matmul(reshape(sought, [R, product([H, B]), P]), swapLast(reduced.weight)); // [R, H B, D]
    const byPicture = transpose(reshape(wanted, [R, H, B, D]), [2, 0, 1, 3]); // [B, R, H, D]
    const scores = matmul(reshape(byPicture, [B, R * H, D]), swapLast(tokens)); // [B, R H, T]
    const weights = softmax(mul(scores, 1 / Math.sqrt(K)));
    const perReplica = transpose(reshape(weights, [B, R, H, T]), [1, 0, 2, 3]); // [R, B, H, T]
    this.#remember(id, reshape(perReplica, [product([R, B]), H, 1, T]));

    const found = reshape(matmul(weights, tokens), [B, R, H, D]);
    const seen = reshape(transpose(found, [1, 0, 2, 3]), [R, product([B, H]), D]);
    const looks = add(matmul(seen, reduced.weight), reduced.bias); // [R, B H, P]
    const y = this.#linear(reshape(looks, [R, B, H * P]), `${name}/found`, width);
    const gate = this.#parts.vector(`${name}/gate`, width, 1);
    return add(this.#linear(s, name, width, { initial: heNormal(F) }), mul(gate, y));
  }

  /** From the second pass on, projections to the visual stream add to what it sends, equally to all tokens. */
  #withFeedback(x: Value, name: string, before: Streams): Value {
    let y = x;
    for (const projection of afferents(this.#circuit, VISUAL, "+")) {
      const stream = before.get(projection.from);
      if (!stream) continue;
      const back = this.#linear(
        this.#pooled(stream),
        `${name}/from-${projection.from}`,
        x.shape[2] as number,
        projection,
      ); // [R, B, U]
      y = this.#perPicture(y, this.#parts.scaled(back, projectionName(projection), "projection"), add);
    }
    return y;
  }

  /** x (1 - gain sigmoid(y W + b)): the inhibitory source y closes units of its target; at first it closes an eighth. */
  #inhibited({ x, tokens }: Stream, projection: Projection, streams: Streams): Value {
    const source = streams.get(projection.from)!;
    const width = x.shape[2] as number;
    const name = `${projection.to}/from-${projection.from}`;
    const alike = source.tokens === tokens;
    const y = alike ? source.x : this.#pooled(source);
    const sent = this.#linear(y, name, width, projection, -2);
    const open = sub(1, this.#parts.scaled(sigmoid(sent), projectionName(projection), "projection"));
    return alike ? mul(x, open) : this.#perPicture(x, open, mul);
  }

  /** A self-attention block: attention, then feed-forward, each with a residual path. */
  #block(stream: Stream, nucleus: Nucleus, name: string): Value {
    const { tokens } = stream;
    const rate = nucleus.dropout.blocks;
    const attention = (x: Value) =>
      this.#dropout({ x: this.#attended({ x, tokens }, nucleus, name), tokens }, `${name}/attention`, rate);
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
      mul(y, this.#parts.vector(`${name}/${part}`, y.shape[2] as number, nucleus.gate));
    const z = add(stream.x, gated(attention(this.#norm(stream.x, `${name}/norm1`)), "gate1"));
    return add(z, gated(feedForward(this.#norm(z, `${name}/norm2`)), "gate2"));
  }

  /** Multi-head self-attention: softmax(Q K' / sqrt K) V, heads side by side, then a linear map. */
  #attended({ x, tokens: T }: Stream, { id, heads: H, dropout }: Nucleus, name: string): Value {
    const U = x.shape[2] as number;
    const RB = product([this.#R, this.#B]);
    const split = (part: string) =>
      transpose(reshape(this.#linear(x, `${name}/${part}`, U), [RB, T, H, U / H]), [0, 2, 1, 3]); // [RB, H, T, K]
    const [query, key, value] = [split("query"), split("key"), split("value")];
    const scores = mul(matmul(query, swapLast(key)), 1 / Math.sqrt(U / H)); // [RB, H, T, T]
    const weights = softmax(scores);
    this.#remember(id, weights);
    const kept = this.#parts.masked(weights, `${name}/weights`, [H, 1, T], dropout.blocks);
    const mixed = matmul(kept, value); // [RB, H, T, K]
    return this.#linear(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape), `${name}/merge`, U);
  }

  /** Keeps how much each token counts, `[R B, H, queries, T]`, as attention of nucleus `id`. */
  #remember(id: string, weights: Value): void {
    this.#attention.set(id, [...(this.#attention.get(id) ?? []), weights]);
  }

  /** x W + b, every replica with weights of its own: `[R, M, I] -> [R, M, U]`. */
  #linear(x: Value, name: string, width: number, connections: Connections = {}, bias = 0): Value {
    const weight = this.#parts.weight(name, [x.shape[2] as number, width], connections);
    return add(matmul(x, weight), this.#parts.vector(`${name}/bias`, width, bias));
  }

  #norm(x: Value, name: string): Value {
    const width = x.shape[2] as number;
    return layerNorm(
      x,
      this.#parts.vector(`${name}/scale`, width, 1),
      this.#parts.vector(`${name}/shift`, width, 0),
    );
  }

  /** Drops units, the same ones at every token of a picture. */
  #dropout({ x, tokens }: Stream, site: string, rate: number): Value {
    if (!this.#parts.options.dropout || rate === 0) return x;
    const U = x.shape[2] as number;
    const perPicture = reshape(x, [product([this.#R, this.#B]), tokens, U]);
    return reshape(this.#parts.masked(perPicture, site, [1, U], rate), x.shape);
  }

  /** Mean over tokens: `[R, M, U] -> [R, B, U]`. */
  #pooled({ x, tokens }: Stream): Value {
    if (tokens === 1) return x;
    const U = x.shape[2] as number;
    const perPicture = reshape(x, [product([this.#R, this.#B]), tokens, U]);
    return reshape(mean(perPicture, [1], false), [this.#R, this.#B, U]);
  }

  /** Combines a stream `[R, M, U]` with one vector per picture `[R, B, U]`. */
  #perPicture(x: Value, y: Value, combine: (a: Value, b: Value) => Value): Value {
    const U = x.shape[2] as number;
    const count = (dim: Dim) => (typeof dim === "number" ? dim : Number.parseInt(dim, 10));
    const tokens = count(x.shape[1]!) / count(this.#B);
    const RB = product([this.#R, this.#B]);
    return reshape(combine(reshape(x, [RB, tokens, U]), reshape(y, [RB, 1, U])), x.shape);
  }
}
