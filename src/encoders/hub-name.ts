/**
 * @file The short form of an encoder of the Hugging Face hub: `owner/name@revision:file`, where revision and
 * file may be left out and `:fp16` stands for the half-precision file.
 */
import { unknownName } from "../errors.ts";

/** An encoder on the hub. */
export interface HubName {
  /** `owner/name`. */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Files that may hold the model, the first that exists is taken. */
  readonly files: readonly string[];
}

/** The files below a folder in the hub's layout that may hold a model, best first: vision alone before text and vision. */
export const MODEL_FILES = ["onnx/vision_model.onnx", "onnx/model.onnx", "model.onnx"] as const;

/** What exporters append to the name of a file for its precision. */
const SUFFIXES: ReadonlyMap<string, string> = new Map([
  ["fp32", ""],
  ["fp16", "_fp16"],
]);

const FORM = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@(\w[^:]*))?(?::(.+))?$/;

/**
 * Reads `owner/name`, `owner/name@revision`, `owner/name:onnx/model.onnx`, `owner/name@revision:fp16`.
 * @returns undefined for a text of another form
 * @throws ConfigError for an unknown precision or a file outside the repository.
 */
export function parseHubName(text: string): HubName | undefined {
  const [, repository, revision = "main", what = "fp32"] = FORM.exec(text) ?? [];
  if (repository === undefined) return undefined;
  if (what.endsWith(".onnx") && what.split("/").every((part) => !/^\.{0,2}$/.test(part))) {
    return { repository, revision, files: [what] };
  }
  const suffix = SUFFIXES.get(what);
  if (suffix === undefined) throw unknownName(text, "precision", what, [...SUFFIXES.keys(), "FILE.onnx"]);
  return { repository, revision, files: MODEL_FILES.map((file) => file.replace(".onnx", `${suffix}.onnx`)) };
}
