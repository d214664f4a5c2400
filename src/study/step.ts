/**
 * @file A study is a graph of steps. A step is a pure function of its options and of the steps that it reads, and is
 * named by the hash of both and of the program's version: the same step is never computed twice, an edited study computes
 * only what changed. Its results lie in `steps/<kind>-<hash>/`; a file beside them says that they are whole.
 */
import { exists, readText, sha256, writeFileAtomic } from "#files";
import { unknownName, VcaError } from "../errors.ts";

/** What a step does. */
export type StepKind = "features" | "fit" | "units" | "geometry" | "lesions" | "attention" | "test";

/** Plain data. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** One step of a study. */
export interface Step {
  /** The first 16 digits of the hash. */
  readonly hash: string;
  readonly kind: StepKind;
  /** For people, such as `fit vca on efficientnet-lite0, 10 random folds`. */
  readonly name: string;
  /** Where it stands in the study: encoder, circuit, split. */
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Json;
  /** Hashes of the steps whose results it reads, in the order in which it takes them. */
  readonly inputs: readonly string[];
}

/** What remains of a step that was carried out. */
export interface Receipt {
  readonly name: string;
  readonly seconds: number;
  /** ISO 8601. */
  readonly finished: string;
  /** Of fits and tests: what their commands print as JSON; of attention, its nuclei. */
  readonly result?: unknown;
}

/** JSON with sorted keys, so that equal data has equal text. */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(",")}}`;
}

/**
 * A step with its hash.
 * @param version of the program
 * @param depends digests of what the options only name: files of pictures, encoders and circuits
 */
export function makeStep(
  { inputs, ...step }: Omit<Step, "hash" | "inputs"> & { inputs: readonly Step[] },
  { version, depends }: { version: string; depends: Json },
): Step {
  const hashes = inputs.map(({ hash }) => hash);
  const { kind, options } = step;
  const hash = sha256(canonicalJson({ kind, options, version, depends, inputs: hashes })).slice(0, 16);
  return { ...step, hash, inputs: hashes };
}

/** The folder of a step's results in a study's folder. */
export function stepFolder(study: string, { kind, hash }: Pick<Step, "kind" | "hash">): string {
  return `${study}/steps/${kind}-${hash}`;
}

/** The folder of a study's first fit; of anything else, the folder itself: so a study can be given where a run is expected. */
export async function mainRun(path: string): Promise<string> {
  const file = `${path}/plan.json`;
  if (!(await exists(file))) return path;
  const first = (JSON.parse(await readText(file)) as Step[]).find(({ kind }) => kind === "fit");
  return first ? stepFolder(path, first) : path;
}

/** What a finished step left; undefined for one that is not finished. */
export async function readReceipt(study: string, step: Step): Promise<Receipt | undefined> {
  const file = `${stepFolder(study, step)}.json`;
  return (await exists(file)) ? (JSON.parse(await readText(file)) as Receipt) : undefined;
}

/** Marks a step as finished. */
export async function writeReceipt(
  study: string,
  step: Step,
  { seconds, result }: Pick<Receipt, "seconds" | "result">,
): Promise<void> {
  const receipt: Receipt = { name: step.name, seconds, finished: new Date().toISOString(), result };
  await writeFileAtomic(`${stepFolder(study, step)}.json`, `${JSON.stringify(receipt, null, 2)}\n`);
}

/** Writes the plan of a study, for steps that run alone. */
export async function writePlan(study: string, plan: readonly Step[]): Promise<void> {
  await writeFileAtomic(`${study}/plan.json`, `${JSON.stringify(plan, null, 2)}\n`);
}

/** The step of a study's plan whose hash begins as given. @throws DataError without a plan; ConfigError for no or several such steps. */
export async function findStep(study: string, hash: string): Promise<{ step: Step; plan: readonly Step[] }> {
  const file = `${study}/plan.json`;
  if (!(await exists(file)))
    throw new VcaError(
      "DataError",
      `${file}: a study's plan was expected, got no file. Make it with \`vca run study.yaml --out ${study} --dry-run\`.`,
    );
  const plan = JSON.parse(await readText(file)) as Step[];
  const found = plan.filter((step) => step.hash.startsWith(hash));
  if (found.length === 0)
    throw unknownName(
      "step",
      "step",
      hash,
      plan.map((step) => step.hash),
    );
  if (found.length > 1)
    throw new VcaError(
      "ConfigError",
      `step: one step was expected, got ${found.length} whose hash begins with ${hash}. Write more digits.`,
    );
  return { step: found[0]!, plan };
}
