/**
 * @file The engine's one interface: an ONNX model that runs somewhere (a worker of Node, a tab). State
 * that a model carries from run to run (parameters, moments) and arrays that never change (tokens) stay
 * with the engine, so that a training step moves only its batch.
 */
import type { Data, NdArray } from "../core/array.ts";

/** Arrays by the name of the model's input or output. */
export type Arrays = Readonly<Record<string, NdArray<Data>>>;

/** How to open a session. */
export interface SessionOptions {
  /** Threads of one operator; default: the machine's cores. */
  readonly threads?: number;
  /** Execution provider; default: `VCA_PROVIDER` or `cpu` in Node, `wasm` in a browser. */
  readonly provider?: string;
  /** `{output: input}`: after each run the output becomes the input's held value, and is not returned. */
  readonly carry?: Readonly<Record<string, string>>;
}

/** A loaded model. Runs of one session follow one another in the order of their calls. */
export interface Session {
  /** Names of the inputs that the model requires. */
  readonly inputs: readonly string[];
  /** Names of the outputs, carried ones included. */
  readonly outputs: readonly string[];
  /** Gives inputs values that hold until replaced; they need not be fed again. */
  hold(values: Arrays): Promise<void>;
  /** The present values of held inputs. */
  held(names: readonly string[]): Promise<Record<string, NdArray<Data>>>;
  /**
   * Runs the model on `feeds` and the held inputs.
   * @param fetches outputs to compute and return; default: all that are not carried
   * @param options.handOver give the arrays of `feeds`, each on a buffer of its own, away instead of copying them: they are empty afterwards; default false
   * @throws EngineError when an input is missing or the engine fails.
   */
  run(
    feeds: Arrays,
    fetches?: readonly string[],
    options?: { readonly handOver?: boolean },
  ): Promise<Record<string, NdArray<Data>>>;
  /** Frees the model. The session cannot be used afterwards. */
  close(): Promise<void>;
}
