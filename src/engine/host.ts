/**
 * @file What runs beside the engine, in the worker of a process or of a tab: one onnxruntime session, the
 * values it holds, and the messages that reach it. It is told which onnxruntime to use and imports none.
 */
import type * as Ort from "onnxruntime-common";
import type { Data, NdArray } from "../core/array.ts";
import type { Arrays, SessionOptions } from "./session.ts";

/** What a client asks of its host; each request is answered by one `Reply` of the same id. */
export type Request = { readonly id: number } & (
  | { readonly kind: "open"; readonly model: Uint8Array; readonly options: SessionOptions }
  | { readonly kind: "hold"; readonly values: Arrays }
  | { readonly kind: "held"; readonly names: readonly string[] }
  | { readonly kind: "run"; readonly feeds: Arrays; readonly fetches?: readonly string[] | undefined }
  | { readonly kind: "close" }
);

/** A host's answer: a result or the text of a failure. */
export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: string });

type OrtModule = Pick<typeof Ort, "InferenceSession" | "Tensor">;

function toTensor(ort: OrtModule, array: NdArray<Data>): Ort.Tensor {
  const { data } = array;
  const dims = [...array.shape];
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, dims);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, dims);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, dims);
  if (data instanceof Uint8Array) return new ort.Tensor("uint8", data, dims);
  return new ort.Tensor("float64", data, dims);
}

function toArray(tensor: Ort.Tensor): NdArray<Data> {
  return { shape: [...tensor.dims], data: tensor.data as Data };
}

/**
 * The function that answers requests, for one session of the given onnxruntime.
 * @param settings session options of this onnxruntime beside those of the request
 */
export function createHost(
  ort: OrtModule,
  settings: (options: SessionOptions) => Ort.InferenceSession.SessionOptions,
): (request: Request) => Promise<Reply> {
  let session: Ort.InferenceSession | undefined;
  let carry: Readonly<Record<string, string>> = {};
  const values = new Map<string, Ort.Tensor>();

  const run = async (feeds: Arrays, fetches?: readonly string[]): Promise<Arrays> => {
    if (!session) throw new Error("the session is closed");
    const inputs: Record<string, Ort.Tensor> = {};
    for (const name of session.inputNames) {
      const fed = feeds[name];
      const value = fed ? toTensor(ort, fed) : values.get(name);
      if (!value) throw new Error(`input "${name}" was neither fed nor held`);
      inputs[name] = value;
    }
    const carried = Object.keys(carry);
    const wanted = fetches ?? session.outputNames.filter((name) => !(name in carry));
    const outputs = await session.run(inputs, [...new Set([...wanted, ...carried])]);
    for (const name of carried) values.set(carry[name]!, outputs[name]!);
    return Object.fromEntries(wanted.map((name) => [name, toArray(outputs[name]!)]));
  };

  const answer = async (request: Request): Promise<unknown> => {
    switch (request.kind) {
      case "open":
        session = await ort.InferenceSession.create(request.model, settings(request.options));
        carry = request.options.carry ?? {};
        return { inputs: session.inputNames, outputs: session.outputNames };
      case "hold":
        for (const [name, array] of Object.entries(request.values)) values.set(name, toTensor(ort, array));
        return undefined;
      case "held":
        return Object.fromEntries(
          request.names.map((name) => {
            const value = values.get(name);
            if (!value) throw new Error(`no value is held for "${name}"`);
            return [name, toArray(value)];
          }),
        );
      case "run":
        return run(request.feeds, request.fetches);
      case "close":
        await session?.release();
        session = undefined;
        values.clear();
        return undefined;
    }
  };

  let last: Promise<unknown> = Promise.resolve(); // runs follow one another
  return (request) => {
    const reply = last.then(() =>
      answer(request).then(
        (result): Reply => ({ id: request.id, result }),
        (error): Reply => ({
          id: request.id,
          failure: error instanceof Error ? error.message : String(error),
        }),
      ),
    );
    last = reply;
    return reply;
  };
}
