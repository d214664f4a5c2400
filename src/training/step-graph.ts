/**
 * @file One training step as one ONNX graph: forward pass, loss, backward pass, optimizer, moving average.
 * A step is a pure function of (parameters, batch, masks, learning rate).
 */
import type { Circuit, VisualShape } from "../circuits/circuit.ts";
import { applyCircuit } from "../circuits/model.ts";
import type { MaskSpec, ParameterSpec } from "../circuits/parts.ts";
import { gradients } from "../graph/backward.ts";
import { add, div, Graph, matmul, mul, relu, reshape, sub, sum, type Value } from "../graph/build.ts";
import { adamw, MOMENTS, sgd } from "../graph/optimizer.ts";
import type { Recipe } from "./recipe.ts";

/** Lengths of a training step's axes. */
export interface StepShape extends VisualShape {
  readonly replicas: number;
  readonly batch: number;
  /** Whether each replica learns ratings of its own. */
  readonly ownRatings?: boolean;
}

/** A training step and what a loop must know to run it. */
export interface StepGraph {
  readonly graph: Graph;
  readonly parameters: readonly ParameterSpec[];
  readonly masks: readonly MaskSpec[];
  /** Arrays that go from step to step, `{output: input}`: trained parameters and their state. */
  readonly carry: Readonly<Record<string, string>>;
  /** Carried arrays beside the parameters; `average-of` a parameter begins as the parameter, others as zeros. */
  readonly state: readonly {
    readonly name: string;
    readonly parameter: ParameterSpec;
    readonly average: boolean;
  }[];
}

const BETA = 0.5; // of the published code's smooth L1

/** |e| smoothed near 0: e^2 / (2 beta) below beta, |e| - beta / 2 above. */
function smoothL1(e: Value): Value {
  const size = add(relu(e), relu(mul(e, -1)));
  const near = sub(BETA, relu(sub(BETA, size))); // min(|e|, beta)
  return add(mul(mul(near, near), 0.5 / BETA), sub(size, near));
}

/**
 * The loss of every replica, `[R]`: over both scales weighted by `lossWeights` `[2]`, over pictures by
 * `sampleWeights` `[R, B]`, which are 0 where a replica may not see a picture and sum to 1.
 */
function replicaLosses(graph: Graph, error: Value, recipe: Recipe): Value {
  const [R, B] = error.shape as [number, number];
  const squared = mul(error, error);
  const only = (valence: number, arousal: number) =>
    graph.constant({ shape: [2], data: Float32Array.of(valence, arousal) });
  const perScale =
    recipe.loss === "mse" ? squared : add(mul(squared, only(1, 0)), mul(smoothL1(error), only(0, 1)));
  const perPicture = sum(mul(perScale, graph.input("lossWeights", [2])), [2], false); // [R, B]
  const sampleWeights = reshape(graph.input("sampleWeights", [R, B]), [R, B, 1]);
  return reshape(matmul(reshape(perPicture, [R, 1, B]), sampleWeights), [R]); // a product adds in one order whatever R is
}

/**
 * Builds the step of a circuit and a recipe. Its inputs are `tokens` `[B, T, D]`, `ratings` `[B, 2]` (`[R, B, 2]` where
 * replicas have their own),
 * `sampleWeights`, `lossWeights`, `lr`, for AdamW `c1` and `c2`, the masks, and what it carries; its
 * outputs are `losses` `[R]` and what it carries.
 */
export function buildStep(circuit: Circuit, recipe: Recipe, shape: StepShape): StepGraph {
  const { replicas, batch } = shape;
  const graph = new Graph();
  const visual = { tokens: graph.input("tokens", [batch, shape.tokens, shape.width]), hasCls: shape.hasCls };
  const applied = applyCircuit(graph, circuit, visual, { replicas, dropout: true });
  const ratings = shape.ownRatings
    ? graph.input("ratings", [replicas, batch, 2])
    : reshape(graph.input("ratings", [batch, 2]), [1, batch, 2]);
  const error = div(sub(applied.predictions, ratings), applied.ratingScale);
  const losses = graph.scope("loss", () => replicaLosses(graph, error, recipe));
  graph.output("losses", losses);

  const trained = applied.parameters.filter((parameter) => parameter.trained);
  const values = trained.map(({ name }) => applied.values.get(name)!);
  const found = gradients(sum(losses, [0], false), values); // replicas share no parameter, so each gets its own gradient
  const carry: Record<string, string> = {};
  const state: { name: string; parameter: ParameterSpec; average: boolean }[] = [];
  const carried = (name: string, next: Value) => {
    carry[`next/${name}`] = name;
    graph.output(`next/${name}`, next);
  };

  const { optimizer } = recipe;
  const lr = graph.input("lr", []);
  const adam =
    optimizer.kind === "adamw" ? { lr, c1: graph.input("c1", []), c2: graph.input("c2", []) } : undefined;
  trained.forEach((parameter, i) => {
    const value = values[i]!;
    const { name } = parameter;
    const moments = Array.from({ length: MOMENTS[optimizer.kind] }, (_, k) => {
      state.push({ name: `${name}:moment${k + 1}`, parameter, average: false });
      return graph.input(`${name}:moment${k + 1}`, value.shape);
    });
    const before = { parameter: value, gradient: found[i]!, moments };
    const decay = parameter.decay ? optimizer.decay : 0;
    const update = graph.scope(`update/${name}`, () =>
      optimizer.kind === "adamw"
        ? adamw(before, adam!, { decay, beta2: optimizer.beta2 })
        : sgd(before, { lr }, { ...optimizer, decay }),
    );
    carried(name, update.parameter);
    update.moments.forEach((moment, k) => {
      carried(`${name}:moment${k + 1}`, moment);
    });
    if (recipe.ema === 0) return;
    state.push({ name: `${name}:average`, parameter, average: true });
    const average = graph.input(`${name}:average`, value.shape);
    carried(`${name}:average`, add(mul(average, recipe.ema), mul(update.parameter, 1 - recipe.ema)));
  });
  return { graph, parameters: applied.parameters, masks: applied.masks, carry, state };
}
