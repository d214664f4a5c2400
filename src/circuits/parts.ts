/**
 * @file What a circuit is made of besides equations: its parameters (with how each begins), dropout masks
 * and gains, registered by name while `model.ts` writes the equations down, and what it then gives back.
 */
import { Random } from "../core/random.ts";
import { add, type Graph, mul, reshape, type Value } from "../graph/build.ts";
import { type Dim, product } from "../graph/shape.ts";

/** A statistic of the training pictures: mean or deviation of token channels, summary channels, ratings. */
export type Statistic = `${"tokens" | "summary" | "ratings"}/${"center" | "scale"}`;

/** How a parameter begins: one value, drawn, or a statistic of the training pictures. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly sd: number }
  | { readonly kind: "statistic"; readonly of: Statistic };

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

/** Connections of a projection or layer. */
export interface Connections {
  /** Share that exists, default 1. */
  readonly density?: number;
  /** Default: uniform on +-1/sqrt(inputs), as PyTorch's linear layers. */
  readonly initial?: Initial;
}

/** He et al. 2015, "Delving deep into rectifiers": keeps the variance through rectified units. */
export const heNormal = (fanIn: number): Initial => ({ kind: "normal", sd: Math.sqrt(2 / fanIn) });

/** Every entry of a weight or bias alike. */
export const constant = (value: number): Initial => ({ kind: "constant", value });

/** What a circuit makes of a batch. */
export interface Applied {
  /** Valence and arousal on the scale of the ratings: `[R, B, 2]`. */
  readonly predictions: Value;
  /** The deviation of the training ratings, by which errors are measured: `[R, 1, 2]`. */
  readonly ratingScale: Value;
  /** Each nucleus's units, averaged over tokens, after gain: `[R, B, U]`. */
  readonly activations: ReadonlyMap<string, Value>;
  /** Weights of each attending nucleus in the last pass, of its summary attention or of block after block: `[R B, H, queries, T]`. */
  readonly attention: ReadonlyMap<string, readonly Value[]>;
  readonly parameters: readonly ParameterSpec[];
  /** The parameters' values in the graph, by name: `[R, ...shape]`. */
  readonly values: ReadonlyMap<string, Value>;
  readonly masks: readonly MaskSpec[];
}

/** How to apply a circuit. */
export interface ApplyOptions {
  readonly replicas: number;
  /** Every nucleus and projection gets a gain input; 1 is rest. */
  readonly gains?: boolean;
  /** Beside gains, every nucleus gets an offset input, added after gain; 0 is rest. */
  readonly offsets?: boolean;
  /** Dropout masks become inputs. */
  readonly dropout?: boolean;
}

/** The register of one circuit in one graph. */
export class Parts {
  readonly graph: Graph;
  readonly options: ApplyOptions;
  readonly batch: Dim;
  readonly parameters = new Map<string, { readonly spec: ParameterSpec; readonly value: Value }>();
  readonly masks: MaskSpec[] = [];
  readonly #settings = new Map<string, Value>();
  readonly #maskInputs = new Map<string, Value>();

  constructor(graph: Graph, options: ApplyOptions, batch: Dim) {
    this.graph = graph;
    this.options = options;
    this.batch = batch;
  }

  /** Weights `[R, I, U]`; of a sparse projection, all but a share `density` are zero. */
  weight(name: string, shape: readonly [number, number], { density = 1, initial }: Connections): Value {
    const bound = 1 / Math.sqrt(shape[0] * density);
    const spec = { initial: initial ?? { kind: "uniform" as const, bound }, decay: true, trained: true };
    const weight = this.#parameter({ ...spec, name: `${name}/weight`, shape });
    if (density === 1) return weight;
    const random = Random.seeded(0).at(name); // the same connections exist in every replica
    const exists = Float32Array.from({ length: shape[0] * shape[1] }, () =>
      random.uniform() < density ? 1 : 0,
    );
    return mul(weight, this.graph.constant({ shape: [1, ...shape], data: exists }));
  }

  /** A bias, scale or gate `[R, 1, U]`, not decayed. */
  vector(name: string, width: number, value: number): Value {
    return this.#parameter({
      name,
      shape: [1, width],
      initial: constant(value),
      decay: false,
      trained: true,
    });
  }

  /** What is known of the training pictures and is not trained, `[R, ...shape]`. */
  statistic(of: Statistic, shape: readonly number[]): Value {
    return this.#parameter({
      name: of,
      shape,
      initial: { kind: "statistic", of },
      decay: false,
      trained: false,
    });
  }

  /** x `[RB, ...]` times a mask `[R, B, ...shape]` that the training step feeds. */
  masked(x: Value, site: string, shape: readonly number[], rate: number): Value {
    if (!this.options.dropout || rate === 0) return x;
    const name = `mask/${site}`;
    const full = [this.options.replicas, this.batch as number, ...shape];
    const known = this.#maskInputs.get(name); // every pass drops the same
    const mask = known ?? this.graph.input(name, full);
    if (!known) this.masks.push({ name, shape: full, rate });
    this.#maskInputs.set(name, mask);
    return mul(x, reshape(mask, [product(full.slice(0, 2)), ...shape]));
  }

  /**
   * x `[R, M, U]` times a gain input, where gains are asked for: of a projection `[]`, of a nucleus one number
   * per unit of every replica `[R U]`, the units of replica 0 first. With `offsets`, a nucleus's offset input is then added.
   */
  scaled(x: Value, name: string, of: "nucleus" | "projection"): Value {
    const { replicas, gains, offsets } = this.options;
    if (!gains) return x;
    if (of === "projection") return mul(x, this.#setting(`gain/${name}`, []));
    const U = x.shape[2] as number;
    const perUnit = (kind: "gain" | "offset") =>
      reshape(this.#setting(`${kind}/${name}`, [replicas * U]), [replicas, 1, U]);
    const y = mul(x, perUnit("gain"));
    return offsets ? add(y, perUnit("offset")) : y;
  }

  /** An input that every pass shares. */
  #setting(name: string, shape: readonly number[]): Value {
    const value = this.#settings.get(name) ?? this.graph.input(name, shape);
    this.#settings.set(name, value);
    return value;
  }

  #parameter(spec: ParameterSpec): Value {
    const known = this.parameters.get(spec.name);
    if (known) return known.value;
    const value = this.graph.parameter(spec.name, [this.options.replicas, ...spec.shape]);
    this.parameters.set(spec.name, { spec, value });
    return value;
  }
}
